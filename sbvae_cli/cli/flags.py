"""Converts names of arguments in messages of the library to flags of the command line."""

import re
from collections.abc import Sequence
from pathlib import Path

from sbvae_cli.commands import MODEL, flag, with_commands

ARGUMENT = re.compile(r"""`([a-z][a-z0-9_]*)(?:=((?:'[^'`]*'|"[^"`]*"|[^\s`])+))?`""")


def with_flags(message: str, model: Sequence[str | Path] = (MODEL,)) -> str:
    """Convert arguments in backticks, as `count` or `population=train`, to flags.

    A command, as `sbvae traverse MODEL latents=0,2`, keeps its backticks.

    Args:
        message: Message of the library.
        model: Words that replace MODEL, as for `with_commands`.
    """
    message = with_commands(message, model)
    return ARGUMENT.sub(lambda m: flag(m[1]) + (f" {m[2]}" if m[2] else ""), message)


def error_line(message: str, field: str | None) -> str:
    """Return the line of an error: the flag of the invalid argument, if any, and the message."""
    return f"{flag(field)} {with_flags(message)}" if field else with_flags(message)
