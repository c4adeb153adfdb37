"""Prints the expected time and the progress of an evaluation."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sbvae_cli.cli.console import duration, print_detail, print_status, progress_display
from sbvae_cli.cli.several_tables import column_names

if TYPE_CHECKING:
    from sbvae_cli.evaluation.cost import Cost

ANNOUNCED_SECONDS = 20.0  # seconds; a longer evaluation is announced by a line
ANNOUNCED_READ_SECONDS = 5.0  # seconds; a longer time of reading is mentioned in this line
SILENT_SECONDS = 5.0  # seconds of computing metrics, after which each further metric is named
SILENT_RUNS_SECONDS = 10.0  # seconds between two lines with the number of scored runs


class EvaluationProgress:
    """Progress of an evaluation: the current metric, and the number of encoded images.

    With several runs, each line begins with the short name of the run.
    """

    def __init__(self) -> None:
        self._start = self._last_line = 0.0
        self._name = ""

    def target(self, path: Path, targets: Sequence[Path]) -> None:
        """Set the run that the next lines are about.

        Args:
            path: The run.
            targets: All runs of the evaluation.
        """
        if len(targets) > 1:
            names, _ = column_names([str(target) for target in targets])
            self._name = f"{names[targets.index(path)]}: "

    def run(self, path: Path, targets: Sequence[Path]) -> None:
        """Begin one of many runs; print a line if none was printed for 10 s."""
        self.target(path, targets)
        now, number = time.monotonic(), targets.index(path)
        if number and now - self._last_line >= SILENT_RUNS_SECONDS:
            print_status(f"scoring {path}, {number + 1} of {len(targets)} ...")
        if number == 0 or now - self._last_line >= SILENT_RUNS_SECONDS:
            self._last_line = now

    def metric(self, metric: str, number: int, total: int) -> None:
        """Begin metric `number`, counted from 1, of `total`; name it if the evaluation is slow."""
        now = time.monotonic()
        if number == 1:
            self._start = now
        line = f"{self._name}{metric}, {number} of {total} metrics"
        if metric == "dci":
            slow = (
                "gradient boosting for each factor, which may take minutes; dci-fast takes seconds"
            )
            print_status(f"{line}: {slow}")
        elif now - self._start >= SILENT_SECONDS:
            print_status(f"{line} ...")
        else:
            print_detail(f"{line} ...")

    @contextmanager
    def images(self, cost: "Cost", device: str) -> Iterator[Callable[[int], None]]:
        """Show a bar of encoded images, and before it the expected time if it is long.

        Without a terminal, a short evaluation shows neither.

        Args:
            cost: Expected cost of the evaluation.
            device: Name of the device.
        """
        if cost.seconds > ANNOUNCED_SECONDS:
            print_status(self._name + _expected_time(cost, device))
        if cost.seconds <= ANNOUNCED_SECONDS and not sys.stderr.isatty():
            yield lambda images: None
            return
        done = 0
        with progress_display("evaluating", cost.encode) as bar:

            def advance(images: int) -> None:
                nonlocal done
                done += images
                bar.update(done, f"{self._name}images encoded")

            yield advance


def _expected_time(cost: "Cost", device: str) -> str:
    line = (
        f"evaluation: {cost.encode:,} images to encode, {cost.decode:,} to decode, about "
        f"{duration(cost.seconds)} on this {device}"
    )
    if cost.reading > ANNOUNCED_READ_SECONDS:
        line += f", {duration(cost.reading)} of it to read scattered rows of the file"
    if cost.quick < cost.seconds / 2:
        line += f"; with `protocol=quick` about {duration(cost.quick)}"
    return line
