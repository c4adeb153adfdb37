"""Colours of the unit square, by which points can be matched between two pictures."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# sRGB at (0, 0), (1, 0), (0, 1) and (1, 1). Lightness increases along one diagonal while blue turns
# to yellow. Along the other, red and green-blue also differ for most colour-blind readers.
CORNERS = ((58, 38, 140), (226, 62, 98), (14, 164, 166), (248, 184, 20))


# Oklab values for a side that is a full turn of hues: all colours are within sRGB, and visible in
# both themes.
_LIGHTNESS, _CHROMA = (0.5, 0.82), 0.085  # range of lightness along the other side; chroma
_WAVE = (0.66, 0.12, 0.065, 0.02)  # lightness and its swing, chroma and its swing, for two turns


def square_colours(
    points: ArrayLike, wraps: tuple[bool, bool] = (False, False)
) -> NDArray[np.uint8]:
    """Return colours that vary evenly over the unit square: bilinear in Oklab between its corners.

    Oklab (Ottosson 2020) is nearly perceptually uniform, so that equal steps look equal. A side
    that is a full turn is a circle of hues, which has no seam; the other side is then lightness or,
    if it is a turn too, a circle of lightness and chroma.

    Args:
        points: Positions in [0, 1], shape (..., 2).
        wraps: Whether each side is a full turn, which ends where it begins.

    Returns:
        sRGB colours, shape (..., 3).
    """
    position = np.clip(np.asarray(points, dtype=np.float64), 0.0, 1.0)
    lab = _turned(position, wraps) if any(wraps) else _between_corners(position)
    return np.round(255.0 * np.clip(_from_oklab(lab), 0.0, 1.0)).astype(np.uint8)


def _between_corners(position: Floats) -> Floats:
    a, b = position[..., :1], position[..., 1:]
    low_low, high_low, low_high, high_high = _to_oklab(np.array(CORNERS, dtype=np.float64) / 255.0)
    low, high = (1 - a) * low_low + a * high_low, (1 - a) * low_high + a * high_high
    lab: Floats = (1 - b) * low + b * high
    return lab


def _turned(position: Floats, wraps: tuple[bool, bool]) -> Floats:
    first, second = position[..., 0], position[..., 1]
    turn, other = (first, second) if wraps[0] else (second, first)
    hue, (low, high) = 2 * np.pi * turn, _LIGHTNESS
    lightness, chroma = low + (high - low) * other, np.full_like(other, _CHROMA)
    if all(wraps):
        middle, swing, mean, more = _WAVE
        phase = 2 * np.pi * other
        lightness, chroma = middle + swing * np.cos(phase), mean + more * np.sin(phase)
    return np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1)


_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _to_oklab(srgb: Floats) -> Floats:
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    lab: Floats = np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T
    return lab


def _from_oklab(lab: Floats) -> Floats:
    linear = (lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_LMS).T
    linear = np.maximum(linear, 0.0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
