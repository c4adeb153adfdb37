"""The commands `sbvae figure rate-distortion`, `mig` and `scores`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sbvae_cli.cli.figure_runs import ProtocolOption, RunsArgument, score_with_progress
from sbvae_cli.cli.options import (
    DeviceOption,
    OtherDataOption,
    PictureOption,
    ScaleOption,
    ShowOption,
    ThemeOption,
)
from sbvae_cli.config.names import ChartKind
from sbvae_cli.config.score_names import DEFAULT_SCORES

if TYPE_CHECKING:
    from sbvae_cli.figures.rate_distortion import BetaSweep
    from sbvae_cli.figures.scores import Floats, GroupScores


def rate_distortion(
    runs: RunsArgument,
    out: PictureOption = Path("rate-distortion.png"),
    protocol: ProtocolOption = "paper",
    data: OtherDataOption = None,
    device: DeviceOption = "auto",
    scale: ScaleOption = 1.0,
    theme: ThemeOption = "light",
    show: ShowOption = False,
) -> None:
    """Plot NLL against KL and against MIG over a sweep of beta (Figure 4)."""
    from sbvae_cli.cli.console import print_info
    from sbvae_cli.cli.outputs import PictureOptions, write_picture
    from sbvae_cli.runs.figure_data import beta_sweeps, require_betas
    from sbvae_cli.runs.score_pictures import rate_distortion_picture, scores_metadata

    wanted, optional = ("nll", "kl"), ("mig",)
    found = score_with_progress(runs, wanted, protocol, data, device, optional, require_betas)
    sweeps = beta_sweeps(found)
    _note_lone_betas(sweeps)
    options = PictureOptions(scale, theme, show)
    write_picture(out, rate_distortion_picture(found), scores_metadata(found), options)
    _print_sweeps(sweeps)
    print_info(f"wrote {out}")


def mig(
    runs: RunsArgument,
    out: PictureOption = Path("mig.png"),
    kind: Annotated[
        ChartKind, typer.Option(help="Bars that count runs, or a dot for each run.")
    ] = "histogram",
    protocol: ProtocolOption = "paper",
    data: OtherDataOption = None,
    device: DeviceOption = "auto",
    scale: ScaleOption = 1.0,
    theme: ThemeOption = "light",
    show: ShowOption = False,
) -> None:
    """Plot the MIG of replicas, with a star at the median run (Figures 2, 3 and 11)."""
    from sbvae_cli.cli.console import print_info
    from sbvae_cli.cli.outputs import PictureOptions, write_picture
    from sbvae_cli.runs.figure_data import score_groups
    from sbvae_cli.runs.score_pictures import mig_picture, scores_metadata

    found = score_with_progress(runs, ("mig",), protocol, data, device)
    write_picture(
        out, mig_picture(found, kind), scores_metadata(found), PictureOptions(scale, theme, show)
    )
    _print_medians(score_groups(found, ("mig",)))
    print_info(f"wrote {out}")


def scores(
    runs: RunsArgument,
    out: PictureOption = Path("scores.png"),
    names: Annotated[
        str | None,
        typer.Option(
            "--scores",
            help="Scores, each in a panel, as mig,nll, or x,y:affine_r2 for a pair of factors; "
            f"default: {' and '.join(DEFAULT_SCORES)}, or the one that the runs have.",
        ),
    ] = None,
    protocol: ProtocolOption = "paper",
    data: OtherDataOption = None,
    device: DeviceOption = "auto",
    scale: ScaleOption = 1.0,
    theme: ThemeOption = "light",
    show: ShowOption = False,
) -> None:
    """Plot scores of groups of runs: a dot for each seed, median and interval."""
    from sbvae_cli.cli.console import print_info
    from sbvae_cli.cli.outputs import PictureOptions, write_picture
    from sbvae_cli.cli.parse import parse_scores
    from sbvae_cli.runs.figure_data import score_groups
    from sbvae_cli.runs.score_pictures import scores_metadata, scores_picture, scores_there

    named = [] if names is None else parse_scores(names)
    usual = DEFAULT_SCORES if names is None else ()
    found = score_with_progress(runs, named, protocol, data, device, usual)
    wanted = scores_there(found, named or usual)
    options = PictureOptions(scale, theme, show)
    write_picture(out, scores_picture(found, wanted), scores_metadata(found), options)
    _print_scores(score_groups(found, wanted), wanted)
    print_info(f"wrote {out}")


def _note_lone_betas(sweeps: "Sequence[BetaSweep]") -> None:
    from sbvae_cli.cli.console import note
    from sbvae_cli.evaluation.findings.sentences import abbreviate

    lone = [sweep for sweep in sweeps if len(sweep.points) == 1]
    if lone:
        names = abbreviate([sweep.name for sweep in lone], "; ")
        has = f"has only one beta, {lone[0].points[0].beta:g}, so it is drawn as a dot"
        have = "have only one beta, so they are drawn as dots"
        note(
            f"{names} {has if len(lone) == 1 else have}; train more on the same "
            "data, as by `sbvae train --data DATA --model beta-vae --beta 4`"
        )


def _print_sweeps(sweeps: "Sequence[BetaSweep]") -> None:
    from sbvae_cli.cli.console import print_table

    rows = [
        [sweep.name, f"{p.beta:g}", str(len(p.nll)), *map(_mean, (p.nll, p.kl, p.mig))]
        for sweep in sweeps
        for p in sweep.points
    ]
    print_table("means over runs", ["model", "beta", "runs", "nll", "kl", "mig"], rows)


def _print_medians(groups: "Sequence[GroupScores]") -> None:
    """Print the median run of each group, which has the star in the figure."""
    from sbvae_cli.cli.console import print_line
    from sbvae_cli.figures.mig import median_run

    for group in groups:
        values = group.of("mig")
        if len(values):
            middle = median_run(values)
            seed = group.seeds["mig"][middle]
            seed_text = "" if seed is None else f", seed {seed}"
            print_line(
                f"{group.name}: median run of {len(values)} has {values[middle]:.4f}{seed_text}"
            )


def _print_scores(groups: "Sequence[GroupScores]", names: Sequence[str]) -> None:
    from sbvae_cli.cli.console import print_table

    rows = [[group.name, *(_median(group.of(name)) for name in names)] for group in groups]
    print_table("median (runs)", ["model", *names], rows)


def _median(values: "Floats") -> str:
    import numpy as np

    return f"{np.median(values):.4f} ({len(values)})" if len(values) else "-"


def _mean(values: "Floats") -> str:
    return f"{values.mean():.4f}" if len(values) else "-"
