"""The embedding of a factor grid in latent space beside the grid itself (Figures 7 and 8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sbvae_cli.viz.axes import BOTTOM, LEFT, TOP, Panel, equal_ranges, padded_range, short_number
from sbvae_cli.viz.canvas import FAINT, INK, QUIET, Canvas, shorten, text_width
from sbvae_cli.viz.image_grid import tile_images
from sbvae_cli.viz.mesh import HELD_OUT, Bools, Floats, draw_mesh, draw_prior

SIDE, GAP, MARGIN, HEADER, FOOTER = 430.0, 26.0, 22.0, 54.0, 40.0
COLUMN = LEFT + SIDE + GAP
SIDEBAR, SIDEBAR_INNER = 310.0, 280.0
STRIP = 62.0  # a row of scores below a panel

# Name in the scores, name in the picture, unit.
SCORES = (
    ("affine_r2", "affine R²", ""),
    ("inverse_r2", "inverse R²", ""),
    ("similarity_r2", "similarity R²", ""),
    ("monotone_r2", "monotone R²", ""),
    ("fold_fraction", "folded", "%"),
    ("tear", "tear", ""),
    ("heldout_ratio", "held-out error ratio", ""),
    ("heldout_area_ratio", "held-out area ratio", ""),
)
STRIP_SCORES = (
    ("affine_r2", "affine R²", ""),
    ("inverse_r2", "inverse R²", ""),
    ("fold_fraction", "folded", "%"),
    ("tear", "tear", ""),
    ("heldout_ratio", "held-out ratio", ""),
)


@dataclass(frozen=True)
class FactorPanel:
    """The grid in factor space.

    Attributes:
        values: Values of both factors, shapes (n0,) and (n1,), increasing, in their own units.
        labels: Names of both factors, with units.
        held_out: Points that training left out, shape (n0, n1).
        wraps: Whether a factor's range is a full turn.
    """

    values: tuple[Floats, Floats]
    labels: tuple[str, str]
    held_out: Bools
    wraps: tuple[bool, bool] = (False, False)

    @property
    def points(self) -> Floats:
        """Factor values of each point, shape (n0, n1, 2)."""
        return np.stack(np.meshgrid(*self.values, indexing="ij"), axis=-1).astype(np.float64)

    @property
    def positions(self) -> Floats:
        """The grid scaled to the unit square, shape (n0, n1, 2): where colours are taken from."""
        low = self.points[0, 0]
        scaled: Floats = (self.points - low) / (self.points[-1, -1] - low)
        return scaled


@dataclass(frozen=True)
class Embedding:
    """The grid in two latents of a model.

    Attributes:
        codes: Posterior means, in stds of the prior, shape (n0, n1, 2), finite.
        labels: Names of both latents.
        name: Title of the panel.
        scores: By the names of `geometry_scores`; what is missing is not shown, None is a dash.
    """

    codes: NDArray[np.floating]
    labels: tuple[str, str]
    name: str = "latent space"
    scores: Mapping[str, object] = field(default_factory=dict)


def draw_embedding(
    grid: FactorPanel,
    embedding: Embedding,
    caption: str = "",
    samples: NDArray[np.uint8] | None = None,
) -> Image.Image:
    """Draw one model: factor grid, its embedding, and at the side sample images and scores.

    Both panels have the same colours, so that a point can be followed from one to the other; points
    held out of training are black (Figure 8).

    Args:
        grid: Factor space.
        embedding: Latent space, of a grid of the same shape.
        caption: Line at the top of the picture.
        samples: Images of the data, shape (N, H, W, 1 or 3); 16 are a good number (Figure 7).

    Returns:
        RGB, about 1,400 pixels wide.

    Raises:
        ValueError: If shapes do not agree or codes are not finite.
    """
    width = MARGIN + 2 * COLUMN + SIDEBAR + MARGIN
    height = HEADER + TOP + SIDE + BOTTOM + FOOTER
    canvas = Canvas(width, height)
    _draw_caption(canvas, caption, width)
    _draw_factors(canvas, grid, MARGIN + LEFT)
    _draw_codes(canvas, grid, embedding, MARGIN + COLUMN + LEFT)
    left, top = MARGIN + 2 * COLUMN + 6.0, HEADER + TOP
    if samples is not None:
        top = _draw_samples(canvas, samples, left, top) + 14.0
    _draw_score_list(canvas, embedding.scores, left, top)
    _draw_legend(canvas, height - FOOTER / 2 - 4, bool(grid.held_out.any()))
    return canvas.finish()


def draw_embeddings(
    grid: FactorPanel, embeddings: Sequence[Embedding], caption: str = ""
) -> Image.Image:
    """Draw several models side by side: the factor grid, then each embedding with its scores below.

    Args:
        grid: Factor space, shared by all.
        embeddings: From left to right.
        caption: Line at the top of the picture.

    Returns:
        RGB, about 1,600 pixels wide with two models.

    Raises:
        ValueError: If there is none, shapes do not agree or codes are not finite.
    """
    if not embeddings:
        raise ValueError("a comparison needs one embedding or more")
    width = 2 * MARGIN + (1 + len(embeddings)) * COLUMN
    strip = STRIP if any(embedding.scores for embedding in embeddings) else 0.0
    height = HEADER + TOP + SIDE + BOTTOM + strip + FOOTER
    canvas = Canvas(width, height)
    _draw_caption(canvas, caption, width)
    _draw_factors(canvas, grid, MARGIN + LEFT)
    for column, embedding in enumerate(embeddings, start=1):
        left = MARGIN + column * COLUMN + LEFT
        _draw_codes(canvas, grid, embedding, left)
        _draw_score_strip(canvas, embedding.scores, left, HEADER + TOP + SIDE + BOTTOM + 8.0)
    _draw_legend(canvas, height - FOOTER / 2 - 4, bool(grid.held_out.any()))
    return canvas.finish()


def _draw_caption(canvas: Canvas, caption: str, width: float) -> None:
    canvas.text(MARGIN, 32.0, shorten(caption, 22.0, width - 2 * MARGIN), 22.0, INK, "lm")


def _draw_factors(canvas: Canvas, grid: FactorPanel, left: float) -> None:
    ranges = [padded_range(float(v[0]), float(v[-1])) for v in grid.values]
    panel = Panel(left, HEADER + TOP, SIDE, SIDE, ranges[0], ranges[1])
    panel.draw_frame(canvas)
    draw_mesh(canvas, panel, grid.points, grid.positions, grid.held_out)
    panel.draw_labels(canvas, "factor space", *grid.labels)


def _draw_codes(canvas: Canvas, grid: FactorPanel, embedding: Embedding, left: float) -> None:
    codes = np.asarray(embedding.codes, dtype=np.float64)
    if codes.shape != grid.points.shape or grid.held_out.shape != codes.shape[:2]:
        raise ValueError(f"codes {codes.shape} do not fit a grid {grid.points.shape}")
    if not np.isfinite(codes).all():
        raise ValueError("codes must be finite")
    # The prior's std is seen at least: what hardly moves should look so.
    x_range, y_range = equal_ranges(codes, SIDE, SIDE, least=2.2)
    panel = Panel(left, HEADER + TOP, SIDE, SIDE, x_range, y_range)
    panel.draw_frame(canvas)
    draw_prior(canvas, panel)
    draw_mesh(canvas, panel, codes, grid.positions, grid.held_out, grid.wraps)
    panel.draw_labels(canvas, embedding.name, *embedding.labels)


def _draw_samples(canvas: Canvas, samples: NDArray[np.uint8], left: float, top: float) -> float:
    """Returns the lower edge."""
    canvas.text(left, top - 9, "samples", 18.0, INK, "lb")
    tiled = tile_images(samples)
    width = min(SIDEBAR_INNER, SIDEBAR_INNER * tiled.width / tiled.height)
    canvas.image(tiled, left, top, width)
    return top + width * tiled.height / tiled.width


def _draw_score_list(canvas: Canvas, scores: Mapping[str, object], left: float, top: float) -> None:
    shown = [
        (label, _written(scores[name], unit)) for name, label, unit in SCORES if name in scores
    ]
    for row, (label, value) in enumerate(shown):
        y = top + 12.0 + 23.0 * row
        canvas.text(left, y, label, 16.0, QUIET, "lm")
        canvas.text(left + SIDEBAR_INNER, y, value, 17.0, INK, "rm")


def _draw_score_strip(
    canvas: Canvas, scores: Mapping[str, object], left: float, top: float
) -> None:
    shown = [entry for entry in STRIP_SCORES if entry[0] in scores]
    for column, (name, label, unit) in enumerate(shown):
        x = left + SIDE * (column + 0.5) / len(shown)
        canvas.text(x, top, _written(scores[name], unit), 21.0, INK, "mt")
        canvas.text(x, top + 29.0, label, 12.5, QUIET, "mt")


def _draw_legend(canvas: Canvas, y: float, held_out: bool) -> None:
    x = MARGIN + LEFT
    if held_out:
        canvas.disc(x + 6, y, 4.0, HELD_OUT)
        x = _legend_text(canvas, x + 18, y, "held out of training")
    for dash in range(3):
        canvas.line([(x + 8 * dash, y), (x + 8 * dash + 5, y)], FAINT, 1.6)
    _legend_text(canvas, x + 30, y, "1 and 2 stds of the prior")


def _legend_text(canvas: Canvas, x: float, y: float, text: str) -> float:
    canvas.text(x, y, text, 14.0, QUIET, "lm")
    return x + text_width(text, 14.0) + 30.0


def _written(value: object, unit: str) -> str:
    if not isinstance(value, int | float):
        return "-"
    if unit == "%":
        return f"{100 * value:.1f} %"
    return f"{value:.3f}" if abs(value) < 9.9995 else short_number(value)
