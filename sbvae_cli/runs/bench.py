"""Measure a machine's peak rates and training speed, and estimate the time of the paper's runs."""

import itertools
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from sbvae_cli import __version__
from sbvae_cli.config.load import build_config, merge
from sbvae_cli.config.names import DecoderKind, ModelKind, PaperDataset, Precision
from sbvae_cli.config.presets import paper_preset
from sbvae_cli.config.schema import Config
from sbvae_cli.cores import usable_cores
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.errors import DivergedError
from sbvae_cli.runs.ceilings import Ceiling, higher, measure_ceilings
from sbvae_cli.runs.paper_runs import GroupTiming, Network, PaperRun, estimate_paper_runs
from sbvae_cli.runs.resolve import describe_data
from sbvae_cli.runs.speed import count_flops, time_training
from sbvae_cli.training.devices import resolve_device, resolve_precision

NETWORKS: tuple[Network, ...] = (
    ("vae", "broadcast"),
    ("vae", "deconv"),
    ("vae", "coordconv"),
    ("factor-vae", "broadcast"),
)
REPLICAS = (1, 15, 4, 64)  # numbers of replicas that train together on CUDA, in order of importance
DATA, SIZE = "circles:xy", 64
IMAGES = 2_048  # rendered once, then read from memory as the images of a file are
NO_MEMORY, NO_TIME, DIVERGED = "out of memory", "out of time", "diverged"
_MAX_IDLE_RATIO = 1.25  # largest ratio of two measurements of a ceiling on an idle machine
_CPUS = Path("/proc/cpuinfo")

Progress = Callable[[int, int, str], None]  # done, total, and what is measured next


@dataclass(frozen=True)
class Speed:
    """Training speed of a model.

    Attributes:
        model: Kind of model, with the networks of the paper.
        decoder: Kind of decoder.
        batch_size: Number of images in a minibatch.
        replicas: Number of replicas that train together.
        threads: Number of CPU threads; None on other devices.
        flops: Floating-point operations of one training step of all replicas.
        seconds: Seconds of one training step of all replicas; None if the case was left out.
        images_per_second: Training images a second, summed over the replicas.
        share_of_ceiling: Operations a second, divided by the measured ceiling of this precision.
        timed_steps: Number of training steps that were timed.
        least_seconds: Seconds that the shortest possible timing takes, setup included.
        left_out: Reason why the case was not measured; "" if it was.
    """

    model: ModelKind
    decoder: DecoderKind
    batch_size: int
    replicas: int
    threads: int | None
    flops: int
    seconds: float | None = None
    images_per_second: float | None = None
    share_of_ceiling: float | None = None
    timed_steps: int = 0
    least_seconds: float | None = None
    left_out: str = ""


