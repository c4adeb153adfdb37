"""Colour conversion, n colours at once."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]


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
