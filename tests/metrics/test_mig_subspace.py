"""The gap of subspaces on codes that are rotated, curled up, mixed, doubled or dead."""

import numpy as np
import pytest

from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.classes import factor_classes
from sbvae_cli.metrics.mig import mutual_information_gap
from sbvae_cli.metrics.mig_subspace import SubspaceGap, mig_subspace

N = 6000
RNG = np.random.default_rng(0)
X, Y, HUE = RNG.uniform(size=(3, N))
SCALE = RNG.integers(0, 6, N) / 6
NOISE = RNG.normal(size=(N, 3))
LEAK, DECOYS = RNG.normal(size=N), RNG.normal(size=(N, 2))
PLANE = np.column_stack([X, Y])
POSITION = factor_classes(PLANE)
NAMES = ("x", "y")


def rotated(codes: np.ndarray, degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return codes @ np.array([[c, -s], [s, c]])


def of_position(codes: np.ndarray) -> SubspaceGap:
    return mig_subspace(np.column_stack([codes, NOISE]), POSITION, NAMES, [NAMES])


@pytest.mark.parametrize("degrees", [0, 10, 20, 45, 70, -33])
def test_a_rotation_of_the_group_costs_nothing(degrees: float) -> None:
    found = of_position(rotated(PLANE, degrees))
    assert found.score > 0.9
    assert found.latents == {NAMES: (0, 1)}


@pytest.mark.parametrize("degrees", [10, 20, 30])
def test_a_rotation_of_unequal_ranges_costs_nothing_either(degrees: float) -> None:
    assert of_position(rotated(PLANE * [1, 2], degrees)).score > 0.9
    assert of_position(rotated(PLANE * [1, 1.5], degrees)).score > 0.9


def test_a_stretched_and_turned_ring_is_still_an_angle() -> None:
    turns = 2 * np.pi * HUE
    ring = rotated(np.column_stack([np.cos(turns), 3 * np.sin(turns)]), 29)
    codes = np.column_stack([ring, X, NOISE])
    found = mig_subspace(
        codes, factor_classes(np.column_stack([HUE, X])), ("hue", "x"), [], frozenset(["hue"])
    )
    assert found.by_factor[0] > 0.85


def test_the_mig_calls_the_same_codes_bad() -> None:
    codes = np.column_stack([rotated(PLANE, 45), NOISE])
    assert mutual_information_gap(codes, POSITION).score < 0.05


@pytest.mark.parametrize(
    ("codes", "most"),
    [
        (np.column_stack([X, X + 0.001 * Y]), 0.51),  # one factor in both
        (np.column_stack([PLANE, PLANE]), 0.01),  # outside of the group they are known as well
        (np.column_stack([rotated(PLANE, 45)] * 2), 0.01),
        (NOISE[:, ::-1], 0.01),
        (np.column_stack([X, X + 2 * Y]), 0.75),  # sheared
        (np.abs(PLANE - 0.5), 0.85),  # folded: half of the bins
        (np.zeros((N, 2)), 0.01),
        (np.column_stack([X, np.zeros(N)]), 0.51),
        (np.column_stack([PLANE, rotated(PLANE, 45)]), 0.01),  # outside another turned copy
        (np.column_stack([PLANE, rotated(PLANE, 45), PLANE + 0.02 * DECOYS]), 0.3),
    ],
    ids=[
        "collapsed",
        "doubled",
        "doubled-rotated",
        "noise",
        "sheared",
        "folded",
        "dead",
        "half",
        "doubled-turned",
        "doubled-turned-hidden",
    ],
)
def test_what_is_no_rotation_costs(codes: np.ndarray, most: float) -> None:
    assert of_position(codes).score <= most


def test_a_circular_factor_takes_two_latents_as_an_angle() -> None:
    turns = 2 * np.pi * HUE
    codes = np.column_stack([3 * np.cos(turns + 1), NOISE, np.sin(turns + 1), X])
    factors = factor_classes(np.column_stack([HUE, X]))

    found = mig_subspace(codes, factors, ("hue", "x"), [], frozenset(["hue"]))

    assert found.latents == {("hue",): (0, 4), ("x",): (5,)}
    assert found.by_factor[0] > 0.85 and found.by_factor[1] > 0.95
    assert mutual_information_gap(codes, factors).by_factor[0] < 0.1


def test_a_second_ring_of_the_same_circular_factor_is_a_runner_up() -> None:
    turns = 2 * np.pi * HUE
    ring = np.column_stack([np.cos(turns), np.sin(turns)])
    codes = np.column_stack([ring, X, rotated(ring, 20)])
    classes = factor_classes(np.column_stack([HUE, X]))
    assert mig_subspace(codes, classes, ("hue", "x"), [], frozenset(["hue"])).by_factor[0] < 0.05
    line = np.column_stack([HUE, ring, X])  # a latent of its own beside a ring
    assert mig_subspace(line, classes, ("hue", "x"), [], frozenset(["hue"])).by_factor[0] < 0.15


def test_other_factors_are_groups_of_their_own() -> None:
    codes = np.column_stack([NOISE, SCALE, rotated(PLANE, 30)])
    factors = factor_classes(np.column_stack([X, SCALE, Y]))

    found = mig_subspace(codes, factors, ("x", "scale", "y"), [NAMES])

    assert found.latents == {NAMES: (4, 5), ("scale",): (3,)}
    assert found.by_factor.min() > 0.9


def test_without_groups_it_is_the_mig_of_the_scored_half() -> None:
    """With a latent for each factor the runner-up is the same."""
    codes = np.column_stack([PLANE + 0.02 * NOISE[:, :2], NOISE])
    found = mig_subspace(codes, POSITION, NAMES, [])
    assert found.by_factor == pytest.approx(
        mutual_information_gap(codes, POSITION).by_factor, abs=0.02
    )


def test_the_same_seed_gives_the_same_number() -> None:
    codes = rotated(PLANE, 45)
    assert of_position(codes).score == of_position(codes).score


@pytest.mark.parametrize(
    ("groups", "circular", "message"),
    [
        ([("x", "z")], (), "z does not vary here; choose from x, y"),
        ([("x", "x")], (), "x is named twice"),
        ([("x",), ("y", "x")], (), "x is named twice"),
        ([("x", "y")], ("x",), "x is circular"),
        ([("x", "y", "size")], (), "two factors make a group, not x, y, size; name two"),
    ],
)
def test_groups_that_cannot_be_are_one_line(
    groups: list[tuple[str, ...]], circular: tuple[str, ...], message: str
) -> None:
    with pytest.raises(SbvaeError, match=message):
        mig_subspace(NOISE, POSITION, NAMES, groups, frozenset(circular))


def test_fewer_latents_than_factors_or_next_to_no_rows_are_one_line() -> None:
    with pytest.raises(SbvaeError, match="needs a latent for each of 2 factors, there are 1"):
        mig_subspace(NOISE[:, :1], POSITION, NAMES, [NAMES])
    with pytest.raises(SbvaeError, match="needs 8 rows, there are 7"):
        mig_subspace(NOISE[:7], POSITION[:7], NAMES, [NAMES])


def test_a_latent_that_leaks_one_factor_does_not_stand_in_for_the_plane() -> None:
    """It knows more of x than either of the two that hold the plane turned by 45 degrees."""
    codes = np.column_stack([rotated(PLANE, 45), X + 0.2 * LEAK, NOISE])

    found = mig_subspace(codes, POSITION, NAMES, [NAMES])

    assert found.latents == {NAMES: (0, 1)}
    assert found.by_factor[0] > 0.75 and found.by_factor[1] > 0.95


def test_a_circular_factor_in_one_latent_is_not_worse_than_by_the_mig() -> None:
    codes, classes = np.column_stack([NOISE, HUE, X]), factor_classes(np.column_stack([HUE, X]))
    for some in (codes, codes[:, 3:]):  # there may be no second latent to spare
        found = mig_subspace(some, classes, ("hue", "x"), [], frozenset(["hue"]))
        gaps = mutual_information_gap(some, classes).by_factor
        assert found.by_factor[0] == pytest.approx(gaps[0], abs=0.03)  # of half of the rows
        assert len(found.latents["hue",]) == 1


def test_a_class_that_few_rows_have_is_no_division_by_nothing() -> None:
    classes = np.column_stack([np.arange(N) == 3, factor_classes(Y[:, None])[:, 0]]).astype(int)
    assert 0 <= mig_subspace(np.column_stack([PLANE, NOISE]), classes, NAMES, [NAMES]).score <= 1
