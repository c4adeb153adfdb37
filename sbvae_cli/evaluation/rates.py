"""Compute NLL, KL and used latents (Appendix F), for each image and as means with intervals."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from sbvae_cli.config.metrics import USED_BELOW_STD
from sbvae_cli.data.pixels import to_device
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.batching import OnImages, fitting_batch, map_batches
from sbvae_cli.evaluation.encode import Floats, check_posteriors
from sbvae_cli.metrics.intervals import NORMAL_QUANTILE
from sbvae_cli.metrics.score import Score, mean_score
from sbvae_cli.models.likelihoods import Gaussian
from sbvae_cli.models.vae import VAE, reparameterize
from sbvae_cli.objectives.elbo import gaussian_kl

_HALF_A_STEP = 0.5 / 255  # of 8-bit pixels
_SATURATION_ERROR = 0.1  # error of a pixel, in its range


@dataclass(frozen=True)
class ImageRates:
    """Outputs of the model on each of N images.

    Attributes:
        nll: Negative log likelihood with one posterior sample, summed over pixels and channels,
            nats, shape (N,).
        kl: KL divergence of the posterior from the prior, summed over latents, nats, shape (N,).
        means: Posterior means, shape (N, K).
        stds: Posterior stds, shape (N, K).
        floor: Smallest possible Bernoulli NLL of the image, which is the entropy of Bernoulli
            pixels with its values, nats, shape (N,).
        squared_error: Squared error of the expected image, mean over pixels and channels, shape
            (N,).
        stuck: Share, in [0, 1], of pixels and channels that the model decodes as black or white
            although they differ by more than a tenth of the range, shape (N,).
        likelihood: Name of the likelihood; NLLs of different likelihoods are not comparable.
        learned: Learned parameters of the likelihood, such as its variance.
        variance: Fixed variance of a Gaussian likelihood; None for others.
    """

    nll: Floats
    kl: Floats
    means: Floats
    stds: Floats
    floor: Floats
    squared_error: Floats
    stuck: Floats
    likelihood: str = ""
    learned: Mapping[str, float] = field(default_factory=dict)
    variance: float | None = None

    @property
    def kl_by_latent(self) -> Floats:
        """Mean KL of each latent, nats, shape (K,)."""
        return latent_kl(self.means, self.stds)


def latent_kl(means: Floats, stds: Floats) -> Floats:
    """Compute the mean KL of each latent in nats, shape (K,); means and stds have shape (N, K)."""
    squares = np.square(means) + np.square(stds)
    kl: Floats = (0.5 * (squares - 1) - np.log(stds)).mean(axis=0)
    return kl


def image_rates(
    vae: VAE,
    images: NDArray[np.uint8],
    noise: NDArray[np.float32],
    on_images: OnImages = lambda images: None,
) -> ImageRates:
    """Encode images, decode one posterior sample of each, and compute their rates (Appendix F).

    Args:
        vae: Model on its device.
        images: Images, uint8, shape (N, H, W, C), N at least 1.
        noise: Standard normal noise of the posterior samples, shape (N, K).
        on_images: Called with the number of images since the last call.

    Raises:
        SbvaeError: If the model's posteriors or likelihoods are not finite.
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
        output = vae.decode(z)
        nll = vae.likelihood.nll(output, pixels)
        shown = vae.likelihood.mean(output)
        return nll, gaussian_kl(mean, logvar).sum(1), mean, logvar, *_pixel_errors(shown, pixels)

    parts = map_batches(work, len(images), size, device, on_images)
    nll, kl, mean, logvar, floor, error, stuck = (
        torch.cat(column).cpu().double() for column in zip(*parts, strict=True)
    )
    rates = ImageRates(
        nll.numpy(),
        kl.numpy(),
        mean.numpy(),
        logvar.mul(0.5).exp().numpy(),
        floor.numpy(),
        error.numpy(),
        stuck.numpy(),
        vae.likelihood.name,
        {name: value.item() for name, value in vae.likelihood.learned().items()},
        vae.likelihood.variance if isinstance(vae.likelihood, Gaussian) else None,
    )
    check_posteriors(rates.means, rates.stds)
    bad = int((~np.isfinite(rates.nll + rates.kl)).sum())
    if bad:
        raise SbvaeError(
            f"the model's NLL or KL is not finite on {bad:,} of {len(images):,} images; "
            "it may have diverged: use an earlier checkpoint"
        )
    return rates


def _pixel_errors(shown: Tensor, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Compute `floor`, `squared_error` and `stuck` of each image."""
    floor = functional.binary_cross_entropy(pixels, pixels, reduction="none")
    error = shown - pixels
    stuck = (shown <= _HALF_A_STEP) | (shown >= 1 - _HALF_A_STEP)
    wrong = (stuck & (error.abs() > _SATURATION_ERROR)).float()
    return floor.flatten(1).sum(1), error.square().flatten(1).mean(1), wrong.flatten(1).mean(1)


def rate_scores(rates: ImageRates, population: str) -> dict[str, Score]:
    """Average the rates to the columns of Tables 5 to 10 that need no factors.

    `neg_elbo` is NLL + KL, whatever beta the model was trained with. `latents_used` is the number
    of latents with a posterior std below 0.5, averaged over images. `latents_used_by_mean` is the
    number of latents whose std, averaged over images, is below 0.5.

    Args:
        rates: Rates of each image.
        population: Name of the population of the images.

    Returns:
        Scores by name, as means over the images with their normal interval.
    """
    used = (rates.stds < USED_BELOW_STD).sum(axis=1).astype(np.float64)
    of: dict[str, object] = {"likelihood": rates.likelihood, **rates.learned}
    if rates.likelihood == "bernoulli":
        of["floor"] = float(rates.floor.mean())
    return {
        "neg_elbo": replace(mean_score(rates.nll + rates.kl, population), details=of),
        "nll": replace(mean_score(rates.nll, population), details=of),
        "kl": replace(
            mean_score(rates.kl, population), details={"by_latent": rates.kl_by_latent.tolist()}
        ),
        "latents_used": _within(mean_score(used, population), rates.stds.shape[1]),
        "latents_used_by_mean": _used_by_mean(rates.stds, population),
    }


def _within(score: Score, latents: int) -> Score:
    """Limit the interval of a count to the range from 0 to the number of latents."""
    if score.low is None or score.high is None:
        return score
    return replace(score, low=max(score.low, 0.0), high=min(score.high, float(latents)))


def _used_by_mean(stds: Floats, population: str) -> Score:
    """Count the latents with a small mean std, with bounds from the means' standard errors."""
    mean = stds.mean(axis=0)
    count = float((mean < USED_BELOW_STD).sum())
    if len(stds) < 2:
        return Score(count, population=population)
    half = NORMAL_QUANTILE * stds.std(axis=0, ddof=1) / len(stds) ** 0.5
    low, high = ((mean + sign * half < USED_BELOW_STD).sum() for sign in (1, -1))
    return Score(count, float(low), float(high), population)
