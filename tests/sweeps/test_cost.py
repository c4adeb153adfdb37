from collections.abc import Callable
from pathlib import Path

import pytest

from sbvae_cli.config.sweep import SweepConfig
from sbvae_cli.runs.replicas import Replica
from sbvae_cli.sweeps import cost
from sbvae_cli.sweeps.cost import plan_cost, seconds_of
from sbvae_cli.sweeps.folder import RunState
from sbvae_cli.sweeps.plan import plan_sweep


def test_settings_of_one_cost_are_measured_once_and_what_is_done_takes_nothing(
    tiny_sweep: Callable[..., SweepConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = {"objective.beta": [1, 2], "depth": [2, 3]}
    plan = plan_sweep(tiny_sweep(grid=grid, replicas=2), tmp_path)
    states = [RunState(each, "waiting", 0, 8) for each in plan.replicas]
    states[0] = RunState(plan.replicas[0], "finished", 8, 8)
    states[1] = RunState(plan.replicas[1], "stopped", 6, 8)
    measured = []

    def measure(replica: Replica, *arguments: object) -> tuple[float, float]:
        measured.append(len(replica.config.model.decoder.hidden_channels) + 1)
        return float(measured[-1]), 5.0

    monkeypatch.setattr(cost, "_measure", measure)

    found = plan_cost(plan, states, "cpu")

    assert measured == [2, 3]  # by depth; beta costs nothing
    assert [(each.runs, each.steps, each.seconds_per_step) for each in found] == [
        (1, 8, 2.0),
        (2, 10, 3.0),
        (2, 16, 2.0),
        (2, 16, 3.0),
    ]
    work = [8 * 2 + 5, 10 * 3 + 10, 16 * 2 + 10, 16 * 3 + 10]
    assert [each.work_seconds for each in found] == work
    assert seconds_of(found, 2) == pytest.approx(sum(work) / 2)
    assert seconds_of(found, 100) == pytest.approx((16 * 3 + 10) / 2)  # the longest run
