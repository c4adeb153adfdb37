"""What a report says first of a grid."""

from dataclasses import replace

import numpy as np
import pytest

from sbvae_cli.evaluation.factor_embedding import embed_points
from sbvae_cli.evaluation.findings.verdict import find_hidden_copies, headlines, verdict_label
from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.evaluation.point_codes import FactorPoints, PointCodes

LINE = np.linspace(0, 1, 12)
FACTORS = np.stack(np.meshgrid(LINE, LINE, indexing="ij"), axis=-1)
X, Y = 4 * FACTORS[..., 0] - 2, 4 * FACTORS[..., 1] - 2
NONE = 0 * X
HOLE = (np.abs(X) < 1) & (np.abs(Y) < 1)


def pair_of(
    *latents: np.ndarray, circular: bool = False, std: float = 0.1, hole: np.ndarray | None = None
) -> PairGeometry:
    means = np.stack(np.broadcast_arrays(*latents), axis=-1)
    held_out = np.zeros((12, 12), bool) if hole is None else hole
    points = FactorPoints(("x", "y"), FACTORS, FACTORS, held_out, (circular, False))
    stds = np.where(np.abs(means).max((0, 1)) > 0, std, 1.0) * np.ones_like(means)
    known = np.eye(len(latents), 2)
    return embed_points(points, PointCodes(means, stds), known, latents=(0, 1)).pair


@pytest.mark.parametrize(
    ("pair", "first", "words"),
    [
        (pair_of(X, Y), "flat: inverse_r2 1.000 of x and y in latents 0 and 1", "flat"),
        (
            pair_of(X + 0.05 * Y, X - 0.05 * Y),
            "collapsed to a line: affine_axis_ratio 0.05 of x and y in latents 0 and 1 (inverse_r2 "
            "1.00 comes from faint variation beside it)",
            "collapsed to a line",
        ),
        (
            pair_of(X, X),
            "collapsed to a line: inverse_r2 0.00 of x and y in latents 0 and 1 (affine_r2 1.00 is "
            "that of the line)",
            "collapsed to a line",
        ),
        (
            pair_of(X, NONE),
            "collapsed to a line: inverse_r2 0.00 of x and y in latents 0 and 1",
            "collapsed to a line",
        ),
        (
            pair_of(NONE, NONE),
            "collapsed to a point: inverse_r2 0.00 of x and y in latents 0 and 1",
            "collapsed to a point",
        ),
        (
            pair_of(X, np.abs(Y), std=0.9),
            "collapsed to a line: inverse_r2 0.00 of x and y in latents 0 and 1 (other variation "
            "there is less than the posterior's own std)",
            "collapsed to a line",
        ),
        (
            pair_of(0.5 * X, 0.05 * Y, std=0.9),
            "collapsed to a line: affine_axis_ratio 0.10 of x and y in latents 0 and 1 (inverse_r2 "
            "1.00 comes from faint variation beside it)",
            "collapsed to a line",
        ),
        (
            pair_of(X, np.abs(Y + 0.5)),
            "folded: fold_fraction 0.36, inverse_r2 0.35 of x and y in latents 0 and 1",
            "folded",
        ),
        (
            pair_of(X + 8 * (X > 0), Y),
            "torn: tear 23, inverse_r2 0.85 of x and y in latents 0 and 1",
            "torn",
        ),
        (
            pair_of(X, Y**3),
            "bent: inverse_r2 0.85 of x and y in latents 0 and 1",
            "bent",
        ),
        (pair_of(X, Y, hole=HOLE), "flat: inverse_r2 1.000 of x and y in latents 0 and 1", "flat"),
        (
            pair_of(np.where(HOLE, 0.5, 1) * X, np.where(HOLE, 0.5, 1) * Y, hole=HOLE),
            "flat except for the held-out region, which has shrunk: heldout_area_ratio 0.25, "
            "inverse_r2 1.000 of x and y in latents 0 and 1",
            "flat, hole shrunk",
        ),
        (
            pair_of(X, Y, circular=True),
            "inverse_r2 0.21 of x and y in latents 0 and 1, the only R2 defined for a circular "
            "factor",
            "",
        ),
    ],
)
def test_the_most_telling_thing_stands_first_with_the_lowest_r2(
    pair: PairGeometry, first: str, words: str
) -> None:
    assert headlines(pair)[0] == first
    assert verdict_label(pair) == words


def test_copies_in_other_latents_are_told_and_idle_ones_counted() -> None:
    assert headlines(pair_of(X, Y, NONE))[1] == (
        "2 of 3 latents in use on the grid, information_outside 0.00"
    )
    copied = pair_of(X, Y, X + Y, NONE, 0.01 * Y)
    assert headlines(copied)[1].startswith("4 of 5 latents in use on the grid, information_outside")
    assert headlines(copied)[1].endswith(
        ": latent 2 also encodes x and y, so that moving it changes the image"
    )
    assert verdict_label(copied) == "flat, with copies"
    assert headlines(pair_of(X, Y, X, Y))[1].endswith(
        ": latents 2, 3 also encode x and y, so that moving one changes the image"
    )


def test_traces_in_latents_that_are_not_in_use_are_no_copies() -> None:
    traces = pair_of(0.3 * X, 0.3 * Y, 0.3 * X, std=0.9)
    assert headlines(traces)[1].startswith("0 of 3 latents in use on the grid")
    assert "tell" not in headlines(traces)[1] and verdict_label(traces) == "collapsed to a point"


def test_of_several_pairs_a_further_latent_is_told_once_and_of_flat_grids_alone() -> None:
    copied, more = pair_of(X, Y, X), pair_of(X, Y, 2 * X)
    other = replace(more, names=("x", "hue"))
    bent = replace(pair_of(X, Y**3, X, Y), names=("y", "hue"))
    (found,) = find_hidden_copies({"x,y": copied, "x,hue": other, "y,hue": bent})
    assert (found.factors, found.latents) == (("x", "hue"), (2,))
    assert found.values["outside"] > copied.scores["information_outside"] > 0.3
    assert [each.factors for each in find_hidden_copies({"y,hue": bent})] == [("y", "hue")]
    assert find_hidden_copies({"x,y": pair_of(X, Y, 0.01 * X)}) == []
