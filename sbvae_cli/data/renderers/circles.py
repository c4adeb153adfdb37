"""Render discs on a black background (Appendix A.3)."""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sbvae_cli.data.columns import colours_of, columns, present

_BATCH_VALUES = 1 << 15  # values of a temporary array, which then fits in a core's cache


def render_circles(
    factors: NDArray[np.floating], names: Sequence[str], height: int, width: int
) -> NDArray[np.uint8]:
    """Render one disc per image, with anti-aliased edges by the exact covered area of each pixel.

    The disc's centre is at column `x * width` and at row `(1 - y) * height`, since y points up and
    row 0 is at the top. Its diameter is a share of the width. The frame may cut it off.

    Args:
        factors: Shape (N, F). If `present` is 0 or a value is NaN, the image is black.
        names: Names of the F columns: x, y, diameter, and hue (turns), saturation, value or red,
            green, blue in [0, 1]; optionally `present`.
        height: Height of an image, in pixels.
        width: Width of an image, in pixels.

    Returns:
        Shape (N, height, width, 3); each value within 1 of 255 * covered area * colour.

    Raises:
        ValueError: If a column is missing.
    """
    images = np.zeros((len(factors), height, width, 3), np.uint8)
    geometry = columns(factors, names, ("x", "y", "diameter"))
    geometry = geometry * (width, -height, width / 2) + (0, height, 0)  # column, row, radius
    rgb = colours_of(factors, names)
    drawn = present(factors, names) & ~np.isnan(geometry).any(1) & ~np.isnan(rgb).any(1)
    rows = np.flatnonzero(drawn)
    if not len(rows):
        return images
    if (geometry[rows] == geometry[rows[0]]).all():
        _draw(images, rows, geometry[rows[:1]], rgb[rows])
        return images
    box = 2 * max(float(geometry[rows, 2].max()), 0.0) + 2
    step = max(1, int(_BATCH_VALUES / (min(box, height) * min(box, width))))
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        _draw(images, some, geometry[some], rgb[some])
    return images


def _draw(
    images: NDArray[np.uint8],
    rows: NDArray[np.intp],
    geometry: NDArray[np.float64],
    rgb: NDArray[np.float32],
) -> None:
    """Draw discs into some images; a single row of geometry serves all of them."""
    height, width = images.shape[1:3]
    column, row, radius = (geometry[:, i, None] for i in range(3))
    side = int(np.ceil(2 * max(float(radius.max()), 0.0))) + 1
    box = min(side, height), min(side, width)
    # A box that reaches outside of the frame is moved inside; it still has all visible pixels.
    top = np.clip(np.floor(row - radius), 0, height - box[0]).astype(np.intp)
    left = np.clip(np.floor(column - radius), 0, width - box[1]).astype(np.intp)
    covered = disc_coverage(
        left + np.arange(box[1] + 1) - column, top + np.arange(box[0] + 1) - row, radius
    )
    # (n, box height, box width, 3)
    levels = covered.astype(np.float32)[..., None] * (rgb * np.float32(255))[:, None, None]
    levels += np.float32(0.5)
    windows = sliding_window_view(images, box, axis=(1, 2), writeable=True)
    windows[rows, top[:, 0], left[:, 0]] = np.moveaxis(levels.astype(np.uint8), 3, 1)


def disc_coverage(
    x: NDArray[np.float64], y: NDArray[np.float64], radius: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compute the exact area of a centred disc in each cell of a grid, in the grid's squared unit.

    The area A(x, y) of the disc within {X < x, Y < y} has a closed form, and a cell's area is its
    second difference. Let u and v be the areas of the disc within {X < x} and {Y < y}. For a corner
    (x, y) inside the disc, A = (u + v) / 2 - total / 4 + x * y. For a corner outside, one of these
    two parts of the disc contains the other, or they or their complements are disjoint.

    Args:
        x: Edges of the columns relative to the centre, shape (N, W + 1).
        y: Edges of the rows relative to the centre, shape (N, H + 1).
        radius: Radius of each disc, shape (N, 1).

    Returns:
        Shape (N, H, W), in [0, 1] for cells of area 1.
    """
    radius = np.maximum(radius, 1e-9)
    total = np.pi * radius**2
    x, y = np.clip(x, -radius, radius), np.clip(y, -radius, radius)
    u = _area_below(x, radius)[:, None, :]
    v = _area_below(y, radius)[:, :, None]
    total, x, y = total[:, :, None], x[:, None, :], y[:, :, None]
    both = u + v
    inside = x * x + y * y < (radius * radius)[:, :, None]
    apart = np.where((x > 0) == (y > 0), np.maximum(both - total, 0), np.minimum(u, v))
    corner = np.where(inside, both / 2 - total / 4 + x * y, apart)
    in_columns = corner[:, :, 1:] - corner[:, :, :-1]
    covered: NDArray[np.float64] = in_columns[:, 1:] - in_columns[:, :-1]
    return np.clip(covered, 0, None, out=covered)


def _area_below(edge: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the area of the disc on the lower side of a straight edge."""
    chord = edge * np.sqrt(radius**2 - edge**2)
    area: NDArray[np.float64] = chord + radius**2 * (np.arcsin(edge / radius) + np.pi / 2)
    return area
