"""Format runs and their numbers for a line of a verdict."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from sbvae_cli.config.score_names import requested_score, score_label
from sbvae_cli.figures.table import Cell
from sbvae_cli.runs.naming import setting_label
from sbvae_cli.sweeps.collect import RunGroup
from sbvae_cli.sweeps.comparison import Comparison


def mean(groups: Sequence[RunGroup], score: str) -> float:
    """Compute the mean of a score over all runs of groups."""
    return fmean(value for group in groups for value in group.values(score).values())


def cell(groups: Sequence[RunGroup], score: str) -> str:
    """Format mean, std and median over replicas; for several settings, the mean of their means."""
    of_each = [list(group.values(score).values()) for group in groups]
    of_each = [values for values in of_each if values]
    if len(of_each) > 1:  # their std would measure the settings, not the replicas
        return f"{short(fmean(map(fmean, of_each)))} (mean of {len(of_each)} settings)"
    values = of_each[0] if of_each else []
    return Cell(values, len(values)).text_with_median


def probability(compared: Comparison) -> str:
    """Format a probability with its interval, the numbers of runs, and that of each stratum."""
    p, low, high = compared.superiority
    text = f"{p:.2f} ({low:.2f} to {high:.2f}), {compared.replicas}"
    if len(compared.parts) > 1:
        text += ": " + ", ".join(f"{own:.2f} of {name}" for name, own in compared.parts)
    return text


def label(score: str) -> str:
    """Return the label of a score without its unit."""
    wanted = requested_score(score)
    return score_label(score, wanted.factors).replace(" (nats an image)", "")


def short(value: float) -> str:
    """Format a number with four significant digits."""
    return f"{value:.4g}"


def runs(settings: Mapping[str, Any], other: Mapping[str, Any] | None = None) -> str:
    """Describe runs by those of their settings that the others do not have."""
    shown = {k: v for k, v in settings.items() if other is None or other.get(k, settings) != v}
    found = []
    for key, value in shown.items():
        if key.endswith(".coordinates"):
            found.append(f"{value} coordinates")
        else:
            found.append(str(value) if key.endswith(".kind") else f"{setting_label(key)} {value}")
    return ", ".join(found) or "all runs"
