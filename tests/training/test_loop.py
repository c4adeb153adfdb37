"""The loop on its own: what it reports and when, of one replica and of several."""

import math
from collections.abc import Callable, Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from sbvae_cli.config.load import build_config, merge
from sbvae_cli.data.source import open_source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.training import loop
from sbvae_cli.training.build import build_maker, build_updater
from sbvae_cli.training.inputs import Inputs
from sbvae_cli.training.loop import EARLY_REPORT, Report, train
from sbvae_cli.training.rounds import Rounds

CONFIG = {
    "data": {"height": 8, "width": 8},
    "model": {
        "latent_dim": 2,
        "encoder": {"hidden_channels": [4], "hidden_units": [8]},
        "decoder": {"kind": "broadcast", "hidden_channels": [4]},
    },
    "training": {"batch_size": 4, "device": "cpu"},
}


def run(
    training: dict[str, Any], start: int = 0, stop_at: int | None = None, **options: Any
) -> Iterator[list[Report]]:
    config = build_config(merge(CONFIG, {"training": training}))
    source = open_source("circles:xy", 8, 8)
    seeds = options.pop("seeds", [0])
    updater = options.pop("updater", None) or build_updater(config, seeds)
    with closing(build_maker(config, source, seeds, updater.device)) as maker:

        def stop() -> bool:
            return stop_at is not None and max(updater.updates_made()) >= stop_at

        yield from train(updater, maker, config.training, start=start, stop=stop, **options)


def alone(*arguments: Any, **options: Any) -> list[Report]:
    """Reports of one replica."""
    return [report for (report,) in run(*arguments, **options)]


def test_reports_come_when_they_or_checkpoints_are_due() -> None:
    reports = alone({"steps": 50, "log_every": 20, "checkpoint_every": 25})
    assert [report.step for report in reports] == [EARLY_REPORT, 20, 25, 40, 50]
    assert [report.step for report in reports if report.save] == [25, 50]
    assert reports[-1].seconds_left == 0
    assert set(reports[-1].terms) == {"loss", "nll", "kl"}


def test_terms_are_means_over_the_steps_since_the_last_report() -> None:
    each = alone({"steps": 8, "log_every": 1})
    pairs = alone({"steps": 8, "log_every": 4})
    for i, mean in enumerate(pairs):
        expected = np.mean([p.terms["nll"] for p in each[4 * i : 4 * i + 4]])
        assert mean.terms["nll"] == pytest.approx(expected, rel=1e-6)


def test_who_goes_on_reports_early_and_logs_as_if_it_had_not_stopped() -> None:
    reports = alone({"steps": 24, "log_every": 12}, start=4)
    assert [(report.step, report.passing) for report in reports] == [
        *((EARLY_REPORT, False), (12, False), (4 + EARLY_REPORT, True), (24, False))
    ]
    each = {r.step: r.terms["nll"] for r in alone({"steps": 24, "log_every": 1}, start=4)}
    for report, steps in zip(reports[2:], (range(13, 15), range(13, 25)), strict=True):
        expected = np.mean([each[step] for step in steps])
        assert report.terms["nll"] == pytest.approx(expected, rel=1e-6)
        assert report.images_per_second > 0


def test_a_stop_ends_after_the_step_and_is_saved() -> None:
    (report,) = alone({"steps": 50, "checkpoint_every": 100}, stop_at=3)
    assert (report.step, report.save, report.terms) == (3, True, {})


def test_who_watches_sees_the_models_after_every_update() -> None:
    config = build_config(CONFIG)
    updater, seen = build_updater(config, [0]), []

    def watch(step: int) -> None:
        seen.append((step, *updater.updates_made()))

    list(run({"steps": 7}, start=3, stop_at=2, updater=updater, watch=watch))
    assert seen == [(3, 0), (4, 1), (5, 2)]


