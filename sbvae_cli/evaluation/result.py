"""What an evaluation found, of a model or of codes from elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Score
from sbvae_cli.metrics.select import LatentChoice

_MOST_LUCK = 0.1  # affine_r2 of noise that needs no word


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
        points: Of the support; all of the grid's where None.
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
    def luck(self) -> float:
        """The affine_r2 that noise has on average: two slopes are fitted to so many points."""
        points = self.shape[0] * self.shape[1] if self.points is None else self.points
        return min(2 / max(points - 1, 1), 1.0)

    @property
    def notes(self) -> list[str]:
        """Lines on what the scores do not say themselves."""
        notes = []
        if self.luck > _MOST_LUCK:
            notes.append(
                f"{self.names[0]} and {self.names[1]}: of so few points that noise has an "
                f"affine_r2 of {self.luck:.2f}, and more where latents are picked from many"
            )
        if self.dead:
            latents = " and ".join(map(str, self.dead))
            notes.append(
                f"{self.names[0]} and {self.names[1]}: the means of latent {latents} hardly "
                "deviate, so that it counts as constant, and the grid as folded"
            )
        if self.scores["affine_r2"] is None:
            notes.append(
                f"{self.names[0]} and {self.names[1]}: one is circular, which leaves inverse_r2 "
                "and tear"
            )
        return notes

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


def pair_notes(pairs: Sequence[PairGeometry]) -> list[str]:
    """The notes of each pair, or in a line how many have what note where there are many."""
    if len(pairs) == 1:
        return pairs[0].notes
    dead = [",".join(pair.names) for pair in pairs if pair.dead]
    circular = [",".join(pair.names) for pair in pairs if pair.scores["affine_r2"] is None]
    small = [",".join(pair.names) for pair in pairs if pair.luck > _MOST_LUCK]
    notes = []
    if small:
        most = max(pair.luck for pair in pairs)
        notes.append(
            f"geometry of {abbreviate(small)}: of so few points that noise has an affine_r2 of "
            f"up to {most:.2f}, and more where latents are picked from many"
        )
    if dead:
        notes.append(
            f"geometry of {abbreviate(dead)}: a latent hardly deviates over the grid, and counts "
            "as constant"
        )
    if circular:
        notes.append(
            f"geometry of {abbreviate(circular)}: circular, which leaves inverse_r2 and tear"
        )
    return notes


def abbreviate(names: Sequence[str], between: str = " ") -> str:
    """The first three, and how many more."""
    return between.join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


@dataclass(frozen=True)
class Evaluation:
    """Every score of one model on one dataset.

    Attributes:
        protocol: What was computed; `metrics` are those that the data allowed.
        scores: By name, in the order of the report.
        geometry: By pair of factors, as "x,y".
        notes: One line each on what the numbers do not say themselves.
        diagnosis: Sentences on the model, each with what could be done.
        settings: Models and constants of each metric that was computed.
    """

    protocol: Protocol
    scores: dict[str, Score]
    geometry: dict[str, PairGeometry]
    notes: tuple[str, ...] = ()
    diagnosis: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain containers for JSON."""
        return {
            "protocol": {
                **self.protocol.as_dict(),
                "interval": 0.95,
                "settings": self.settings,
                "notes": list(self.notes),
            },
            "scores": {name: score.as_dict() for name, score in self.scores.items()},
            "geometry": {names: pair.as_dict() for names, pair in self.geometry.items()},
            "diagnosis": list(self.diagnosis),
        }
