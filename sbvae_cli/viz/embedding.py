"""Panels with points of two factors, in factor space and in two latents of a model.

Both have the same colours, so that points can be matched. Points held out of training are black,
or white in the dark theme (Figure 8).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.viz.axes import Panel, Range, equal_ranges, padded_range
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.mesh import Bools, Floats, draw_blank, draw_mesh

# Smallest range of a panel, in stds of the prior, so that small variation looks small.
MIN_SPAN = 2.2


@dataclass(frozen=True)
class FactorPanel:
    """Points in factor space.

    Attributes:
        points: Values of both factors in their own units, shape (n0, n1, 2) for a grid that
            increases along its axes, or (N, 2) for scattered points.
        labels: Names of both factors, with units.
        held_out: Whether training left out each point, shape (n0, n1) or (N,).
        wraps: Whether the range of each factor is a full turn.
    """

    points: Floats
    labels: tuple[str, str]
    held_out: Bools
    wraps: tuple[bool, bool] = (False, False)

    @property
    def positions(self) -> Floats:
        """The points scaled to the unit square, which determines their colours.

        On a grid, the last value of a full turn is one step before its end.
        """
        flat = self.points.reshape(-1, 2)
        low, high = flat.min(axis=0), flat.max(axis=0)
        scaled: Floats = (self.points - low) / np.where(high > low, high - low, 1.0)
        if self.points.ndim == 3:
            sizes = np.array(self.points.shape[:2])
            scaled *= np.where(self.wraps, (sizes - 1) / sizes, 1.0)
        return scaled

    @property
    def ranges(self) -> tuple[Range, Range]:
        """Ranges of both factors in a panel."""
        flat = self.points.reshape(-1, 2)
        low, high = flat.min(axis=0).tolist(), flat.max(axis=0).tolist()
        return padded_range(low[0], high[0]), padded_range(low[1], high[1])

    def draw(self, canvas: Canvas, panel: Panel, has_image: Bools) -> None:
        """Draw the points that have an image, marked by `has_image` in the shape of `held_out`."""
        shown = np.where(has_image[..., None], self.points, np.nan)
        mesh = shown, self.positions, self.held_out, self.wraps
        draw_mesh(canvas, panel, *mesh, closed=False)


@dataclass(frozen=True)
class Embedding:
    """Points in two latents of a model.

    Attributes:
        codes: Posterior means in stds of the prior, in the shape of the points; NaN for a point
            without image.
        labels: Names of both latents.
        name: Title of the panel.
        scores: Scores by name as in `geometry_scores`; None is drawn as a dash, and left out if all
            embeddings have None.
        verdict: Verdict in one or two words, such as flat, folded or torn, perhaps with copies.
        blank: Code of a blank image, shape (2,); None if the data have none.
    """

    codes: NDArray[np.floating]
    labels: tuple[str, str]
    name: str = "latent space"
    scores: Mapping[str, object] = field(default_factory=dict)
    verdict: str = ""
    blank: Floats | None = None

    @property
    def has_image(self) -> Bools:
        """Mask of the points that have an image."""
        return np.asarray(np.isfinite(self.codes).all(axis=-1), np.bool_)

    def ranges(self, factors: FactorPanel) -> tuple[Range, Range]:
        """Return the ranges of both latents in a panel, with the same scale.

        Raises:
            ValueError: If the codes do not have the shape of the factors' points, or none is
                finite.
        """
        codes = np.asarray(self.codes, dtype=np.float64)
        if codes.shape != factors.points.shape or factors.held_out.shape != codes.shape[:-1]:
            raise ValueError(f"codes {codes.shape} do not fit points {factors.points.shape}")
        known = codes[self.has_image]
        if not len(known):
            raise ValueError("codes must be finite somewhere")
        if self.blank is not None:
            known = np.vstack([known, self.blank])
        return equal_ranges(known, 1.0, 1.0, MIN_SPAN)

    def draw(self, canvas: Canvas, panel: Panel, factors: FactorPanel) -> None:
        """Draw the points, the circles of the prior, and the code of a blank image."""
        codes = np.asarray(self.codes, dtype=np.float64)
        mesh = codes, factors.positions, factors.held_out, factors.wraps
        draw_mesh(canvas, panel, *mesh, prior=True)
        if self.blank is not None:
            draw_blank(canvas, panel, self.blank)
