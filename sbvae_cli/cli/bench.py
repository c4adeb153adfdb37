"""The command `sbvae bench`, which measures the speed of training."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from sbvae_cli.cli.console import (
    duration,
    note,
    print_info,
    print_line,
    print_table,
    progress_display,
)
from sbvae_cli.cli.options import DeviceOption, JsonOption
from sbvae_cli.cli.train import note_missing_tf32
from sbvae_cli.config.names import Precision

if TYPE_CHECKING:
    from sbvae_cli.cli.console import ProgressDisplay
    from sbvae_cli.runs.bench import Bench, Speed
    from sbvae_cli.runs.ceilings import Ceiling
    from sbvae_cli.runs.paper_runs import PaperRun

_SPARE = 1  # number of last columns that a narrow terminal may leave out


def bench(
    device: DeviceOption = "auto",
    precision: Annotated[
        Precision, typer.Option(help="Precision of training, as in sbvae train.")
    ] = "fp32",
    seconds: Annotated[
        int,
        typer.Option(
            min=1, max=3_600, help="Time limit in seconds; what does not fit in it is left out."
        ),
    ] = 45,
    json: JsonOption = None,
) -> None:
    """Measure how fast this machine trains, and estimate the time of the paper's runs.

    It measures the steps of `train --compile off`, captured as a graph on CUDA,
    with images of 64x64x3 as in the paper.
    """
    began = perf_counter()  # before the imports, since loading PyTorch takes seconds
    from sbvae_cli.cli.outputs import write_json
    from sbvae_cli.runs.bench import run_bench

    with _progress() as show:
        found = run_bench(device, precision, seconds - (perf_counter() - began), progress=show)
    if json is not None:
        write_json(json, found.as_dict())
    if precision == "tf32":
        note_missing_tf32(found.device.partition(":")[0])
    if found.busy:
        note(
            "other processes seem to have been busy before or during the measurement: the speeds "
            "are too low, and the shares uncertain; measure again when they have ended"
        )
    if json == "-":
        return
    _print_ceilings(found)
    _print_speeds(found)
    _print_paper_runs(found)
    if json is not None:
        print_info(f"wrote {json}")


@contextmanager
def _progress() -> Iterator[Callable[[int, int, str], None]]:
    """Yield a callback for progress, whose bar begins when the total is known."""
    with ExitStack() as stack:
        bars: list[ProgressDisplay] = []

        def show(done: int, total: int, what: str) -> None:
            if not bars:
                bars.append(stack.enter_context(progress_display("measuring", total)))
            bars[0].update(done, what)

        yield show


def _print_ceilings(found: "Bench") -> None:
    rows = [(_ceiling_name(each), _rate(each)) for each in found.ceilings if each.rate is not None]
    print_table(f"{found.name}, PyTorch {found.torch}", ("at most", "a second"), rows)
    for why, names in _left_out(
        (f"products in {each.name}", each.left_out) for each in found.ceilings
    ):
        print_line(f"- {', '.join(names)}: {why}")


def _ceiling_name(ceiling: "Ceiling") -> str:
    what = "copy in memory" if ceiling.name == "copy" else f"products, {ceiling.name}"
    return f"{what}{_threads(ceiling.threads)}"


def _rate(ceiling: "Ceiling") -> str:
    rate = ceiling.rate or 0.0
    if ceiling.name == "copy":
        return f"{rate / 1e9:,.1f} GB"
    unit, size = ("TFLOP", 1e12) if rate >= 1e12 else ("GFLOP", 1e9)
    return f"{rate / size:,.1f} {unit}"


def _print_speeds(found: "Bench") -> None:
    several = any(speed.replicas > 1 for speed in found.speeds)
    how_many = "threads" if found.speeds[0].threads is not None else "replicas"
    columns = ["model", how_many, "ms a step", "images/s", "ceiling"]
    if several:
        columns.insert(3, "a replica")
    rows = []
    for speed in found.speeds:
        if speed.seconds is None or speed.images_per_second is None:
            continue
        row = [
            f"{speed.model} {speed.decoder}",
            str(speed.threads or speed.replicas),
            f"{1e3 * speed.seconds:,.2f}",
            f"{speed.images_per_second:,.0f}",
        ]
        if several:
            row.insert(3, f"{1e3 * speed.seconds / speed.replicas:,.3f}")
        share = speed.share_of_ceiling
        rows.append([*row, "-" if share is None else f"{share:.0%}"])
    print_table(f"training in {found.precision}, compile off", columns, rows, spare=_SPARE)
    sizes = {speed.model: speed.batch_size for speed in found.speeds}
    print_line(
        f"- minibatches of {', '.join(f'{size} ({model})' for model, size in sizes.items())}"
    )
    for why, names in _left_out((_case_name(each), each.left_out) for each in found.speeds):
        print_line(f"- left out, {why}: {'; '.join(names)}")


def _case_name(speed: "Speed") -> str:
    name = f"{speed.model} {speed.decoder}"
    if speed.threads is not None:
        return name + _threads(speed.threads)
    return f"{name}, {speed.replicas} replica{'s' * (speed.replicas > 1)}"


def _threads(count: int | None) -> str:
    return "" if count is None else f", {count} thread{'s' * (count > 1)}"


def _left_out(whys: Iterator[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield each reason with the names of the measurements that were left out for it."""
    by_reason: dict[str, list[str]] = {}
    for name, why in whys:
        if why and name not in by_reason.setdefault(why, []):
            by_reason[why].append(name)
    yield from by_reason.items()


def _print_paper_runs(found: "Bench") -> None:
    rows = [
        (_run_name(run), f"{run.steps:,}", _time(run.seconds), _time_of_all(run))
        for run in found.paper_runs
    ]
    print_table("the paper's runs here", ("run", "steps", "one", "15 replicas"), rows, spare=_SPARE)


def _run_name(run: "PaperRun") -> str:
    return f"{run.dataset}, {run.model} {run.decoder}"


def _time(seconds: float | None) -> str:
    return "-" if seconds is None else duration(seconds)


def _time_of_all(run: "PaperRun") -> str:
    return _time(run.replica_seconds) if run.replicas > 1 else "-"
