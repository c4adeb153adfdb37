"""NLL and KL against plain functional PyTorch, from a checkpoint's tensors alone."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from sbvae_cli.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from sbvae_cli.config.model import (
    BernoulliConfig,
    BroadcastDecoderConfig,
    DeconvDecoderConfig,
    EncoderConfig,
    GaussianConfig,
    ModelConfig,
)
from sbvae_cli.config.schema import Config, DataConfig
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.encode import check_posteriors
from sbvae_cli.evaluation.rates import ImageRates, image_rates, rate_scores
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.likelihoods import Gaussian
from sbvae_cli.models.vae import VAE

H, W, K, N = 16, 8, 3, 40
DECODERS = {
    "broadcast": BroadcastDecoderConfig(hidden_channels=(5, 6)),
    "deconv": DeconvDecoderConfig(hidden_channels=(6, 5), start_channels=4, hidden_units=(7,)),
}


def checkpoint_of(decoder: str, likelihood: object, path: Path) -> dict[str, Tensor]:
    """Save a model whose biases are no zeros either, and read its tensors with PyTorch alone."""
    model = ModelConfig(
        latent_dim=K,
        encoder=EncoderConfig(hidden_channels=(4, 6), hidden_units=(9,)),
        decoder=DECODERS[decoder],
        likelihood=likelihood,
    )
    config = Config(data=DataConfig(height=H, width=W), model=model)
    vae = build_vae(model, config.data.image_shape, seed=3)
    noise = torch.Generator().manual_seed(1)
    for parameter in vae.parameters():
        parameter.data += 0.2 * torch.randn(parameter.shape, generator=noise)
    save_checkpoint(path, Checkpoint(config, 0, vae.state_dict(), {}, threads=1))
    tensors: dict[str, Tensor] = torch.load(path, weights_only=True)["model"]
    return {name: tensor.double() for name, tensor in tensors.items()}


def encoded(t: dict[str, Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    for layer in (0, 2):  # kernel 4, stride 2, even sides: one zero on each side
        w, b = (t[f"encoder.convolutions.{layer}.{name}"] for name in ("weight", "bias"))
        x = functional.conv2d(x, w, b, stride=2, padding=1).relu()
    x = (x.flatten(1) @ t["encoder.hidden.0.weight"].T + t["encoder.hidden.0.bias"]).relu()
    out = x @ t["encoder.output.weight"].T + t["encoder.output.bias"]
    return out[:, :K], out[:, K:]


def broadcast_decoded(t: dict[str, Tensor], z: Tensor) -> Tensor:
    """Coordinates by hand: x grows along a row, y down a column, both from -1 to 1."""
    x = torch.tensor([[-1 + 2 * j / (W - 1) for j in range(W)] for _ in range(H)]).double()
    y = torch.tensor([[-1 + 2 * i / (H - 1) for _ in range(W)] for i in range(H)]).double()
    planes = torch.empty(len(z), K + 2, H, W, dtype=torch.float64)
    planes[:, :K] = z[:, :, None, None]
    planes[:, K], planes[:, K + 1] = x, y
    names = ["decoder.broadcast", "decoder.convolutions.1", "decoder.convolutions.3"]
    for name in names:  # kernel 4, stride 1: one zero before, two after
        padded = functional.pad(planes, (1, 2, 1, 2))
        planes = functional.conv2d(padded, t[f"{name}.weight"], t[f"{name}.bias"])
        planes = planes.relu() if name != names[-1] else planes
    return planes


def deconv_decoded(t: dict[str, Tensor], z: Tensor) -> Tensor:
    for layer in (0, 2):
        w, b = (t[f"decoder.hidden.{layer}.{name}"] for name in ("weight", "bias"))
        z = (z @ w.T + b).relu()
    x = z.reshape(len(z), 4, H // 8, W // 8)
    for layer in range(3):
        w, b = (t[f"decoder.deconvolutions.{layer}.{name}"] for name in ("weight", "bias"))
        x = functional.conv_transpose2d(x, w, b, stride=2, padding=1)
        x = x.relu() if layer < 2 else x
    return x


@pytest.mark.parametrize("decoder", ["broadcast", "deconv"])
@pytest.mark.parametrize("likelihood", [BernoulliConfig(), GaussianConfig(variance=0.3)])
def test_rates_are_those_of_plain_pytorch(decoder: str, likelihood: object, tmp_path: Path) -> None:
    t = checkpoint_of(decoder, likelihood, tmp_path / "ckpt.pt")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (N, H, W, 3), np.uint8)
    noise = rng.standard_normal((N, K), np.float32)

    found = image_rates(load_checkpoint(tmp_path / "ckpt.pt").build_vae(), images, noise)

    x = torch.from_numpy(images).double().permute(0, 3, 1, 2) / 255
    mean, logvar = encoded(t, x)
    z = mean + (logvar / 2).exp() * torch.from_numpy(noise)
    out = (broadcast_decoded if decoder == "broadcast" else deconv_decoded)(t, z)
    if isinstance(likelihood, BernoulliConfig):
        zero = torch.zeros(())  # -log p = log(1 + exp(-logit)), -log(1 - p) = log(1 + exp(logit))
        nll = (x * out.neg().logaddexp(zero) + (1 - x) * out.logaddexp(zero)).sum((1, 2, 3))
    else:
        squares = ((x - out) ** 2 / 0.3 + math.log(2 * math.pi * 0.3)) / 2
        nll = squares.sum((1, 2, 3))
    kl = ((mean**2 + logvar.exp() - logvar - 1) / 2).sum(1)
    np.testing.assert_allclose(found.nll, nll, rtol=2e-6)
    np.testing.assert_allclose(found.kl, kl, rtol=1e-5)
    np.testing.assert_allclose(found.means, mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.stds, (logvar / 2).exp(), rtol=1e-4)


def rates_of(nll: np.ndarray, kl: np.ndarray, stds: np.ndarray) -> ImageRates:
    none = np.zeros(len(nll))
    return ImageRates(nll, kl, np.zeros(stds.shape), stds, none, none, none)


def test_latents_used_is_counted_in_each_image_and_by_the_mean_std() -> None:
    """Four images of three latents; the second latent's mean is 0.55 though two images use it."""
    stds = np.array([[0.1, 0.1, 1.0], [0.2, 0.1, 1.0], [0.499, 1.0, 0.5], [0.3, 1.0, 1.0]])
    rates = rates_of(np.arange(4.0), np.ones(4), stds)

    scores = rate_scores(rates, "train")

    assert scores["latents_used"].value == (2 + 2 + 1 + 1) / 4
    assert scores["latents_used_by_mean"].value == 1
    # The second latent's mean of 0.55 has a standard error of 0.26: more images may bring it below.
    assert (scores["latents_used_by_mean"].low, scores["latents_used_by_mean"].high) == (1, 2)
    assert rate_scores(rates_of(np.ones(1), np.ones(1), stds[:1]), "train")[
        "latents_used_by_mean"
    ].low is None  # fmt: skip


