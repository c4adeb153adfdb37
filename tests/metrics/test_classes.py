"""Which factors are continuous, and what their classes are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbvae_cli.config.names import FactorKind
from sbvae_cli.metrics.classes import factor_classes, is_continuous
from sbvae_cli.metrics.mig import mutual_information_gap


@pytest.mark.parametrize(
    ("levels", "rows", "continuous"),
    [
        (100, 500, False),
        (100, 499, True),
        (101, 50_000, True),
        (20, 20, False),  # no more than the bins would be
        (21, 104, True),
        (21, 105, False),
        (2, 2, False),
    ],
)
def test_many_levels_or_few_rows_for_each_are_a_range(
    levels: int, rows: int, continuous: bool
) -> None:
    column = np.arange(rows) % levels / 7

    assert is_continuous(column) == continuous
    found = factor_classes(column[:, None])
    assert len(np.unique(found)) == (20 if continuous else levels)


@pytest.mark.parametrize(
    ("levels", "kind", "continuous"),
    [
        (3, "range", True),
        (60, "levels", False),  # two rows for each
        (60, None, True),
        (101, "levels", True),
    ],
)
def test_what_a_factor_is_known_to_have_comes_before_its_values(
    levels: int, kind: FactorKind | None, continuous: bool
) -> None:
    column = np.arange(120.0) % levels
    assert is_continuous(column, kind=kind) == continuous
    found = factor_classes(column[:, None], kinds=[kind])
    assert len(np.unique(found)) == min(levels, 20 if continuous else levels)


@pytest.mark.parametrize("rows", [50, 100, 101, 200, 1000])
def test_a_range_has_bins_however_few_rows_there_are(rows: int) -> None:
    factors = np.random.default_rng(rows).uniform(3, 5, size=(rows, 2))

    found = factor_classes(factors)

    edges = np.stack([np.histogram(column, 20)[1] for column in factors.T])
    for column, classes, ends in zip(factors.T, found.T, edges, strict=True):
        assert (classes == np.digitize(column, ends[:-1]) - 1).all()


def test_perfect_codes_of_a_hundred_rows_are_not_called_worthless() -> None:
    """With a class for each row every latent would know all of every factor."""
    factors = np.random.default_rng(0).uniform(size=(100, 2))
    assert mutual_information_gap(factors, factor_classes(factors)).score > 0.4


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), scale=st.floats(0.01, 100), shift=st.floats(-5, 5))
def test_a_factors_own_scale_does_not_matter(seed: int, scale: float, shift: float) -> None:
    levels = np.random.default_rng(seed).integers(0, 6, size=(200, 1))
    assert (factor_classes(scale * levels + shift) == factor_classes(levels)).all()


def test_the_first_rows_decide_on_bins_and_their_range() -> None:
    factors = np.random.default_rng(0).uniform(size=(900, 1))
    more = np.concatenate([factors, [[-1.0], [2.0]]])

    found = factor_classes(more, first=900)

    assert (found[:900] == factor_classes(factors)).all()
    assert found[900:, 0].tolist() == [0, 19]


def test_no_factors_have_no_classes() -> None:
    assert factor_classes(np.zeros((5, 0))).shape == (5, 0)


@pytest.mark.parametrize("factors", [np.zeros(4), np.full((4, 1), np.nan)])
def test_what_is_no_table_of_numbers_is_refused(factors: np.ndarray) -> None:
    with pytest.raises(ValueError, match="finite and of shape"):
        factor_classes(factors)
