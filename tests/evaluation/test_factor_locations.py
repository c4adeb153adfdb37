"""Where factors are, in words: codes that are apart, turned, slanted, folded, doubled, noise."""

from dataclasses import replace

import numpy as np
import pytest

from sbvae_cli.data.codes_file import CodesFile
from sbvae_cli.evaluation.of_codes import evaluate_codes
from sbvae_cli.evaluation.sheets import is_flat
from sbvae_cli.metrics.protocol import Protocol

N = 4000
RNG = np.random.default_rng(0)
X, Y, HUE = RNG.uniform(size=(3, N))
SHAPE = RNG.integers(0, 3, N)
NOISE = RNG.normal(size=(N, 3))
FACTORS = np.column_stack([X, Y, SHAPE])


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
) -> str:
    file = CodesFile(codes, factors, names, circular, None, codes, (), stds=stds)
    protocol = replace(Protocol(), metrics=metrics, lenient=True)
    return "\n".join(evaluate_codes(file, "c.npz", protocol).diagnosis)


def test_factors_with_a_latent_each_are_found() -> None:
    said = diagnosed(np.column_stack([SHAPE, X, NOISE]))
    assert said.startswith("found (share of all there is to know): x in latent 1 (")
    assert "shape in latent 0 (100%)" in said
    assert "in no single latent: y; longer training or a smaller beta may find it" in said
    assert "--" not in said  # options are of no use for codes from elsewhere


@pytest.mark.parametrize(("degrees", "stretch"), [(10, 1), (30, 1), (45, 1), (45, 2)])
def test_a_turned_plane_is_told_from_a_spread_factor(degrees: float, stretch: float) -> None:
    said = diagnosed(np.column_stack([turned(degrees, stretch), SHAPE]))
    assert said.count("x and y lie flat in latents") == 1
    assert f"only turned by {degrees} degrees, which MIG punishes" in said
    assert "folded" not in said and "spread" not in said and "in no single latent" not in said


def test_a_turned_plane_is_told_without_geometry_too() -> None:
    said = diagnosed(np.column_stack([turned(45), SHAPE]), metrics=("mig",))
    assert said.count("x and y are turned within latents 0 and 1 (mig_subspace 0.9") == 1
    assert "spread" not in said
    assert "turned" not in diagnosed(FACTORS + 0.3 * NOISE, metrics=("mig",))


def test_a_third_latent_of_a_turned_plane_is_named_beside_it() -> None:
    codes = np.column_stack([turned(45), Y + 0.08 * NOISE[:, 0]])
    stds = np.tile([0.05, 0.05, 0.3], (N, 1))  # the two least uncertain are looked at
    said = diagnosed(codes, np.column_stack([X, Y]), ("x", "y"), stds=stds)
    assert "x and y lie flat in latents" in said and "only turned" in said
    assert "y is in latent 2 (" in said and "as well; other seeds" in said


def test_a_slanted_plane_is_not_called_turned() -> None:
    said = diagnosed(np.column_stack([X + 2 * Y, Y, SHAPE]))
    assert "x and y lie flat" in said and "but slanted: their axes cross at 27 degrees" in said


def test_two_latents_of_one_mixture_are_called_collapsed() -> None:
    mixture = X + Y
    said = diagnosed(np.column_stack([mixture, SHAPE, mixture + 0.01 * NOISE[:, 0]]))
    assert said.count("x and y are collapsed onto one mixture, in latents") == 1
    assert "spread" not in said and "turned" not in said


def test_a_tear_is_told() -> None:
    said = diagnosed(np.column_stack([X + 5 * (X > 0.5), Y, SHAPE]))
    assert "torn: x and y" in said and "codes of neighbours jump" in said


def test_a_plane_that_others_outweigh_is_not_called_flat() -> None:
    """Averaged over the third factor the plane is straight, and its latents follow that one."""
    x, y, third = RNG.uniform(size=(3, 40_000))
    codes = np.column_stack([x + y + 2 * third, x - y + 2 * third])
    factors = np.column_stack([x, y, third])
    file = CodesFile(codes, factors, ("x", "y", "third"), frozenset(), None, codes, ())
    pair = evaluate_codes(file, "c.npz", Protocol(("geometry",))).geometry["x,y"]
    assert min(pair.scores["affine_r2"], pair.scores["inverse_r2"]) > 0.9
    assert pair.within == pytest.approx(2 / 3, abs=0.02)
    assert not is_flat(pair)


