"""Rows of dots and of histograms over one axis."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.primitives import Disc, Polygon, Rectangle
from sbvae_cli.viz.rows import DOT, RowPanel, Values, draw_histograms, draw_strips, spread
from sbvae_cli.viz.theme import INK, PAPER, SERIES, Role

Legible = Callable[[Canvas], None]


def middle(canvas: Canvas, text: str) -> float:
    """Where the middle of a text is from the left."""
    (box,) = [each.box for each in canvas.texts if each.text == text]
    return (box.left + box.right) / 2


def is_of(shape: object, colour: Role) -> bool:
    own = getattr(shape, "colour", None)
    return isinstance(own, Role) and own.name == colour.name


@settings(deadline=None)
@given(st.lists(st.floats(0, 200), max_size=40))
def test_dots_that_are_spread_do_not_overlap(places: list[float]) -> None:
    offsets = spread(places, 10.0, 1e9)
    x = np.array(places)
    distance = np.hypot(x[:, None] - x, offsets[:, None] - offsets) + 1e9 * np.eye(len(x))
    assert len(places) < 2 or distance.min() > 10.0 - 1e-5
    lone = [all(abs(a - b) >= 10 for j, b in enumerate(places) if i != j) for i, a in enumerate(x)]
    assert (offsets[lone] == 0).all()


def test_dots_keep_to_their_room_and_to_both_sides_of_the_row() -> None:
    np.testing.assert_allclose(spread([5.0] * 3, 10.0, 99), [0.0, -10.0, 10.0], atol=1e-4)
    offsets = spread([5.0] * 9, 10.0, 20.0)
    assert np.abs(offsets).max() == pytest.approx(20.0)
    assert len(set(offsets.tolist())) == 9


def test_dots_median_and_interval_stand_at_their_values() -> None:
    values = np.array([0.1, 0.2, 0.2, 0.4, 0.9])
    panel = RowPanel("MIG", [Values(values, SERIES[0], (0.2, 0.4))], (0.0, 1.0))
    canvas = draw_strips(["deconv"], [panel])
    x0, x1 = middle(canvas, "0.0"), middle(canvas, "1.0")

    def data(x: float) -> float:
        return (x - x0) / (x1 - x0)

    dots = [shape for shape in canvas.shapes if isinstance(shape, Disc)]
    assert sorted(data(dot.x) for dot in dots) == pytest.approx(values.tolist(), abs=0.002)
    assert len({dot.y for dot in dots}) == 2  # two of one value are spread
    rectangles = [shape for shape in canvas.shapes if isinstance(shape, Rectangle)]
    (interval,) = [shape for shape in rectangles if is_of(shape, SERIES[0])]
    assert data(interval.left) == pytest.approx(0.2, abs=0.002)
    assert data(interval.left + interval.width) == pytest.approx(0.4, abs=0.002)
    (bar,) = [shape for shape in rectangles if is_of(shape, INK)]
    assert data(bar.left + bar.width / 2) == pytest.approx(0.2, abs=0.002)
    assert bar.top > max(dot.y + DOT for dot in dots)
    halo = rectangles[rectangles.index(bar) - 1]
    assert is_of(halo, PAPER) and (halo.top, halo.height) == (bar.top, bar.height)
    assert (halo.left, halo.width) == pytest.approx((bar.left - 1.5, bar.width + 3))


@pytest.mark.parametrize("draw", ["strip", "histogram"])
def test_a_star_stands_at_its_value_with_its_label_beside_it(draw: str) -> None:
    values = np.array([0.1, 0.2, 0.75])
    rows = [Values(values, SERIES[1], star=star, star_label="seed 7") for star in (0.2, 0.75)]
    panel = RowPanel("MIG", rows, (0.0, 0.8))
    if draw == "strip":
        canvas = draw_strips(["a", "b"], [panel])
    else:
        canvas = draw_histograms(["a", "b"], panel, np.arange(0, 0.9, 0.1))
    x0, x8 = middle(canvas, "0.0"), middle(canvas, "0.8")
    stars = [s for s in canvas.shapes if isinstance(s, Polygon) and is_of(s, SERIES[1])]
    places = [(star.box.left + star.box.right) / 2 for star in stars]
    assert [(x - x0) / (x8 - x0) * 0.8 for x in places] == pytest.approx([0.2, 0.75], abs=0.002)
    labels = [each.box for each in canvas.texts if each.text == "seed 7"]
    assert labels[0].left > stars[0].box.right  # beside it, where there is room
    assert labels[1].right < stars[1].box.left


def test_bars_are_as_high_as_their_counts_in_every_row() -> None:
    edges = np.array([0.0, 0.1, 0.2, 0.3])
    rows = [
        Values(np.array([0.05, 0.06, 0.15, 0.25, 0.25, 0.25, 0.25]), SERIES[0]),
        Values(np.array([0.15, 0.16]), SERIES[1]),
    ]
    canvas = draw_histograms(["a", "b"], RowPanel("MIG", rows, (0.0, 0.3)), edges)
    for colour, counts in ((SERIES[0], [2, 1, 4]), (SERIES[1], [2])):
        bars = [s for s in canvas.shapes if isinstance(s, Rectangle) and is_of(s, colour)]
        heights = [bar.height for bar in bars]
        unit = max(s.height for s in canvas.shapes if isinstance(s, Rectangle)) / 4
        assert [round(height / unit, 6) for height in heights] == counts
        assert len({round(bar.top + bar.height, 6) for bar in bars}) == 1
    counted = [each for each in canvas.texts if each.text in ("2", "4")]
    assert len(counted) == 4  # whole numbers, in each row


def test_a_row_without_values_says_so() -> None:
    rows = [Values(np.array([0.1]), SERIES[0]), Values(np.array([]), SERIES[1])]
    canvas = draw_strips(["a", "b"], [RowPanel("MIG", rows, (0.0, 1.0))])
    assert "no run has it" in [each.text for each in canvas.texts]


NAMES = st.text("abc defg WM", min_size=1, max_size=90).filter(str.strip)


@settings(max_examples=30, deadline=None)
@given(st.data(), st.lists(NAMES, min_size=1, max_size=5), st.integers(1, 4))
def test_names_labels_and_ticks_do_not_meet(
    legible: Legible, data: st.DataObject, names: list[str], count: int
) -> None:
    panels = []
    for _ in range(count):
        low, span = data.draw(st.floats(-1e4, 1e4)), data.draw(st.floats(1e-2, 1e4))
        shares = st.lists(st.floats(0, 1), max_size=6)
        rows = [
            Values(low + span * np.array(data.draw(shares)), SERIES[number % 8])
            for number in range(len(names))
        ]
        panels.append(RowPanel(data.draw(NAMES), rows, (low, low + span)))
    legible(draw_strips(names, panels))
    starred = [
        Values(row.values, row.colour, star=row.values[0], star_label="0.123, seed 4")
        if len(row.values)
        else row
        for row in panels[0].rows
    ]
    edges = np.linspace(*panels[0].x_range, 9)
    legible(draw_histograms(names, RowPanel("MIG", starred, panels[0].x_range), edges))


def test_a_long_name_is_broken_and_its_own_line_is_kept() -> None:
    name = "a name that goes on and on " * 6
    rows = [Values(np.array([0.1]), SERIES[0])]
    canvas = draw_strips([f"{name}\n15 runs"], [RowPanel("MIG", rows, (0.0, 1.0))])
    written = [each.text for each in canvas.texts]
    assert "15 runs" in written
    assert any(line.endswith("...") for line in written)


def test_a_long_name_is_broken_after_a_comma_where_that_takes_no_more_lines() -> None:
    def written(name: str) -> list[str]:
        rows = [Values(np.array([0.1]), SERIES[0])]
        canvas = draw_strips([name], [RowPanel("MIG", rows, (0.0, 1.0))])
        return [each.text for each in canvas.texts if each.text in name]

    assert written("broadcast, factor-vae, gamma 10") == ["broadcast, factor-vae,", "gamma 10"]
    words = "a name of two lines that has one comma alone, here"
    assert written(words) == ["a name of two lines that has", "one comma alone, here"]


def test_the_paper_shows_around_a_median_on_its_interval() -> None:
    values = np.array([0.1, 0.2, 0.3])
    panel = RowPanel("MIG", [Values(values, SERIES[0], (0.1, 0.3))], (0.0, 1.0))
    canvas = draw_strips(["a"], [panel])
    order = [shape for shape in canvas.shapes if isinstance(shape, Rectangle)]
    assert [is_of(order[-3], SERIES[0]), is_of(order[-2], PAPER), is_of(order[-1], INK)] == [
        True
    ] * 3


def test_a_group_whose_name_is_spaces_alone_is_drawn() -> None:
    panel = RowPanel("MIG", [Values(np.array([0.2, 0.4]), SERIES[0])], (0.0, 1.0))
    canvas = draw_strips([" "], [panel])
    assert canvas.width > 0 and sum(isinstance(each, Disc) for each in canvas.shapes) == 2
