"""Find unused latents, posterior collapse and unsuitable likelihoods from a model's outputs."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.metrics import USED_BELOW_STD
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.metrics.validate import Floats

if TYPE_CHECKING:  # loads torch, which user-supplied codes do not need
    from sbvae_cli.evaluation.rates import ImageRates

# A fixed variance above this multiple of the squared residuals is too large.
MAX_VARIANCE_RATIO = 10.0
MAX_GREY_NLL_SHARE = 0.9  # largest share of the targets' own entropy in a Bernoulli NLL
MAX_SATURATED_SHARE = 0.01  # largest share of saturated pixels
MIN_USED_SHARE = 0.1  # smallest share of the images for which a latent in use is used
MAX_LATENTS_PER_FACTOR = 3.0  # largest ratio of used latents to factors


def latents_in_use(stds: Floats) -> NDArray[np.bool_]:
    """Return which latents are used on at least a tenth of the images, as blank ones may need none.

    Args:
        stds: Posterior stds, shape (N, K).
    """
    used: NDArray[np.bool_] = (stds < USED_BELOW_STD).mean(axis=0) >= MIN_USED_SHARE
    return used


def use_of_latents(
    used: NDArray[np.bool_], factors: int, rates: "ImageRates | None" = None
) -> list[Finding]:
    """Report unused latents, more used ones than factors need, and counts that differ."""
    count = int(used.sum())
    if count == 0 and rates is None:
        return [Finding("all-unused")]
    if count == 0 and rates is not None:
        return [Finding("no-kl", values={"kl": float(rates.kl.mean())})]
    found = _uneven(used, rates.stds) if rates is not None else []
    idle = tuple(np.flatnonzero(~used).tolist())
    found += [Finding("unused", latents=idle, values={"latent_dim": len(used)})] if idle else []
    if factors and count > MAX_LATENTS_PER_FACTOR * factors:
        found.append(Finding("many-used", values={"used": count, "of": factors}))
    return found


def _uneven(used: NDArray[np.bool_], stds: Floats) -> list[Finding]:
    """Report the number of latents in use if the scores count differently."""
    count, average = int(used.sum()), float((stds < USED_BELOW_STD).sum(axis=1).mean())
    by_mean = int((stds.mean(axis=0) < USED_BELOW_STD).sum())
    if count == by_mean == round(average, 2):
        return []
    values = {"used": count, "of": len(used), "average": average, "by_mean": by_mean}
    return [Finding("uneven-use", values=values)]


def ill_suited_likelihood(rates: "ImageRates") -> list[Finding]:
    """Report a variance far above the residuals, an NLL of grey pixels, and saturated outputs."""
    found = []
    error, nll, entropy = (
        float(values.mean()) for values in (rates.squared_error, rates.nll, rates.floor)
    )
    if rates.variance is not None and rates.variance > MAX_VARIANCE_RATIO * error:
        values = {"variance": rates.variance, "residuals": error, "beta": rates.variance / error}
        found.append(Finding("loose-variance", values=values))
    if rates.likelihood == "bernoulli" and entropy > MAX_GREY_NLL_SHARE * nll:
        found.append(Finding("grey", values={"nll": nll, "entropy": entropy}))
    stuck = float(rates.stuck.mean())
    if stuck > MAX_SATURATED_SHARE:
        found.append(Finding("saturated", values={"share": stuck}))
    return found
