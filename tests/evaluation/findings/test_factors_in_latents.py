"""Where factors are: codes that are apart, turned, slanted, folded, doubled, noise."""

from dataclasses import replace

import numpy as np
import pytest

from sbvae_cli.evaluation.evaluate import evaluate_codes
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.findings.grids import is_flat
from sbvae_cli.evaluation.findings.words import DIAGNOSIS
from sbvae_cli.evaluation.representation import Representation
from sbvae_cli.metrics.protocol import Protocol

N = 4000
RNG = np.random.default_rng(0)
X, Y, HUE = RNG.uniform(size=(3, N))
SHAPE = RNG.integers(0, 3, N)
NOISE = RNG.normal(size=(N, 3))
FACTORS = np.column_stack([X, Y, SHAPE])


SIDE = np.arange(32) / 31
ROWS = np.repeat(np.stack(np.meshgrid(SIDE, SIDE, indexing="ij"), axis=-1).reshape(-1, 2), 3, 0)
GRID = np.column_stack([ROWS, np.tile(np.arange(3), 32**2)])  # neighbours, which folds have


def turned(degrees: float, stretch: float = 1.0) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.column_stack([X - 0.5, stretch * (Y - 0.5)]) @ np.array([[c, s], [-s, c]])


def diagnosed(
    codes: np.ndarray,
    factors: np.ndarray = FACTORS,
    names: tuple[str, ...] = ("x", "y", "shape"),
    circular: frozenset[str] = frozenset(),
    stds: np.ndarray | None = None,
    metrics: tuple[str, ...] = ("mig", "geometry"),
) -> list[Finding]:
    file = Representation(codes, factors, names, circular, stds)
    protocol = replace(Protocol(), metrics=metrics, lenient=True)
    found = evaluate_codes(file, "c.npz", protocol).findings
    return [finding for finding in found if finding.code in DIAGNOSIS]


def of_code(findings: list[Finding], code: str) -> list[Finding]:
    return [finding for finding in findings if finding.code == code]


