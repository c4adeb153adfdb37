"""Draw the distribution of MIG over seeds, with a star at the median run (Figures 2, 3, 11)."""

from collections.abc import Sequence

import numpy as np

from sbvae_cli.config.names import ChartKind
from sbvae_cli.figures.colours import decoder_colours
from sbvae_cli.figures.scores import Floats, GroupScores, runs_in_words
from sbvae_cli.viz.axes import padded_range
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.legend import Entry
from sbvae_cli.viz.marks import bin_edges
from sbvae_cli.viz.page import page
from sbvae_cli.viz.rows import RowPanel, Values, draw_histograms, draw_strips
from sbvae_cli.viz.theme import QUIET, Role

BINS, MIN_WIDTH = 24, 0.001  # largest number of bins, and smallest width
SMALL = 0.1  # below this largest MIG, labels have four decimals instead of three
MARGIN = 0.04  # margin at both ends of the axis, as a share of its length


def draw_mig(
    groups: Sequence[GroupScores],
    caption: str = "",
    kind: ChartKind = "histogram",
) -> Canvas:
    """Draw the MIG of each group's runs, with a star and the seed at the median run.

    With an even number of runs, the star is at the lower of the two middle runs, so that it always
    belongs to a run, which can be examined further.

    Args:
        groups: Groups with scores of `mig`, one for each row.
        caption: Line at the top, with the data.
        kind: Histogram of the runs, or one dot for each run.
    """
    colours = decoder_colours([group.decoder for group in groups])
    largest = max((float(g.of("mig").max()) for g in groups if len(g.of("mig"))), default=0.0)
    digits = 3 if largest >= SMALL else 4
    rows = [_starred(group, colour, digits) for group, colour in zip(groups, colours, strict=True)]
    names = [f"{group.name}\n{runs_in_words(len(group.of('mig')))}" for group in groups]
    legend = [Entry("median run, with its seed", QUIET, "star")]
    note = "Runs of a row differ only in the seed."
    values = np.concatenate([np.zeros(1), *(row.values for row in rows)])  # MIG starts at 0
    if kind == "strip":
        span = padded_range(float(values.min()), float(values.max()) or 1.0, MARGIN)
        drawn = draw_strips(names, [RowPanel("MIG", rows, span)])
        return page(drawn, caption, [Entry("run", QUIET), *legend], note)
    edges = bin_edges(values, MIN_WIDTH, BINS)
    span = padded_range(float(edges[0]), float(edges[-1]), MARGIN)
    drawn = draw_histograms(names, RowPanel("MIG", rows, span), edges)
    note = f"Bars count runs in bins of {edges[1] - edges[0]:.3g}. {note}"
    return page(drawn, caption, legend, note)


def median_run(values: Floats) -> int:
    """Return the index of the median run, or of the lower of the two middle runs."""
    return int(np.argsort(values, kind="stable")[(len(values) - 1) // 2])


def _starred(group: GroupScores, colour: Role, digits: int) -> Values:
    values = group.of("mig")
    if not len(values):
        return Values(values, colour)
    middle = median_run(values)
    seed = group.seeds["mig"][middle]
    label = f"{values[middle]:.{digits}f}" + ("" if seed is None else f", seed {seed}")
    return Values(values, colour, star=float(values[middle]), star_label=label)
