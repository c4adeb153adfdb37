"""Wraps lines to the width of a terminal; lines that are piped stay whole, for grep."""

import os
import re
import shutil
import sys
from typing import TextIO

from sbvae_cli.errors import printable

_PIECE = re.compile(r"(\s*)((?:`[^`]*`|[^\s`])+|`)")  # a command in backticks is one word


def terminal_width(stream: TextIO | None = None) -> int | None:
    """Return the width of a stream's terminal in columns; None if it is not a terminal.

    Args:
        stream: Output stream; None is stdout.
    """
    stream = stream or sys.stdout
    if not stream.isatty():
        return None
    try:
        own = os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        own = 80
    return shutil.get_terminal_size((own, 24)).columns


def printable_lines(text: str) -> str:
    """Replace unprintable characters except line ends.

    Names from files could otherwise control the terminal or reverse the order of letters.
    """
    if text.isprintable():
        return text
    return "\n".join(map(printable, text.split("\n")))


def wrapped(text: str, width: int | None, indent: int = 2) -> str:
    """Wrap a line between words.

    A command in backticks is not broken, so that it can be copied; nor is a line that consists of a
    command after two blanks.

    Args:
        text: One line.
        width: Width in columns; None does not wrap.
        indent: Number of blanks before each line but the first.
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
