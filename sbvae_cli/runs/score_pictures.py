"""Draw the scores of runs for `sbvae figure`, and collect the metadata of the pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sbvae_cli.config.names import ChartKind, choice
from sbvae_cli.config.score_names import score_label
from sbvae_cli.errors import SbvaeError
from sbvae_cli.figures.mig import draw_mig
from sbvae_cli.figures.rate_distortion import draw_rate_distortion
from sbvae_cli.figures.scores import draw_scores
from sbvae_cli.figures.table import ScoreTable, TableRow, score_table
from sbvae_cli.runs.figure_data import beta_sweeps, data_names, score_groups
from sbvae_cli.runs.labels import group_labels
from sbvae_cli.runs.run_facts import run_metadata
from sbvae_cli.runs.scores import RunScores
from sbvae_cli.viz.canvas import Canvas


def mig_picture(found: Sequence[RunScores], kind: ChartKind = "histogram") -> Canvas:
    """Draw MIG over seeds (Figures 2, 3 and 11).

    Args:
        found: Runs with the score `mig`.
        kind: Histogram of the runs, or one dot for each run.
    """
    groups = score_groups(found, ("mig",))
    return draw_mig(groups, f"{data_names(found)}: MIG over seeds", kind)


def scores_picture(found: Sequence[RunScores], names: Sequence[str]) -> Canvas:
    """Draw scores over seeds, one panel for each score.

    Args:
        found: Runs with their scores.
        names: Names of the requested scores.
    """
    groups = score_groups(found, names)
    pairs = {name: pair for run in reversed(found) for name, pair in run.factors.items()}
    labels = {name: score_label(name, pairs.get(name, "")) for name in names}
    return draw_scores(groups, labels, f"{data_names(found)}: scores over seeds")


def rate_distortion_picture(found: Sequence[RunScores]) -> Canvas:
    """Draw NLL against KL and against MIG over beta (Figure 4).

    Args:
        found: Runs with the scores `nll` and `kl`, and perhaps `mig`.

    Raises:
        SbvaeError: If a run has no beta.
    """
    caption = f"{data_names(found)}: reconstruction, rate and disentangling over beta"
    return draw_rate_distortion(beta_sweeps(found), caption)


def runs_table(found: Sequence[RunScores], names: Sequence[str]) -> ScoreTable:
    """Make a table of means and stds of scores, one row for each group (Tables 5 to 10).

    Args:
        found: Runs with their scores.
        names: Names of the requested scores.
    """
    rows = []
    for group, label in group_labels(found).items():
        own = [run for run in found if run.group == group]
        there = dict.fromkeys(name for run in own for name in run.values)
        values = {name: [r.values[name] for r in own if name in r.values] for name in there}
        rows.append(TableRow(label, len(own), values))
    return score_table(rows, names)


def scores_there(found: Sequence[RunScores], names: Sequence[str]) -> list[str]:
    """Return the requested scores that at least one run has.

    Args:
        found: Runs with their scores.
        names: Names of the requested scores.

    Raises:
        SbvaeError: If no run has any of them.
    """
    there = [name for name in names if any(name in run.values for run in found)]
    if not there:
        raise SbvaeError(f"no run has {choice(names)}; name other `scores`")
    return there


def scores_metadata(found: Sequence[RunScores]) -> dict[str, Any]:
    """Return the metadata of a picture about its runs, in plain containers."""
    return {"runs": [run_metadata(Path(run.name), run.seed, run.step, run.values) for run in found]}
