"""Render binary sprites like dSprites (Matthey et al. 2017) as masks, and paint the masks."""

from collections.abc import Callable, Sequence
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.catalogue import RENDERERS
from sbvae_cli.config.renderer import HSV, RGB
from sbvae_cli.data.columns import colours_of, columns, present

_FACTORS = ("shape", "scale", "orientation", "x", "y")
_SHAPES = RENDERERS["sprites"].limits["shape"].levels or ()  # square, ellipse, heart

# Lengths are shares of the frame's shorter side, at scale 1. They are chosen so that at 64x64 no
# edge of any level comes closer to a pixel's centre than 1e-5, relative to the distance of the
# edge: rounding errors then change no pixel.
_MARGIN = 16.5 / 64  # from the frame's edge to the outermost position of a centre
_SQUARE_SIDE = 0.3249
_AREA = _SQUARE_SIDE**2  # area of each shape; no shape extends beyond 0.23 from its centroid
_LONG_SEMI_AXIS = 0.23
_SHORT_SEMI_AXIS = _AREA / (pi * _LONG_SEMI_AXIS)
_HEART_SIDE = sqrt(_AREA / (1 + pi / 4))
# Distance from the centre of the heart's square up to the centroid of the heart.
_HEART_RISE = _HEART_SIDE * (pi / 8 + 1 / 6) / (sqrt(2) * (1 + pi / 4))

_BATCH_VALUES = 1 << 15  # values of a temporary array, which then fits in a core's cache

Plane = NDArray[np.float32]


def render_sprites(
    factors: NDArray[np.floating], names: Sequence[str], height: int, width: int
) -> NDArray[np.uint8]:
    """Render one coloured shape per image: the masks of `render_masks`, painted.

    Args:
        factors: Shape (N, F).
        names: Names of the F columns: those of `render_masks`, and optionally hue (turns),
            saturation and value, or red, green and blue.
        height: Height of an image, in pixels.
        width: Width of an image, in pixels.

    Returns:
        Shape (N, height, width, 3); without colours (N, height, width, 1), white on black.

    Raises:
        ValueError: If a column is missing, or a shape is not 1, 2 or 3.
    """
    masks = render_masks(factors, names, height, width)
    if {*HSV, *RGB}.isdisjoint(names):
        return masks
    return paint(masks, colours_of(factors, names))


