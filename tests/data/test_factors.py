"""Factor spaces: populations and held-out regions."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.edit_space import customise
from sbvae_cli.config.names import CirclesPreset
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.level_grid import combination_numbers, combinations
from sbvae_cli.errors import SbvaeError

PRESETS = get_args(CirclesPreset)
POPULATIONS = ("train", "full", "heldout")


def space_of(preset: CirclesPreset, **changes: object) -> FactorSpace:
    return FactorSpace(customise(named_space(f"circles:{preset}"), **changes))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


MIXED = FactorSpace(
    SpaceConfig(
        factors=(
            FactorConfig(name="shape", kind="discrete", levels=(0, 1, 2)),
            FactorConfig(name="angle", low=0, high=360, period=360),
            FactorConfig(name="size", low=0.5, high=1),
        ),
        held_out=(
            {"shape": (0.5, 1), "angle": (0, 90)},
            {"angle": (45, 120), "size": (0.5, 0.8)},
        ),
    )
)


@pytest.mark.parametrize("preset", PRESETS)
def test_values_lie_in_their_ranges(preset: CirclesPreset) -> None:
    space = space_of(preset)
    rows = space.sample(rng(), 4000, "full")
    for column, factor in zip(rows.T, space.config.factors, strict=True):
        low, high = np.asarray(factor.bounds, np.float32).tolist()
        assert low <= column.min() <= column.max() <= high
        if factor.name in space.varying:
            assert column.mean() == pytest.approx((low + high) / 2, abs=0.05 * (high - low))


@pytest.mark.parametrize("preset", [p for p in PRESETS if p.endswith(("-hole", "-corner"))])
def test_a_quarter_is_held_out_and_never_sampled(preset: CirclesPreset) -> None:
    space = space_of(preset)
    assert space.held_out_share == pytest.approx(0.25, abs=1e-9)
    assert not space.held_out_mask(space.sample(rng(), 20000)).any()
    assert space.held_out_mask(space.sample(rng(), 20000, "heldout")).all()
    assert space.held_out_mask(space.sample(rng(), 20000, "full")).mean() == pytest.approx(
        0.25, abs=0.02
    )


def test_the_middle_half_is_what_the_hole_preset_lacks() -> None:
    x, y = space_of("xy-hole").sample(rng(), 50000)[:, :2].T
    inside = (x > 0.35) & (x < 0.65) & (y > 0.35) & (y < 0.65)
    assert inside.sum() == 0
    assert ((x > 0.35) & (x < 0.65)).mean() == pytest.approx(1 / 3, abs=0.02)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(*[st.floats(0, 1)] * 4).map(lambda e: (sorted(e[:2]), sorted(e[2:]))),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 2**32),
)
def test_any_holes_are_left_out_and_their_share_is_that_of_monte_carlo(
    boxes: list, seed: int
) -> None:
    regions = tuple({"x": tuple(x), "y": tuple(y)} for x, y in boxes if x[0] < x[1] and y[0] < y[1])
    assume(regions)
    factors = (FactorConfig(name="x", low=0, high=1), FactorConfig(name="y", low=0, high=1))
    config = SpaceConfig(factors=factors, held_out=regions)
    try:
        space = FactorSpace(config)
    except SbvaeError:
        assume(False)
    assume(space.held_out_share < 0.99)

    full = space.sample(rng(seed), 4000, "full")
    share = space.held_out_share
    tolerance = 6 * np.sqrt(share * (1 - share) / 4000) + 1e-3
    assert space.held_out_mask(full).mean() == pytest.approx(share, abs=tolerance)
    train = space.sample(rng(seed), 500)
    assert train.shape == (500, 2)
    assert not space.held_out_mask(train).any()


def test_overlapping_regions_are_drawn_uniformly() -> None:
    space = MIXED
    full = space.sample(rng(0), 400_000, "full")
    expected = full[space.held_out_mask(full)]
    found = space.sample(rng(1), len(expected), "heldout")

    assert space.held_out_mask(found).all()
    edges = [[-0.5, 0.5, 1.5, 2.5], [0, 45, 60, 90, 120], [0.5, 0.65, 0.8, 1]]
    counts = [np.histogramdd(rows, edges)[0] for rows in (expected, found)]
    std = (counts[0] - counts[1]) / np.sqrt(np.maximum(counts[0] + counts[1], 1))
    assert np.abs(std).max() < 4.5
    halves = found[: len(found) // 2, 0].mean(), found[len(found) // 2 :, 0].mean()
    assert halves[0] == pytest.approx(halves[1], abs=0.02)


def test_the_share_counts_levels() -> None:
    # shape 1 and the first quarter of angles; 75 degrees and 0.6 of sizes; less the overlap.
    expected = 1 / 3 / 4 + 75 / 360 * 0.6 - 1 / 3 * 45 / 360 * 0.6
    assert MIXED.held_out_share == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "holes",
    [
        [{"x": (0.2, 0.8)}],
        [{"x": (0.0, 0.5)}, {"x": (0.5, 1.0)}],
        [{"x": (0.2, 0.8), "y": (0.1, 0.6)}, {"y": (0.55, 0.9)}],
        [{"diameter": (0.1, 0.3)}],
    ],
)
def test_a_hole_that_leaves_nothing_is_refused(holes: list) -> None:
    with pytest.raises(SbvaeError, match="the held-out regions leave nothing of the space"):
        space_of("xy", holes=holes)


def test_little_that_is_left_is_found() -> None:
    space = space_of("xy", holes=[{"x": (0.2, 0.7999)}])
    rows = space.sample(rng(), 50)
    assert len(rows) == 50
    assert (rows[:, 0] > 0.7998).all()


def test_a_space_without_a_hole_has_no_heldout_population() -> None:
    with pytest.raises(SbvaeError, match="no held-out region"):
        space_of("xy").sample(rng(), 3, "heldout")


def test_half_of_the_blank_preset_is_blank_and_nan() -> None:
    space = space_of("xh-blank")
    rows = space.sample(rng(), 20000)
    blank = rows[:, -1] == 0
    assert blank.mean() == pytest.approx(0.5, abs=0.02)
    assert np.isnan(rows[blank, :-1]).all()
    assert not np.isnan(rows[~blank]).any()
    assert (rows[~blank, -1] == 1).all()
    assert (space.sample(rng(), 500, "full")[:, -1] == 1).all()


def test_blank_rows_lie_in_no_hole() -> None:
    space = space_of("xy-hole", blank=0.5)
    rows = np.array([[np.nan] * 6 + [0], [0.5, 0.5, 0.2, 1, 1, 1, 1]])
    assert space.held_out_mask(rows).tolist() == [False, True]


@pytest.mark.parametrize("population", POPULATIONS)
def test_the_same_seed_draws_the_same_rows(population: str) -> None:
    space = space_of("xy-hole", blank=0.3)
    first, again, other = (space.sample(rng(seed), 100, population) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert first.dtype == np.float32


@pytest.mark.parametrize("population", POPULATIONS)
def test_no_rows_can_be_drawn(population: str) -> None:
    assert space_of("xy-hole").sample(rng(), 0, population).shape == (0, 6)


def test_columns_are_scaled_by_their_ranges() -> None:
    space = space_of("xy")
    rows = np.array([[0.2, 0.8, 0.2, 1, 1, 1], [0.35, 0.5, 0.2, 1, 1, 1]])
    np.testing.assert_allclose(
        space.scaled(rows, ("y", "x", "diameter")), [[1, 0, 0.5], [0.5, 0.25, 0.5]], atol=1e-12
    )


def test_values_that_single_precision_merges_are_drawn_held_out_and_found_apart() -> None:
    stamps = tuple(1.7e9 + i for i in range(16))
    factors = (FactorConfig(name="t", kind="discrete", levels=stamps),)
    config = SpaceConfig(
        factors=factors, held_out=({"t": (1.7e9, 1.7e9 + 3)},), complete_grid=True, dtype="float64"
    )
    space = FactorSpace(config)
    assert space.held_out_share == 4 / 16
    drawn = space.sample(np.random.default_rng(0), 1000)
    assert set(drawn[:, 0]) == set(stamps[4:])
    assert set(space.sample(np.random.default_rng(0), 1000, "full")[:, 0]) == set(stamps)
    rows = combinations(config, np.arange(16))
    assert rows[:, 0].tolist() == list(stamps)
    assert combination_numbers(config, rows).tolist() == list(range(16))
