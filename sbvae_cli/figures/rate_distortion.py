"""Draw reconstruction against rate, and against disentanglement, over beta (Figure 4)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.figures.colours import distinct_colours
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.curves import HULL, Curve, CurvePanel, draw_curves
from sbvae_cli.viz.legend import Entry
from sbvae_cli.viz.page import page
from sbvae_cli.viz.theme import QUIET, Role

Floats = NDArray[np.float64]

MAX_LABELLED = 2  # with more curves, only the first one labels the ends of its betas


@dataclass(frozen=True)
class BetaScores:
    """Scores of the replicas of one model at one beta.

    Attributes:
        beta: Weight of the KL.
        nll: Negative log likelihood of each replica, nats an image, shape (R,), R at least 1.
        kl: KL of each replica, nats an image, shape (R,).
        mig: MIG of each replica, shape (R,); NaN if it has none, as without factors.
    """

    beta: float
    nll: Floats
    kl: Floats
    mig: Floats


@dataclass(frozen=True)
class BetaSweep:
    """A model at several betas.

    Attributes:
        name: Name in the legend.
        decoder: Kind of the decoder, which determines the colour; "" if there is none.
        points: Scores at one or more betas, in any order.
    """

    name: str
    decoder: str
    points: Sequence[BetaScores]


def draw_rate_distortion(sweeps: Sequence[BetaSweep], caption: str = "") -> Canvas:
    """Draw the mean over replicas at each beta, and the hull of one standard deviation.

    NLL increases upwards and KL to the right, as in Figure 4, so a small beta is at the bottom
    right. In the second panel MIG increases to the right, so a small beta is at the bottom left. A
    white dot marks beta 1. Hulls end at 0, as KL and MIG are not negative.

    Args:
        sweeps: One or more models.
        caption: Line at the top, with the data.

    Returns:
        Two panels, or only the first one if no replica has a MIG.
    """
    colours = distinct_colours([sweep.decoder for sweep in sweeps])
    with_mig = [not np.isnan(each.mig).all() for sweep in sweeps for each in sweep.points]
    panels = [("(a) reconstruction and rate", "kl", "KL (nats an image)")]
    if any(with_mig):
        panels.append(("(b) reconstruction and disentangling", "mig", "MIG"))
    drawn = []
    for title, name, label in panels:
        curves = [
            _curve(sweep, name, colour, labelled=len(sweeps) <= MAX_LABELLED or number == 0)
            for number, (sweep, colour) in enumerate(zip(sweeps, colours, strict=True))
        ]
        shown = [curve for curve in curves if curve is not None]
        shown.sort(key=lambda curve: curve.colour != QUIET)  # draws grey below colours
        drawn.append(CurvePanel(title, label, "NLL (nats an image)", shown, least_x=0.0))
    legend = [
        Entry(sweep.name, colour)
        for sweep, colour in zip(sweeps, colours, strict=True)
        if colour != QUIET
    ]
    if len(legend) < len(sweeps):
        legend.append(Entry(f"{len(sweeps) - len(legend)} more", QUIET))
    points = [point for sweep in sweeps for point in sweep.points]
    if any(len(point.nll) > 1 for point in points):
        legend.append(Entry("hull of one standard deviation", QUIET.faded(HULL), "area"))
    if any(point.beta == 1 for point in points):
        legend.append(Entry("beta 1", QUIET, "ring"))
    return page(draw_curves(drawn), caption, legend, _note(sweeps))


def _curve(sweep: BetaSweep, name: str, colour: Role, labelled: bool) -> Curve | None:
    """Return the curve of a model against one score, or None if no replica has it."""
    points, pairs = [], []
    for point in sorted(sweep.points, key=lambda each: each.beta):
        values = getattr(point, name)
        known = ~np.isnan(values)
        if known.any():
            points.append(point)
            pairs.append((values[known], point.nll[known]))
    if not points:
        return None
    means = np.array([[values.mean() for values in pair] for pair in pairs])
    stds = np.array([[_std(values) for values in pair] for pair in pairs])
    ends = {points[0].beta, points[-1].beta} if labelled else set()
    labels = [f"beta {point.beta:g}" if point.beta in ends else "" for point in points]
    ring = np.array([point.beta == 1 for point in points])
    return Curve(means, stds, colour, labels, ring)


def _std(values: Floats) -> float:
    """Compute the sample standard deviation (divided by n - 1); 0 for a single replica."""
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


def _note(sweeps: Sequence[BetaSweep]) -> str:
    counts = [len(point.nll) for sweep in sweeps for point in sweep.points]
    low, high = min(counts), max(counts)
    replicas = f"{low}" if low == high else f"{low} to {high}"
    runs = "1 run" if high == 1 else f"the mean of {replicas} runs that differ only in the seed"
    note = f"A dot is {runs}, with one beta"
    betas = [[point.beta for point in sweep.points] for sweep in sweeps]
    ends = {(min(each), max(each)) for each in betas}
    if all(len(each) == 1 for each in betas):
        return f"{note}."
    if len(ends) > 1:
        return f"{note}; along a line beta grows from one end to the other."
    least, most = next(iter(ends))
    return f"{note}; along a line beta grows from {least:g} to {most:g}."
