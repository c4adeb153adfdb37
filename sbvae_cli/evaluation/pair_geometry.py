"""Scores and properties of the grid of two factors in two latents."""

from dataclasses import dataclass
from typing import Any

from sbvae_cli.metrics.choose_latents import LatentChoice
from sbvae_cli.metrics.extent import Extent


@dataclass(frozen=True)
class PairGeometry:
    """Embedding of the grid of two factors in two latents, as numbers.

    Attributes:
        names: Names of the two factors.
        shape: Number of points along each factor of the grid; None for scattered points.
        choice: The two latents, with the choice of each rule.
        scores: Scores as defined by `geometry_scores` and `LatentUse`.
        population: "full" if the grid was rendered, "file" if codes were averaged.
        dead: Those of the two latents whose means have a small std over the grid.
        points: Number of points that are not held out; None for all of the grid.
        within: Share of the two latents' variance that is within cells and lost by averaging.
        extent: Shape of the grid in the two latents: a sheet, a line or a point.
        drowned: Whether the extent would be larger without the posterior's noise.
        shares: Share of each latent in the information of all latents on the grid; None if stds are
            unknown or other factors vary too.
        missing: Number of points of the grid without an image.
        free: Names of other factors that vary among the images.
        shown: Number of points with an image, held-out ones included; None for `points`.
        found: Number of images from which scattered points were chosen at random.
    """

    names: tuple[str, str]
    shape: tuple[int, int] | None
    choice: LatentChoice
    scores: dict[str, Any]
    population: str = "full"
    dead: tuple[int, ...] = ()
    points: int | None = None
    within: float = 0.0
    extent: Extent = "sheet"
    drowned: bool = False
    shares: tuple[float, ...] | None = None
    missing: int = 0
    free: tuple[str, ...] = ()
    shown: int | None = None
    found: int = 0

    @property
    def layout(self) -> str:
        """Arrangement of the points, for a title."""
        if self.shape is None:
            shown = self.points if self.shown is None else self.shown
            of = f" of {self.found:,}" if self.found > (shown or 0) else ""
            return f"{shown:,}{of} points"
        return f"{self.shape[0]}x{self.shape[1]} grid"

    @property
    def chance_r2(self) -> float:
        """Expected affine_r2 of noise, as two slopes are fitted to this number of points."""
        points = self.shape[0] * self.shape[1] if self.shape and not self.points else self.points
        return min(2 / max((points or 1) - 1, 1), 1.0)

    def as_dict(self) -> dict[str, Any]:
        """Return the geometry as plain containers, for JSON."""
        return {
            "factors": list(self.names),
            "latents": list(self.choice.latents),
            "select": {
                "rule": self.choice.rule,
                "by_variance": list(self.choice.by_variance),
                "by_information": list(self.choice.by_information),
            },
            "population": self.population,
            "grid": None if self.shape is None else list(self.shape),
            "points": self.points,
            "scores": self.scores,
        }