def test_the_interval_of_a_count_of_latents_stays_within_them() -> None:
    stds = np.full((10, 3), 1.0)
    stds[0, 0] = 0.1
    few = rate_scores(rates_of(np.ones(10), np.ones(10), stds), "train")["latents_used"]
    most = rate_scores(rates_of(np.ones(10), np.ones(10), 1.05 - stds), "train")
    assert few.low == 0 and few.high > 0.1
    assert most["latents_used"].high == 3


def test_the_negative_elbo_is_nll_plus_kl_with_its_own_interval() -> None:
    nll, kl = np.array([1.0, 3.0, 5.0, 7.0]), np.array([7.0, 5.0, 3.0, 2.0])
    rates = rates_of(nll, kl, np.ones((4, 1)))

    scores = rate_scores(rates, "heldout")

    found = scores["neg_elbo"]
    assert found.value == scores["nll"].value + scores["kl"].value == 8.25
    std = 0.5  # of 8, 8, 8, 9
    assert found.high - found.value == pytest.approx(1.96 * std / 2, rel=1e-3)
    assert found.value - found.low == pytest.approx(found.high - found.value)
    assert found.as_dict()["population"] == "heldout"


def test_one_image_has_no_interval() -> None:
    rates = rates_of(np.ones(1), np.ones(1), np.ones((1, 1)))
    assert rate_scores(rates, "train")["nll"].low is None


