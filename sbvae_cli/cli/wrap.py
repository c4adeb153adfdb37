"""Text broken between words where a terminal ends; what is piped stays in one line, for grep."""

import os
import re
import shutil
import sys
from typing import TextIO

_PIECE = re.compile(r"(\s*)((?:`[^`]*`|[^\s`])+|`)")  # a command in backticks is one word


def terminal_width(stream: TextIO | None = None) -> int | None:
    """Columns of the terminal behind a stream, stdout by default; None where there is none."""
    stream = stream or sys.stdout
    if not stream.isatty():
        return None
    try:
        own = os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        own = 80
    return shutil.get_terminal_size((own, 24)).columns


def harmless(text: str) -> str:
    """Text without what commands a terminal, or turns the order of letters, in anybody's names.

    Characters that do not print are replaced, but for ends of lines.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


def wrapped(text: str, width: int | None, indent: int = 2) -> str:
    """A line as lines of a width, broken between words.

    A command in backticks is not broken, so that it can be copied; a line of a command alone,
    which begins with two blanks, neither.

    Args:
        text: One line.
        width: Columns; None leaves the text as it is.
        indent: Blanks before each line but the first.
    """
    if width is None or len(text) <= width or text.startswith("  sbvae "):
        return text
    lines = [""]
    for blanks, word in _PIECE.findall(text):
        if lines[-1].strip() and len(lines[-1]) + len(blanks) + len(word) > width:
            lines.append(" " * indent + word)
        else:
            lines[-1] += blanks + word
    return "\n".join(lines)
