"""Embeddings of two factors at moments of a training, from the first to the last."""

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
    """Posteriors at the points of two factors at M moments of training.

    Attributes:
        points: The points, with their factor values.
        steps: Number of updates made at each moment, ascending, M of them.
        means: Posterior means of all latents, NaN at points without an image, shape (M, n0, n1, K)
            for a grid or (M, N, K) for scattered points.
        stds: Posterior stds in the same shape.
    """

    points: FactorPoints
    steps: tuple[int, ...] = ()
    means: Floats | None = None
    stds: Floats | None = None

    def add(self, step: int, codes: PointCodes) -> "Unfolding":
        """Return a copy with a later moment; `codes` must have stds."""
        means = np.asarray(codes.means, np.float32)[None]
        stds = np.asarray(codes.stds, np.float32)[None]
        if self.means is not None and self.stds is not None:
            means, stds = np.append(self.means, means, 0), np.append(self.stds, stds, 0)
        return replace(self, steps=(*self.steps, step), means=means, stds=stds)

    def first(self, count: int) -> "Unfolding":
        """Return a copy with the first `count` moments, possibly none."""
        if self.means is None or self.stds is None or count == 0:
            return Unfolding(self.points)
        return Unfolding(self.points, self.steps[:count], self.means[:count], self.stds[:count])

    def until(self, step: int) -> "Unfolding":
        """Return a copy without moments after a step."""
        return self.first(sum(own <= step for own in self.steps))

    def embedding(
        self, moment: int = -1, latents: tuple[int, int] | None = None
    ) -> FactorEmbedding:
        """Embed the points at one moment in two latents, and score the embedding.

        Args:
            moment: Index of the moment; -1 for the last.
            latents: The two latents, the first one for the first factor; None to choose them by
                posterior variance.

        Raises:
            SbvaeError: If there is no moment, or no two latents to choose.
        """
        if self.means is None or self.stds is None:
            raise SbvaeError("no moment of training is stored")
        means = self.means[moment].astype(np.float64)
        stds = self.stds[moment].astype(np.float64)
        return embed_known(self.points, PointCodes(means, stds), latents)

    def embeddings(self) -> list[FactorEmbedding]:
        """Embed the points at every moment, in the two latents chosen at the last one.

        Raises:
            SbvaeError: If there is no moment, or no two latents to choose.
        """
        last = self.embedding()
        chosen = last.choice.latents
        return [*(self.embedding(i, chosen) for i in range(len(self.steps) - 1)), last]


def moments(steps: int, count: int = 60) -> list[int]:
    """Return the steps of moments, from 0 to the last, denser early when most happens.

    Args:
        steps: Number of updates planned, at least 1.
        count: Largest number of moments after the first.
    """
    return sorted({round(steps * (i / count) ** 2) for i in range(count + 1)})


def same_points(one: FactorPoints, other: FactorPoints) -> bool:
    """Return whether the points are equal, so that moments of both belong to one unfolding."""
    pairs: Sequence[tuple[NDArray[np.generic], NDArray[np.generic]]] = (
        (one.values, other.values),
        (one.held_out, other.held_out),
    )
    return one.names == other.names and all(np.array_equal(a, b) for a, b in pairs)