def test_what_an_image_misses_is_counted_pixel_by_pixel() -> None:
    class Fixed(nn.Module):
        def __init__(self, *outputs: Tensor) -> None:
            super().__init__()
            self.outputs = outputs
            self.weight = nn.Parameter(torch.zeros(1))

        def forward(self, batch: Tensor) -> object:
            found = [output.expand(len(batch), *output.shape) for output in self.outputs]
            return tuple(found) if len(found) > 1 else found[0]

    pixels = np.array([0, 51, 255, 102], np.uint8).reshape(1, 2, 2, 1)
    shown = torch.tensor([0.0, -0.2, 0.3, 1.0]).reshape(1, 2, 2)
    encoder = Fixed(torch.tensor([0.3, 0.0]), torch.tensor([0.5, 1.0]).log() * 2)
    vae = VAE(encoder, Fixed(shown), Gaussian(0.3))

    found = image_rates(vae, pixels, np.zeros((1, 2), np.float32))

    assert found.squared_error[0] == pytest.approx((0.4**2 + 0.7**2 + 0.6**2) / 4)
    assert found.stuck[0] == 2 / 4  # the second and the last; the first is black and right
    entropy = sum(-p * math.log(p) - (1 - p) * math.log(1 - p) for p in (0.2, 0.4))
    assert found.floor[0] == pytest.approx(entropy, rel=1e-5)
    first = 0.5 * (0.3**2 + 0.5**2 - 1) - math.log(0.5)
    assert found.kl_by_latent == pytest.approx([first, 0.0], abs=1e-6)
    assert found.kl_by_latent.sum() == pytest.approx(found.kl[0])


@pytest.mark.parametrize(
    ("means", "stds", "message"),
    [
        ([[0.0, np.nan], [0.0, 0.0]], np.ones((2, 2)), "means are not finite on 1 of 2 images"),
        (np.zeros((2, 2)), [[1.0, 0.0], [1.0, 1.0]], "not positive numbers on 1 of 2"),
        (np.zeros((2, 2)), [[1.0, -1.0], [1.0, -1.0]], "not positive numbers on 2 of 2"),
        (np.zeros((2, 2)), [[1.0, np.inf], [1.0, 1.0]], "not positive numbers on 1 of 2"),
        (np.zeros((2, 2)), [[1.0, np.nan], [1.0, 1.0]], "not positive numbers on 1 of 2"),
    ],
)
def test_posteriors_that_are_no_numbers_are_counted(
    means: object, stds: object, message: str
) -> None:
    with pytest.raises(SbvaeError, match=message):
        check_posteriors(np.array(means), np.array(stds))


def test_a_decoder_that_overflows_is_named(tmp_path: Path) -> None:
    checkpoint_of("broadcast", BernoulliConfig(), tmp_path / "ckpt.pt")
    vae = load_checkpoint(tmp_path / "ckpt.pt").build_vae()
    vae.decoder.convolutions[3].bias.data.fill_(float("inf"))
    with pytest.raises(SbvaeError, match="NLL or KL is not finite on 4 of 4 images"):
        image_rates(vae, np.zeros((4, H, W, 3), np.uint8), np.zeros((4, K), np.float32))
