"""Bars of a histogram where their values are, and stars above them."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbvae_cli.viz.axes import Panel
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.marks import (
    STAR,
    bin_edges,
    count_in_bins,
    count_range,
    draw_histogram,
    draw_stars,
)
from sbvae_cli.viz.primitives import Polygon, Rectangle
from sbvae_cli.viz.theme import PAPER, SERIES

VALUES = [0.12, 0.13, 0.31, 0.48]


@given(
    st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=30), st.sampled_from([0.0, 1e-3, 0.02, 5.0])
)
def test_every_value_is_counted_once_in_bins_of_one_width(
    values: list[float], least: float
) -> None:
    edges = bin_edges(values, least)

    slack = 1e-6 * (edges[1] - edges[0])
    assert edges[0] <= min(values) + slack and max(values) <= edges[-1] + slack
    assert len(edges) <= 15
    widths = np.diff(edges)
    assert widths.min() == pytest.approx(widths.max(), rel=1e-3) and widths.min() >= 0.999 * least
    counts = count_in_bins(values, edges)
    assert counts.sum() == len(values)
    for number, (left, right) in enumerate(itertools.pairwise(edges.tolist())):
        surely = sum(left + slack < value < right - slack for value in values)
        at_most = sum(left - slack <= value <= right + slack for value in values)
        assert surely <= counts[number] <= at_most


def test_bins_are_multiples_of_one_two_or_five_and_hold_their_lower_edge() -> None:
    edges = bin_edges([0.1, 0.2, 0.85, 0.9])

    np.testing.assert_allclose(edges, np.arange(1, 11) / 10)
    assert count_in_bins([0.1, 0.19, 0.2, 0.9], edges).tolist() == [2, 1, 0, 0, 0, 0, 0, 0, 1]
    assert np.diff(bin_edges([0.9991, 0.9993], least=0.01)) == pytest.approx([0.01])


def test_large_values_that_differ_little_lie_in_several_bins() -> None:
    values = 8000 + np.linspace(-2, 2, 9)
    assert np.count_nonzero(count_in_bins(values, bin_edges(values, 0.1))) > 4


def panel(most: int, stars: int) -> Panel:
    return Panel(50, 20, 300, 200, (0.1, 0.5), count_range(most, 200, stars))


def test_bars_stand_on_the_axis_as_high_as_their_counts() -> None:
    canvas, edges = Canvas(400, 260), bin_edges(VALUES, least=0.1)
    draw_histogram(canvas, panel(2, 1), VALUES, edges, SERIES[0])

    bars = [shape for shape in canvas.shapes if isinstance(shape, Rectangle)]

    expected = [(0.1, 2), (0.3, 1), (0.4, 1)]
    assert len(bars) == 3
    for bar, (left, count) in zip(bars, expected, strict=True):
        x, y = panel(2, 1).place([left, count])
        assert (bar.left, bar.top) == pytest.approx((x + 0.75, y))
        assert bar.box.bottom == pytest.approx(220)


def test_a_star_stands_above_the_bar_of_its_value_and_several_above_each_other() -> None:
    canvas, edges = Canvas(400, 260), bin_edges(VALUES, least=0.1)
    marked = [(v, SERIES[k]) for k, v in enumerate((0.12, 0.13, 0.48))]
    draw_stars(canvas, panel(2, 2), VALUES, edges, marked)

    stars = [s for s in canvas.shapes if isinstance(s, Polygon) and s.colour != PAPER]

    tips = [star.points[0] for star in stars]
    for (x, y), (value, _), count in zip(tips, marked, (2, 2, 1), strict=True):
        bar_x, bar_y = panel(2, 2).place([value, count])
        assert x == pytest.approx(bar_x) and y + STAR < bar_y
        assert y > 20  # within the panel
    assert abs(tips[0][1] - tips[1][1]) > 2 * STAR
    assert [star.colour for star in stars] == [SERIES[0], SERIES[1], SERIES[2]]
