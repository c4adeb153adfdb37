"""Codes to grey levels."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.batching import fitting_batch
from sbvae_cli.evaluation.decode import render_codes
from sbvae_cli.models.likelihoods import Bernoulli, Gaussian
from sbvae_cli.models.vae import VAE


class Painter(nn.Module):
    """A decoder that can be read: three channels of 2x3 pixels, all of the first latent's value."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, z: Tensor) -> Tensor:
        return self.weight * z[:, :1, None, None].expand(-1, 3, 2, 3)


def test_levels_are_rounded_and_clipped() -> None:
    vae = VAE(nn.Identity(), Painter(), Gaussian(0.3))

    images = render_codes(vae, np.array([[-1.0], [0.0], [0.5], [100.4 / 255], [1.0], [9.0]]))

    assert images.shape == (6, 2, 3, 3) and images.dtype == np.uint8
    assert images[:, 1, 2, 0].tolist() == [0, 0, 128, 100, 255, 255]


def test_bernoulli_images_are_probabilities() -> None:
    images = render_codes(VAE(nn.Identity(), Painter(), Bernoulli()), np.array([[0.0], [2.0]]))

    assert images[:, 0, 0, 0].tolist() == [128, round(255 / (1 + np.exp(-2)))]


def test_more_codes_than_a_batch_keep_their_order() -> None:
    vae = VAE(nn.Identity(), Painter(), Gaussian(0.3))
    levels = np.arange(2 * fitting_batch(vae.decoder, torch.zeros(1, 1)) + 5) % 256

    images = render_codes(vae, levels[:, None] / 255)

    np.testing.assert_array_equal(images[:, 0, 0, 0], levels)


def test_a_damaged_decoder_is_named() -> None:
    vae = VAE(nn.Identity(), Painter(), Gaussian(0.3))
    vae.decoder.weight.data.fill_(float("nan"))

    with pytest.raises(SbvaeError, match=r"not finite.*damaged.*diverged"):
        render_codes(vae, np.zeros((3, 2)))