@dataclass(frozen=True)
class Bench:
    """Results of a benchmark.

    Attributes:
        device: Name of the device in PyTorch.
        name: Name of the GPU, or of the CPU with the number of usable cores.
        torch: Version of PyTorch.
        sbvae: Version of sbvae.
        precision: Precision of training; `fp32` where `tf32` is asked for on a device without it.
        ceilings: Highest measured rates of the device.
        speeds: Training speed of each model.
        paper_runs: Estimated times of the paper's runs.
        busy: Whether other processes probably ran meanwhile: the initial load was above half the
            cores, two measurements of a ceiling differ, or training was faster than a ceiling.
    """

    device: str
    name: str
    torch: str
    sbvae: str
    precision: Precision
    ceilings: Sequence[Ceiling]
    speeds: Sequence[Speed]
    paper_runs: Sequence[PaperRun]
    busy: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the results as plain containers, for JSON."""
        return asdict(self)


def run_bench(
    device: str = "auto",
    precision: Precision = "fp32",
    seconds: float = 45.0,
    progress: Progress = lambda done, total, what: None,
) -> Bench:
    """Measure ceilings and training steps at the paper's size, in about `seconds` seconds.

    On a CPU, one replica trains, on one thread and on all usable cores. On CUDA, 1, 4, 15 and 64
    replicas train together where memory and time allow. CUDA steps are captured but not compiled,
    because compilation takes longer than the whole benchmark.

    Args:
        device: Name of the device as `resolve_device` takes it.
        precision: Precision of training.
        seconds: Time limit. The first model is always measured; a later one is left out if the
            earlier timings say that it would exceed the limit.
        progress: Called with the number of measurements done, their total, and the next one.

    Raises:
        SbvaeError: If the device does not exist.
    """
    end = time.perf_counter() + seconds
    where = resolve_device(device)
    precision = resolve_precision(precision, where)
    if precision == "tf32" and where.type != "cuda":
        precision = "fp32"  # computes the same on these devices
    source = open_source(DATA, SIZE, SIZE)
    threads = sorted({1, usable_cores()}) if where.type == "cpu" else [None]
    busy = _load() > (os.cpu_count() or 1) / 2
    cases = _cases(where, precision, source, threads)
    deeper = _configure(("vae", "broadcast"), "room", source, where, precision)
    room = count_flops(deeper) / cases[0][1].flops
    done = itertools.count()
    total = 2 * len(threads) + len(cases)

    def report_next(what: str) -> None:
        progress(next(done), total, what)

    began = time.perf_counter()
    first = _measure_ceilings(where, threads, seconds, report_next)
    end -= time.perf_counter() - began  # because the ceilings are measured a second time
    speeds = _measure_cases(cases, source, end, report_next)
    again = _measure_ceilings(where, threads, seconds, report_next)
    report_next("done")
    ceilings = higher(first, again)
    speeds = [_with_share(speed, precision, ceilings) for speed in speeds]
    too_fast = any((speed.share_of_ceiling or 0.0) > 1.0 for speed in speeds)
    busy = busy or too_fast or _differ(first, again)
    speeds.sort(key=lambda s: (NETWORKS.index((s.model, s.decoder)), s.replicas, s.threads or 0))
    paper_runs = estimate_paper_runs(_group_timings(speeds), room)
    versions = torch.__version__, __version__
    return Bench(str(where), _name(where), *versions, precision, ceilings, speeds, paper_runs, busy)


def _cases(
    device: torch.device, precision: Precision, source: Source, threads: Sequence[int | None]
) -> list[tuple[Config, Speed]]:
    """Return the cases to measure, the most important ones first."""
    cases = []
    flops: dict[Network, int] = {}
    several = REPLICAS if device.type == "cuda" else (1,)
    for replicas, count, network in itertools.product(several, threads, NETWORKS):
        config = _configure(network, "circles", source, device, precision, count)
        if network not in flops:
            flops[network] = count_flops(config)
        size, of_all = config.training.batch_size, replicas * flops[network]
        cases.append((config, Speed(*network, size, replicas, count, of_all)))
    return cases


def _configure(
    network: Network,
    dataset: PaperDataset,
    source: Source,
    device: torch.device,
    precision: Precision,
    threads: int | None = None,
) -> Config:
    """Return the paper's settings for a model and dataset, with the images of `source`."""
    return build_config(
        merge(
            paper_preset(network[0], dataset, network[1]),
            {"data": describe_data(DATA, source)},
            {"training": {"device": str(device), "precision": precision, "threads": threads}},
            {"training": {"compile": "off", "fixed_set": IMAGES}},
        )
    )


def _measure_ceilings(
    device: torch.device,
    threads: Sequence[int | None],
    seconds: float,
    progress: Callable[[str], None],
) -> list[Ceiling]:
    found = []
    for count in threads:
        progress(f"products and copies{_threads_text(count)}")
        found += measure_ceilings(device, count, min(0.5, seconds / 100))
    return found


