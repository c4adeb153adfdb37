"""The geometry picture: one model or several of one grid, and what its axes say."""

import numpy as np
import pytest

from sbvae_cli.config.space import FactorConfig
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.factor_embedding import FactorEmbedding, embed_points
from sbvae_cli.evaluation.point_codes import FactorPoints, PointCodes
from sbvae_cli.figures.geometry import axis_label, draw_geometry, note, note_on_scores


@pytest.fixture
def circles() -> Source:
    return open_source("circles:xy-hole", 16, 16)


@pytest.fixture
def embedding(circles: Source) -> FactorEmbedding:
    """Latents that are x and y themselves."""
    return made(circles)


def made(source: Source, names: tuple[str, str] = ("x", "y"), **options: object) -> FactorEmbedding:
    line = np.linspace(0.2, 0.8, 6)
    values = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1)
    rows = np.full((36, len(source.space.names)), 0.5, np.float32)
    rows[:, :2] = values.reshape(-1, 2)
    held_out = source.space.held_out_mask(rows).reshape(6, 6)
    points = {"values": values, "scaled": values, "held_out": held_out, "names": names, **options}
    codes = np.concatenate([0 * values, values[..., ::-1]], axis=-1)
    return embed_points(
        FactorPoints(**points), PointCodes(codes, np.full(codes.shape, 0.1)), np.eye(4, 2, -2)
    )


def test_each_further_model_has_a_column(circles: Source, embedding: FactorEmbedding) -> None:
    widths = [
        draw_geometry(dict.fromkeys("abc"[:count], embedding), circles, "caption").raster().width
        for count in (1, 2, 3)
    ]
    assert 1250 < widths[0] < widths[1] < widths[2]


def test_the_same_results_give_the_same_picture(
    circles: Source, embedding: FactorEmbedding
) -> None:
    pictures = [draw_geometry({"model": embedding}, circles).raster() for _ in range(2)]
    assert pictures[0].tobytes() == pictures[1].tobytes()


def test_embeddings_of_other_grids_or_regions_are_refused(
    circles: Source, embedding: FactorEmbedding
) -> None:
    elsewhere = "b: its points or held-out regions are not those of a; "
    for other, found in (
        (made(circles, ("y", "x")), "b: its factors are y and x, not x and y as those of a"),
        (made(circles, values=embedding.points.values + 0.1), elsewhere),
        (made(circles, held_out=np.zeros((6, 6), bool)), elsewhere),
        (
            made(circles, fixed={"hue": 0.1}),
            "b: its other factors are not fixed at the values of a",
        ),
    ):
        with pytest.raises(SbvaeError, match=found):
            draw_geometry({"a": embedding, "b": other}, circles).raster()


def test_the_note_says_what_is_shown_and_only_what_its_scores_mean(circles: Source) -> None:
    shown = note(made(circles, fixed={"hue": 0.25}))
    assert "a 6x6 grid of x and y at hue 0.25" in shown
    assert "two latents of smallest posterior variance" in shown
    meanings = note_on_scores(made(circles))
    assert "held-out error" in meanings and "in other latents" in meanings
    whole = made(circles, held_out=np.zeros((6, 6), bool), free=("hue",))
    assert "while hue vary" not in note(whole) and "hue varies" in note(whole)
    meanings = note_on_scores(whole)
    assert "held-out error" not in meanings and "in other latents" not in meanings


def test_an_axis_says_the_unit_or_what_the_levels_are() -> None:
    shape = FactorConfig(
        name="shape", kind="discrete", levels=(1, 2.5), level_names=("square", "heart")
    )
    assert axis_label(shape) == "shape (1 square, 2.5 heart)"
    assert axis_label(FactorConfig(name="x", unit="turn", low=0, high=1)) == "x (turn)"
    assert axis_label(FactorConfig(name="x", low=0, high=1)) == "x"
