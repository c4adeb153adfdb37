"""Choose the two latents in which a picture shows two factors."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.config.metrics import DEAD_BELOW_STD
from sbvae_cli.config.names import Select
from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.validate import Floats

Pair = tuple[int, int]


@dataclass(frozen=True)
class LatentChoice:
    """Two latents, the first one for the first factor, with the choice of each rule.

    Attributes:
        latents: The chosen latents.
        rule: The rule that chose them.
        by_variance: The two latents with the smallest mean posterior variance (Figure 7).
        by_information: The pair, one latent for each factor, with the largest sum of mutual
            information.
    """

    latents: Pair
    rule: Literal["variance", "informative", "given"]
    by_variance: Pair
    by_information: Pair

    @property
    def rules_agree(self) -> bool:
        """Whether both rules choose the same two latents."""
        return set(self.by_variance) == set(self.by_information)


def choose_pair(
    variances: ArrayLike,
    stds: ArrayLike,
    information: ArrayLike,
    select: Select = "auto",
    exactly_two_vary: bool = True,
    dead_below: float = DEAD_BELOW_STD,
) -> LatentChoice:
    """Choose two latents for two factors: those of smallest posterior variance, as in Figure 7.

    The rule of Figure 7 applies if exactly two factors vary. If more vary, the latents with the
    smallest variance may encode others, so "auto" takes the most informative pair among latents
    whose means have a std of `dead_below` or more. Both pairs are ordered by the larger sum of
    mutual information, so that the first latent belongs to the first factor.

    Args:
        variances: Posterior variance of each latent, averaged over the images, shape (K,).
        stds: Std of each latent's posterior means, shape (K,).
        information: Mutual information of each latent with the two factors, shape (K, 2).
        select: Rule; "auto" is "variance" if exactly two factors vary, else "informative".
        exactly_two_vary: Whether only these two factors vary in the data.
        dead_below: Latents whose means have a smaller std are not taken for informative.

    Returns:
        The choice, with the pairs of both rules.

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
    """Return the latents that are not dead, or all latents if fewer than two are left.

    Mutual information does not depend on scale: the means of a dead latent often keep a weak but
    exact trace of a factor, which is far below the noise of its posterior.
    """
    alive = np.flatnonzero(stds >= dead_below).tolist()
    return alive if len(alive) >= 2 else list(range(len(stds)))


def _best_pair(information: Floats, candidates: Iterable[int]) -> Pair:
    pairs = permutations(candidates, 2)
    return max(pairs, key=lambda pair: information[pair[0], 0] + information[pair[1], 1])
