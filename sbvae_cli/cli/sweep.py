"""The command `sbvae sweep`, with subcommands that run, show and collect a sweep."""

import typer

from sbvae_cli.cli import sweep_collect, sweep_job, sweep_run, sweep_status

app = typer.Typer(help="Train and score a grid of settings, on this machine or on several.")


@app.callback()
def sweep() -> None:
    """Train and score a grid of settings, on this machine or on several.

    Without a subcommand, this lists the subcommands.
    """


app.command("run")(sweep_run.run)
app.command("status")(sweep_status.status)
app.command("collect")(sweep_collect.collect)
app.command("job", hidden=True)(sweep_job.job)
