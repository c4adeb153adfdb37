from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sbvae_cli.config.sweep import SweepConfig
from sbvae_cli.sweeps.folder import RunState
from sbvae_cli.sweeps.forecast import forecast
from sbvae_cli.sweeps.plan import plan_sweep


@pytest.fixture
def states(tiny_sweep: Callable[..., SweepConfig], tmp_path: Path) -> list[RunState]:
    """Two settings with two seeds each, of 8 steps of 4 images; none has begun."""
    plan = plan_sweep(tiny_sweep(replicas=2), tmp_path)
    return [RunState(each, "waiting", 0, 8) for each in plan.replicas]


def test_nothing_is_known_before_a_run_has_a_speed(states: list[RunState]) -> None:
    assert forecast(states, 2) is None


def test_runs_take_the_speed_of_their_setting_or_of_the_others(states: list[RunState]) -> None:
    states[0] = replace(states[0], state="training", step=2, images_per_second=2.0)  # 2 s a step

    found = forecast(states, 2)

    # 6 steps are left of it and 8 of each of three others; two at once.
    assert found is not None
    assert found.seconds == pytest.approx(2.0 * (6 + 3 * 8) / 2)
    assert not found.with_scoring


def test_scoring_counts_as_it_took_before(states: list[RunState]) -> None:
    done = {"state": "finished", "step": 8, "images_per_second": 4.0}
    states[0] = replace(states[0], **done, scoring_seconds=3.0)
    states[1] = replace(states[1], **{**done, "images_per_second": 1.0}, scoring_seconds=5.0)

    found = forecast(states, 1)

    # Steps of 1 s and scores of 3 s; steps of 4 s and scores of 5 s.
    assert found is not None
    assert found.seconds == pytest.approx(8 * 1 + 3 + 8 * 4 + 5)
    assert found.with_scoring


def test_no_time_is_shorter_than_the_longest_run(states: list[RunState]) -> None:
    states[0] = replace(states[0], state="training", images_per_second=4.0)

    found = forecast(states, 100)

    assert found is not None and found.seconds == pytest.approx(8.0)


def test_what_failed_or_diverged_takes_no_time(states: list[RunState]) -> None:
    ended = [replace(each, state="failed", images_per_second=4.0) for each in states[:2]]
    diverged = [replace(each, state="diverged", images_per_second=4.0) for each in states[2:]]

    found = forecast([*ended, *diverged], 1)

    assert found is not None and found.seconds == 0.0
