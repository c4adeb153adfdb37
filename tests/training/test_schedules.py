"""Learning rates and weights at a step."""

import pytest

from sbvae_cli.training.schedules import cyclic, decayed, linear


def test_learning_rates_fall_as_they_should() -> None:
    assert decayed("constant", 99, 100) == 1
    assert decayed("linear", 25, 100) == 0.75
    assert decayed("cosine", 0, 100) == 1
    assert decayed("cosine", 50, 100) == pytest.approx(0.5)
    assert decayed("cosine", 100, 100) == pytest.approx(0)


def test_a_linear_weight_rises_and_stays() -> None:
    assert [linear(1.0, 5.0, step, 4) for step in range(7)] == [1, 2, 3, 4, 5, 5, 5]


def test_a_linear_weight_may_fall() -> None:
    assert [linear(4.0, 2.0, step, 2) for step in range(4)] == [4, 3, 2, 2]


def test_a_cyclic_weight_rises_in_every_cycle() -> None:
    weights = [cyclic(0.0, 4.0, step, 8, rising=0.5) for step in range(20)]
    assert weights[:8] == [0, 1, 2, 3, 4, 4, 4, 4]
    assert weights[8:16] == weights[:8]
    assert weights[16:] == [0, 1, 2, 3]


def test_a_cycle_of_one_update_has_no_rise_to_divide_by() -> None:
    assert [cyclic(1.0, 3.0, step, 1, rising=0.5) for step in range(2)] == [1, 1]
