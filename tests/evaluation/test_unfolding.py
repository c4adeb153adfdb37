"""Moments of a training: when they are, which of them there are, and the latents they are in."""

import numpy as np
import pytest

from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.point_codes import FactorPoints, PointCodes
from sbvae_cli.evaluation.unfolding import Unfolding, moments, same_points

AXIS = np.linspace(0.0, 1.0, 6)
SQUARE = np.stack(np.meshgrid(AXIS, AXIS, indexing="ij"), axis=-1)
POINTS = FactorPoints(("x", "y"), 10 * SQUARE, SQUARE, np.zeros((6, 6), np.bool_))


def codes(share: float) -> PointCodes:
    """Latents 2 and 0 are x and y, the more of them the later; 1 and 3 know nothing."""
    rng = np.random.default_rng(0)
    means = 0.01 * rng.normal(size=(6, 6, 4))
    means[..., 2] += share * (4 * SQUARE[..., 0] - 2)
    means[..., 0] += share * (4 * SQUARE[..., 1] - 2)
    stds = np.where(np.isin(np.arange(4), (0, 2)), 1 - 0.9 * share, 1.0)
    return PointCodes(means, np.broadcast_to(stds, means.shape).copy())


def unfolded() -> Unfolding:
    found = Unfolding(POINTS)
    for step in (0, 5, 20, 80):
        found = found.add(step, codes(step / 80))
    return found


@pytest.mark.parametrize("steps", [1, 7, 30, 1000, 500_000])
def test_moments_are_from_the_first_step_to_the_last_and_denser_early(steps: int) -> None:
    found = moments(steps)
    assert found[0] == 0 and found[-1] == steps and len(found) == len(set(found)) <= 61
    gaps = np.diff(found)
    assert gaps.max() <= 1 + 2 * steps / 60
    if steps > 60:  # of shorter runs it is every step
        assert sum(step <= steps / 4 for step in found) >= len(found) / 2.5
    else:
        assert gaps.max() == 1


def test_every_moment_is_in_the_latents_that_the_last_one_chooses() -> None:
    found = unfolded()
    assert {each.choice.latents for each in found.embeddings()} == {(2, 0)}
    spreads = [np.ptp(each.codes, axis=(0, 1)) for each in found.embeddings()]
    np.testing.assert_allclose(spreads, [[4 * step / 80] * 2 for step in found.steps], atol=0.1)
    assert found.embedding().scores["affine_r2"] > 0.999


def test_moments_after_a_step_are_dropped() -> None:
    assert unfolded().until(20).steps == (0, 5, 20)
    assert unfolded().until(19).add(20, codes(1.0)).steps == (0, 5, 20)
    nothing = unfolded().until(-1)
    assert nothing.steps == () and nothing.add(3, codes(1.0)).steps == (3,)
    with pytest.raises(SbvaeError, match="no moment of training"):
        nothing.embeddings()


def test_points_differ_by_values_or_what_is_held_out() -> None:
    other = FactorPoints(("x", "y"), POINTS.values, POINTS.scaled, POINTS.values[..., 0] > 5)
    assert same_points(POINTS, POINTS) and not same_points(POINTS, other)
    fewer = FactorPoints(("x", "y"), POINTS.values[:5], POINTS.scaled[:5], POINTS.held_out[:5])
    assert not same_points(POINTS, fewer)
