"""The hidden command `sbvae sweep job`, by which an engine trains and scores runs of a sweep."""

from pathlib import Path
from typing import Annotated

import typer

from sbvae_cli.cli.options import DeviceOption
from sbvae_cli.errors import SbvaeError, StoppedError, unknown_name


def job(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the sweep.")],
    names: Annotated[
        list[str],
        typer.Argument(metavar="GROUP/SEED...", help="Runs that differ only in the seed."),
    ],
    device: DeviceOption = "auto",
    runs: Annotated[
        Path | None, typer.Option(help="Folder of the runs, if it is not in DIR.")
    ] = None,
) -> None:
    """Train and score some runs of a sweep that has begun."""
    from sbvae_cli.cli.console import note
    from sbvae_cli.cli.signals import defer_signals
    from sbvae_cli.sweeps.folder import SweepFolder
    from sbvae_cli.sweeps.job import make_job, run_job
    from sbvae_cli.sweeps.plan import group_of, name_of

    plan = SweepFolder(folder, runs).open_plan()
    planned = {name_of(each): each for each in plan.replicas}
    for name in names:
        if name not in planned:
            raise unknown_name(name, planned, "run")
    replicas = [planned[name] for name in dict.fromkeys(names)]
    if len({group_of(each) for each in replicas}) > 1:
        raise SbvaeError("runs of one job differ only in the seed; name those of one group")
    with defer_signals() as request:
        run_job(make_job(plan, replicas, device), stop=request, on_note=note)
    if request.number is not None:
        raise StoppedError("stopped and saved", request.number)
