"""What the commands print: messages, one-line errors, tables, durations and progress."""

import os
import re
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import typer

from sbvae_cli.cli.flags import with_flags
from sbvae_cli.cli.wrap import harmless, terminal_width, wrapped

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


@dataclass
class ConsoleSettings:
    """How much is said, and by which command line; set once, before any command.

    Attributes:
        quiet: Whether results and errors alone are printed.
        verbose: Whether details are printed too.
        command: The line as it can be typed again, which pictures carry.
    """

    quiet: bool = False
    verbose: bool = False
    command: str = ""


console_settings = ConsoleSettings()

_HEADING = 40  # letters of a line of a column's name at most


def inform(message: str) -> None:
    """Print a line on stdout that `--quiet` leaves out."""
    if not console_settings.quiet:
        say(message)


def say(message: str, indent: int = 2) -> None:
    """Print a line on stdout, broken between words where a terminal ends."""
    typer.echo(wrapped(harmless(message), terminal_width(sys.stdout), indent))


def remark(message: str) -> None:
    """Print a line on stderr that `--quiet` leaves out."""
    if not console_settings.quiet:
        typer.echo(wrapped(with_flags(harmless(message)), terminal_width(sys.stderr)), err=True)


def note(message: str) -> None:
    """Print a line on stderr that begins with `note:` and that `--quiet` leaves out."""
    remark(f"note: {message}")


def note_once() -> Callable[[str], None]:
    """A `note` that prints each line once."""
    told: set[str] = set()

    def say_once(message: str) -> None:
        if message not in told:
            told.add(message)
            note(message)

    return say_once


def detail(message: str) -> None:
    """Print a line on stderr that only `--verbose` shows."""
    if console_settings.verbose:
        tell(message)


def complain(message: str) -> None:
    """Print an error on stderr: one line, broken between words where a terminal ends."""
    line = harmless(re.sub(r"\s*[\r\n]\s*", " ", message.strip()))
    typer.echo(wrapped(f"error: {line}", terminal_width(sys.stderr)), err=True)


def tell(message: str) -> None:
    """Print a line on stderr as it stands, `--quiet` or not."""
    typer.echo(harmless(message), err=True)


def notice(message: str) -> None:
    """Print a line on stderr that nobody overlooks on a terminal."""
    if console_settings.quiet:
        return
    color = None if os.environ.get("NO_COLOR") else typer.colors.YELLOW
    line = wrapped(with_flags(harmless(message)), terminal_width(sys.stderr))
    typer.secho(line, err=True, fg=color, bold=True)


def duration(seconds: float) -> str:
    """A duration in two units at most, such as `3 min 5 s` or `2 days 4 h`."""
    units = (("days", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    left = max(round(seconds), 0)
    parts: list[str] = []
    for name, length in units:
        count, left = divmod(left, length)
        if count or parts:
            parts.append(f"{count} {'day' if name == 'days' and count == 1 else name}")
    return " ".join(parts[:2]) or "under 1 s"


def file_size(count: int) -> str:
    """A number of bytes in the unit that leaves a few digits, such as `21.5 kB`."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count} bytes"


def _table_width(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Columns of a terminal that a table takes."""
    lines = [[*name.split("\n"), *(row[i] for row in rows)] for i, name in enumerate(columns)]
    return 1 + sum(max(map(len, each)) + 3 for each in lines)


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], spare: int = 0
) -> Sequence[str]:
    """Print a table on stdout; the first column is text, the others are numbers.

    Args:
        title: Line above the table.
        columns: Names of the columns; on a terminal long ones are broken into lines, but for the
            first.
        rows: Rows of the table, a cell for each column.
        spare: Number of last columns that may be left out, from the right, where the terminal is
            too narrow. After that the first column is broken into lines; the others never are.

    Returns:
        The names of the columns that were left out.
    """
    from rich.console import Console
    from rich.table import Table

    width = terminal_width()
    title, columns = harmless(title), [harmless(name) for name in columns]
    rows = [[harmless(cell) for cell in row] for row in rows]
    shown = len(columns)
    headings = list(columns)
    if width:
        headings[1:] = ["\n".join(textwrap.wrap(name, _HEADING)) for name in columns[1:]]
    while width and spare and _table_width(headings[:shown], [row[:shown] for row in rows]) > width:
        shown, spare = shown - 1, spare - 1
    table = Table()
    for i, column in enumerate(headings[:shown]):
        table.add_column(column, justify="right" if i else "left", no_wrap=i > 0, overflow="fold")
    for row in rows:
        table.add_row(*row[:shown])

    class Pipe(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # which `main` knows; Rich would end the program with 1

    # Without a terminal there is no width to fit: whoever reads the text wants all of it.
    # Rich keeps to a width only where there is a height too.
    out = Pipe(width=width or 500, height=25, markup=False, emoji=False)
    if title:  # a table's own title is broken where it is wider than the table
        out.print(title, style="bold", highlight=False)
    out.print(table)
    return columns[shown:]


class Reporter(Protocol):
    """Shows how far something is."""

    def __enter__(self) -> "Reporter":
        """Begin."""

    def __exit__(self, *error: object) -> None:
        """End."""

    def update(self, done: int, text: str) -> None:
        """Show that `done` are done, with a text such as losses and speed."""


def reporter(name: str, total: int, start: int = 0) -> Reporter:
    """A progress bar on a terminal; elsewhere plain lines, one every ten seconds at most."""
    if console_settings.quiet:
        return _SilentReporter()
    if sys.stderr.isatty():
        return _BarReporter(name, total, start)
    return _LineReporter(name, total)


class _SilentReporter:
    def __enter__(self) -> "_SilentReporter":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def update(self, done: int, text: str) -> None:
        pass


class _BarReporter:
    def __init__(self, name: str, total: int, start: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        # Short enough that nothing is cut on a terminal of 80 columns.
        self._bar: Bar = Progress(
            BarColumn(bar_width=10),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
            TextColumn("{task.fields[text]}", markup=False),  # a name may have brackets
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task(name, total=total, completed=start, text="")

    def __enter__(self) -> "_BarReporter":
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def update(self, done: int, text: str) -> None:
        self._bar.update(self._task, completed=done, text=harmless(text))


class _LineReporter(_SilentReporter):
    seconds_between = 10.0

    def __init__(self, name: str, total: int) -> None:
        self._name = name
        self._total = total
        self._next = 0.0
        self._shown = -1

    def update(self, done: int, text: str) -> None:
        now = time.monotonic()
        if done != self._shown and (now >= self._next or done == self._total):
            self._next = now + self.seconds_between
            self._shown = done
            tell(f"{self._name} {done:,}/{self._total:,}  {text}")
