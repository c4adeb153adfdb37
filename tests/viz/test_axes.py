"""Ranges, ticks and the way from data to the canvas."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbvae_cli.viz.axes import (
    Panel,
    equal_ranges,
    nice_ticks,
    padded_range,
    short_number,
    tick_names,
)


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


@settings(max_examples=500)
@given(low=st.floats(-1e4, 1e4), span=st.floats(1e-3, 1e4), most=st.integers(5, 9))
def test_ticks_are_few_even_and_inside(low: float, span: float, most: int) -> None:
    ticks = nice_ticks(low, low + span, most)

    assert 2 <= len(ticks) <= most
    assert low - 1e-6 * span <= ticks[0] and ticks[-1] <= low + span * (1 + 1e-6)
    np.testing.assert_allclose(np.diff(ticks), ticks[1] - ticks[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("low", "high", "names"),
    [
        (-2.2, 2.2, ["-2", "-1", "0", "1", "2"]),
        (0.17, 0.83, ["0.2", "0.4", "0.6", "0.8"]),
        (0.0, 4e5, ["0", "1e5", "2e5", "3e5", "4e5"]),
        (0.0, 1e-6, ["0", "5e-7", "1e-6"]),
    ],
)
def test_ticks_have_the_digits_that_they_need(low: float, high: float, names: list[str]) -> None:
    assert tick_names(nice_ticks(low, high, 5)) == names


def test_numbers_are_short() -> None:
    assert [short_number(v) for v in (2.5e6, 1e-7, 12.34)] == ["2.5e6", "1e-7", "12.3"]


def test_a_single_value_gets_a_range() -> None:
    assert padded_range(3.0, 3.0) == (2.5, 3.5)
    assert padded_range(0.0, 1.0, 0.1) == (-0.1, 1.1)
