"""Which two latents a picture of two factors shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.config.metrics import DEAD_BELOW
from sbvae_cli.config.names import Select
from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.validate import Floats

Pair = tuple[int, int]


@dataclass(frozen=True)
class LatentChoice:
    """Two latents, the first for the first factor, and what either rule would have chosen.

    Attributes:
        latents: The choice.
        rule: The rule that made it.
        by_variance: The two latents of smallest mean posterior variance (Figure 7).
        by_information: The pair, one latent for each factor, of largest summed mutual information.
    """

    latents: Pair
    rule: Literal["variance", "informative", "given"]
    by_variance: Pair
    by_information: Pair

    @property
    def rules_agree(self) -> bool:
        """Whether both rules name the same two latents."""
        return set(self.by_variance) == set(self.by_information)


def choose_pair(
    variances: ArrayLike,
    stds: ArrayLike,
    information: ArrayLike,
    select: Select = "auto",
    exactly_two_vary: bool = True,
    dead_below: float = DEAD_BELOW,
) -> LatentChoice:
    """Choose two latents for two factors: those of smallest posterior variance, as in Figure 7.

    That rule holds where exactly two factors vary; where more do, the least uncertain latents may
    encode others, so "auto" takes the most informative pair, among latents whose means deviate by
    0.05 or more. Both pairs are ordered by the larger sum of mutual information, so that the first
    latent goes with the first factor.

    Args:
        variances: Posterior variance of each latent, averaged over the images, shape (K,).
        stds: Std of each latent's posterior means, shape (K,).
        information: Information of each latent about the two factors, shape (K, 2).
        select: Rule; "auto" is "variance" where exactly two factors vary and else "informative".
        exactly_two_vary: Whether the data varies in these two factors alone.
        dead_below: Std of the means of a latent that is not informative.

    Returns:
        The choice, and the pairs of both rules.

    Raises:
        ValueError: If shapes do not agree.
        SbvaeError: If the model has fewer than two latents.
    """
    variance, spread = np.asarray(variances, np.float64), np.asarray(stds, np.float64)
    known = np.asarray(information, np.float64)
    if variance.ndim != 1 or spread.shape != variance.shape or known.shape != (len(variance), 2):
        raise ValueError(
            "variances (K,), stds (K,) and information (K, 2) do not fit: "
            f"{variance.shape}, {spread.shape} and {known.shape}"
        )
    if len(variance) < 2:
        raise SbvaeError(f"geometry needs two latents, the model has {len(variance)}")
    smallest = np.argsort(variance, kind="stable")[:2].tolist()
    by_variance = _best_pair(known, smallest)
    by_information = _best_pair(known, _alive(spread, dead_below))
    if select == "informative" or (select == "auto" and not exactly_two_vary):
        return LatentChoice(by_information, "informative", by_variance, by_information)
    return LatentChoice(by_variance, "variance", by_variance, by_information)


def _alive(stds: Floats, dead_below: float) -> list[int]:
    """Latents that carry something, or all where fewer than two do.

    Information is blind to scale: the means of a dead latent often keep a weak but exact trace of
    a factor, which the prior's noise would drown.
    """
    alive = np.flatnonzero(stds >= dead_below).tolist()
    return alive if len(alive) >= 2 else list(range(len(stds)))


def _best_pair(information: Floats, candidates: Iterable[int]) -> Pair:
    pairs = permutations(candidates, 2)
    return max(pairs, key=lambda pair: information[pair[0], 0] + information[pair[1], 1])
