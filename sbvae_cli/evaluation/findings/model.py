"""What posteriors and reconstructions tell of a model: use of latents, collapse, likelihood."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.metrics import USED_BELOW
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.metrics.validate import Floats

if TYPE_CHECKING:  # it needs torch, which codes from elsewhere do without
    from sbvae_cli.evaluation.rates import ImageRates

LOOSE = 10.0  # times the residuals that a fixed variance may be
GREY = 0.9  # of the Bernoulli NLL that may be the targets' own entropy
STUCK = 0.01  # of the pixels
SOMETIMES = 0.1  # of the images: a latent that is in use for fewer is not
SPARE = 3.0  # times as many latents as factors


def latents_in_use(stds: Floats) -> NDArray[np.bool_]:
    """Which latents are used on a tenth of the images or more; blank images may need none.

    Args:
        stds: Posterior stds, shape (N, K).
    """
    used: NDArray[np.bool_] = (stds < USED_BELOW).mean(axis=0) >= SOMETIMES
    return used


def use_of_latents(
    used: NDArray[np.bool_], factors: int, rates: "ImageRates | None" = None
) -> list[Finding]:
    """Latents that are not in use, and more in use than factors need; counts that differ."""
    count = int(used.sum())
    if count == 0 and rates is None:
        return [Finding("all-unused")]
    if count == 0 and rates is not None:
        return [Finding("no-kl", values={"kl": float(rates.kl.mean())})]
    found = _uneven(used, rates.stds) if rates is not None else []
    idle = tuple(np.flatnonzero(~used).tolist())
    found += [Finding("unused", latents=idle, values={"latent_dim": len(used)})] if idle else []
    if factors and count > SPARE * factors:
        found.append(Finding("many-used", values={"used": count, "of": factors}))
    return found


def _uneven(used: NDArray[np.bool_], stds: Floats) -> list[Finding]:
    """How many latents are in use, where the counts of the scores are others."""
    count, average = int(used.sum()), float((stds < USED_BELOW).sum(axis=1).mean())
    by_mean = int((stds.mean(axis=0) < USED_BELOW).sum())
    if count == by_mean == round(average, 2):
        return []
    values = {"used": count, "of": len(used), "average": average, "by_mean": by_mean}
    return [Finding("uneven-use", values=values)]


def ill_suited_likelihood(rates: "ImageRates") -> list[Finding]:
    """A variance far above the residuals, an NLL of grey pixels, saturated outputs."""
    found = []
    error, nll, entropy = (
        float(values.mean()) for values in (rates.squared_error, rates.nll, rates.floor)
    )
    if rates.variance is not None and rates.variance > LOOSE * error:
        values = {"variance": rates.variance, "residuals": error, "beta": rates.variance / error}
        found.append(Finding("loose-variance", values=values))
    if rates.likelihood == "bernoulli" and entropy > GREY * nll:
        found.append(Finding("grey", values={"nll": nll, "entropy": entropy}))
    stuck = float(rates.stuck.mean())
    if stuck > STUCK:
        found.append(Finding("saturated", values={"share": stuck}))
    return found