def test_time_between_updates_that_others_take_counts_for_no_speed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, update = [0.0], Rounds.run

    def take(seconds: float) -> None:
        clock[0] += seconds

    def timed(self: Rounds) -> None:
        take(2.0)
        update(self)

    monkeypatch.setattr(Rounds, "run", timed)
    monkeypatch.setattr(loop, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    found = []
    for (report,) in run({"steps": 9, "log_every": 3}, watch=lambda step: take(5.0)):
        take(70.0)  # as who saves and draws
        found.append((report.images_per_second, report.seconds_left))
    assert found == [(4 / 2, 12.0), (4 / 2, 6.0), (4 / 2, 0.0)]


def test_a_stop_before_the_first_step_is_saved_too() -> None:
    (report,) = alone({"steps": 50}, stop_at=0)
    assert (report.step, report.save) == (0, True)


def test_a_stop_where_nothing_is_new_is_not_saved_again() -> None:
    every_third = {"steps": 50, "checkpoint_every": 3}
    assert [report.step for report in alone(every_third, stop_at=3)] == [3]
    assert alone(every_third, start=7, stop_at=0) == []


@pytest.mark.parametrize("checkpoint_every", [1, 7])
def test_weights_that_overflowed_are_reported_to_nobody_that_would_save(
    checkpoint_every: int,
) -> None:
    reports = alone({"steps": 50, "learning_rate": 1e39, "checkpoint_every": checkpoint_every})
    error = reports[-1].error
    assert error is not None
    expected = (1, "its weights are not finite") if checkpoint_every == 1 else (2, "nll is nan")
    assert (error.step, expected[1] in str(error)) == (expected[0], True)
    assert not any(report.save for report in reports)


def test_divergence_names_the_step_and_its_terms() -> None:
    (report,) = alone({"steps": 50, "learning_rate": 1e30, "log_every": 7})
    assert (report.step, report.terms) == (7, {})
    assert str(report.error).startswith("diverged in step 2: nll is nan, kl is nan")


def test_a_diverged_replica_is_reported_once_and_the_others_go_on() -> None:
    config = build_config(merge(CONFIG, {"training": {"steps": 9}}))
    updater = build_updater(config, [0, 1, 2])
    updater.vaes[1].encoder.output.bias.data[0] = math.nan
    reports = list(run({"steps": 9, "log_every": 3}, seeds=[0, 1, 2], updater=updater))
    assert [[r.replica for r in several] for several in reports] == [[0, 1, 2], [0, 2], [0, 2]]
    assert [r.error is None for r in reports[0]] == [True, False, True]
    assert [r.save for r in reports[-1]] == [True, True]
    assert updater.updates_made() == [9, 0, 9]


def test_replicas_together_are_those_alone() -> None:
    seeds = [5, 6, 7]
    together = list(run({"steps": 20, "log_every": 20}, seeds=seeds))[-1]
    for report, seed in zip(together, seeds, strict=True):
        single = alone({"steps": 20, "log_every": 20}, seeds=[seed])[-1]
        assert report.terms == pytest.approx(single.terms, rel=1e-4)


def test_a_round_that_is_captured_leaves_the_same_as_one_that_is_not() -> None:
    """The stand-in runs some rounds first, as a CUDA graph needs, then repeats the round."""

    def stand_in(step: Callable[[], None]) -> Callable[[], None]:
        for _ in range(5):
            step()
        return step

    results = []
    for capture in (None, stand_in):
        config = build_config(merge(CONFIG, {"training": {"steps": 25}}))
        updater = build_updater(config, [0, 1])
        reports = list(run({"steps": 25}, seeds=[0, 1], updater=updater, capture=capture))
        results.append((updater, [[r.terms for r in several] for several in reports]))
    (plain, terms), (captured, other_terms) = results
    assert terms == other_terms
    assert captured.updates_made() == plain.updates_made() == [25, 25]
    for replica in range(2):
        weights = captured.weights(replica)
        assert all(torch.equal(w, weights[n]) for n, w in plain.weights(replica).items())


def test_what_a_captured_round_writes_stays_where_it_is() -> None:
    """A graph that is replayed writes to the addresses of its capture, so all is read there."""
    config = build_config(merge(CONFIG, {"training": {"steps": 9}}))
    updater = build_updater(config, [0, 1])
    addresses: list[list[int]] = []

    def read() -> list[int]:
        learner = updater.learners[0]
        tensors = (
            *(learner.stack.weights, learner.steps, *learner._moments.values()),
            *(updater.failed, updater._totals, updater._first_bad),
        )
        return [tensor.data_ptr() for tensor in tensors]

    def stand_in(step: Callable[[], None]) -> Callable[[], None]:
        step()
        addresses.append(read())
        return step

    training = {"steps": 9, "log_every": 3, "checkpoint_every": 4}
    for _ in run(training, seeds=[0, 1], updater=updater, capture=stand_in):
        addresses.append(read())
    assert len(addresses) > 3
    assert all(each == addresses[0] for each in addresses)


def test_an_error_of_the_thread_that_makes_inputs_ends_the_run() -> None:
    config = build_config(merge(CONFIG, {"training": {"steps": 25}}))
    updater = build_updater(config)
    source = open_source("circles:xy", 8, 8)
    with closing(build_maker(config, source, [0], updater.device)) as maker:
        made = maker.block

        def block(start: int, count: int) -> Inputs:
            if start + count > 9:
                raise SbvaeError("no more")
            return made(start, count)

        maker.block = block  # type: ignore[method-assign]
        with pytest.raises(SbvaeError, match="no more"):
            list(train(updater, maker, config.training))
