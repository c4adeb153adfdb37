"""Colours scored in the basis that the data have, or in the other one (Section 4.4)."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.edit_space import customise
from sbvae_cli.data.source import Source, source_from_space
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.evaluate_model import evaluate_model
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.models.likelihoods import Bernoulli
from sbvae_cli.models.vae import VAE


class SeesColours(nn.Module):
    """Latents are the mean red, green and blue of the image."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        mean = self.weight * 20 * images.mean((2, 3))
        return mean, torch.full_like(mean, -4.0)


def coloured(hsv: bool = True) -> Source:
    ranges = {"hue": (0.0, 1.0), "saturation": (0.3, 0.7), "value": (0.3, 0.7)}
    if not hsv:
        ranges = dict.fromkeys(("red", "green", "blue"), (0.2, 0.9))
    space = customise(
        named_space("circles:xh" if hsv else "circles:rg"), ranges={**ranges, "x": (0.5, 0.5)}
    )
    return source_from_space(space, "coloured", 12, 12)


def mig(source: Source, basis: str | None) -> dict[str, float]:
    vae = VAE(SeesColours(), nn.Identity(), Bernoulli()).eval()
    protocol = Protocol(
        ("mig", "factor-vae"), color_basis=basis, images=3_000, votes_train=40, votes_eval=40
    )
    found = evaluate_model(vae, source, protocol)
    scores = {"mig": found.scores["mig"].value, "factor_vae": found.scores["factor_vae"].value}
    return {**scores, **found.scores["mig"].details["by_factor"]}


def test_latents_that_are_rgb_score_better_there_than_in_hsv() -> None:
    hsv, rgb = mig(coloured(), "hsv"), mig(coloured(), "rgb")
    assert hsv == mig(coloured(), None)
    assert set(hsv) == {"mig", "factor_vae", "hue", "saturation", "value"}
    assert set(rgb) == {"mig", "factor_vae", "red", "green", "blue"}
    assert rgb["mig"] > hsv["mig"] + 0.3
    assert rgb["factor_vae"] > 0.9


def test_data_in_rgb_are_scored_as_they_are() -> None:
    assert mig(coloured(hsv=False), "rgb") == mig(coloured(hsv=False), None)


def test_a_basis_that_the_data_do_not_have_is_refused() -> None:
    with pytest.raises(SbvaeError, match="have colours in RGB"):
        mig(coloured(hsv=False), "hsv")


def test_geometry_stays_in_the_basis_of_the_data_and_says_so() -> None:
    """One hue alone is no pair, though it is three of red, green and blue."""
    space = customise(named_space("circles:xh"), ranges={"x": (0.5, 0.5)})
    vae = VAE(SeesColours(), nn.Identity(), Bernoulli()).eval()
    protocol = Protocol(
        ("beta-vae", "geometry"), color_basis="rgb", images=300, votes_train=20, votes_eval=20
    )
    hue = source_from_space(space, "coloured", 12, 12)
    found = evaluate_model(vae, hue, replace(protocol, lenient=True))
    assert "beta_vae" in found.scores and found.geometry == {}
    assert [each.values["metrics"] for each in found.findings if each.code == "without"] == [
        ["geometry"]
    ]
    both = evaluate_model(vae, coloured(), replace(protocol, metrics=("geometry",), grid=4))
    assert "hsv-geometry" in [each.code for each in both.findings]
    assert list(both.geometry) == ["hue,saturation", "hue,value", "saturation,value"]
