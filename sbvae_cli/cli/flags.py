"""Names of arguments, as the library has them, to the command line's flags."""

import re
from collections.abc import Sequence
from pathlib import Path

from sbvae_cli.commands import MODEL, flag, with_commands

ARGUMENT = re.compile(r"""`([a-z][a-z0-9_]*)(?:=((?:'[^'`]*'|"[^"`]*"|[^\s`])+))?`""")


def with_flags(message: str, model: Sequence[str | Path] = (MODEL,)) -> str:
    """A message whose arguments in backticks, as `count` or `population=train`, are flags.

    A command, as `sbvae traverse MODEL latents=0,2`, keeps its backticks.

    Args:
        message: As the library words it.
        model: As `with_commands` takes it.
    """
    message = with_commands(message, model)
    return ARGUMENT.sub(lambda m: flag(m[1]) + (f" {m[2]}" if m[2] else ""), message)


def error_line(message: str, field: str | None) -> str:
    """The line that an error becomes: the flag at fault, where there is one, and the message."""
    return f"{flag(field)} {with_flags(message)}" if field else with_flags(message)
