"""Arrange scores of runs for figures: by group, and by model and beta."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sbvae_cli.errors import SbvaeError
from sbvae_cli.figures.rate_distortion import BetaScores, BetaSweep
from sbvae_cli.figures.scores import GroupScores
from sbvae_cli.runs.labels import group_labels
from sbvae_cli.runs.scores import Require, RunScores, require_comparable

BETA = "objective.beta"


def score_groups(runs: Sequence[RunScores], names: Sequence[str]) -> list[GroupScores]:
    """Collect the scores of each group, in the order of the groups' first runs.

    Args:
        runs: Runs with their scores.
        names: Names of the requested scores.
    """
    found = []
    for group, label in group_labels(runs).items():
        own = [run for run in runs if run.group == group]
        with_score = {name: [run for run in own if name in run.values] for name in names}
        values = {name: np.array([r.values[name] for r in with_score[name]]) for name in names}
        seeds = {name: [run.seed for run in with_score[name]] for name in names}
        found.append(GroupScores(label, own[0].decoder, values, seeds))
    return found


def data_names(runs: Sequence[RunScores]) -> str:
    """Join the names of the runs' data; a file of codes without one is named by its file."""
    return ", ".join(dict.fromkeys(run.data or run.path.name for run in runs))


def beta_sweeps(runs: Sequence[RunScores]) -> list[BetaSweep]:
    """Group runs by model and then by beta; a plain VAE is a beta-VAE with beta 1.

    Args:
        runs: Runs with the scores `nll` and `kl`, and perhaps `mig`; a run without the first two is
            left out.

    Raises:
        SbvaeError: If a run has no beta.
    """
    require_betas(runs)
    runs = [run for run in runs if {"nll", "kl"} <= run.values.keys()]
    models = _with_one_name([_without_beta(run) for run in runs])
    labels = group_labels(models)
    found = []
    for group, label in labels.items():
        betas: dict[float, list[RunScores]] = {}
        for run, model in zip(runs, models, strict=True):
            if model.group == group:
                betas.setdefault(float(run.settings[BETA]), []).append(run)
        points = [_beta_scores(beta, betas[beta]) for beta in sorted(betas)]
        decoder = next(model.decoder for model in models if model.group == group)
        found.append(BetaSweep(label, decoder, points))
    return found


def comparable_and(require: Require) -> Require:
    """Return a check that runs are comparable, as for `require_comparable`, and then `require`."""

    def require_both(runs: Sequence[RunScores]) -> None:
        require_comparable(runs)
        require(runs)

    return require_both


def require_betas(runs: Sequence[RunScores]) -> None:
    """Refuse runs whose objective has no beta.

    Raises:
        SbvaeError: If a run has none; the message names the first one.
    """
    without = next((run for run in runs if BETA not in run.settings), None)
    if without:
        kind = (
            f"is a run of {without.model}, which has" if without.model else "has codes, which have"
        )
        raise SbvaeError(f"{without.name}: {kind} no beta; leave it out")


def _beta_scores(beta: float, runs: Sequence[RunScores]) -> BetaScores:
    nll, kl = (np.array([run.values[name] for run in runs]) for name in ("nll", "kl"))
    mig = np.array([run.values.get("mig", np.nan) for run in runs])
    return BetaScores(beta, nll, kl, mig)


def _without_beta(run: RunScores) -> RunScores:
    """Return the run without its beta, so that runs that differ only in beta and seed are equal."""
    left = {name: value for name, value in run.settings.items() if name != BETA}
    if left.get("objective.kind") == "vae":
        left["objective.kind"] = "beta-vae"
    return replace(run, settings=left)


def _with_one_name(runs: Sequence[RunScores]) -> list[RunScores]:
    """Give runs with equal settings one group name, that of the first of them."""
    names: dict[str, str] = {}
    found = []
    for run in runs:
        key = repr(sorted((name, repr(value)) for name, value in run.settings.items()))
        found.append(replace(run, group=names.setdefault(key, run.group)))
    return found
