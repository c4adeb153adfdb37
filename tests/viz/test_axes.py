"""Ranges, ticks and the way from data to the canvas."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbvae_cli.viz.axes import (
    TICK_SIZE,
    Panel,
    equal_ranges,
    fitting_ticks,
    padded_range,
    short_number,
    tick_names,
    whole_ticks,
)
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.primitives import Line
from sbvae_cli.viz.text import text_width


def test_corners_of_the_data_land_on_corners_of_the_box() -> None:
    panel = Panel(10, 20, 100, 50, (-1, 1), (0, 5))

    placed = panel.place([[-1, 0], [1, 5], [0, 2.5]])

    np.testing.assert_allclose(placed, [[10, 70], [110, 20], [60, 45]])


@given(
    x=st.floats(-1e3, 1e3), y=st.floats(-1e3, 1e3), size=st.floats(0, 1e3), tall=st.floats(0, 1e3)
)
def test_equal_ranges_hold_the_data_at_one_scale(
    x: float, y: float, size: float, tall: float
) -> None:
    points = np.array([[x, y], [x + size, y + tall]])

    (x0, x1), (y0, y1) = equal_ranges(points, 200, 100, least=1.0)

    assert (x1 - x0) / 200 == pytest.approx((y1 - y0) / 100)
    assert min(x1 - x0, y1 - y0) >= 1.0 - 1e-9
    assert x0 < x and x + size < x1 and y0 < y and y + tall < y1


@pytest.mark.parametrize(
    ("low", "high", "names"),
    [
        (-2.2, 2.2, ["-2", "-1", "0", "1", "2"]),
        (0.17, 0.83, ["0.2", "0.4", "0.6", "0.8"]),
        (0.0, 4e5, ["0", "1e5", "2e5", "3e5", "4e5"]),
        (0.0, 1e-6, ["0", "2e-7", "4e-7", "6e-7", "8e-7", "1e-6"]),
    ],
)
def test_ticks_have_the_digits_that_they_need(low: float, high: float, names: list[str]) -> None:
    assert tick_names(fitting_ticks(low, high, 430)) == names


def test_numbers_are_short() -> None:
    assert [short_number(v) for v in (2.5e6, 1e-7, 12.34)] == ["2.5e6", "1e-7", "12.3"]


@settings(max_examples=200, deadline=None)
@given(
    low=st.floats(-1e6, 1e6),
    span=st.floats(-3, 6).map(lambda power: 10.0**power),
    length=st.floats(60, 900),
    upright=st.booleans(),
)
def test_ticks_on_an_axis_of_any_length_have_names_that_do_not_meet(
    low: float, span: float, length: float, upright: bool
) -> None:
    ticks = fitting_ticks(low, low + span, length, upright)
    names = tick_names(ticks)

    assert ticks and low - 1e-6 * span <= min(ticks) and max(ticks) <= low + span * (1 + 1e-6)
    assert len(set(names)) == len(names)
    np.testing.assert_allclose([float(name) for name in names], ticks, atol=span / 50, rtol=0)
    places = [(tick - low) / span * length for tick in ticks]
    for one, two, left, right in zip(places, places[1:], names, names[1:], strict=False):
        room = 1.3 * TICK_SIZE if upright else (text_width(left, 16) + text_width(right, 16)) / 2
        assert two - one > room + (0 if upright else 10)


@pytest.mark.parametrize(
    ("length", "across", "upright"),
    [
        (90, ["0", "1"], ["0", "1"]),
        (200, ["0.0", "0.5", "1.0"], ["0.0", "0.5", "1.0"]),
        (
            430,
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"],
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"],
        ),
    ],
)
def test_longer_axes_have_more_ticks(length: int, across: list[str], upright: list[str]) -> None:
    assert tick_names(fitting_ticks(0, 1, length)) == across
    assert tick_names(fitting_ticks(0, 1, length, upright=True)) == upright


def test_counts_have_whole_ticks_that_are_as_far_apart_as_is_asked() -> None:
    assert whole_ticks(2, 100) == [0, 1, 2]
    assert whole_ticks(30, 10) == [0, 10, 20, 30]
    assert whole_ticks(30, 10, 24) == [0, 5, 10, 15, 20, 25, 30]
    assert whole_ticks(3, 1) == [0]
    panel = Panel(50, 20, 200, 160, (0, 10), (0, 2.6))
    canvas = Canvas(300, 250)
    panel.draw_y_ticks(canvas, whole_ticks(2, 160 / 2.6))
    assert [box.text for box in canvas.texts] == ["0", "1", "2"]


def test_lines_and_ticks_stand_at_the_same_places() -> None:
    canvas, panel = Canvas(300, 250), Panel(50, 20, 200, 160, (0, 10), (0, 1))
    panel.draw_x_lines(canvas)
    panel.draw_x_ticks(canvas)
    panel.draw_y_ticks(canvas)
    lines = [shape.points for shape in canvas.shapes if isinstance(shape, Line)]
    assert [line[0] for line in lines[:3]] == [(50, 20), (150, 20), (250, 20)]
    assert [line[0] for line in lines[3:6]] == [(50, 180), (150, 180), (250, 180)]
    written = {box.text: box.box for box in canvas.texts}
    assert list(written) == ["0", "5", "10", "0.0", "0.5", "1.0"]
    assert (written["5"].left + written["5"].right) / 2 == pytest.approx(150)
    assert (written["0.5"].top + written["0.5"].bottom) / 2 == pytest.approx(100)


def test_a_single_value_gets_a_range() -> None:
    assert padded_range(3.0, 3.0) == (2.5, 3.5)
    assert padded_range(0.0, 1.0, 0.1) == (-0.1, 1.1)


@given(value=st.floats(-1e12, 1e12), share=st.floats(0, 3e-16))
def test_values_that_are_equal_but_for_rounding_have_an_axis_with_short_names(
    value: float, share: float
) -> None:
    low, high = sorted([value, value * (1 + share)])
    limits = padded_range(low, high)
    assert limits[0] < low and high < limits[1]
    for name in tick_names(fitting_ticks(*limits, 430)):
        assert len(name) <= 10
