"""Grids of stored images: what they show, and that they keep to the budget."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.data.write import write_dataset
from sbvae_cli.explorer.atlas import MAX_PIXELS, shown_atlas
from sbvae_cli.explorer.grids import grids_of, point_bytes
from sbvae_cli.explorer.slices import DEFAULT_BUDGET, Budget, pairs_from
from sbvae_cli.models.likelihoods import Bernoulli
from sbvae_cli.models.vae import VAE


class Pixels(nn.Module):
    """Latents are the first two pixels, in grey levels."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(255.0))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        mean = self.scale * images[:, 0, 0, :2]
        return mean, torch.full_like(mean, -4.0)


def stored(path: Path, rows: np.ndarray) -> Source:
    """Images whose first pixels are their first two factors, stored in no order."""
    rows = np.random.default_rng(0).permutation(rows).astype(np.float32)
    images = np.zeros((len(rows), 2, 4, 1), np.uint8)
    images[:, 0, :2, 0] = rows[:, :2]
    factors = tuple(
        FactorConfig(name=f"f{n}", low=float(column.min()), high=float(column.max()))
        for n, column in enumerate(rows.T)
    )
    space = FactorSpace(SpaceConfig(factors=factors))
    write_dataset(path, [(rows, images)], space=space, name="own", shape=(2, 4, 1), force=True)
    return open_source(path)


@pytest.mark.parametrize(
    "budget", [DEFAULT_BUDGET, Budget(first_bytes=4_000)], ids=["usual", "small"]
)
def test_a_fine_grid_of_stored_images_is_thinned(tmp_path: Path, budget: Budget) -> None:
    rows = np.stack(np.meshgrid(range(100), range(40), indexing="ij"), axis=-1).reshape(-1, 2)
    rows = rows[(rows != (0, 0)).any(axis=1)]
    vae = VAE(Pixels(), nn.Identity(), Bernoulli())
    (grid,) = grids_of(stored(tmp_path / "own.h5", rows), [vae], None, budget)

    shape = grid.present.shape
    assert max(shape) == (32 if budget is DEFAULT_BUDGET else shape[0]) <= 32
    assert grid.images is not None
    each = point_bytes(grid.images[1:17], [2], budget)
    assert grid.present.size * each <= 1.3 * budget.first_bytes
    assert not grid.present[0, 0] and grid.present.sum() == grid.present.size - 1
    wanted = grid.points.values.reshape(-1, 2)[1:]
    assert wanted[:, 0].max() == 99 and wanted[:, 1].max() == 39
    np.testing.assert_array_equal(grid.images[1:, 0, :2, 0], wanted)
    np.testing.assert_allclose(grid.flat_codes(0)[1:], wanted, atol=1e-4)
    assert np.isnan(grid.flat_codes(0)[0]).all()


def test_many_labels_keep_to_the_budget(tmp_path: Path) -> None:
    rows = np.random.default_rng(1).integers(0, 2, (300, 14))
    vae = VAE(Pixels(), nn.Identity(), Bernoulli())
    grids = grids_of(stored(tmp_path / "own.h5", rows), [vae], None)

    assert len(grids) == len(pairs_from([f"f{n}" for n in range(14)], ("f0", "f1"))) == 45
    assert sum(grid.present.size for grid in grids) <= DEFAULT_BUDGET.images


def test_more_pixels_than_a_browser_draws_from_are_not_shown() -> None:
    images = np.zeros((2, 16, 16, 3), np.uint8)
    large = np.broadcast_to(images[:1, :1, :1], (1, 1, MAX_PIXELS + 1, 3))
    assert shown_atlas(images) is not None
    assert shown_atlas(large) is None

    each = point_bytes(np.zeros((1, 512, 512, 1), np.uint8), [2])
    assert (DEFAULT_BUDGET.first_bytes / each) * 512 * 512 <= MAX_PIXELS
