"""The (beta-)VAE objective (Kingma and Welling 2014; Higgins et al. 2017)."""

from torch import Tensor

from sbvae_cli.models.vae import VAE, reparameterize


def gaussian_kl(mean: Tensor, logvar: Tensor) -> Tensor:
    """KL of each diagonal Gaussian from the standard normal, by latent.

    Args:
        mean: Shape (B, K).
        logvar: Log-variance, shape (B, K).

    Returns:
        Nats, shape (B, K).
    """
    return 0.5 * (mean.square() + logvar.exp() - 1 - logvar)


def elbo(vae: VAE, images: Tensor, noise: Tensor, beta: float) -> dict[str, Tensor]:
    """Terms of the loss, each averaged over the images.

    Args:
        vae: The model.
        images: Shape (B, C, H, W), in [0, 1].
        noise: Standard normal, shape (B, K).
        beta: Weight of the KL.

    Returns:
        `loss` = nll + beta * kl, `nll` summed over pixels and channels, and `kl`; nats.
    """
    mean, logvar = vae.encode(images)
    # Sums over thousands of pixels stay in float32 where autocast made the outputs bfloat16.
    mean, logvar = mean.float(), logvar.float()
    output = vae.decode(reparameterize(mean, logvar, noise)).float()
    nll = vae.likelihood.nll(output, images).mean()
    kl = gaussian_kl(mean, logvar).sum(1).mean()
    return {"loss": nll + beta * kl, "nll": nll, "kl": kl}
