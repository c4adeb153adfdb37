"""Markdown that reads well where it is rendered and in a terminal."""

from collections.abc import Sequence


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose columns are aligned in the text too; the first is text, the others numbers."""
    lines = [[_escape(cell) for cell in row] for row in (heading, *rows)]
    widths = [max(3, *(len(line[i]) for line in lines)) for i in range(len(heading))]
    written = [_row(line, widths) for line in lines]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([written[0], _row(rule, widths), *written[1:]])


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = [
        cell.rjust(width) if i else cell.ljust(width)
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join([first, *others])} |"


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


def code(text: str) -> str:
    """A command as a block."""
    return f"```sh\n{text}\n```"


def sentence(text: str) -> str:
    """A text that begins with a capital and ends with a full stop."""
    end = "" if text.endswith((".", "?", "!")) else "."
    return text[:1].upper() + text[1:] + end


def duration(seconds: float) -> str:
    """About how long, in one unit."""
    for name, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.0f} {name}"
    return f"{seconds:.0f} seconds"