def render_masks(
    factors: NDArray[np.floating], names: Sequence[str], height: int, width: int
) -> NDArray[np.uint8]:
    """Render one white shape per image; a pixel is white if its centre is inside, as in dSprites.

    Lengths are in units of the frame's shorter side. Positions span the frame minus a margin, so
    that each shape is inside the frame. At 64x64, neighbouring levels of x and y are one pixel
    apart, from 16.5 to 47.5. The centroid of a shape is at its position, and all shapes of the same
    scale have the same area. At orientation 0 the long axis of the ellipse is horizontal, and the
    tip of the heart points down.

    Args:
        factors: Shape (N, F). If `present` or the scale is 0, or a value is not finite, the image
            is black.
        names: Names of the F columns: shape (1 square, 2 ellipse, 3 heart), scale (0.5 to 1),
            orientation (radians, clockwise), x (to the right) and y (down from the top row) in
            [0, 1]; optionally `present`. Others are ignored.
        height: Height of an image, in pixels.
        width: Width of an image, in pixels.

    Returns:
        Shape (N, height, width, 1); each value is 0 or 255.

    Raises:
        ValueError: If a column is missing, or a shape is not 1, 2 or 3.
    """
    images = np.zeros((len(factors), height, width, 1), np.uint8)
    values = columns(factors, names, _FACTORS)
    drawn = present(factors, names) & np.isfinite(values).all(1) & (values[:, 1] > 0)
    unknown = drawn & ~np.isin(values[:, 0], _SHAPES)
    if unknown.any():
        found = values[unknown.argmax(), 0]
        raise ValueError(f"shape must be 1 (square), 2 (ellipse) or 3 (heart), got {found:g}")
    step = max(1, _BATCH_VALUES // (height * width))
    for shape, inside in zip(_SHAPES, (_in_square, _in_ellipse, _in_heart), strict=True):
        rows = np.flatnonzero(drawn & (values[:, 0] == shape))
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            lit = _draw(inside, values[some, 1:], height, width)
            images[some] = np.multiply(lit, 255, dtype=np.uint8)[..., None]
    return images


def paint(masks: NDArray[np.uint8], rgb: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Paint each mask in its colour.

    Args:
        masks: Shape (N, H, W, 1), in 0 to 255.
        rgb: Colour of each mask, shape (N, 3), in [0, 1]; NaN makes the image black.

    Returns:
        masks * rgb, rounded to the nearest integer, shape (N, H, W, 3).

    Raises:
        ValueError: If the arguments have other shapes.
    """
    if masks.ndim != 4 or masks.shape[3] != 1 or rgb.shape != (len(masks), 3):
        raise ValueError(
            f"painting needs masks (N, H, W, 1) and colours (N, 3), got {masks.shape}, {rgb.shape}"
        )
    images = np.empty((*masks.shape[:3], 3), np.uint8)
    colours = np.where(np.isnan(rgb).any(1, keepdims=True), 0, np.clip(rgb, 0, 1))
    colours = colours.astype(np.float32)[:, :, None, None]  # (N, 3, 1, 1)
    step = max(1, _BATCH_VALUES // (masks.shape[1] * masks.shape[2]))
    for start in range(0, len(masks), step):
        some = slice(start, start + step)
        for channel in range(3):  # an inner loop over three channels would be slow
            levels = masks[some, ..., 0] * colours[some, channel]
            levels += np.float32(0.5)
            images[some, ..., channel] = levels.astype(np.uint8)
    return images


def _draw(
    inside: Callable[[Plane, Plane], NDArray[np.bool_]],
    pose: NDArray[np.float64],
    height: int,
    width: int,
) -> NDArray[np.bool_]:
    """Test each pixel's centre, transformed to the coordinates of the shape at scale 1.

    Args:
        inside: Function that tells which points (right, down) are inside of the shape.
        pose: Scale, orientation, x and y of each image, shape (N, 4).
        height: Height of an image, in pixels.
        width: Width of an image, in pixels.

    Returns:
        Shape (N, height, width).
    """
    scale, orientation, x, y = (pose[:, i, None] for i in range(4))
    side = min(height, width)
    column = np.arange(width) + 0.5 - (_MARGIN * side + x * (width - 2 * _MARGIN * side))
    row = np.arange(height) + 0.5 - (_MARGIN * side + y * (height - 2 * _MARGIN * side))
    cosine = np.cos(orientation) / (scale * side)
    sine = np.sin(orientation) / (scale * side)
    # The rotation is linear, so that it is a sum of terms of rows and of columns: (N, H) + (N, W).
    right = _outer_sum(row * sine, column * cosine)
    down = _outer_sum(row * cosine, -column * sine)
    return inside(right, down)


def _outer_sum(of_rows: NDArray[np.float64], of_columns: NDArray[np.float64]) -> Plane:
    return of_rows.astype(np.float32)[:, :, None] + of_columns.astype(np.float32)[:, None, :]


def _in_square(right: Plane, down: Plane) -> NDArray[np.bool_]:
    half = np.float32(_SQUARE_SIDE / 2)
    lit: NDArray[np.bool_] = (np.abs(right) < half) & (np.abs(down) < half)
    return lit


def _in_ellipse(right: Plane, down: Plane) -> NDArray[np.bool_]:
    right = right * np.float32(1 / _LONG_SEMI_AXIS)
    down = down * np.float32(1 / _SHORT_SEMI_AXIS)
    lit: NDArray[np.bool_] = right * right + down * down < 1
    return lit


def _in_heart(right: Plane, down: Plane) -> NDArray[np.bool_]:
    """Return the points in a square on its tip, or in the half discs on its two upper sides."""
    aside = np.abs(right)
    below = down - np.float32(_HEART_RISE)  # relative to the square's centre
    middle = np.float32(_HEART_SIDE / sqrt(8))  # offset, right and up, of the upper right side
    in_square = aside + np.abs(below) < 2 * middle
    aside -= middle
    below += middle
    lit: NDArray[np.bool_] = aside * aside + below * below < np.float32(_HEART_SIDE**2 / 4)
    lit |= in_square
    return lit
