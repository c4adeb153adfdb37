"""`sbvae figure`: one subcommand for each figure of many runs."""

import typer

from sbvae_cli.cli import figure_losses, figure_table, figure_unfolding

app = typer.Typer(help="Draw figures of many runs: rate and distortion, scores, losses.")


@app.callback()
def figure() -> None:
    """Draw figures of many runs: rate and distortion, scores, losses.

    Without a name, this lists what there is.
    """


app.command("losses")(figure_losses.losses)
app.command("table")(figure_table.table)
app.command("unfolding")(figure_unfolding.unfolding)
