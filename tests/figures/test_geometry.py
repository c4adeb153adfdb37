"""The geometry picture: one model or several of one grid, and what its axes say."""

from dataclasses import replace

import numpy as np
import pytest

from sbvae_cli.config.space import FactorConfig
from sbvae_cli.data.factor_grid import factor_grid
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.grid_embedding import GridEmbedding
from sbvae_cli.figures.geometry import axis_label, draw_geometry
from sbvae_cli.metrics.choose_latents import LatentChoice


@pytest.fixture
def circles() -> Source:
    return open_source("circles:xy-hole", 16, 16)


@pytest.fixture
def embedding(circles: Source) -> GridEmbedding:
    """Latents that are x and y themselves."""
    grid = factor_grid(circles.space, ("x", "y"), 6, {})
    codes = grid.factors[:, :2].reshape(6, 6, 2).astype(np.float64)
    held_out = circles.space.held_out_mask(grid.factors).reshape(6, 6)
    choice = LatentChoice((3, 1), "variance", (3, 1), (3, 1))
    return GridEmbedding(grid, held_out, codes, np.full(4, 0.1), choice, {"affine_r2": 1.0})


def test_each_further_model_has_a_column(circles: Source, embedding: GridEmbedding) -> None:
    widths = [
        draw_geometry(dict.fromkeys("abc"[:count], embedding), circles, "caption").width
        for count in (1, 2, 3)
    ]
    assert 1300 < widths[0] < widths[1] < widths[2]


def test_the_same_results_give_the_same_picture(circles: Source, embedding: GridEmbedding) -> None:
    pictures = [draw_geometry({"model": embedding}, circles) for _ in range(2)]
    assert pictures[0].tobytes() == pictures[1].tobytes()


def test_embeddings_of_other_grids_or_regions_are_refused(
    circles: Source, embedding: GridEmbedding
) -> None:
    grid = embedding.grid
    for other in (
        replace(embedding, grid=factor_grid(circles.space, ("y", "x"), 6, {})),
        replace(embedding, grid=replace(grid, factors=grid.factors + np.float32(0.1))),
        replace(embedding, held_out=np.zeros((6, 6), bool)),
    ):
        with pytest.raises(SbvaeError, match="b: its factors or held-out regions are not those"):
            draw_geometry({"a": embedding, "b": other}, circles)


def test_an_axis_says_the_unit_or_what_the_levels_are() -> None:
    shape = FactorConfig(
        name="shape", kind="discrete", levels=(1, 2.5), level_names=("square", "heart")
    )
    assert axis_label(shape) == "shape (1 square, 2.5 heart)"
    assert axis_label(FactorConfig(name="x", unit="turn", low=0, high=1)) == "x (turn)"
    assert axis_label(FactorConfig(name="x", low=0, high=1)) == "x"
