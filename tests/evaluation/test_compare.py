"""Models that are compared on the same images."""

import pytest
import torch
from torch import Tensor, nn

from sbvae_cli.data.source import open_source
from sbvae_cli.evaluation.compare import compare_models
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.result import Evaluation
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.models.likelihoods import Bernoulli
from sbvae_cli.models.vae import VAE

PROTOCOL = Protocol(("rates",), images=60)


class Light(nn.Module):
    """Two latents that are where the light is, or nothing."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        light = images.sum(1)
        mean = self.scale * torch.stack([light.mean(1)[:, :6].sum(1), light.mean(2)[:, :6].sum(1)])
        logvar = -6.0 * self.scale * torch.ones(len(images), 2)
        return mean.T, logvar


def test_each_evaluation_gets_the_agreement_of_its_model() -> None:
    vaes = [VAE(Light(scale), nn.Identity(), Bernoulli()).eval() for scale in (1.0, 0.9, 0.0)]
    own = [Evaluation(PROTOCOL, {}, {}) for _ in vaes]

    found = compare_models(own, vaes, open_source("circles:xy", 12, 12), PROTOCOL)

    assert all(each.protocol.metrics == ("rates", "udr") for each in found)
    assert [list(each.scores) for each in found] == [["udr_spearman", "udr_lasso"]] * 3
    first, second, dead = (each.scores["udr_spearman"].value for each in found)
    assert first == pytest.approx(second) and first is not None and first > 0.1 and dead == 0
    assert [each.findings for each in found] == [(), (), (Finding("no-udr", values={"kl": 0.0}),)]
    assert "no latent is informative" in found[2].scores["udr_lasso"].details["why"]
