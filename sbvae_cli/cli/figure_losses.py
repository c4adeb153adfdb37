"""The command `sbvae figure losses`."""

from pathlib import Path
from typing import Annotated

import typer

from sbvae_cli.cli.options import PictureOption, ScaleOption, ShowOption, ThemeOption


def losses(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUNS...",
            help="Run folders, or folders of replicas or of several runs; they may be training.",
        ),
    ],
    out: PictureOption = Path("losses.png"),
    terms: Annotated[
        str | None,
        typer.Option(help="Terms of the log, as nll,kl; default: all."),
    ] = None,
    scale: ScaleOption = 1.0,
    theme: ThemeOption = "light",
    show: ShowOption = False,
) -> None:
    """Plot loss, NLL, KL and the other logged values of runs over the steps."""
    from sbvae_cli.cli.console import note, print_info
    from sbvae_cli.cli.outputs import PictureOptions, write_picture
    from sbvae_cli.figures.losses import draw_losses
    from sbvae_cli.runs.logs import read_logs
    from sbvae_cli.runs.run_facts import run_metadata

    logs = read_logs(runs, note)
    names = [name.strip() for name in (terms or "").split(",") if name.strip()]
    about = {"runs": [run_metadata(Path(log.name), log.seed, log.step) for log in logs]}
    write_picture(out, draw_losses(logs, names), about, PictureOptions(scale, theme, show))
    print_info(f"wrote {out}: {len(logs)} run{'s' * (len(logs) != 1)}")
