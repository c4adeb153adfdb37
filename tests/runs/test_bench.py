"""The measurement of a machine, with times that are given instead of taken."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch

from sbvae_cli.config.schema import Config
from sbvae_cli.runs import bench
from sbvae_cli.runs.bench import NETWORKS, Bench, run_bench
from sbvae_cli.runs.ceilings import Ceiling
from sbvae_cli.runs.speed import Timing

FLOPS = 1_000_000


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Bench]:
    """Measure with 2 cores, or a GPU, where a step takes a given time and 1e9 FLOP/s are most."""

    def ceilings(device: torch.device, threads: int | None, seconds: float) -> list[Ceiling]:
        return [Ceiling("fp32", threads, 1e9), Ceiling("copy", threads, 1e9)]

    def run(
        seconds_of: Callable[[Config, int], float],
        device: str = "cpu",
        of_ceilings: Callable[..., list[Ceiling]] = ceilings,
        load: float = 0.0,
        **options: Any,
    ) -> Bench:
        where = torch.device(device)

        def time_training(config: Config, source: object, seconds: float, replicas: int) -> Timing:
            taken = seconds_of(config, replicas)
            return Timing(taken, 3, taken)

        deeper = [3 * FLOPS if c == 5 else FLOPS for c in range(6)]
        for name, value in {
            "usable_cores": lambda: 2,
            "resolve_device": lambda name: where,
            "resolve_precision": lambda name, device: "fp32",
            "measure_ceilings": of_ceilings,
            "time_training": time_training,
            "count_flops": lambda config: deeper[len(config.model.decoder.hidden_channels)],
            "_name": lambda device: "a machine",
            "_load": lambda: load,
        }.items():
            monkeypatch.setattr(bench, name, value)
        return run_bench(device, **options)

    return run


def test_a_cpu_is_measured_on_one_thread_and_on_all(measure: Callable[..., Bench]) -> None:
    found = measure(lambda config, replicas: 0.5 if config.training.threads == 1 else 0.3)

    cases = [(s.model, s.decoder, s.replicas, s.threads) for s in found.speeds]
    assert cases == [(*network, 1, threads) for network in NETWORKS for threads in (1, 2)]
    one, two, *_ = found.speeds
    assert (one.seconds, two.seconds, one.timed_steps) == (0.5, 0.3, 3)
    assert (one.batch_size, found.speeds[-1].batch_size) == (16, 32)
    assert (one.images_per_second, two.images_per_second) == (16 / 0.5, 16 / 0.3)
    assert one.share_of_ceiling == pytest.approx(FLOPS / 0.5 / 1e9)
    runs = {(r.dataset, r.model, r.decoder): r for r in found.paper_runs}
    circles = runs["circles", "vae", "broadcast"]
    assert circles.seconds == 500_000 * 0.3
    # Two processes of one thread each, eight times.
    assert circles.replica_seconds == 500_000 * 8 * 0.5
    assert runs["room", "vae", "broadcast"].seconds == pytest.approx(2_500_000 * 0.3 * 3)


def test_a_gpu_is_measured_with_several_replicas(measure: Callable[..., Bench]) -> None:
    found = measure(lambda config, replicas: 1e-3 * (1 + replicas), "cuda")

    broadcast = found.speeds[:4]
    assert [s.replicas for s in broadcast] == [1, 4, 15, 64]
    assert {s.threads for s in found.speeds} == {None}
    assert broadcast[2].images_per_second == pytest.approx(15 * 16 / 16e-3)
    assert broadcast[2].share_of_ceiling == pytest.approx(15 * FLOPS / 16e-3 / 1e9)
    circles = found.paper_runs[0]
    assert circles.seconds == pytest.approx(500_000 * 2e-3)
    assert circles.replica_seconds == pytest.approx(500_000 * 16e-3)


def test_what_does_not_fit_is_left_out_and_so_are_more_of_it(
    measure: Callable[..., Bench],
) -> None:
    tried = []

    def seconds_of(config: Config, replicas: int) -> float:
        tried.append((config.objective.kind, config.model.decoder.kind, replicas))
        if config.objective.kind == "factor-vae" and replicas > 4:
            raise torch.OutOfMemoryError
        return 1e-3

    found = measure(seconds_of, "cuda")

    factor = [s for s in found.speeds if s.model == "factor-vae"]
    assert [s.left_out for s in factor] == ["", "", "out of memory", "out of memory"]
    assert [s.seconds for s in factor] == [1e-3, 1e-3, None, None]
    assert ("factor-vae", "broadcast", 64) not in tried
    circles = next(r for r in found.paper_runs if r.model == "factor-vae")
    assert circles.replica_seconds == pytest.approx(500_000 * 4 * 1e-3)  # four at once


def test_what_finds_no_time_is_left_out(
    measure: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("sbvae_cli.runs.bench.time.perf_counter", lambda: clock[0])

    def seconds_of(config: Config, replicas: int) -> float:
        clock[0] += 4.0
        return 2.0

    found = measure(seconds_of, seconds=10.0)

    # The third would end at 12.
    assert sum(s.seconds is not None for s in found.speeds) == 2
    assert {s.left_out for s in found.speeds} == {"", "out of time"}
    assert [r.seconds for r in found.paper_runs if r.model == "factor-vae"] == [None, None]


@pytest.mark.parametrize(
    ("load", "again", "seconds", "busy"),
    [(0.0, 1e9, 0.5, False), (99.0, 1e9, 0.5, True), (0.0, 2e9, 0.5, True), (0.0, 1e9, 1e-4, True)],
)
def test_a_busy_machine_is_told_of_and_the_higher_ceiling_counts(
    measure: Callable[..., Bench],
    monkeypatch: pytest.MonkeyPatch,
    load: float,
    again: float,
    seconds: float,
    busy: bool,
) -> None:
    rates = iter([1e9, 1e9, again, again])

    def ceilings(device: torch.device, threads: int | None, seconds: float) -> list[Ceiling]:
        return [Ceiling("fp32", threads, next(rates))]

    found = measure(lambda config, replicas: seconds, of_ceilings=ceilings, load=load)

    assert found.busy is busy
    assert {c.rate for c in found.ceilings} == {again}
    assert found.speeds[0].share_of_ceiling == pytest.approx(FLOPS / seconds / again)


def test_the_json_has_all_numbers(measure: Callable[..., Bench]) -> None:
    told: list[tuple[int, int, str]] = []
    found = measure(lambda config, replicas: 0.5, progress=lambda *news: told.append(news))
    content = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert content["torch"] == torch.__version__
    assert {"device", "name", "sbvae", "precision"} <= set(content)
    assert {s["threads"] for s in content["speeds"]} == {1, 2}
    assert len(content["speeds"]) == 8 and len(content["ceilings"]) == 4
    assert len(content["paper_runs"]) == len(found.paper_runs) > 8
    assert told[0] == (0, 12, "products and copies, 1 thread")
    assert told[2] == (2, 12, "vae broadcast, 1 thread")
    assert [done for done, _, _ in told] == list(range(13))


def test_the_name_of_a_cpu_tells_its_cores() -> None:
    assert "core" in bench._name(torch.device("cpu"))
