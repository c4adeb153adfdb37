"""Stored images and codes of two factors in latent space, with an encoder whose codes are known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.data.write import write_dataset
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.codes_embedding import embed_codes
from sbvae_cli.evaluation.representation import Representation
from sbvae_cli.evaluation.stored_embedding import embed_factors
from sbvae_cli.models.likelihoods import Bernoulli
from sbvae_cli.models.vae import VAE

LEVELS = tuple(float(i) for i in range(5))
GRID = np.stack(np.meshgrid(LEVELS, LEVELS, (0.0, 1.0), indexing="ij"), axis=-1).reshape(-1, 3)


class Pixels(nn.Module):
    """Latents are the first three pixels: x, y and another factor, the last in latent 3."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        mean = 10 * self.scale * images[:, 0, 0, :4] - 1
        logvar = torch.full_like(mean, -4.0)
        logvar[:, 2] = 0.0
        return mean, logvar


VAE_OF_PIXELS = VAE(Pixels(), nn.Identity(), Bernoulli())


@pytest.fixture
def stored(tmp_path: Path) -> Callable[..., Source]:
    """Write images whose pixels are their factors, in no order, and open the file."""

    def write(rows: np.ndarray, **changes: object) -> Source:
        rows = np.random.default_rng(0).permutation(rows).astype(np.float32)
        images = np.zeros((len(rows), 2, 4, 1), np.uint8)
        images[:, 0, [0, 1, 3], 0] = np.round(10 * rows)
        factors = [
            FactorConfig(name=name, low=float(column.min()), high=float(column.max()))
            for name, column in zip(("x", "y", "hue"), rows.T, strict=True)
        ]
        space = FactorSpace(SpaceConfig(factors=tuple(factors), **changes))
        path = tmp_path / "own.h5"
        write_dataset(path, [(rows, images)], space=space, name="own", shape=(2, 4, 1), force=True)
        return open_source(path)

    return write


def test_a_stored_grid_is_placed_by_its_factors_whatever_its_order(
    stored: Callable[..., Source],
) -> None:
    found = embed_factors(VAE_OF_PIXELS, stored(GRID))

    assert found.points.values.shape == (5, 5, 2)
    np.testing.assert_allclose(found.points.values[..., 0], np.repeat(LEVELS, 5).reshape(5, 5))
    np.testing.assert_allclose(found.codes, found.points.values * 100 / 255 - 1, atol=1e-6)
    assert found.choice.latents == (0, 1) and found.pair.population == "file"
    assert found.points.fixed == {"hue": 0.0}  # of two as near the middle, either
    assert found.scores["affine_r2"] == pytest.approx(1)
    assert found.scores["fold_fraction"] == 0
    assert found.scores["latents_used"] == 3
    assert found.scores["information_outside"] == pytest.approx(0, abs=1e-6)
    assert found.notes == []


def test_a_grid_with_gaps_is_scored_where_it_is_and_says_so(stored: Callable[..., Source]) -> None:
    some = GRID[(GRID[:, 0] + GRID[:, 1]) % 4 != 1]
    found = embed_factors(VAE_OF_PIXELS, stored(some))
    missing = int(np.isnan(found.codes[..., 0]).sum())
    assert missing == 25 - len(some) // 2 > 0
    assert found.scores["inverse_r2"] == pytest.approx(1)
    assert f"{missing} points of the grid have no image" in found.notes[0]


def test_scattered_images_are_points_with_the_scores_that_need_no_neighbours(
    stored: Callable[..., Source],
) -> None:
    rows = 4 * np.random.default_rng(1).random((300, 3))
    rows[:, 2] = 1
    found = embed_factors(VAE_OF_PIXELS, stored(rows), size=10)
    assert found.codes.shape == (100, 2) and found.pair.as_dict()["grid"] is None
    assert found.scores["affine_r2"] > 0.99 and found.scores["tear"] is None
    assert "the images form no grid but 100 of 300 points" in found.notes[0]
    assert found.scores["information_outside"] == pytest.approx(0, abs=1e-3)


