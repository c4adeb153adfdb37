"""Count the latents in use on a grid of two factors, and their shares of its information."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sbvae_cli.config.metrics import USED_BELOW_STD
from sbvae_cli.metrics.validate import Floats

MIN_INFORMATION_NATS = 0.01  # nats of all latents together
SCORES_OF_ALL_LATENTS = ("latents_used", "information_outside")


@dataclass(frozen=True)
class LatentUse:
    """Use of the latents at the points of two factors.

    Attributes:
        used: Number of latents whose posterior std, averaged over the points, is below 0.5
            (Appendix F); None if stds are unknown.
        shares: Share of each latent in the information of all latents on the points, with sum 1;
            None if stds are unknown, there is nearly no information, or other factors vary too.
    """

    used: int | None = None
    shares: tuple[float, ...] | None = None

    def scores(self, latents: Sequence[int]) -> dict[str, int | float | None]:
        """Return the number of used latents, and the summed share of all latents except these."""
        outside = None
        if self.shares is not None:
            outside = sum(share for k, share in enumerate(self.shares) if k not in latents)
        return dict(zip(SCORES_OF_ALL_LATENTS, (self.used, outside), strict=True))


def latent_use(
    means: Floats, stds: Floats, noise: Floats | float = 0.0, others_vary: bool = False
) -> LatentUse:
    """Count the latents in use, and compute their shares of information as Gaussian channels.

    A latent has 0.5 ln(1 + snr) nats, where snr is the variance of its means divided by its mean
    posterior variance. Scores of two latents cannot detect copies: if a third latent moves with
    the factors too, moving it alone changes the image.

    Args:
        means: Posterior means of the points' images, shape (N, K).
        stds: Posterior stds, shape (N, K).
        noise: Variance of the means due to averaging several images of a point, shape (K,).
        others_vary: Whether other factors vary among the images, and are encoded too.
    """
    used = int(np.count_nonzero(stds.mean(axis=0) < USED_BELOW_STD))
    if others_vary:
        return LatentUse(used)
    # Guards against rounding errors if a posterior has no variance at all.
    least = 1e-12 * np.maximum(np.square(means).max(axis=0), np.finfo(np.float64).tiny)
    moved = np.maximum(means.var(axis=0) - noise, 0.0)
    nats = 0.5 * np.log1p(moved / np.maximum(np.square(stds).mean(axis=0), least))
    total = nats.sum()
    return LatentUse(used, tuple((nats / total).tolist()) if total > MIN_INFORMATION_NATS else None)
