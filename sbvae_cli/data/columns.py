"""What renderers read from rows of factors: columns by name, and the colours they stand for."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.renderer import HSV, RGB

FloatArray = NDArray[np.floating]


def columns(
    factors: FloatArray, names: Sequence[str], wanted: Sequence[str]
) -> NDArray[np.float64]:
    """Some columns, in double precision.

    Args:
        factors: Shape (N, F).
        names: Names of the F columns.
        wanted: Names of those to give, in this order.

    Returns:
        Shape (N, len(wanted)).

    Raises:
        ValueError: If one is missing.
    """
    missing = [name for name in wanted if name not in names]
    if missing:
        raise ValueError(f"there is no factor {missing[0]} among {', '.join(names)}")
    return factors[:, [list(names).index(name) for name in wanted]].astype(np.float64)


def present(factors: FloatArray, names: Sequence[str]) -> NDArray[np.bool_]:
    """Which rows show an object: all, unless there is a column `present`; shape (N,)."""
    if "present" not in names:
        return np.ones(len(factors), np.bool_)
    shown: NDArray[np.bool_] = columns(factors, names, ("present",))[:, 0] > 0
    return shown


def hsv_to_rgb(hsv: FloatArray) -> FloatArray:
    """Convert hue, saturation, value to red, green, blue.

    Each channel is `value` less `value * saturation` times a trapezoid of the hue, which for red is
    0 within a sixth of a turn around hue 0 and 1 beyond a third.

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
    """Red, green and blue of rows of factors.

    Args:
        factors: Shape (n, F); has hue (turns), saturation and value, or red, green and blue.
        names: Names of the F columns.

    Returns:
        Shape (n, 3), in [0, 1]; NaN where a factor is.

    Raises:
        ValueError: If a column is missing.
    """
    wanted = HSV if "hue" in names else RGB
    values = columns(factors, names, wanted)
    rgb = hsv_to_rgb(values) if wanted is HSV else values
    return np.clip(rgb, 0, 1).astype(np.float32)
