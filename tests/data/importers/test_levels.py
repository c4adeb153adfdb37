"""One range for all images, and what it says where none was given."""

from fractions import Fraction

import numpy as np
import pytest

from sbvae_cli.data.importers.levels import (
    count_outside,
    is_wide,
    levels_needed,
    to_uint8,
    value_range,
)


@pytest.mark.parametrize("kind", ["?", "u1", "<u2", ">u2", "i2", "u4", "i8", "f2", "f4", ">f8"])
@pytest.mark.parametrize("levels", [(0, 1), (10, 90), (-20.5, 100)])
def test_values_are_mapped_linearly(kind: str, levels: tuple[float, float]) -> None:
    dtype = np.dtype(kind)
    values = np.array([0, 1] if dtype.kind == "b" else [0, 1, 9, 10, 11, 45, 60, 90, 91, 100], kind)
    low, high = map(Fraction, levels)
    exact = [min(max(255 * (int(v) - low) / (high - low), 0), 255) for v in values]
    found = to_uint8(values.reshape(-1, 2), levels)
    assert (found.dtype, found.shape) == (np.uint8, (len(values) // 2, 2))
    np.testing.assert_allclose(found.ravel(), [float(value) for value in exact], atol=0.501)
    outside = sum(not low <= int(v) <= high for v in values)
    assert count_outside(values, levels) == outside


def test_the_whole_range_of_bytes_keeps_every_bit() -> None:
    values = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(to_uint8(values, (0, 255)), values)
    np.testing.assert_array_equal(to_uint8(values.astype(np.float64), (0, 255)), values)
    np.testing.assert_array_equal(to_uint8(257 * values.astype(np.uint16), (0, 65535)), values)


def test_what_is_not_finite_is_clipped_and_counted() -> None:
    values = np.array([np.nan, -np.inf, np.inf, 0.5])
    assert to_uint8(values, (0, 1)).tolist() == [0, 0, 255, 128]
    assert count_outside(values, (0, 1)) == 3
    assert value_range(values) == (0.5, 0.5)
    assert value_range(values[:3]) is None
    assert value_range(np.array([[7, -2]], np.int16)) == (-2, 7)


def test_bytes_and_booleans_are_pixels_by_themselves() -> None:
    assert [is_wide(np.dtype(kind)) for kind in ("u1", "?", "i1", "u2", "f4", "i8")] == [
        *[False] * 2,
        *[True] * 4,
    ]


@pytest.mark.parametrize(
    ("found", "named", "advice"),
    [
        ((0, 4095), "0..4095", "0..4095"),
        ((-12.0, 400.0), "-12..400", "-12..400"),
        ((0.125, 0.5), "0.125..0.5", "0..1"),
        ((0, 1), "0..1", "0..1"),
        ((0, float(np.float32(17.3))), "0..17.3", "0..17.3"),
        ((7, 7), "7..7", "7..8"),
    ],
)
def test_the_range_that_was_found_is_advised(
    found: tuple[float, float], named: str, advice: str
) -> None:
    line = str(levels_needed("a.npz: images is uint16", found))
    assert line == (
        f"a.npz: images is uint16, with values {named}; say which range becomes black to white, "
        f"one for all images, as `levels={advice}`"
    )


def test_nothing_finite_has_no_range() -> None:
    assert str(levels_needed("a.npz: x is float32", None)).endswith(
        "not finite; save finite numbers"
    )
