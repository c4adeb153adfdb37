"""Shares of unions against inclusion and exclusion, and counting."""

from itertools import combinations

import numpy as np
import pytest

from sbvae_cli.config.space import FactorConfig
from sbvae_cli.data.regions import union_share

AXES = [FactorConfig(name=name, low=0, high=2) for name in "abc"]


@pytest.mark.parametrize("seed", range(10))
def test_the_share_is_that_of_inclusion_and_exclusion(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ends = np.sort(rng.uniform(-0.5, 2.5, (5, 3, 2)), -1)
    regions = [{n: tuple(e) for n, e in zip("abc", box, strict=True)} for box in ends]

    expected = 0.0
    for size in range(1, 6):
        for some in combinations(np.clip(ends, 0, 2), size):
            low, high = np.max(some, 0)[:, 0], np.min(some, 0)[:, 1]
            expected -= (-1) ** size * np.prod(np.maximum(high - low, 0) / 2)

    assert union_share(AXES, regions) == pytest.approx(expected, abs=1e-12)


def test_levels_and_constants_count_as_wholes() -> None:
    factors = [
        FactorConfig(name="shape", kind="discrete", levels=(0, 1, 2, 3)),
        FactorConfig(name="size", low=0.2, high=0.2),
        FactorConfig(name="x", low=0, high=1),
    ]
    hole = {"shape": (0.5, 2), "size": (0.1, 0.3), "x": (0.5, 0.7)}
    assert union_share(factors, [hole]) == pytest.approx(2 / 4 * 0.2)
    assert union_share(factors, [{**hole, "size": (0.3, 0.4)}]) == 0


def test_many_overlapping_regions_take_no_time() -> None:
    regions = [{"a": (i / 50, i / 50 + 0.5), "b": (0, 1), "c": (0, 2 - i / 50)} for i in range(75)]
    assert 0 < union_share(AXES, regions) < 1


def test_no_region_covers_nothing() -> None:
    assert union_share(AXES, []) == 0
