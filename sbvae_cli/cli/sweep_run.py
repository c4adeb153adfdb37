"""The command `sbvae sweep run`, which trains and scores all runs of a sweep."""

from pathlib import Path
from typing import Annotated

import typer

from sbvae_cli.cli.cluster import (
    AddressOption,
    ClusterOptions,
    CpusPerRunOption,
    GpusPerRunOption,
)
from sbvae_cli.cli.options import DeviceOption
from sbvae_cli.cli.outputs import run_folder
from sbvae_cli.config.names import EngineName
from sbvae_cli.errors import SbvaeError

Jobs = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=10_000,
        help="Number of jobs at once; default: on a CPU one for each core, or fewer if memory "
        "is short; on a GPU one.",
    ),
]
EngineOption = Annotated[
    EngineName,
    typer.Option(help="Engine that runs the jobs: processes on this machine, or a Ray cluster."),
]


def run(
    config: Annotated[
        Path,
        typer.Argument(metavar="CONFIG", help="YAML file of settings, grid, replicas and metrics."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            callback=run_folder,
            help="Folder of the sweep; default: sweeps/NAME, named after the YAML file.",
        ),
    ] = None,
    jobs: Jobs = None,
    engine: EngineOption = "local",
    device: DeviceOption = "auto",
    address: AddressOption = None,
    cpus_per_run: CpusPerRunOption = None,
    gpus_per_run: GpusPerRunOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print runs and cost; train nothing.")
    ] = False,
) -> None:
    """Train and score every run of a plan; repeat the command to resume it.

    An existing run with equal settings counts as a run of the plan.
    """
    from sbvae_cli.commands import command
    from sbvae_cli.config.sweep import read_sweep
    from sbvae_cli.sweeps.folder import SweepFolder
    from sbvae_cli.sweeps.plan import plan_sweep

    cluster = ClusterOptions(address, cpus_per_run, gpus_per_run)
    cluster.refuse_without(engine)
    folder = SweepFolder(out or Path("sweeps") / config.stem)
    sweep = read_sweep(config)
    try:
        plan = plan_sweep(sweep, folder.runs)  # before PyTorch is loaded, to fail early
    except SbvaeError as error:
        raise SbvaeError(f"{config}: {error.line}") from error
    folder.refuse_another(plan)
    if dry_run:
        from sbvae_cli.cli.sweep_cost import print_cost
        from sbvae_cli.config.load import to_yaml

        typer.echo(to_yaml(plan.sweep.as_dict()).rstrip())
        print_cost(folder, plan, device, jobs)
        return
    from sbvae_cli.cli.sweep_runner import print_next_commands, resume_arguments, run_plan

    named = {"out": folder.path} if out else {}
    again = command(
        "sweep run", config, **named, **resume_arguments(jobs, device), **cluster.arguments(engine)
    )
    states = run_plan(folder, plan, again, engine=engine, jobs=jobs, device=device, cluster=cluster)
    print_next_commands(folder, states)
