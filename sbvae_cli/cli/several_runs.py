"""Progress of several runs: a live table, or lines if stderr is not a terminal."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from sbvae_cli.cli.console import console_settings, duration, print_highlighted, progress_display

if TYPE_CHECKING:
    from rich.table import Table

State = Literal["waiting", "training", "finished", "stopped", "diverged", "failed"]

LONG_SECONDS = 3_600  # longer trainings get a line that suggests fewer steps or a quick profile
_TERMS = ("loss", "nll", "kl")


@dataclass
class Row:
    """Row of the progress table, for one run.

    Attributes:
        name: Name of the run in the table, such as its seed.
        steps: Planned number of updates.
        batch_size: Number of images in a minibatch.
        step: Number of updates made.
        state: State of the run.
        terms: Last reported loss terms by name, nats per image.
        images_per_second: Last reported speed.
    """

    name: str
    steps: int
    batch_size: int
    step: int = 0
    state: State = "waiting"
    terms: Mapping[str, float] = field(default_factory=dict)
    images_per_second: float = 0.0

    @property
    def steps_per_second(self) -> float:
        """Number of updates per second; 0 if the run is not training."""
        return self.images_per_second / self.batch_size if self.state == "training" else 0.0


class Progress(Protocol):
    """Display of the progress of several runs, a context manager."""

    def __enter__(self) -> "Progress":
        """Begin to show progress."""

    def __exit__(self, *error: object) -> None:
        """Stop showing progress."""

    def show(self, rows: Sequence[Row]) -> None:
        """Show the current rows."""


def progress_of_several(what: str, rows: Sequence[Row]) -> Progress:
    """Return a display of progress: a table on a terminal, elsewhere a line every 10 s at most.

    Args:
        what: Heading of the column of names.
        rows: Rows of all runs.
    """
    if sys.stderr.isatty() and not console_settings.quiet:
        return _TableProgress(what)
    return _LineProgress(what, rows)


class _TableProgress:
    def __init__(self, what: str) -> None:
        from rich.console import Console
        from rich.live import Live

        self._what, self._warned = what, False
        self._live = Live(console=Console(stderr=True), auto_refresh=False)

    def __enter__(self) -> "_TableProgress":
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def show(self, rows: Sequence[Row]) -> None:
        self._warned = _note_if_long(rows, self._warned)
        self._live.update(table_of(self._what, rows), refresh=True)


class _LineProgress:
    def __init__(self, what: str, rows: Sequence[Row]) -> None:
        self._what, self._warned = what, False
        self._display = progress_display("training", sum(row.steps for row in rows))

    def __enter__(self) -> "_LineProgress":
        self._display.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._display.__exit__(*error)

    def show(self, rows: Sequence[Row]) -> None:
        if not any(row.terms for row in rows):
            return
        self._warned = _note_if_long(rows, self._warned)
        self._display.update(sum(row.step for row in rows), line_of(rows))


def table_of(what: str, rows: Sequence[Row]) -> "Table":
    """Return a table with a row for each run, and the total speed below it."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), caption=_speed(rows))
    table.add_column(what, overflow="fold")
    for column in ("step", *_TERMS, "img/s"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for row in rows:
        losses = [f"{row.terms[name]:.1f}" if name in row.terms else "" for name in _TERMS]
        speed = f"{row.images_per_second:,.0f}" if row.steps_per_second else ""
        table.add_row(row.name, f"{row.step:,}/{row.steps:,}", *losses, speed, row.state)
    return table


def line_of(rows: Sequence[Row]) -> str:
    """Return a line with the number of runs in each state, the range of losses and the speed."""
    states = [row.state for row in rows]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    losses = [row.terms["loss"] for row in rows if "loss" in row.terms]
    low, high = f"{min(losses):.1f}", f"{max(losses):.1f}"
    shown = low if low == high else f"{low} to {high}"
    return f"{counts}  loss {shown}  {_speed(rows)}".rstrip()


def seconds_left(rows: Sequence[Row]) -> float | None:
    """Estimate the seconds until all runs have ended; return None if no run is training.

    A waiting run is assumed to replace a run that ends, and to train at the same speed.
    """
    speeds = [row.steps_per_second for row in rows if row.steps_per_second]
    if not speeds:
        return None
    left = [row.steps - row.step for row in rows if row.state in ("waiting", "training")]
    longest = max(left) * len(speeds) / sum(speeds)
    return max(sum(left) / sum(speeds), longest)


def _speed(rows: Sequence[Row]) -> str:
    seconds = seconds_left(rows)
    if seconds is None:
        return ""
    total = sum(row.images_per_second for row in rows if row.steps_per_second)
    return f"{total:,.0f} img/s in all, {duration(seconds)} left"


def _note_if_long(rows: Sequence[Row], warned: bool) -> bool:
    seconds = seconds_left(rows)
    if warned or seconds is None or seconds <= LONG_SECONDS:
        return warned
    print_highlighted(
        f"{len(rows)} runs will take about {duration(seconds)} on this device; fewer steps with "
        "--steps, or minutes with --profile quick. Ctrl-C saves."
    )
    return True
