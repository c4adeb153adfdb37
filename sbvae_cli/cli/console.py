"""Prints messages, one-line errors, tables and progress of commands."""

import os
import re
import sys
import textwrap
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import typer

from sbvae_cli.cli.flags import with_flags
from sbvae_cli.cli.wrap import printable_lines, terminal_width, wrapped

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


@dataclass
class ConsoleSettings:
    """Verbosity and command line of the process; set once, before a command runs.

    Attributes:
        quiet: Whether only results and errors are printed.
        verbose: Whether details are printed too.
        command: Command line, quoted for a shell; it is written into files such as pictures.
    """

    quiet: bool = False
    verbose: bool = False
    command: str = ""


console_settings = ConsoleSettings()

_HEADING = 40  # characters of a line of a column's name


def hide_warnings() -> None:
    """Suppress warnings of Pillow; sbvae itself reports files that cannot be read."""
    warnings.filterwarnings("ignore", module=r"PIL\.")


def print_info(message: str) -> None:
    """Print a line on stdout, unless `--quiet` is set."""
    if not console_settings.quiet:
        print_line(message)


def print_line(message: str, indent: int = 2) -> None:
    """Print a line on stdout, wrapped to the width of the terminal."""
    typer.echo(wrapped(printable_lines(message), terminal_width(sys.stdout), indent))


def print_status(message: str) -> None:
    """Print a line on stderr, unless `--quiet` is set."""
    if not console_settings.quiet:
        typer.echo(
            wrapped(with_flags(printable_lines(message)), terminal_width(sys.stderr)), err=True
        )


def note(message: str) -> None:
    """Print a line on stderr that begins with `note:`, unless `--quiet` is set."""
    print_status(f"note: {message}")


def note_once() -> Callable[[str], None]:
    """Return a function like `note` that prints each distinct message once."""
    printed: set[str] = set()

    def note_if_new(message: str) -> None:
        if message not in printed:
            printed.add(message)
            note(message)

    return note_if_new


def print_detail(message: str) -> None:
    """Print a line on stderr if `--verbose` is set."""
    if console_settings.verbose:
        print_unwrapped(message)


def print_error(message: str) -> None:
    """Print an error on stderr as one line, wrapped to the width of the terminal."""
    line = printable_lines(re.sub(r"\s*[\r\n]\s*", " ", message.strip()))
    typer.echo(wrapped(f"error: {line}", terminal_width(sys.stderr)), err=True)


def print_unwrapped(message: str) -> None:
    """Print a line on stderr without wrapping, even if `--quiet` is set."""
    typer.echo(printable_lines(message), err=True)


def print_highlighted(message: str) -> None:
    """Print a line on stderr in bold and yellow, unless `--quiet` is set."""
    if console_settings.quiet:
        return
    color = None if os.environ.get("NO_COLOR") else typer.colors.YELLOW
    line = wrapped(with_flags(printable_lines(message)), terminal_width(sys.stderr))
    typer.secho(line, err=True, fg=color, bold=True)


def duration(seconds: float) -> str:
    """Format a duration with at most two units, such as `3 min 5 s` or `2 days 4 h`."""
    units = (("days", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    left = max(round(seconds), 0)
    parts: list[str] = []
    for name, length in units:
        count, left = divmod(left, length)
        if count or parts:
            parts.append(f"{count} {'day' if name == 'days' and count == 1 else name}")
    return " ".join(parts[:2]) or "under 1 s"


def file_size(count: int) -> str:
    """Format a number of bytes with a suitable unit, such as `21.5 kB`."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count} bytes"


def _table_width(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Return the width of a table in columns of the terminal."""
    lines = [[*name.split("\n"), *(row[i] for row in rows)] for i, name in enumerate(columns)]
    return 1 + sum(max(map(len, each)) + 3 for each in lines)


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], spare: int = 0
) -> Sequence[str]:
    """Print a table on stdout; the first column is text, the others are numbers.

    Args:
        title: Line above the table.
        columns: Names of the columns; on a terminal long names are wrapped, except the first.
        rows: Rows of the table, a cell for each column.
        spare: Number of last columns that a narrow terminal may leave out, from the right. If that
            is not enough, the first column is wrapped; the other columns never are.

    Returns:
        Names of the columns that were left out.
    """
    from rich.console import Console
    from rich.table import Table

    width = terminal_width()
    title, columns = printable_lines(title), [printable_lines(name) for name in columns]
    rows = [[printable_lines(cell) for cell in row] for row in rows]
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
            raise BrokenPipeError  # handled by `main`; Rich would exit with code 1

    # Without a terminal, tables are not cut or wrapped: another program may read them.
    # Rich ignores a width that is set without a height.
    out = Pipe(width=width or 500, height=25, markup=False, emoji=False)
    if title:  # Rich wraps the title of a table to the table's width
        out.print(title, style="bold", highlight=False)
    out.print(table)
    return columns[shown:]


class ProgressDisplay(Protocol):
    """Display of progress, a context manager."""

    def __enter__(self) -> "ProgressDisplay":
        """Begin to show progress."""

    def __exit__(self, *error: object) -> None:
        """Stop showing progress."""

    def update(self, done: int, text: str) -> None:
        """Show the number of items done, with a text such as losses and speed."""


def progress_display(name: str, total: int, start: int = 0) -> ProgressDisplay:
    """Return a display of progress: a bar on a terminal, elsewhere a line every 10 s at most.

    Args:
        name: Name of the activity.
        total: Number of items in all.
        start: Number of items that are done already.
    """
    if console_settings.quiet:
        return _SilentDisplay()
    if sys.stderr.isatty():
        return _BarDisplay(name, total, start)
    return _LineDisplay(name, total)


class _SilentDisplay:
    def __enter__(self) -> "_SilentDisplay":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def update(self, done: int, text: str) -> None:
        pass


class _BarDisplay:
    def __init__(self, name: str, total: int, start: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        # Short enough for a terminal of 80 columns.
        self._bar: Bar = Progress(
            BarColumn(bar_width=10),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
            TextColumn("{task.fields[text]}", markup=False),  # names may contain brackets
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task(name, total=total, completed=start, text="")

    def __enter__(self) -> "_BarDisplay":
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def update(self, done: int, text: str) -> None:
        self._bar.update(self._task, completed=done, text=printable_lines(text))


class _LineDisplay(_SilentDisplay):
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
            print_unwrapped(f"{self._name} {done:,}/{self._total:,}  {text}")
