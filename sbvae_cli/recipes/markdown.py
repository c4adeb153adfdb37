"""Markdown that is easy to read both rendered and in a terminal."""

from collections.abc import Sequence


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table with aligned columns, those of numbers on the right.

    The first column has the names of the rows.
    """
    lines = [[_escape(cell) for cell in row] for row in (heading, *rows)]
    columns = [[line[i] for line in lines[1:]] for i in range(len(heading))]
    widths = [max(3, *(len(line[i]) for line in lines)) for i in range(len(heading))]
    right = [i > 0 and all(map(_like_number, column)) for i, column in enumerate(columns)]
    written = [_row(line, widths, right) for line in lines]
    rule = ["-" * (n - end) + ":" * end for n, end in zip(widths, right, strict=True)]
    return "\n".join([written[0], _row(rule, widths, right), *written[1:]])


def _like_number(text: str) -> bool:
    return text[:1].isdigit() or text[:1] in ("-", "")


def _row(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [
        cell.rjust(width) if end else cell.ljust(width)
        for cell, width, end in zip(cells, widths, right, strict=True)
    ]
    return f"| {' | '.join(padded)} |"


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


def code(text: str) -> str:
    """Return a command as a code block."""
    return f"```sh\n{text}\n```"


def sentence(text: str) -> str:
    """Capitalise the first letter of a text, and end it with a full stop."""
    end = "" if text.endswith((".", "?", "!")) else "."
    return text[:1].upper() + text[1:] + end


def duration(seconds: float) -> str:
    """Format a duration roughly, in a single unit."""
    for name, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.0f} {name}"
    return f"{seconds:.0f} seconds"
