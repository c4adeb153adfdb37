"""Figures of many runs, as drawn by `sbvae figure`; they are part of `sbvae.draw`.

Runs are given as folders of runs, of replicas or of sweeps, as checkpoints, as NPZ files of codes,
or as JSON files of `sbvae eval`, whose scores are not computed again. Runs that are left out or not
fully comparable are reported by an SbvaeWarning.
"""

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sbvae_cli.api.arguments import checked, path_of
from sbvae_cli.api.words import in_python_words, note
from sbvae_cli.config.names import ChartKind, ProtocolName, ThemeName
from sbvae_cli.config.score_names import DEFAULT_SCORES, requested_score
from sbvae_cli.errors import SbvaeError
from sbvae_cli.figures.losses import draw_losses
from sbvae_cli.figures.table import PAPER_SCORES, ScoreTable
from sbvae_cli.figures.unfolding import SCALE
from sbvae_cli.metrics.protocol import named_protocol
from sbvae_cli.runs import score_pictures as pictures
from sbvae_cli.runs.figure_data import comparable_and, require_betas
from sbvae_cli.runs.logs import read_logs
from sbvae_cli.runs.scores import Require, RunScores, score_runs
from sbvae_cli.runs.unfoldings import read_unfoldings, unfolding_animation

if TYPE_CHECKING:
    from PIL.Image import Image

Run = str | os.PathLike[str]


@checked
def losses(
    *runs: Run,
    terms: Sequence[str] = (),
    scale: float = 1.0,
    theme: ThemeName = "light",
) -> "Image":
    """Draw the logged losses of runs, finished or in training.

    Runs that differ only in the seed have the same colour.

    Args:
        runs: Run folders, or folders of several runs.
        terms: Names of logged values, each drawn in a panel; without names, all but the speed.
        scale: Resolution in pixels per unit.
        theme: `light` or `dark`.

    Raises:
        SbvaeError: If a run or a term does not exist, or nothing is logged yet.

    Example:
        >>> sbvae.draw.losses("runs/circles", terms=["nll", "kl"]).mode
        'RGB'
    """
    with in_python_words(of="runs"):
        logs = read_logs(_paths(runs), note)
    with in_python_words(of="terms"):
        return draw_losses(logs, terms).raster(scale, theme)


@checked
def rate_distortion(
    *runs: Run,
    protocol: ProtocolName = "paper",
    data: Run | None = None,
    device: str = "auto",
    scale: float = 1.0,
    theme: ThemeName = "light",
) -> "Image":
    """Draw NLL against KL and against MIG over a sweep of beta (Figure 4).

    Args:
        runs: Runs that differ in beta, folders of such runs, or JSON files of `sbvae eval`.
        protocol: `paper`, `quick` (a fifth of the images) or `dlib`.
        data: Dataset to score on; None is the data of each model.
        device: Device that computes scores.
        scale: Resolution in pixels per unit.
        theme: `light` or `dark`.

    Raises:
        SbvaeError: If a run cannot be read or has no beta, or scores of runs are not comparable.

    Example:
        >>> sbvae.draw.rate_distortion("runs/circles", protocol="quick").mode
        'RGB'
    """
    found = _scored(runs, ("nll", "kl"), ("mig",), protocol, data, device, require_betas)
    with in_python_words(of="runs"):
        return pictures.rate_distortion_picture(found).raster(scale, theme)


@checked
def mig(
    *runs: Run,
    kind: ChartKind = "histogram",
    protocol: ProtocolName = "paper",
    data: Run | None = None,
    device: str = "auto",
    scale: float = 1.0,
    theme: ThemeName = "light",
) -> "Image":
    """Draw the MIG of replicas, with a star at the median run (Figures 2, 3 and 11).

    Args:
        runs: Runs, folders of runs, files of codes, or JSON files of `sbvae eval`.
        kind: `histogram`, bars that count runs, or `strip`, a dot for each run.
        protocol: `paper`, `quick` (a fifth of the images) or `dlib`.
        data: Dataset to score on; None is the data of each model.
        device: Device that computes scores.
        scale: Resolution in pixels per unit.
        theme: `light` or `dark`.

    Raises:
        SbvaeError: If a run cannot be read, no run has the score, or scores of runs are not
            comparable.

    Example:
        >>> sbvae.draw.mig("runs/circles", kind="strip", protocol="quick").mode
        'RGB'
    """
    found = _scored(runs, ("mig",), (), protocol, data, device)
    return pictures.mig_picture(found, kind).raster(scale, theme)


