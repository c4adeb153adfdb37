"""`sbvae figure`: one subcommand for each figure of many runs."""

import typer

from sbvae_cli.cli import figure_losses, figure_scores, figure_table, figure_unfolding

app = typer.Typer(
    help="Draw figures and tables of many runs (Figures 2 to 4 and 11, Tables 5 to 10)."
)


@app.callback()
def figure() -> None:
    """Draw figures and tables of many runs (Figures 2 to 4 and 11, Tables 5 to 10).

    Without a subcommand, this lists the subcommands.
    """


app.command("rate-distortion")(figure_scores.rate_distortion)
app.command("mig")(figure_scores.mig)
app.command("scores")(figure_scores.scores)
app.command("losses")(figure_losses.losses)
app.command("table")(figure_table.table)
app.command("unfolding")(figure_unfolding.unfolding)