def _measure_cases(
    cases: Sequence[tuple[Config, Speed]],
    source: Source,
    end: float,
    progress: Callable[[str], None],
) -> list[Speed]:
    speeds: list[Speed] = []
    for done, (config, speed) in enumerate(cases):
        progress(f"{speed.model} {speed.decoder}{_parallelism_text(speed)}")
        seconds = end - time.perf_counter()
        if why := _reason_left_out(speed, seconds, speeds):
            speeds.append(replace(speed, left_out=why))
        else:
            speeds.append(_measure(config, source, speed, seconds / (len(cases) - done)))
    return speeds


def _reason_left_out(speed: Speed, seconds: float, before: Sequence[Speed]) -> str:
    """Return why a case is left out with `seconds` seconds left, or ""."""
    same = [s for s in before if (s.model, s.decoder) == (speed.model, speed.decoder)]
    if any(s.left_out == NO_MEMORY and s.replicas < speed.replicas for s in same):
        return NO_MEMORY
    timed = [s for s in same if s.least_seconds] or [s for s in before if s.least_seconds]
    expected = 0.0
    if timed:  # setting up a GPU takes the same time for any number of replicas
        scale = speed.flops / speed.replicas * timed[-1].replicas / timed[-1].flops
        expected = scale * (timed[-1].least_seconds or 0.0)
    return NO_TIME if before and expected >= seconds else ""  # the first case is always measured


def _measure(config: Config, source: Source, speed: Speed, seconds: float) -> Speed:
    try:
        timing = time_training(config, source, seconds, speed.replicas)
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
        return replace(speed, left_out=NO_MEMORY)
    except DivergedError:
        return replace(speed, left_out=DIVERGED)
    return replace(
        speed,
        seconds=timing.seconds,
        images_per_second=speed.replicas * speed.batch_size / timing.seconds,
        timed_steps=timing.steps,
        least_seconds=timing.least,
    )


def _with_share(speed: Speed, precision: Precision, ceilings: Sequence[Ceiling]) -> Speed:
    which = (precision, speed.threads)
    rate = next((c.rate for c in ceilings if (c.name, c.threads) == which), None)
    if not rate or speed.seconds is None:
        return speed
    return replace(speed, share_of_ceiling=speed.flops / speed.seconds / rate)


def _load() -> float:
    """Return the load average of the last minute, or 0 if the system has none."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def _differ(ceilings: Sequence[Ceiling], again: Sequence[Ceiling]) -> bool:
    """Return whether two measurements differ by more than they do on an idle machine."""
    pairs = [(one.rate, two.rate) for one, two in zip(ceilings, again, strict=True)]
    return any(max(one, two) > _MAX_IDLE_RATIO * min(one, two) for one, two in pairs if one and two)


def _group_timings(speeds: Sequence[Speed]) -> dict[Network, list[GroupTiming]]:
    """Return the groups of runs that trained together; on a CPU, also one process for each core."""
    found: dict[Network, list[GroupTiming]] = {}
    for speed in speeds:
        if speed.seconds is None:
            continue
        several = found.setdefault((speed.model, speed.decoder), [])
        several.append(GroupTiming(speed.replicas, speed.seconds))
        if speed.threads == 1:
            several.append(GroupTiming(usable_cores(), speed.seconds))
    return found


def _threads_text(threads: int | None) -> str:
    return "" if threads is None else f", {threads} thread{'s' * (threads > 1)}"


def _parallelism_text(speed: Speed) -> str:
    if speed.threads is not None:
        return _threads_text(speed.threads)
    return f", {speed.replicas} replica{'s' * (speed.replicas > 1)}"


def _name(device: torch.device) -> str:
    """Return the name of the GPU, or of the CPU with its instruction set and usable cores."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return f"{platform.machine()} GPU"
    name, cores = platform.processor() or platform.machine(), usable_cores()
    lines = _CPUS.read_text().splitlines() if _CPUS.exists() else []
    name = next((line.split(":")[1].strip() for line in lines if "model name" in line), name)
    kind = torch.backends.cpu.get_cpu_capability()
    return f"{name} ({kind}), {cores} core{'s' * (cores > 1)}"
