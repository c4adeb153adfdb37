"""NLL, KL and latents used (Appendix F), image by image and as means with an interval."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sbvae_cli.analysis.batching import Progress, fitting_batch, map_batches
from sbvae_cli.analysis.encode import Floats, check_posteriors
from sbvae_cli.data.batches import to_device
from sbvae_cli.errors import SbvaeError
from sbvae_cli.models.vae import VAE, reparameterize
from sbvae_cli.objectives.elbo import gaussian_kl

USED_BELOW = 0.5  # posterior deviation of a latent in use (Appendix F)


@dataclass(frozen=True)
class Score:
    """A number, how sure it is, and which images it speaks of.

    Attributes:
        value: None where the score does not exist for this model or data.
        low: Lower end of a 95 % interval; None where there is none.
        high: Upper end.
        population: "train", "full", "heldout", or "file" for the rows of a file without renderer.
        details: What belongs to it, such as its value for each factor; plain containers.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    population: str = "full"
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain containers for JSON."""
        own = {"value": self.value, "low": self.low, "high": self.high}
        return {**own, "population": self.population, **self.details}


@dataclass(frozen=True)
class ImageRates:
    """What the model says of each of N images.

    Attributes:
        nll: Negative log likelihood with one posterior sample, summed over pixels and channels,
            nats, shape (N,).
        kl: Of the posterior from the prior, summed over latents, nats, shape (N,).
        means: Posterior means, shape (N, K).
        deviations: Posterior deviations, shape (N, K).
        likelihood: Which one the NLL is of; those of different ones do not compare.
        learned: What the likelihood has learned, such as its variance.
    """

    nll: Floats
    kl: Floats
    means: Floats
    deviations: Floats
    likelihood: str = ""
    learned: Mapping[str, float] = field(default_factory=dict)


def image_rates(
    vae: VAE,
    images: NDArray[np.uint8],
    noise: NDArray[np.float32],
    progress: Progress = lambda images: None,
) -> ImageRates:
    """Encode images, decode one posterior sample of each, and score it (Appendix F).

    Args:
        vae: On its device.
        images: uint8, shape (N, H, W, C), N at least 1.
        noise: Standard normal, shape (N, K).
        progress: Called with the number of images since the last call.

    Raises:
        SbvaeError: If the model gives posteriors or likelihoods that are no numbers.
    """
    device = next(vae.parameters()).device
    size = min(
        fitting_batch(vae.encoder, to_device(images[:1], device)),
        fitting_batch(vae.decoder, torch.zeros(1, noise.shape[1], device=device)),
    )

    @torch.no_grad()
    def work(batch: slice) -> tuple[Tensor, ...]:
        pixels = to_device(images[batch], device)
        mean, logvar = vae.encode(pixels)
        z = reparameterize(mean, logvar, torch.from_numpy(noise[batch]).to(device))
        nll = vae.likelihood.nll(vae.decode(z), pixels)
        return nll, gaussian_kl(mean, logvar).sum(1), mean, logvar

    parts = map_batches(work, len(images), size, device, progress)
    nll, kl, mean, logvar = (
        torch.cat(column).cpu().double() for column in zip(*parts, strict=True)
    )
    rates = ImageRates(
        nll.numpy(),
        kl.numpy(),
        mean.numpy(),
        logvar.mul(0.5).exp().numpy(),
        vae.likelihood.name,
        {name: value.item() for name, value in vae.likelihood.learned().items()},
    )
    check_posteriors(rates.means, rates.deviations)
    bad = int((~np.isfinite(rates.nll + rates.kl)).sum())
    if bad:
        raise SbvaeError(
            f"the model's NLL or KL is not finite on {bad:,} of {len(images):,} images; "
            "it may have diverged: use an earlier checkpoint"
        )
    return rates


def rate_scores(rates: ImageRates, population: str) -> dict[str, Score]:
    """The columns of Tables 5 to 10 that need no factors.

    `neg_elbo` is NLL + KL whatever beta the model was trained with. `latents_used` counts, for
    each image, the latents of posterior deviation below 0.5; `latents_used_by_mean` counts the
    latents whose deviation, averaged over the images, is below it.

    Args:
        rates: Of the images.
        population: Which the images were drawn from.

    Returns:
        Scores by name, means over the images with their normal interval.
    """
    used = (rates.deviations < USED_BELOW).sum(axis=1).astype(np.float64)
    by_mean = float((rates.deviations.mean(axis=0) < USED_BELOW).sum())
    of = {"likelihood": rates.likelihood, **rates.learned}
    return {
        "neg_elbo": replace(mean_score(rates.nll + rates.kl, population), details=of),
        "nll": replace(mean_score(rates.nll, population), details=of),
        "kl": mean_score(rates.kl, population),
        "latents_used": mean_score(used, population),
        "latents_used_by_mean": Score(by_mean, population=population),
    }


def mean_score(values: Floats, population: str) -> Score:
    """The mean of independent values with its 95 % normal interval.

    Args:
        values: Shape (N,), N at least 1; one value alone has no interval.
        population: Which the values were drawn from.
    """
    mean = float(values.mean())
    if len(values) < 2:
        return Score(mean, population=population)
    half = 1.959963984540054 * float(values.std(ddof=1)) / len(values) ** 0.5
    return Score(mean, mean - half, mean + half, population)
