"""Scores of groups of runs: every seed a dot, their median and its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.figures.colours import decoder_colours
from sbvae_cli.metrics.intervals import LEAST_FOR_MEDIAN, median_interval
from sbvae_cli.viz.axes import Range, padded_range
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.legend import Entry
from sbvae_cli.viz.page import page
from sbvae_cli.viz.rows import RowPanel, Values, draw_strips
from sbvae_cli.viz.theme import INK, QUIET

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GroupScores:
    """Scores of runs that differ in the seed alone.

    Attributes:
        name: What the group is called.
        decoder: Kind of the decoder, which has its colour; "" where it has none.
        values: By name of the score, one value for each run that has it, shape (N,).
        seeds: By name of the score, the seed of each of these runs; None of codes.
    """

    name: str
    decoder: str
    values: Mapping[str, Floats]
    seeds: Mapping[str, Sequence[int | None]]

    def of(self, name: str) -> Floats:
        """Values of a score, none where no run has it."""
        return np.asarray(self.values.get(name, ()), dtype=np.float64)


def draw_scores(
    groups: Sequence[GroupScores], labels: Mapping[str, str], caption: str = ""
) -> Canvas:
    """Draw scores of groups of runs, every run a dot, with the median and its 95 % interval.

    Args:
        groups: Groups, a row each.
        labels: Names of the scores as `GroupScores` has them, a panel each, and what stands at
            their axes.
        caption: At the top: what data.
    """
    colours = decoder_colours([group.decoder for group in groups])
    panels = []
    for name, label in labels.items():
        rows = [
            Values(values, colour, median_interval(values))
            for values, colour in zip((g.of(name) for g in groups), colours, strict=True)
        ]
        panels.append(RowPanel(label, rows, _range_of(rows)))
    drawn = draw_strips([group.name for group in groups], panels)
    counts = [len(group.of(name)) for group in groups for name in labels]
    counts = [count for count in counts if count] or [0]
    legend = [Entry("run", QUIET)]
    if max(counts) > 1:
        legend.append(Entry("median", INK, "bar"))
    if max(counts) >= LEAST_FOR_MEDIAN:
        legend.append(Entry("95 % interval of the median", QUIET.faded(90), "interval"))
    note = f"Runs of a row differ in the seed alone: {_counted(groups, counts)}."
    if max(counts) > 1 and min(counts) < LEAST_FOR_MEDIAN:
        note += f" A median has an interval from {LEAST_FOR_MEDIAN} runs on (order statistics)."
    return page(drawn, caption, legend, note)


def _range_of(rows: Sequence[Values]) -> Range:
    values = np.concatenate([row.values for row in rows])
    if not len(values):
        return 0.0, 1.0
    return padded_range(float(values.min()), float(values.max()), 0.07)


def runs_in_words(count: int) -> str:
    """A number of runs."""
    return f"{count} run{'' if count == 1 else 's'}"


def _counted(groups: Sequence[GroupScores], counts: Sequence[int]) -> str:
    """How many runs the rows have."""
    if min(counts) == max(counts):
        return f"{runs_in_words(counts[0])} each" if len(groups) > 1 else runs_in_words(counts[0])
    return f"{min(counts)} to {runs_in_words(max(counts))}"
