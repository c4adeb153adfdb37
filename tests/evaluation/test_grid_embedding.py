"""The embedding of a factor grid, with an encoder whose codes are known."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sbvae_cli.data.source import Source, open_source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.encode import encode, encode_batches
from sbvae_cli.evaluation.grid_embedding import embed_factor_grid
from sbvae_cli.models.likelihoods import Bernoulli
from sbvae_cli.models.vae import VAE


class Centroids(nn.Module):
    """Latent 1 is the mass's x, latent 3 its y (upwards), the others are zero and unsure."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        mass = images.sum(1)
        total = mass.sum((1, 2)).clamp_min(1e-9)
        rows, columns = (torch.arange(n) + 0.5 for n in mass.shape[1:])
        x = (mass.sum(1) * columns).sum(1) / total / mass.shape[2]
        y = 1 - (mass.sum(2) * rows).sum(1) / total / mass.shape[1]
        mean = torch.zeros(len(images), 5)
        mean[:, 1], mean[:, 3] = 4 * x - 2, 4 * y - 2
        logvar = torch.zeros_like(mean)
        logvar[:, 1] = logvar[:, 3] = -4.0
        return self.scale * mean, logvar


def centroid_vae() -> VAE:
    return VAE(Centroids(), nn.Identity(), Bernoulli())


def source(preset: str) -> Source:
    opened = open_source(f"circles:{preset}", 32, 32)
    return opened


def test_perfect_codes_get_perfect_scores_and_the_right_latents() -> None:
    embedding = embed_factor_grid(centroid_vae(), source("xy-hole"), size=12)
    assert embedding.choice.latents == (1, 3)
    assert embedding.scores["affine_r2"] == pytest.approx(1, abs=1e-6)
    assert embedding.scores["similarity_r2"] == pytest.approx(1, abs=1e-6)
    assert embedding.scores["fold_fraction"] == 0
    assert embedding.scores["heldout_area_ratio"] == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(embedding.codes, 4 * embedding.points.values - 2, atol=2e-3)


def test_the_grid_spans_the_whole_space_and_marks_the_hole() -> None:
    embedding = embed_factor_grid(centroid_vae(), source("xy-hole"), size=13)
    x, y = embedding.points.values.reshape(-1, 2).astype(np.float32).T
    assert (x.min(), x.max(), y.min(), y.max()) == pytest.approx((0.2, 0.8, 0.2, 0.8))
    inside = (x >= 0.35) & (x <= 0.65) & (y >= 0.35) & (y <= 0.65)
    assert np.array_equal(embedding.points.held_out.ravel(), inside)
    whole = embed_factor_grid(centroid_vae(), source("xy"), size=5)
    assert not whole.points.held_out.any()
    assert whole.scores["heldout_nrmse"] is None


def test_factors_in_the_other_order_exchange_the_latents() -> None:
    embedding = embed_factor_grid(centroid_vae(), source("xy"), ("y", "x"), size=5)
    assert embedding.choice.latents == (3, 1)


def test_other_factors_stand_in_the_middle_or_where_they_are_put() -> None:
    data = source("xyh-small")
    middle = embed_factor_grid(centroid_vae(), data, size=4)
    assert middle.points.fixed == {"hue": 0.5}
    moved = embed_factor_grid(centroid_vae(), data, size=4, at={"hue": 0.3})
    assert moved.points.fixed == {"hue": pytest.approx(0.3)}
    assert middle.choice.rule == "informative"


def test_named_latents_are_taken_and_checked() -> None:
    embedding = embed_factor_grid(centroid_vae(), source("xy"), size=5, latents=(0, 3))
    assert embedding.choice.latents == (0, 3)
    assert embedding.pair.as_dict()["select"]["rule"] == "given"
    for latents in ((0, 5), (-1, 2), (2, 2)):
        with pytest.raises(SbvaeError, match="name two different ones from 0 to 4"):
            embed_factor_grid(centroid_vae(), source("xy"), size=5, latents=latents)


def test_what_training_left_out_is_marked_on_other_data() -> None:
    whole, hole = source("xy"), source("xy-hole")
    embedding = embed_factor_grid(centroid_vae(), whole, size=9, trained_on=hole.space)
    assert embedding.points.held_out.any()
    assert embedding.scores["heldout_nrmse"] is not None


@pytest.mark.parametrize("value", [float("nan"), 5.0, -1.0])
def test_a_factor_is_not_put_outside_of_the_frame(value: float) -> None:
    with pytest.raises(SbvaeError, match=r"diameter = .* is outside of 0\.\.1"):
        embed_factor_grid(centroid_vae(), source("xy"), size=4, at={"diameter": value})


def test_one_factor_is_not_enough() -> None:
    @dataclass(frozen=True)
    class OneFactor:
        space: object

    data = source("xy")
    fixed = data.space.config.model_copy(
        update={
            "factors": tuple(
                f.model_copy(update={"high": f.low}) if f.name == "y" else f
                for f in data.space.config.factors
            )
        }
    )
    with pytest.raises(SbvaeError, match="needs two factors that vary, this data has x"):
        embed_factor_grid(centroid_vae(), OneFactor(type(data.space)(fixed)), size=5)  # type: ignore[arg-type]


def test_encoding_is_the_same_in_any_batch() -> None:
    images, _ = source("xy").sample(np.random.default_rng(0), 7)
    whole = encode(centroid_vae(), images)
    parts = encode_batches(centroid_vae(), images.__getitem__, 7, size=3)
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_allclose(a, b)
        assert a.shape == (7, 5)


def test_a_blank_image_has_a_code_where_the_data_has_some() -> None:
    blank = np.zeros((1, 32, 32, 3), np.uint8)

    with_blanks = embed_factor_grid(centroid_vae(), source("xh-blank"), size=4, latents=(3, 1))

    assert embed_factor_grid(centroid_vae(), source("xh"), size=4).blank is None
    expected = encode(centroid_vae(), blank)[0][0, [3, 1]]
    np.testing.assert_array_equal(with_blanks.blank, expected)
