"""What posteriors and reconstructions tell of a model."""

from dataclasses import replace

import numpy as np
import pytest

from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.findings.model import (
    ill_suited_likelihood,
    latents_in_use,
    use_of_latents,
)
from sbvae_cli.evaluation.rates import ImageRates

N = 20


def rates(
    error: float = 0.1,
    entropy: float = 0.0,
    stuck: float = 0.0,
    likelihood: str = "bernoulli",
    variance: float | None = None,
) -> ImageRates:
    one, codes = np.ones(N), np.ones((N, 2))
    return ImageRates(
        *(100 * one, one, codes, codes, entropy * one, error * one, stuck * one),
        likelihood,
        variance=variance,
    )


def test_a_latent_is_in_use_where_a_tenth_of_the_images_needs_it() -> None:
    stds = np.ones((N, 3))
    stds[:, 0], stds[:2, 1], stds[:1, 2] = 0.1, 0.1, 0.1
    assert latents_in_use(stds).tolist() == [True, True, False]


def test_idle_latents_and_more_than_factors_need_are_told() -> None:
    used = np.array([True] * 7 + [False])
    assert use_of_latents(used, 2) == [
        Finding("unused", latents=(7,), values={"latent_dim": 8}),
        Finding("many-used", values={"used": 7, "of": 2}),
    ]
    assert use_of_latents(used[:6], 2) == use_of_latents(used[:7], 0) == []


def test_a_model_that_uses_no_latent_is_told_alone() -> None:
    none = np.zeros(3, bool)
    assert use_of_latents(none, 1) == [Finding("all-unused")]
    assert use_of_latents(none, 1, rates()) == [Finding("no-kl", values={"kl": 1.0})]


def test_a_variance_far_above_the_residuals_is_told_as_a_beta() -> None:
    (loose,) = ill_suited_likelihood(rates(0.01, likelihood="gaussian", variance=0.3))
    assert loose.code == "loose-variance" and loose.values["beta"] == pytest.approx(30)
    assert ill_suited_likelihood(rates(0.1, likelihood="gaussian", variance=0.3)) == []
    assert ill_suited_likelihood(rates(0.01, likelihood="learned-gaussian")) == []


def test_grey_pixels_and_saturated_outputs_are_told() -> None:
    grey = Finding("grey", values={"nll": 100.0, "entropy": 95.0})
    assert ill_suited_likelihood(rates(entropy=95)) == [grey]
    assert ill_suited_likelihood(rates(entropy=95, likelihood="gaussian")) == []
    assert ill_suited_likelihood(rates(stuck=0.02)) == [
        Finding("saturated", values={"share": pytest.approx(0.02)})
    ]


def test_counts_of_latents_in_use_that_differ_are_explained() -> None:
    stds = np.ones((N, 3))
    stds[:, 0], stds[: N // 2, 1] = 0.1, 0.1
    uneven = replace(rates(), stds=stds)
    found = use_of_latents(latents_in_use(stds), 0, uneven)
    assert found[0] == Finding(
        "uneven-use", values={"used": 2, "of": 3, "average": 1.5, "by_mean": 1}
    )
    stds[:, 1] = 0.1
    assert use_of_latents(latents_in_use(stds), 0, replace(uneven, stds=stds))[0].code == "unused"