@checked
def scores(
    *runs: Run,
    scores: Sequence[str] = (),
    protocol: ProtocolName = "paper",
    data: Run | None = None,
    device: str = "auto",
    scale: float = 1.0,
    theme: ThemeName = "light",
) -> "Image":
    """Draw scores of groups of runs: a dot for each seed, and the median with its interval.

    Args:
        runs: Runs, folders of runs, files of codes, or JSON files of `sbvae eval`.
        scores: Names of scores, each drawn in a panel; a score of a pair of factors is named
            `x,y:affine_r2`. Without names, those of `neg_elbo` and `mig` that a run has.
        protocol: `paper`, `quick` (a fifth of the images) or `dlib`.
        data: Dataset to score on; None is the data of each model.
        device: Device that computes scores.
        scale: Resolution in pixels per unit.
        theme: `light` or `dark`.

    Raises:
        SbvaeError: If a run cannot be read, no run has a score, or scores of runs are not
            comparable.

    Example:
        >>> sbvae.draw.scores("runs/circles", scores=["kl"], protocol="quick").mode
        'RGB'
    """
    found, there = _scored_by_name(runs, scores, DEFAULT_SCORES, protocol, data, device)
    return pictures.scores_picture(found, there).raster(scale, theme)


@checked
def table(
    *runs: Run,
    scores: Sequence[str] = (),
    protocol: ProtocolName = "paper",
    data: Run | None = None,
    device: str = "auto",
) -> ScoreTable:
    """Tabulate mean and std of scores over replicas, one row for each group (Tables 5 to 10).

    Args:
        runs: Runs, folders of runs, files of codes, or JSON files of `sbvae eval`.
        scores: Names of scores, one column each; without names, those of the paper's tables that a
            run has.
        protocol: `paper`, `quick` (a fifth of the images) or `dlib`.
        data: Dataset to score on; None is the data of each model.
        device: Device that computes scores.

    Returns:
        A table, which notebooks show; `text("markdown")`, `text("latex")` and `text("csv")` return
        it as text, and `rows` has the numbers.

    Raises:
        SbvaeError: If a run cannot be read, no run has a score, or scores of runs are not
            comparable.

    Example:
        >>> found = sbvae.draw.table("runs/circles", scores=["kl", "nll"], protocol="quick")
        >>> found.columns
        ['model', 'KL', 'NLL']
        >>> found.text("markdown").splitlines()[1]
        '| --- | ---: | ---: |'
    """
    found, there = _scored_by_name(runs, scores, PAPER_SCORES, protocol, data, device)
    return pictures.runs_table(found, there)


@checked
def unfolding(*runs: Run, scale: float = SCALE, theme: ThemeName = "light") -> "Image":
    """Animate the grid of two factors in latent space over the training steps (Figures 7, 8).

    Args:
        runs: Folders of runs trained with `preview`; several are drawn side by side.
        scale: Resolution in pixels per unit.
        theme: `light` or `dark`.

    Returns:
        A GIF with `n_frames` frames, written by `save("unfolding.gif", save_all=True)`.

    Raises:
        SbvaeError: If a run was trained without `preview`, or the runs have different points.

    Example:
        >>> moving = sbvae.draw.unfolding("runs/circles")
        >>> moving.format, moving.n_frames > 1
        ('GIF', True)
    """
    from PIL import Image

    from sbvae_cli.viz.save import encode

    with in_python_words(of="runs"):
        moving = unfolding_animation(read_unfoldings(_paths(runs), note))
    return Image.open(io.BytesIO(encode(moving, ".gif", scale=scale, theme=theme)))


def _scored_by_name(
    runs: Sequence[Run],
    named: Sequence[str],
    usual: Sequence[str],
    protocol: ProtocolName,
    data: Run | None,
    device: str,
) -> tuple[list[RunScores], list[str]]:
    """Return scored runs, and the names of the scores to show: the named or the usual ones."""
    found = _scored(runs, named, () if named else usual, protocol, data, device)
    with in_python_words(of="scores"):
        return found, pictures.scores_there(found, named or usual)


def _scored(
    runs: Sequence[Run],
    named: Sequence[str],
    optional: Sequence[str],
    protocol: ProtocolName,
    data: Run | None,
    device: str,
    require: Require = lambda runs: None,
) -> list[RunScores]:
    """Compute or read the scores of runs.

    Args:
        runs: Runs, as in the public functions.
        named: Names of scores that at least one run must have.
        optional: Names of scores that all runs may lack.
        protocol: Name of the protocol.
        data: Dataset to score on; None is the data of each model.
        device: Name of the device.
        require: Raises an error for runs that the figure cannot show.

    Raises:
        SbvaeError: If a run cannot be read, a score is unknown, or scores are not comparable.
    """
    paths = _paths(runs)
    with in_python_words(of="scores"):
        for name in named:
            requested_score(name)
    other = None if data is None else str(path_of(data, "data"))

    def at_fault(line: str) -> str:
        if other is not None and line.startswith(other):
            return "data"
        return "scores" if named and line.startswith("no run has") else "runs"

    with in_python_words(of=at_fault):
        return score_runs(
            paths,
            named,
            optional=optional,
            require=comparable_and(require),
            data=other,
            device=device,
            protocol=named_protocol(protocol),
            on_note=note,
        )


def _paths(runs: Sequence[Run]) -> list[Path]:
    if not runs:
        raise SbvaeError("are missing; give the folder of one or more", field="runs")
    return [path_of(run, "runs") for run in runs]
