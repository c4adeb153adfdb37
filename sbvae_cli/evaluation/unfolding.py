"""Where a model puts two factors at moments of its training, from the first to the last."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.factor_embedding import FactorEmbedding, embed_known
from sbvae_cli.evaluation.point_codes import FactorPoints, PointCodes

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Unfolding:
    """Posteriors of two factors' images at moments of training.

    Attributes:
        points: The factors.
        steps: Updates made, increasing, M of them.
        means: Posterior means of all latents, NaN at points without an image, shape
            (M, n0, n1, K) of a grid or (M, N, K) of scattered points.
        stds: Posterior stds in the same shape.
    """

    points: FactorPoints
    steps: tuple[int, ...] = ()
    means: Floats | None = None
    stds: Floats | None = None

    def add(self, step: int, codes: PointCodes) -> "Unfolding":
        """With one more moment, later than those that there are; `codes` have stds."""
        means = np.asarray(codes.means, np.float32)[None]
        stds = np.asarray(codes.stds, np.float32)[None]
        if self.means is not None and self.stds is not None:
            means, stds = np.append(self.means, means, 0), np.append(self.stds, stds, 0)
        return replace(self, steps=(*self.steps, step), means=means, stds=stds)

    def first(self, count: int) -> "Unfolding":
        """The first moments alone, none or more."""
        if self.means is None or self.stds is None or count == 0:
            return Unfolding(self.points)
        return Unfolding(self.points, self.steps[:count], self.means[:count], self.stds[:count])

    def until(self, step: int) -> "Unfolding":
        """Without moments that are later than a step."""
        return self.first(sum(own <= step for own in self.steps))

    def embedding(
        self, moment: int = -1, latents: tuple[int, int] | None = None
    ) -> FactorEmbedding:
        """Two latents at one moment, scored.

        Args:
            moment: Its number; the last where -1.
            latents: Two latents, the first for the first factor; chosen by their posterior where
                None.

        Raises:
            SbvaeError: If there is no moment, or nothing to choose from.
        """
        if self.means is None or self.stds is None:
            raise SbvaeError("no moment of training is stored")
        means = self.means[moment].astype(np.float64)
        stds = self.stds[moment].astype(np.float64)
        return embed_known(self.points, PointCodes(means, stds), latents)

    def embeddings(self) -> list[FactorEmbedding]:
        """Every moment, in the two latents that the last one chooses.

        Raises:
            SbvaeError: If there is no moment, or nothing to choose from.
        """
        last = self.embedding()
        chosen = last.choice.latents
        return [*(self.embedding(i, chosen) for i in range(len(self.steps) - 1)), last]


def moments(steps: int, count: int = 60) -> list[int]:
    """Steps at which a training is looked at, from 0 to its last: denser early, where most happens.

    Args:
        steps: Updates planned, at least 1.
        count: Number of steps after the first, at most.
    """
    return sorted({round(steps * (i / count) ** 2) for i in range(count + 1)})


def same_points(one: FactorPoints, other: FactorPoints) -> bool:
    """Whether the points are the same, so that moments of both make one unfolding."""
    pairs: Sequence[tuple[NDArray[np.generic], NDArray[np.generic]]] = (
        (one.values, other.values),
        (one.held_out, other.held_out),
    )
    return one.names == other.names and all(np.array_equal(a, b) for a, b in pairs)