def test_factors_that_vary_beside_are_named_and_leave_copies_untold(
    stored: Callable[..., Source],
) -> None:
    rows = 4 * np.random.default_rng(1).random((300, 3))
    found = embed_factors(VAE_OF_PIXELS, stored(rows), size=10)
    assert found.scores["information_outside"] is None
    assert "hue varies among these images too" in found.notes[1]


def test_what_cannot_be_shown_is_refused(stored: Callable[..., Source]) -> None:
    with pytest.raises(SbvaeError, match="needs two factors that vary, this data has x; import"):
        embed_factors(VAE_OF_PIXELS, stored(GRID * [1, 0, 0]))
    with pytest.raises(SbvaeError, match=r"hue = 7 is outside of 0\.\.1"):
        embed_factors(VAE_OF_PIXELS, stored(GRID), at={"hue": 7.0})
    with pytest.raises(SbvaeError, match="y spans the grid"):
        embed_factors(VAE_OF_PIXELS, stored(GRID), ("x", "y"), at={"y": 1.0})


@pytest.mark.parametrize("known", [True, False])
def test_codes_of_anybody_are_placed_alike(known: bool) -> None:
    rows = np.random.default_rng(0).permutation(GRID)
    codes = rows @ np.array([[0.0, 1.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.0, 1.0]])
    stds = np.full(codes.shape, 0.1) if known else None

    found = embed_codes(Representation(codes, rows, ("x", "y", "hue"), stds=stds))

    assert found.choice.latents == (1, 0)
    np.testing.assert_allclose(found.codes, found.points.values * [1.0, 0.5])
    assert found.scores["affine_r2"] == pytest.approx(1)
    assert found.scores["latents_used"] == (3 if known else None)
    assert found.scores["information_outside"] == (pytest.approx(0) if known else None)


def test_a_circular_factor_of_codes_wraps() -> None:
    angles = np.arange(8) / 8
    rows = np.stack(np.meshgrid(angles, LEVELS, indexing="ij"), axis=-1).reshape(-1, 2)
    codes = np.column_stack([np.cos(2 * np.pi * rows[:, 0]), np.sin(2 * np.pi * rows[:, 0])])
    found = embed_codes(
        Representation(codes, rows, ("hue", "y"), circular=frozenset({"hue"})), latents=(0, 1)
    )
    np.testing.assert_allclose(found.points.scaled[:, 0, 0], angles)
    assert found.scores["tear"] == pytest.approx(1) and found.scores["affine_r2"] is None
    assert found.pair.extent == "line"


def test_codes_that_cannot_be_shown_are_refused() -> None:
    codes = np.random.default_rng(0).random((50, 3))
    one = Representation(codes, codes[:, :1], ("x",))
    with pytest.raises(SbvaeError, match="needs two factors that vary, these codes have x"):
        embed_codes(one)
    two = Representation(codes, codes[:, :2], ("x", "y"))
    with pytest.raises(SbvaeError, match="z is unknown"):
        embed_codes(two, ("x", "z"))
    with pytest.raises(SbvaeError, match="needs two factors, "):
        embed_codes(two, ("x", "x"))


def test_blank_rows_of_codes_have_one_code_in_the_two_latents() -> None:
    grid = np.stack(np.meshgrid(range(4), range(4)), axis=-1).reshape(-1, 2)
    factors = np.vstack([np.column_stack([grid, np.ones(16)]), [[np.nan, np.nan, 0]] * 2])
    codes = np.vstack([np.column_stack([grid, 0 * grid[:, :1]]), [[7, 8, 9], [9, 8, 9]]])
    representation = Representation(codes.astype(float), factors, ("x", "y", "present"))

    np.testing.assert_array_equal(embed_codes(representation).blank, [8, 8])
    shown = Representation(codes[:16].astype(float), factors[:16], ("x", "y", "present"))
    assert embed_codes(shown).blank is None
