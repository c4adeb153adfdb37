"""How many latents a grid of two factors moves, and what those beside the chosen two tell."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sbvae_cli.config.metrics import USED_BELOW
from sbvae_cli.metrics.validate import Floats

LEAST_TOLD = 0.01  # nats of all latents together
OF_ALL_LATENTS = ("latents_used", "information_outside")


@dataclass(frozen=True)
class LatentUse:
    """Which latents points move.

    Attributes:
        used: Number of latents whose posterior std, averaged over the points, is below 0.5
            (Appendix F); None where stds are not known.
        shares: Share of each latent in what all tell of the points, of sum 1; None where stds are
            not known, next to nothing is told, or it is of other factors too.
    """

    used: int | None = None
    shares: tuple[float, ...] | None = None

    def scores(self, latents: Sequence[int]) -> dict[str, int | float | None]:
        """The count, and the share of all latents but these."""
        outside = None
        if self.shares is not None:
            outside = sum(share for k, share in enumerate(self.shares) if k not in latents)
        return dict(zip(OF_ALL_LATENTS, (self.used, outside), strict=True))


def latent_use(
    means: Floats, stds: Floats, noise: Floats | float = 0.0, others_vary: bool = False
) -> LatentUse:
    """Count the latents in use, and share out what they tell, each as a Gaussian channel.

    A latent tells 0.5 ln(1 + snr) nats, where snr is the variance of its means over its mean
    posterior variance. Scores of two latents cannot see copies: where a third one moves with the
    factors too, moving it alone moves what the image shows.

    Args:
        means: Posterior means of the points' images, shape (N, K).
        stds: Posterior stds, shape (N, K).
        noise: What the variance of the means has beside that of the points, shape (K,): of means
            that are averages of several images.
        others_vary: Whether other factors vary among the images, which latents tell of as well.
    """
    used = int(np.count_nonzero(stds.mean(axis=0) < USED_BELOW))
    if others_vary:
        return LatentUse(used)
    # Rounding, where a posterior is said to have no variance at all.
    least = 1e-12 * np.maximum(np.square(means).max(axis=0), np.finfo(np.float64).tiny)
    moved = np.maximum(means.var(axis=0) - noise, 0.0)
    nats = 0.5 * np.log1p(moved / np.maximum(np.square(stds).mean(axis=0), least))
    total = nats.sum()
    return LatentUse(used, tuple((nats / total).tolist()) if total > LEAST_TOLD else None)
