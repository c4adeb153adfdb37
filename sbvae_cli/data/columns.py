"""Read columns and colours from rows of factors, as the renderers need them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.renderer import HSV, RGB

FloatArray = NDArray[np.floating]


def columns(
    factors: FloatArray, names: Sequence[str], wanted: Sequence[str]
) -> NDArray[np.float64]:
    """Return the named columns of rows of factors, in double precision.

    Args:
        factors: Shape (N, F).
        names: Names of the F columns.
        wanted: Names of the columns to return, in this order.

    Returns:
        Shape (N, len(wanted)).

    Raises:
        ValueError: If a wanted column is not among `names`.
    """
    missing = [name for name in wanted if name not in names]
    if missing:
        raise ValueError(f"there is no factor {missing[0]} among {', '.join(names)}")
    return factors[:, [list(names).index(name) for name in wanted]].astype(np.float64)


def present(factors: FloatArray, names: Sequence[str]) -> NDArray[np.bool_]:
    """Return which rows show an object, shape (N,): all rows if there is no column `present`."""
    if "present" not in names:
        return np.ones(len(factors), np.bool_)
    shown: NDArray[np.bool_] = columns(factors, names, ("present",))[:, 0] > 0
    return shown


def hsv_to_rgb(hsv: FloatArray) -> FloatArray:
    """Convert hue, saturation, value to red, green, blue.

    Each channel is `value * (1 - saturation * t)`, where t is a trapezoid in the hue. For red, t is
    0 within a sixth of a turn of hue 0, and 1 where hue 0 is more than a third of a turn away.

    Args:
        hsv: Shape (..., 3); hue in turns, of any size; saturation and value in [0, 1].

    Returns:
        Shape (..., 3), in [0, 1].
    """
    hue, saturation, value = (hsv[..., i, None] for i in range(3))
    sixths = (np.array([5, 3, 1], hsv.dtype) + 6 * hue) % 6
    lack = np.clip(np.minimum(sixths, 4 - sixths), 0, 1)
    rgb: FloatArray = value * (1 - saturation * lack)
    return rgb


def colours_of(factors: FloatArray, names: Sequence[str]) -> NDArray[np.float32]:
    """Return the red, green and blue of each row of factors.

    Args:
        factors: Shape (n, F), with columns hue (turns), saturation and value, or red, green, blue.
        names: Names of the F columns.

    Returns:
        Shape (n, 3), in [0, 1]; NaN where a colour factor is NaN.

    Raises:
        ValueError: If a colour column is missing.
    """
    wanted = HSV if "hue" in names else RGB
    values = columns(factors, names, wanted)
    rgb = hsv_to_rgb(values) if wanted is HSV else values
    return np.clip(rgb, 0, 1).astype(np.float32)
