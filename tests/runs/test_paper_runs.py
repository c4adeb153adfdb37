"""What the paper's runs take at measured speeds."""

import pytest

from sbvae_cli.runs.paper_runs import REPLICAS, GroupTiming, PaperRun, estimate_paper_runs


def only(runs: list[PaperRun], dataset: str, model: str, decoder: str) -> PaperRun:
    (found,) = (r for r in runs if (r.dataset, r.model, r.decoder) == (dataset, model, decoder))
    return found


def test_a_run_takes_its_steps_at_the_measured_speed() -> None:
    measured = {
        ("vae", "broadcast"): [GroupTiming(1, 0.5), GroupTiming(1, 0.4)],
        ("factor-vae", "broadcast"): [GroupTiming(1, 1.0)],
    }
    runs = estimate_paper_runs(measured, room=3.0)
    # Table 4
    assert only(runs, "circles", "vae", "broadcast").seconds == pytest.approx(500_000 * 0.4)
    assert only(runs, "sprites", "vae", "broadcast").seconds == pytest.approx(1_500_000 * 0.4)
    assert only(runs, "chairs", "vae", "broadcast").seconds == pytest.approx(700_000 * 0.4)
    assert only(runs, "room", "vae", "broadcast").seconds == pytest.approx(2_500_000 * 3 * 0.4)
    assert only(runs, "circles", "factor-vae", "broadcast").seconds == pytest.approx(500_000)
    assert only(runs, "sprites", "factor-vae", "broadcast").seconds == pytest.approx(1_000_000)
    assert only(runs, "sprites", "vae", "coordconv").seconds is None


@pytest.mark.parametrize(
    ("together", "seconds_of_a_step"),
    [
        ([GroupTiming(1, 0.1)], 15 * 0.1),
        ([GroupTiming(1, 0.1), GroupTiming(2, 0.12)], 8 * 0.12),
        ([GroupTiming(1, 0.1), GroupTiming(15, 0.5), GroupTiming(64, 2.0)], 0.5),
        ([GroupTiming(4, 0.3)], 4 * 0.3),
    ],
)
def test_replicas_run_in_groups_of_those_that_ran_together(
    together: list[GroupTiming], seconds_of_a_step: float
) -> None:
    run = only(estimate_paper_runs({("vae", "deconv"): together}), "circles", "vae", "deconv")
    assert run.replicas == REPLICAS == 15
    assert run.replica_seconds == pytest.approx(500_000 * seconds_of_a_step)