def test_a_fold_is_told() -> None:
    said = diagnosed(np.column_stack([np.abs(X - 0.5), Y, SHAPE]))
    assert "folded: x and y" in said and "settings that differ share codes" in said


def test_copies_are_not_called_turned() -> None:
    said = diagnosed(np.column_stack([X, X, Y, Y, SHAPE]))
    assert "x is in latents 0 (100%) and 1 (100%) alike" in said
    assert "turned" not in said and "flat" not in said


def test_factors_of_small_grids_are_not_called_flat() -> None:
    """Among many latents two lie flat by chance on a grid of 2x2."""
    factors = RNG.integers(0, 2, (N, 2))
    said = diagnosed(RNG.normal(size=(N, 60)), factors, ("a", "b"))
    assert said.startswith("in no single latent: a, b")


def test_few_rows_tell_of_no_place() -> None:
    for codes in (FACTORS, NOISE):
        assert diagnosed(codes[:200], FACTORS[:200]) == (
            "where factors are cannot be told from so few rows; bring more"
        )


def test_what_is_mixed_into_many_latents_is_told_where_a_linear_classifier_was_asked() -> None:
    factors = RNG.integers(0, 4, (N, 6))
    hadamard = np.array([[1, 1], [1, -1]])
    turns = np.kron(np.kron(hadamard, hadamard), hadamard)[:6] / 8  # each in eight latents alike
    codes = factors @ turns + 0.05 * RNG.normal(size=(N, 8))
    names = tuple("abcdef")
    file = CodesFile(codes, factors, names, frozenset(), None, codes, ())  # type: ignore[arg-type]
    protocol = replace(Protocol(), metrics=("mig", "infomec"), lenient=True)
    said = "\n".join(evaluate_codes(file, "c.npz", protocol).diagnosis)
    assert "mixed into many latents, from which a linear classifier reads them: " in said


@pytest.mark.parametrize("rows", [500, N])
def test_noise_is_in_no_latent_however_much_counting_finds(rows: int) -> None:
    said = diagnosed(NOISE[:rows], FACTORS[:rows])
    assert said.startswith("in no single latent: x, y, shape") and "\n" not in said


def test_blurred_codes_are_there_in_part_and_not_turned() -> None:
    said = diagnosed(FACTORS + 0.3 * NOISE)
    assert "x is in latent 0 (" in said and "in part" in said
    assert "turned" not in said


def test_one_latent_of_two_factors_and_a_factor_in_two_latents_are_told() -> None:
    assert "latent 0 carries x and shape at once" in diagnosed(
        np.column_stack([3 * SHAPE + X, NOISE])
    )
    spread = np.column_stack([np.where(X < 0.5, X, 0.5), np.maximum(X, 0.5), Y, SHAPE])
    assert "x is spread over latents" in diagnosed(spread)


def test_a_code_far_out_does_not_hide_where_a_factor_is() -> None:
    codes = FACTORS.copy()
    codes[0, 0] = 1e3
    assert "x in latent 0 (9" in diagnosed(codes)


def test_a_ring_is_where_a_circular_factor_belongs() -> None:
    turns = 2 * np.pi * HUE
    codes = np.column_stack([np.cos(turns), np.sin(turns), X, NOISE])
    said = diagnosed(codes, np.column_stack([HUE, X]), ("hue", "x"), frozenset(["hue"]))
    assert "hue by the angle of latents 0 and 1" in said and "spread" not in said


def test_unused_latents_say_nothing_where_posterior_deviations_are_known() -> None:
    stds = np.tile([0.1, 0.9, 0.1, 0.1], (N, 1))
    stds[: N // 2] = 1.0  # where an image is blank, none is in use
    said = diagnosed(np.column_stack([X, Y, SHAPE, Y]), stds=stds)
    turns = 2 * np.pi * HUE
    ring = np.column_stack([np.cos(turns), np.sin(turns), X])
    half = np.tile([0.1, 0.9, 0.1], (N, 1))
    one = diagnosed(ring, np.column_stack([HUE, X]), ("hue", "x"), frozenset(["hue"]), half)
    assert "by the angle" not in one
    assert "unused: latent 1 of 4" in said and "y in latent 3 (100%)" in said
