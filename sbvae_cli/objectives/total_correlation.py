"""Estimate the total correlation from a minibatch, for beta-TCVAE (Chen et al. 2018)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sbvae_cli.config.names import TotalCorrelationEstimator
from sbvae_cli.models.vae import VAE
from sbvae_cli.objectives.elbo import Terms, Weight, forward


@dataclass(frozen=True)
class Decomposition:
    """Three terms that add up to the mean of log q(z|x) - log p(z) (Chen et al. 2018, Equation 2).

    Attributes:
        mutual_information: Mean of log q(z|x) - log q(z), nats.
        total_correlation: Mean of log q(z) - sum over latents of log q(z_d), nats.
        dimension_kl: Mean of sum over latents of log q(z_d) - log p(z_d), nats.
    """

    mutual_information: Tensor
    total_correlation: Tensor
    dimension_kl: Tensor


def log_weights(
    batch_size: int,
    dataset_size: int,
    estimator: TotalCorrelationEstimator,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Return the log of the weight of posterior j in the estimate of q(z_i).

    `stratified` (Chen et al. 2018, Appendix C.2): 1/N for a sample's own posterior,
    (N - M) / (N M) for one other, 1/M for the rest, with M = B - 1; each row sums to one.
    `weighted` (Appendix C.1): 1 / (N B) for all; each row sums to 1/N, which adds the constant
    (K - 1) log N to the total correlation.

    Args:
        batch_size: Number B of images in the minibatch, 2 or more.
        dataset_size: Number N of training images, at least B.
        estimator: `stratified` or `weighted`.
        device: Device of the result.

    Returns:
        Shape (B, B); row i is for z_i, column j for the posterior of image j.

    Raises:
        ValueError: If B is less than 2, or N is less than B.
    """
    if batch_size < 2 or dataset_size < batch_size:
        raise ValueError(f"no estimate from {batch_size} of {dataset_size} images; 2 <= B <= N")
    size, count, others = batch_size, dataset_size, batch_size - 1
    if estimator == "weighted":
        return torch.full((size, size), -math.log(size * count), device=device)
    # Offset of each entry from the diagonal, modulo B, shape (B, B). An indexed assignment of a
    # number would synchronise with the device.
    rows = torch.arange(size, device=device)
    place = (rows[None] - rows[:, None]) % size
    one_other = math.log(count - others) - math.log(count * others)
    rest = torch.where(place == 1, one_other, -math.log(others))
    return torch.where(place == 0, -math.log(count), rest)


def decompose(
    z: Tensor,
    mean: Tensor,
    logvar: Tensor,
    dataset_size: int,
    estimator: TotalCorrelationEstimator,
) -> Decomposition:
    """Decompose the KL, estimating the aggregate posterior from the minibatch.

    Args:
        z: One sample of each posterior, shape (B, K).
        mean: Posterior means, shape (B, K).
        logvar: Posterior log-variances, shape (B, K).
        dataset_size: Number N of training images.
        estimator: Weights of the posteriors, as in `log_weights`.
    """
    weights = log_weights(len(z), dataset_size, estimator, z.device)
    pairs = gaussian_log_density(z[:, None], mean[None], logvar[None])  # (B of z, B of q, K)
    log_q = torch.logsumexp(weights + pairs.sum(2), dim=1)  # (B,)
    log_q_each = torch.logsumexp(weights[:, :, None] + pairs, dim=1).sum(1)  # (B,)
    log_posterior = gaussian_log_density(z, mean, logvar).sum(1)
    zeros = torch.zeros_like(z)
    log_prior = gaussian_log_density(z, zeros, zeros).sum(1)
    return Decomposition(
        (log_posterior - log_q).mean(),
        (log_q - log_q_each).mean(),
        (log_q_each - log_prior).mean(),
    )


def gaussian_log_density(z: Tensor, mean: Tensor, logvar: Tensor) -> Tensor:
    """Return the log density of one-dimensional Gaussians in nats; shapes broadcast."""
    return -0.5 * ((z - mean).square() * torch.exp(-logvar) + logvar + math.log(2 * math.pi))


def beta_tcvae(
    vae: VAE,
    images: Tensor,
    noise: Tensor,
    beta: Weight,
    dataset_size: int,
    estimator: TotalCorrelationEstimator,
) -> Terms:
    """Compute NLL + KL + (beta - 1) * TC (Chen et al. 2018, Equation 4, alpha = gamma = 1).

    The KL is computed in closed form, not as the sum of the three estimates, so that beta = 1 is
    exactly the VAE.

    Args:
        vae: The model.
        images: Minibatch, shape (B, C, H, W), in [0, 1], with B at least 2.
        noise: Standard normal noise, shape (B, K).
        beta: Weight of the total correlation.
        dataset_size: Number N of training images.
        estimator: Weights of the posteriors, as in `log_weights`.

    Returns:
        Terms of `elbo` and of `Decomposition`.
    """
    passed = forward(vae, images, noise)
    parts = decompose(passed.z, passed.mean, passed.logvar, dataset_size, estimator)
    loss = passed.nll + passed.kl + (beta - 1) * parts.total_correlation
    return passed.terms(
        loss,
        total_correlation=parts.total_correlation,
        mutual_information=parts.mutual_information,
        dimension_kl=parts.dimension_kl,
    )
