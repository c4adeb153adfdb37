"""How a grid of two factors lies in two latents, as numbers."""

from dataclasses import dataclass
from typing import Any

from sbvae_cli.metrics.choose_latents import LatentChoice
from sbvae_cli.metrics.extent import Extent


@dataclass(frozen=True)
class PairGeometry:
    """How the grid of two factors lies in two latents.

    Attributes:
        names: The two factors.
        shape: Points of the grid; None where points lie scattered.
        choice: The latents, and what each rule would choose.
        scores: As `geometry_scores` and `LatentUse` define them.
        population: "full" where the grid was rendered, "file" where codes were averaged.
        dead: Which of the two latents hardly deviate over the grid.
        points: Points outside of what is held out; all of the grid's where None.
        within: Share of the two latents' variance that the cells' averages leave out.
        extent: What is left of the grid in the two latents.
        drowned: Whether more would be left, had the posterior no noise.
        shares: Share of each latent in what all tell of the grid; None where stds are not known, or
            other factors vary too.
        missing: Points of the grid that have no image.
        free: Other factors that vary among the images.
        shown: Points that have an image, held-out ones too; those of `points` where None.
        found: Number of images that scattered points were chosen from at random.
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
        """How the points lie, as a title says it."""
        if self.shape is None:
            shown = self.points if self.shown is None else self.shown
            of = f" of {self.found:,}" if self.found > (shown or 0) else ""
            return f"{shown:,}{of} points"
        return f"{self.shape[0]}x{self.shape[1]} grid"

    @property
    def chance_r2(self) -> float:
        """The affine_r2 that noise has on average: two slopes are fitted to so many points."""
        points = self.shape[0] * self.shape[1] if self.shape and not self.points else self.points
        return min(2 / max((points or 1) - 1, 1), 1.0)

    def as_dict(self) -> dict[str, Any]:
        """Plain containers for JSON."""
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
