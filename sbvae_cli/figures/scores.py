"""Draw scores of groups of runs: a dot for each seed, the median and its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.figures.colours import decoder_colours
from sbvae_cli.metrics.intervals import MIN_VALUES_FOR_MEDIAN, median_interval
from sbvae_cli.viz.axes import Range, padded_range
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.legend import Entry
from sbvae_cli.viz.page import page
from sbvae_cli.viz.rows import RowPanel, Values, draw_strips
from sbvae_cli.viz.theme import INK, QUIET

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GroupScores:
    """Scores of runs that differ only in the seed.

    Attributes:
        name: Name of the group.
        decoder: Kind of the decoder, which determines the colour; "" if there is none.
        values: Score of each run that has it, shape (N,), by name of the score.
        seeds: Seed of each of these runs, None for codes, by name of the score.
    """

    name: str
    decoder: str
    values: Mapping[str, Floats]
    seeds: Mapping[str, Sequence[int | None]]

    def of(self, name: str) -> Floats:
        """Return the values of a score; empty if no run has it."""
        return np.asarray(self.values.get(name, ()), dtype=np.float64)


def draw_scores(
    groups: Sequence[GroupScores], labels: Mapping[str, str], caption: str = ""
) -> Canvas:
    """Draw scores of groups, with a dot for each run, the median and its 95 % interval.

    Args:
        groups: Groups, one for each row.
        labels: Label of the axis by name of the score, one for each panel.
        caption: Line at the top, with the data.
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
    if max(counts) >= MIN_VALUES_FOR_MEDIAN:
        legend.append(Entry("95 % interval of the median", QUIET.faded(90), "interval"))
    note = f"Runs of a row differ only in the seed: {_counted(groups, counts)}."
    if max(counts) > 1 and min(counts) < MIN_VALUES_FOR_MEDIAN:
        note += (
            f" A median has an interval from {MIN_VALUES_FOR_MEDIAN} runs on (order statistics)."
        )
    return page(drawn, caption, legend, note)


def _range_of(rows: Sequence[Values]) -> Range:
    values = np.concatenate([row.values for row in rows])
    if not len(values):
        return 0.0, 1.0
    return padded_range(float(values.min()), float(values.max()), 0.07)


def runs_in_words(count: int) -> str:
    """Format a number of runs."""
    return f"{count} run{'' if count == 1 else 's'}"


def _counted(groups: Sequence[GroupScores], counts: Sequence[int]) -> str:
    """Describe the number of runs in the rows."""
    if min(counts) == max(counts):
        return f"{runs_in_words(counts[0])} each" if len(groups) > 1 else runs_in_words(counts[0])
    return f"{min(counts)} to {runs_in_words(max(counts))}"
