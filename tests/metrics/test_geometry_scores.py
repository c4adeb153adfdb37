"""Every geometry score on codes made by construction, most of them made to fool it."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.geometry_scores import geometry_scores

SIDE = 24
LINE = np.linspace(0, 1, SIDE)
FACTORS = np.stack(np.meshgrid(LINE, LINE, indexing="ij"), axis=-1)
X, Y = 2 * FACTORS[..., 0] - 1, 2 * FACTORS[..., 1] - 1
NOTHING = np.zeros((SIDE, SIDE), dtype=bool)
HOLE = (np.abs(X) < 0.5) & (np.abs(Y) < 0.5)
CORNER = (X > 0) & (Y > 0)
R2_NAMES = ("affine_r2", "inverse_r2", "similarity_r2", "monotone_r2")
HELDOUT_NAMES = (
    "fold_fraction_heldout", "heldout_nrmse", "heldout_ratio", "heldout_area_ratio",
)  # fmt: skip


def sheet(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.stack(np.broadcast_arrays(first, second), axis=-1)


def rotation(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def score(codes: np.ndarray, held_out: np.ndarray = NOTHING, **options) -> dict:
    scores = geometry_scores(FACTORS, codes, held_out, **options)
    json.dumps(scores, allow_nan=False)  # neither NaN nor infinity, and no numpy types
    return scores


@pytest.mark.parametrize(
    "matrix",
    [np.eye(2), rotation(0.7), rotation(2.0) * 0.3, np.diag([1.0, -1.0]) @ rotation(0.3)],
    ids=["identity", "rotation", "rotation and scale", "reflection"],
)
def test_a_similarity_is_perfect_in_every_score(matrix: np.ndarray) -> None:
    scores = score(sheet(X, Y) @ matrix + 3.0, HOLE)

    for name in (*R2_NAMES, "tear", "affine_axis_ratio", "heldout_area_ratio", "heldout_ratio"):
        assert scores[name] == pytest.approx(1.0, abs=1e-9), name
    for name in ("fold_fraction", "fold_fraction_heldout", "support_nrmse", "heldout_nrmse"):
        assert scores[name] == pytest.approx(0.0, abs=1e-9), name


@pytest.mark.parametrize("codes", [sheet(X, 0.3 * Y), sheet(X, X + Y)], ids=["scale", "shear"])
def test_scale_and_shear_cost_only_the_similarity(codes: np.ndarray) -> None:
    scores = score(codes)

    assert scores["affine_r2"] == pytest.approx(1.0)
    assert scores["inverse_r2"] == pytest.approx(1.0)
    assert scores["monotone_r2"] == pytest.approx(1.0)
    assert scores["fold_fraction"] == 0.0
    assert scores["similarity_r2"] < 0.9
    assert scores["affine_axis_ratio"] < 0.5


def test_the_similarity_of_a_scaled_axis_is_known() -> None:
    # Singular values of the cross-covariance are v and s v: (1 + s)^2 / (2 (1 + s^2)).
    assert score(sheet(X, 0.3 * Y))["similarity_r2"] == pytest.approx(1.3**2 / (2 * 1.09))
    assert score(sheet(X, 0.3 * Y))["affine_axis_ratio"] == pytest.approx(0.3)


@pytest.mark.parametrize("degrees", [0, 10, 45, 80, 135])
@pytest.mark.parametrize("stretch", [1.0, 3.0])
def test_a_turn_keeps_the_right_angle_of_the_axes_whatever_their_lengths(
    degrees: float, stretch: float
) -> None:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    scores = score(sheet(c * X - s * stretch * Y, s * X + c * stretch * Y))
    assert scores["axis_angle_degrees"] == pytest.approx(90)
    assert scores["axis_turn_degrees"] == pytest.approx(min(degrees % 90, 90 - degrees % 90))


def test_a_slant_has_the_angle_of_its_axes() -> None:
    scores = score(sheet(X + Y, Y))  # the second axis goes to the diagonal
    assert scores["axis_angle_degrees"] == pytest.approx(45)
    assert scores["axis_turn_degrees"] == pytest.approx(45)
    assert score(sheet(X, 0 * Y))["axis_angle_degrees"] is None


def test_both_latents_with_one_factor_fool_only_the_affine_fit() -> None:
    scores = score(sheet(X, 2 * X))

    assert scores["affine_r2"] == pytest.approx(1.0)
    assert scores["inverse_r2"] == pytest.approx(0.0, abs=1e-9)
    assert scores["inverse_r2_by_factor"] == pytest.approx([1.0, 0.0], abs=1e-9)
    assert scores["monotone_r2"] == pytest.approx(0.0, abs=1e-9)
    assert scores["fold_fraction"] == 0.5
    assert scores["affine_axis_ratio"] == pytest.approx(0.0, abs=1e-9)


def test_a_trace_of_the_second_factor_is_seen_by_the_axis_ratio_alone() -> None:
    scores = score(sheet(X + 0.01 * Y, X - 0.01 * Y))

    assert scores["affine_r2"] == pytest.approx(1.0)
    assert scores["inverse_r2"] == pytest.approx(1.0)
    assert scores["affine_axis_ratio"] == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("trace", [0.0, 1e-9, 0.01])
def test_a_dead_latent_is_uninformative_even_if_its_means_keep_a_trace(trace: float) -> None:
    scores = score(sheet(X, 0.2 + trace * Y), HOLE)

    assert scores["affine_r2_by_latent"] == pytest.approx([1.0, 0.0])
    assert scores["affine_r2"] == pytest.approx(0.5)
    assert scores["inverse_r2"] == pytest.approx(0.0, abs=1e-9)
    assert scores["monotone_r2"] == pytest.approx(0.0, abs=1e-9)
    assert scores["fold_fraction"] == 0.5
    assert scores["support_nrmse"] == pytest.approx(np.sqrt(0.5))
    assert scores["heldout_area_ratio"] is None


def test_two_dead_latents_score_nothing() -> None:
    scores = score(sheet(np.full_like(X, 0.1), np.zeros_like(X)), CORNER)

    assert [scores[name] for name in R2_NAMES] == [0.0, 0.0, 0.0, 0.0]
    assert scores["fold_fraction"] == 0.5
    assert scores["support_nrmse"] == 1.0
    assert scores["tear"] is None  # no distance between neighbours


def test_the_threshold_of_death_can_be_moved() -> None:
    assert score(sheet(X, 0.01 * Y), dead_below=1e-3)["affine_r2"] == pytest.approx(1.0)


def test_a_weak_folded_latent_does_not_hide_behind_a_strong_one() -> None:
    scores = score(sheet(10 * X, 0.2 * np.abs(Y)))

    assert scores["affine_r2_by_latent"] == pytest.approx([1.0, 0.0], abs=1e-3)
    assert scores["affine_r2"] == pytest.approx(0.5, abs=1e-3)
    assert scores["inverse_r2"] == pytest.approx(0.0, abs=1e-3)
    assert scores["fold_fraction"] == pytest.approx(0.5, abs=0.05)


def test_the_fold_fraction_counts_the_turned_third_of_a_double_fold() -> None:
    zigzag = np.interp(X, [-1, -1 / 3, 1 / 3, 1], [0, 1, 0, 1])

    assert score(sheet(zigzag, Y))["fold_fraction"] == pytest.approx(1 / 3, abs=0.05)


def test_a_sheet_collapsed_for_the_most_part_is_folded_though_its_areas_keep_their_sign() -> None:
    flat = np.where(X < 0.5, 1e-5 * (X - 0.5), X - 0.5)
    scores = score(sheet(flat, np.where(X < 0.5, 1e-5 * Y, Y)))

    assert scores["fold_fraction"] == 0.5


def test_folds_outside_the_support_are_counted_apart_and_by_the_supports_orientation() -> None:
    mirrored = np.where(HOLE, -X, X)

    scores = score(sheet(mirrored, Y), HOLE)

    assert scores["fold_fraction"] == 0.0
    assert scores["fold_fraction_heldout"] > 0.5


def test_a_jump_is_a_tear() -> None:
    scores = score(sheet(X + 2.0 * (X > 0), Y))

    step = 2 / (SIDE - 1)
    assert scores["tear"] == pytest.approx((2 + step) / step)
    assert scores["fold_fraction"] == 0.0
    assert scores["monotone_r2"] == pytest.approx(1.0)


def test_a_jump_along_a_weak_factor_is_not_hidden_by_a_strong_one() -> None:
    weak = 0.05 * (Y + 20 * 2 / (SIDE - 1) * (Y > 0))

    scores = score(sheet(X, X + weak))

    assert scores["tear"] == pytest.approx(21.0)


def test_the_tear_of_a_staircase_is_finite() -> None:
    assert score(sheet(X, 1.0 * (Y > 0)))["tear"] == pytest.approx(SIDE - 1)


def test_unequal_levels_are_not_torn() -> None:
    levels = np.array([0.0, 0.1, 0.15, 0.6, 1.0])
    factors = np.stack(np.meshgrid(levels, LINE, indexing="ij"), axis=-1)

    scores = geometry_scores(factors, factors @ rotation(0.4), np.zeros((5, SIDE), dtype=bool))

    assert scores["tear"] == pytest.approx(1.0)
    assert scores["affine_r2"] == pytest.approx(1.0)


@pytest.mark.parametrize("held_out", [NOTHING, HOLE, CORNER], ids=["none", "hole", "corner"])
def test_a_warped_axis_keeps_its_monotone_score(held_out: np.ndarray) -> None:
    warped = sheet(np.tanh(3 * X), np.tanh(2 * Y) + 0.3 * Y) @ rotation(0.6)

    scores = score(warped @ np.diag([2.0, 0.4]), held_out)

    assert scores["monotone_r2"] == pytest.approx(1.0)
    assert scores["inverse_r2"] < 0.97
    assert scores["fold_fraction"] == 0.0


def test_a_little_noise_costs_a_little() -> None:
    noise = np.random.default_rng(0).normal(size=FACTORS.shape)
    variance = X.var()

    scores = score(sheet(X, Y) + 0.1 * noise)

    for name in ("affine_r2", "inverse_r2", "similarity_r2"):
        assert scores[name] == pytest.approx(variance / (variance + 0.01), abs=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_pure_noise_scores_nothing(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(size=FACTORS.shape)

    scores = score(noise, HOLE)

    assert max(scores[name] for name in R2_NAMES) < 0.06
    assert scores["fold_fraction"] > 0.45
    assert scores["support_nrmse"] > 0.97


@pytest.mark.parametrize("shrink", [1.0, 0.5, 0.1, 0.0])
def test_a_contracted_hole_has_the_square_of_its_scale(shrink: float) -> None:
    codes = sheet(X, Y)
    codes[HOLE] *= shrink

    scores = score(codes @ rotation(0.3), HOLE)

    assert scores["heldout_area_ratio"] == pytest.approx(shrink**2)
    assert scores["fold_fraction"] == 0.0
    assert scores["support_nrmse"] == pytest.approx(0.0, abs=1e-9)


def test_noise_does_not_hide_a_contracted_hole() -> None:
    codes = sheet(X, Y)
    noise = 2 / (SIDE - 1) * np.random.default_rng(0).normal(size=FACTORS.shape)
    codes[HOLE] = 0.5 * codes[HOLE] + noise[HOLE]

    assert score(codes, HOLE)["heldout_area_ratio"] == pytest.approx(0.25, abs=0.2)


def test_a_hole_turned_over_has_negative_area() -> None:
    assert score(sheet(np.where(HOLE, -X, X), Y), HOLE)["heldout_area_ratio"] == pytest.approx(-1)


def test_the_error_in_the_hole_is_known_for_a_shift() -> None:
    noise = 0.01 * np.random.default_rng(0).normal(size=FACTORS.shape)
    clean = score(sheet(X, Y) + noise, HOLE)
    shifted = score(sheet(X + 0.3 * HOLE, Y) + noise, HOLE)

    std = np.sqrt(2) * X[~HOLE].std()
    assert shifted["heldout_nrmse"] == pytest.approx(0.3 / std, rel=0.01)
    assert shifted["support_nrmse"] == clean["support_nrmse"]
    assert clean["heldout_ratio"] == pytest.approx(1.0, abs=0.2)
    assert shifted["heldout_ratio"] > 10


def test_support_error_is_the_root_of_what_the_affine_fit_leaves() -> None:
    scores = score(sheet(np.tanh(2 * X), Y + 0.3 * X**2), HOLE)

    assert scores["support_nrmse"] == pytest.approx(np.sqrt(1 - scores["affine_r2"]))


def test_scores_of_a_held_out_region_are_none_without_one() -> None:
    scores = score(sheet(X, Y))

    assert [scores[name] for name in HELDOUT_NAMES] == [None] * 4


def test_a_hole_thinner_than_a_cell_has_no_area() -> None:
    line = np.zeros_like(NOTHING)
    line[5] = True

    scores = score(sheet(X, Y), line)

    assert scores["heldout_area_ratio"] is None
    assert scores["heldout_nrmse"] == pytest.approx(0.0, abs=1e-9)


def test_a_support_without_triangles_has_no_fold_fraction() -> None:
    board = np.indices((SIDE, SIDE)).sum(axis=0) % 2 == 1

    assert score(sheet(X, Y), board)["fold_fraction"] is None


def test_a_full_turn_enters_as_cosine_and_sine() -> None:
    turns = np.arange(SIDE) / SIDE
    factors = np.stack(np.meshgrid(turns, LINE, indexing="ij"), axis=-1)
    angle = 2 * np.pi * factors[..., 0]
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=-1)

    scores = geometry_scores(factors, ring, NOTHING, circular=(True, False))
    cut = geometry_scores(factors, factors[..., [0, 0]], NOTHING, circular=(True, False))

    assert scores["inverse_r2_by_factor"] == pytest.approx([1.0, 0.0], abs=1e-9)
    assert scores["tear"] == pytest.approx(1.0)
    assert cut["tear"] == pytest.approx(SIDE - 1)  # the seam: from the last turn to the first
    given_scores = {name for name, value in scores.items() if value is not None}
    assert given_scores == {"inverse_r2", "inverse_r2_by_factor", "tear"}


def test_a_grid_with_both_ends_of_the_turn_has_no_seam_of_no_width() -> None:
    angle = 2 * np.pi * FACTORS[..., 0]

    scores = score(sheet(np.cos(angle), np.sin(angle)), circular=(True, False))

    # The setting that stands twice makes the ring slightly oval when it is standardised.
    assert scores["tear"] == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("held_out", [NOTHING, HOLE, CORNER], ids=["none", "hole", "corner"])
def test_affine_scores_are_scikit_learns(seed: int, held_out: np.ndarray) -> None:
    rng = np.random.default_rng(seed)
    basis = np.stack([X, Y, X * Y, X**2, Y**3], axis=-1)
    codes = basis @ rng.normal(size=(5, 2)) + 0.2 * rng.normal(size=FACTORS.shape)
    f, z = FACTORS[~held_out], codes[~held_out]

    scores = score(codes, held_out)

    forward = [LinearRegression().fit(f, z[:, k]).score(f, z[:, k]) for k in (0, 1)]
    inverse = [LinearRegression().fit(z, f[:, j]).score(z, f[:, j]) for j in (0, 1)]
    assert scores["affine_r2_by_latent"] == pytest.approx(forward, abs=1e-9)
    assert scores["affine_r2"] == pytest.approx(np.mean(forward), abs=1e-9)
    assert scores["inverse_r2_by_factor"] == pytest.approx(inverse, abs=1e-9)
    assert scores["inverse_r2"] == pytest.approx(min(inverse), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 9),
    angle=st.floats(0, 6.28),
    scale=st.floats(0.5, 20),
    shift=st.floats(-5, 5),
    flip=st.booleans(),
)
def test_a_similarity_of_the_latents_changes_only_what_is_standardised(
    seed: int, angle: float, scale: float, shift: float, flip: bool
) -> None:
    rng = np.random.default_rng(seed)
    codes = np.stack([X, Y, X * Y, X**2], axis=-1) @ rng.normal(size=(4, 2))
    codes += 0.05 * rng.normal(size=codes.shape)
    turned = scale * codes @ rotation(angle) @ np.diag([1.0, -1.0 if flip else 1.0]) + shift

    before, after = score(codes, HOLE), score(turned, HOLE)

    for name in ("inverse_r2", "similarity_r2", "affine_axis_ratio"):
        assert after[name] == pytest.approx(before[name], rel=1e-6, abs=1e-9), name
    assert after["monotone_r2"] == pytest.approx(before["monotone_r2"], abs=1e-4)
    assert after["fold_fraction"] == before["fold_fraction"]
    if before["heldout_area_ratio"] is not None and after["heldout_area_ratio"] is not None:
        assert after["heldout_area_ratio"] == pytest.approx(before["heldout_area_ratio"], rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(first=st.floats(0.3, 20), second=st.floats(-20, -0.3), shift=st.floats(-5, 5))
def test_the_scale_of_each_latent_matters_to_the_similarity_alone(
    first: float, second: float, shift: float
) -> None:
    codes = sheet(X + 0.3 * X * Y, Y - 0.2 * X**2)

    before, after = score(codes, HOLE), score(codes * [first, second] + shift, HOLE)

    for name in before.keys() - {"similarity_r2", "affine_axis_ratio"}:
        assert after[name] == pytest.approx(before[name], rel=1e-6, abs=1e-9), name


@pytest.mark.parametrize("shape", [(1, 5), (5, 1)])
def test_a_grid_of_one_line_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(SbvaeError, match="2x2 points or more"):
        geometry_scores(np.zeros((*shape, 2)), np.zeros((*shape, 2)), np.zeros(shape))


def test_a_grid_of_two_by_two_is_scored() -> None:
    corners = FACTORS[:: SIDE - 1, :: SIDE - 1]

    assert geometry_scores(corners, corners, np.zeros((2, 2)))["affine_r2"] == pytest.approx(1.0)


def test_codes_that_are_not_finite_are_counted() -> None:
    codes = sheet(X, Y)
    codes[0, :3, 1] = np.nan

    with pytest.raises(SbvaeError, match=f"3 of {codes.size} codes are not finite"):
        score(codes)


def test_points_without_a_code_are_neither_support_nor_held_out() -> None:
    codes = np.where(HOLE[..., None], 0.5 * sheet(X, Y), sheet(X, Y))
    whole = score(codes, HOLE)
    missing = (X < -0.9) | ((X > 0.2) & HOLE)
    codes[missing] = np.nan
    scores = score(codes, HOLE | missing)
    assert scores["heldout_area_ratio"] == pytest.approx(0.25, abs=1e-3)
    assert scores["fold_fraction_heldout"] == whole["fold_fraction_heldout"] == 0
    assert scores["heldout_nrmse"] is not None and scores["affine_r2"] == pytest.approx(1)
    gone = np.where(HOLE[..., None], np.nan, codes)
    assert [score(gone, HOLE | missing)[name] for name in HELDOUT_NAMES] == [None] * 4


def test_a_region_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(SbvaeError, match="two values of each factor must be left"):
        score(sheet(X, Y), np.ones_like(NOTHING))


def test_shapes_and_grids_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="must have shape"):
        geometry_scores(FACTORS, FACTORS[:-1], NOTHING)
    with pytest.raises(ValueError, match="must be a grid"):
        geometry_scores(FACTORS[..., ::-1], FACTORS, NOTHING)
    with pytest.raises(ValueError, match="must increase"):
        geometry_scores(FACTORS[::-1], FACTORS, NOTHING)


NEIGHBOURS = ("fold_fraction", "fold_fraction_heldout", "tear", "monotone_r2", "heldout_area_ratio")


def test_scattered_points_have_the_scores_of_straight_maps_alone() -> None:
    rng = np.random.default_rng(3)
    factors, held_out = rng.random((400, 2)), rng.random(400) < 0.2
    bent = factors + 0.3 * factors**2

    scores = geometry_scores(factors, bent @ rotation(0.5), held_out)

    assert all(scores[name] is None for name in NEIGHBOURS)
    fit = LinearRegression().fit(factors[~held_out], (bent @ rotation(0.5))[~held_out])
    r2 = fit.score(factors[~held_out], (bent @ rotation(0.5))[~held_out])
    assert scores["affine_r2"] == pytest.approx(r2, abs=1e-3)
    assert scores["similarity_r2"] > 0.98 and scores["heldout_nrmse"] > 0
    shuffled = rng.permutation(400)
    again = geometry_scores(factors[shuffled], bent[shuffled] @ rotation(0.5), held_out[shuffled])
    assert again["inverse_r2"] == pytest.approx(scores["inverse_r2"])


def test_a_grid_that_is_taken_as_points_keeps_its_other_scores() -> None:
    codes = sheet(np.tanh(X + 0.3 * Y), Y)
    grid = score(codes, HOLE)
    points = geometry_scores(FACTORS.reshape(-1, 2), codes.reshape(-1, 2), HOLE.ravel())
    for name in grid.keys() - {*NEIGHBOURS, "monotone_r2_by_factor"}:
        assert points[name] == pytest.approx(grid[name]), name
