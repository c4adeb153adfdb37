"""FactorVAE: total correlation by a discriminator (Kim and Mnih 2018; Section A.2)."""

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional

from sbvae_cli.models.discriminator import Discriminator
from sbvae_cli.models.vae import VAE, reparameterize
from sbvae_cli.objectives.elbo import Terms, Weight, forward

PARTS = 2  # minibatches of images in an update; the second is only encoded
NOISE_PARTS = 3  # minibatches of noise: for the samples of both, and for the permutations


def permute_latents(z: Tensor, keys: Tensor) -> Tensor:
    """Permute each latent separately over the minibatch, to sample the product of the marginals.

    Args:
        z: Latents, shape (B, K).
        keys: Independent draws from a continuous distribution, shape (B, K); their order in each
            column is the permutation.
    """
    return z.gather(0, keys.argsort(0))


def total_correlation(logits: Tensor) -> Tensor:
    """Estimate the total correlation in nats by the mean log ratio of joint to product.

    Args:
        logits: Output of the discriminator for joint samples, shape (B, 2).
    """
    return (logits[:, 0] - logits[:, 1]).mean()


def discriminator_terms(discriminator: Discriminator, joint: Tensor, product: Tensor) -> Terms:
    """Compute the mean cross-entropy of the discriminator over both classes, and its accuracy.

    Args:
        discriminator: The discriminator.
        joint: Posterior samples, shape (B, K), detached here.
        product: Permuted posterior samples, shape (B, K), detached here.

    Returns:
        `discriminator_loss` in nats, which is log 2 at chance, and `discriminator_accuracy` in
        [0, 1].
    """
    logits = discriminator(torch.cat([joint, product]).detach())  # (2 B, 2)
    first = torch.zeros(len(joint), dtype=torch.long, device=logits.device)
    second = torch.ones(len(product), dtype=torch.long, device=logits.device)
    of_joint, of_product = logits.split([len(joint), len(product)])
    loss = 0.5 * (
        functional.cross_entropy(of_joint, first) + functional.cross_entropy(of_product, second)
    )
    right = torch.cat([of_joint.argmax(1) == first, of_product.argmax(1) == second])
    return {"discriminator_loss": loss, "discriminator_accuracy": right.float().mean()}


def factor_vae(
    vae: VAE,
    discriminator: Discriminator,
    images: Tensor,
    noise: Tensor,
    gamma: Weight,
    beta: Weight,
) -> Terms:
    """Compute NLL + beta * KL + gamma * TC of the model, and the discriminator's loss.

    `loss` does not depend on the discriminator's weights for autograd, nor does
    `discriminator_loss` on the model's, so that one backward pass of their sum serves both.

    Args:
        vae: The model.
        discriminator: Classifier of joint and product samples.
        images: Two minibatches, shape (2 B, C, H, W), in [0, 1]; the second is only encoded.
        noise: Standard normal noise, shape (3 B, K); the last third makes the permutations.
        gamma: Weight of the total correlation.
        beta: Weight of the KL.

    Returns:
        Terms of `elbo` and of `discriminator_terms`, and `total_correlation`.
    """
    own, other = images.chunk(PARTS)
    own_noise, other_noise, keys = noise.chunk(NOISE_PARTS)
    passed = forward(vae, own, own_noise)
    fixed = {name: p.detach() for name, p in discriminator.named_parameters()}
    estimate = total_correlation(functional_call(discriminator, fixed, (passed.z,)))
    with torch.no_grad():
        mean, logvar = vae.encode(other)
        sampled = reparameterize(mean, logvar, other_noise)
    terms = discriminator_terms(discriminator, passed.z, permute_latents(sampled, keys))
    loss = passed.nll + beta * passed.kl + gamma * estimate
    return passed.terms(loss, total_correlation=estimate, **terms)
