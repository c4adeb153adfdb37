"""A live table of runs that train at once, a row for each; without a terminal, a line at times."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from sbvae_cli.cli.console import console_settings, duration, notice, reporter

if TYPE_CHECKING:
    from rich.table import Table

State = Literal["waiting", "training", "finished", "stopped", "diverged", "failed"]

LONG = 3_600  # seconds, after which a training says what would be shorter
_TERMS = ("loss", "nll", "kl")


@dataclass
class Row:
    """How far one of several runs is.

    Attributes:
        name: What tells it from the others, such as its seed.
        steps: Updates planned.
        batch_size: Images an update.
        step: Updates made.
        state: What becomes of it.
        terms: Loss terms as last reported, nats.
        images_per_second: Speed as last reported.
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
        """Speed while it trains, else 0."""
        return self.images_per_second / self.batch_size if self.state == "training" else 0.0


class Progress(Protocol):
    """Shows how far several runs are."""

    def __enter__(self) -> "Progress":
        """Begin."""

    def __exit__(self, *error: object) -> None:
        """End."""

    def show(self, rows: Sequence[Row]) -> None:
        """Show all of them as they are now."""


def progress_of_several(what: str, rows: Sequence[Row]) -> Progress:
    """A table on a terminal; elsewhere plain lines, one every ten seconds at most.

    Args:
        what: What the column of names is called.
        rows: Runs, of which those that are finished already do not count.
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
        self._warned = _say_if_long(rows, self._warned)
        self._live.update(table_of(self._what, rows), refresh=True)


class _LineProgress:
    def __init__(self, what: str, rows: Sequence[Row]) -> None:
        self._what, self._warned = what, False
        self._reporter = reporter("training", sum(row.steps for row in rows))

    def __enter__(self) -> "_LineProgress":
        self._reporter.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._reporter.__exit__(*error)

    def show(self, rows: Sequence[Row]) -> None:
        if not any(row.terms for row in rows):
            return
        self._warned = _say_if_long(rows, self._warned)
        self._reporter.update(sum(row.step for row in rows), line_of(rows))


def table_of(what: str, rows: Sequence[Row]) -> "Table":
    """A table with a row for each run, and what all do together below it."""
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
    """How many are in which state, the range of their losses, and the speed of all."""
    states = [row.state for row in rows]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    losses = [row.terms["loss"] for row in rows if "loss" in row.terms]
    low, high = f"{min(losses):.1f}", f"{max(losses):.1f}"
    shown = low if low == high else f"{low} to {high}"
    return f"{counts}  loss {shown}  {_speed(rows)}".rstrip()


def seconds_left(rows: Sequence[Row]) -> float | None:
    """Time until all have ended, at the speed at which some train; None where none does.

    A run that waits takes the place of one that ends, and as long.
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


def _say_if_long(rows: Sequence[Row], warned: bool) -> bool:
    seconds = seconds_left(rows)
    if warned or seconds is None or seconds <= LONG:
        return warned
    notice(
        f"{len(rows)} runs will take about {duration(seconds)} on this device; fewer steps with "
        "--steps, or minutes with --profile quick. Ctrl-C saves."
    )
    return True