def codes_of(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def test_factors_with_a_latent_each_are_found() -> None:
    x, shape, missing = diagnosed(np.column_stack([SHAPE, X, NOISE]))
    assert (x.code, x.factors, x.latents) == ("found", ("x",), (1,))
    assert x.values["share"] > 0.9
    assert shape == Finding("found", ("shape",), (0,), {"share": pytest.approx(1)})
    assert missing == Finding("missing", ("y",))


@pytest.mark.parametrize(("degrees", "stretch"), [(10, 1), (30, 1), (45, 1), (45, 2)])
def test_a_turned_plane_is_told_from_a_spread_factor(degrees: float, stretch: float) -> None:
    found = diagnosed(np.column_stack([turned(degrees, stretch), SHAPE]))
    (plane,) = of_code(found, "turned")
    assert plane.factors == ("x", "y") and set(plane.latents) == {0, 1}
    assert plane.values["turn"] == pytest.approx(degrees, abs=0.5)
    assert plane.values["affine_r2"] > 0.95
    assert set(codes_of(found)) <= {"found", "turned"}


def test_a_turned_plane_is_told_without_geometry_too() -> None:
    found = diagnosed(np.column_stack([turned(45), SHAPE]), metrics=("mig",))
    (plane,) = of_code(found, "turned-group")
    assert (plane.factors, plane.latents) == (("x", "y"), (0, 1)) and plane.values["gap"] > 0.9
    assert codes_of(found) == ["found", "turned-group"]
    assert "turned-group" not in codes_of(diagnosed(FACTORS + 0.3 * NOISE, metrics=("mig",)))


def test_a_third_latent_of_a_turned_plane_is_named_beside_it() -> None:
    codes = np.column_stack([turned(45), Y + 0.08 * NOISE[:, 0]])
    stds = np.tile([0.05, 0.05, 0.3], (N, 1))  # the two least uncertain are looked at
    found = diagnosed(codes, np.column_stack([X, Y]), ("x", "y"), stds=stds)
    assert codes_of(found) == ["turned", "also"]
    assert (found[1].factors, found[1].latents) == (("y",), (2,))
    assert sorted(found[1].values["beside"]) == [0, 1] and found[1].values["other"] == "x"


def test_a_slanted_plane_is_not_called_turned() -> None:
    found = diagnosed(np.column_stack([X + 2 * Y, Y, SHAPE]))
    (plane,) = of_code(found, "slanted")
    assert plane.factors == ("x", "y") and plane.values["angle"] == pytest.approx(27, abs=0.5)
    assert "turned" not in codes_of(found)


def test_two_latents_of_one_mixture_are_called_collapsed() -> None:
    mixture = X + Y
    found = diagnosed(np.column_stack([mixture, SHAPE, mixture + 0.01 * NOISE[:, 0]]))
    (pair,) = of_code(found, "collapsed")
    assert pair.factors == ("x", "y") and set(pair.latents) == {0, 2}
    assert set(codes_of(found)) == {"found", "collapsed"}


def test_a_tear_is_told() -> None:
    codes = GRID + [5, 0, 0] * (GRID[:, :1] > 0.5)
    torn = of_code(diagnosed(codes, GRID), "torn")[0]
    assert (torn.factors, torn.latents) == (("x", "y"), (0, 1)) and torn.values["tear"] >= 10


def test_a_plane_that_others_outweigh_is_not_called_flat() -> None:
    """Rows of one point are averaged, and their latents follow a third factor of many values."""
    third = np.random.default_rng(0).uniform(size=len(ROWS))
    codes = ROWS @ [[1, 1], [1, -1]] + 2 * third[:, None]
    file = Representation(codes, np.column_stack([ROWS, third]), ("x", "y", "third"))
    pair = evaluate_codes(file, "c.npz", Protocol(("geometry",))).geometry["x,y"]
    # Of variances 2 of the plane and 4 of the third, averages of three rows leave out two thirds.
    assert pair.within == pytest.approx(4 * 2 / 3 / 6, abs=0.02)
    straight = replace(pair, scores={**pair.scores, "affine_r2": 1.0, "inverse_r2": 1.0})
    assert not is_flat(straight) and is_flat(replace(straight, within=0.1))


def test_a_fold_is_told() -> None:
    found = diagnosed(np.abs(GRID - [0.4, 0, 0]), GRID)
    (folded,) = [each for each in of_code(found, "folded") if each.factors == ("x", "y")]
    assert folded.latents == (0, 1) and folded.values["fold_fraction"] > 0.3


def test_copies_are_not_called_turned() -> None:
    found = diagnosed(np.column_stack([X, X, Y, Y, SHAPE]))
    assert codes_of(found) == ["found", "copied", "copied"]
    assert (found[1].factors, found[1].latents) == (("x",), (0, 1))
    assert found[1].values["shares"] == [pytest.approx(1, abs=0.01)] * 2


def test_factors_of_small_grids_are_not_called_flat() -> None:
    """Among many latents two lie flat by chance on a grid of 2x2."""
    factors = RNG.integers(0, 2, (N, 2))
    assert diagnosed(RNG.normal(size=(N, 60)), factors, ("a", "b")) == [
        Finding("missing", ("a", "b"))
    ]


def test_few_rows_tell_of_no_place() -> None:
    for codes in (FACTORS, NOISE):
        assert diagnosed(codes[:200], FACTORS[:200]) == [Finding("unknown")]


def test_what_is_mixed_into_many_latents_is_told_where_a_linear_classifier_was_asked() -> None:
    factors = RNG.integers(0, 4, (N, 6))
    hadamard = np.array([[1, 1], [1, -1]])
    turns = np.kron(np.kron(hadamard, hadamard), hadamard)[:6] / 8  # each in eight latents alike
    codes = factors @ turns + 0.05 * RNG.normal(size=(N, 8))
    found = diagnosed(codes, factors, tuple("abcdef"), metrics=("mig", "infomec"))
    mixed = of_code(found, "mixed")
    assert mixed and all(each.values["share"] >= 0.5 for each in mixed)


@pytest.mark.parametrize("rows", [900, N])
def test_noise_is_in_no_latent_however_much_counting_finds(rows: int) -> None:
    assert diagnosed(NOISE[:rows], FACTORS[:rows]) == [Finding("missing", ("x", "y", "shape"))]


def test_blurred_codes_are_there_in_part_and_not_turned() -> None:
    found = diagnosed(FACTORS + 0.3 * NOISE)
    partial = of_code(found, "partial")
    assert (partial[0].factors, partial[0].latents) == (("x",), (0,))
    assert set(codes_of(found)) <= {"found", "partial"}


def test_one_latent_of_two_factors_and_a_factor_in_two_latents_are_told() -> None:
    both = diagnosed(np.column_stack([3 * SHAPE + X, NOISE]))
    assert of_code(both, "shared") == [Finding("shared", ("x", "shape"), (0,))]
    halves = np.column_stack([np.where(X < 0.5, X, 0.5), np.maximum(X, 0.5), Y, SHAPE])
    (spread,) = of_code(diagnosed(halves), "spread")
    assert spread.factors == ("x",) and set(spread.latents) == {0, 1}


def test_a_code_far_out_does_not_hide_where_a_factor_is() -> None:
    codes = FACTORS.copy()
    codes[0, 0] = 1e3
    x = diagnosed(codes)[0]
    assert (x.code, x.factors, x.latents) == ("found", ("x",), (0,)) and x.values["share"] > 0.9


def test_a_ring_is_where_a_circular_factor_belongs() -> None:
    turns = 2 * np.pi * HUE
    codes = np.column_stack([np.cos(turns), np.sin(turns), X, NOISE])
    found = diagnosed(codes, np.column_stack([HUE, X]), ("hue", "x"), frozenset(["hue"]))
    (ring,) = of_code(found, "ring")
    assert (ring.factors, ring.latents) == (("hue",), (0, 1)) and ring.values["gap"] > 0.5
    assert "spread" not in codes_of(found)


def test_unused_latents_say_nothing_where_posterior_stds_are_known() -> None:
    stds = np.tile([0.1, 0.9, 0.1, 0.1], (N, 1))
    stds[: N // 2] = 1.0  # where an image is blank, none is in use
    found = diagnosed(np.column_stack([X, Y, SHAPE, Y]), stds=stds)
    assert found[0] == Finding("unused", (), (1,), {"latent_dim": 4})
    assert [each.latents for each in of_code(found, "found") if each.factors == ("y",)] == [(3,)]
    turns = 2 * np.pi * HUE
    ring = np.column_stack([np.cos(turns), np.sin(turns), X])
    half = np.tile([0.1, 0.9, 0.1], (N, 1))
    one = diagnosed(ring, np.column_stack([HUE, X]), ("hue", "x"), frozenset(["hue"]), half)
    assert "ring" not in codes_of(one)
