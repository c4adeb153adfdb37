"""How a grid of two factors lies in two latents, as numbers."""

from dataclasses import dataclass
from typing import Any

from sbvae_cli.metrics.choose_latents import LatentChoice


@dataclass(frozen=True)
class PairGeometry:
    """How the grid of two factors lies in two latents.

    Attributes:
        names: The two factors.
        shape: Points of the grid.
        choice: The latents, and what each rule would choose.
        scores: As `geometry_scores` defines them.
        population: "full" where the grid was rendered, "file" where codes were averaged.
        dead: Which of the two latents hardly deviate over the grid.
        points: Points of the support; all of the grid's where None.
        within: Share of the two latents' variance that the cells' averages leave out.
    """

    names: tuple[str, str]
    shape: tuple[int, int]
    choice: LatentChoice
    scores: dict[str, Any]
    population: str = "full"
    dead: tuple[int, ...] = ()
    points: int | None = None
    within: float = 0.0

    @property
    def chance_r2(self) -> float:
        """The affine_r2 that noise has on average: two slopes are fitted to so many points."""
        points = self.shape[0] * self.shape[1] if self.points is None else self.points
        return min(2 / max(points - 1, 1), 1.0)

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
            "grid": list(self.shape),
            "scores": self.scores,
        }
