"""Names of arguments, as the library has them, to the command line's flags."""

import re
from collections.abc import Sequence
from pathlib import Path

from sbvae_cli.commands import quoted

_OTHER_NAMES = {"source": "data", "learning_rate": "lr"}  # whose flag has another name
_WORD = r"""(?:'[^']*'|"[^"]*"|[^\s`'"])+"""  # of a command; quotes may hold blanks
COMMAND = re.compile(rf"`sbvae((?: {_WORD})+)`")
ARGUMENT = re.compile(r"""`([a-z][a-z0-9_]*)(?:=((?:'[^'`]*'|"[^"`]*"|[^\s`])+))?`""")
OF_COMMAND = re.compile(r"([a-z][a-z0-9_]*)=(.*)")
MODEL = "MODEL"  # stands in a command for the model that a message is about


def flag(name: str) -> str:
    """The flag of an argument: `--vote-images` of `vote_images`."""
    return "--" + _OTHER_NAMES.get(name, name).replace("_", "-")


def with_flags(message: str, model: Sequence[str | Path] = (MODEL,)) -> str:
    """A message whose arguments in backticks, as `count` or `population=train`, are flags.

    A command, as `sbvae traverse MODEL latents=0,2`, keeps its backticks.

    Args:
        message: As the library words it.
        model: What a user wrote to name the model that the message is about: its path, and
            the data that it is looked at with, as words of a command.
    """
    message = COMMAND.sub(lambda m: f"`sbvae {_typed(m[1], model)}`", message)
    return ARGUMENT.sub(lambda m: flag(m[1]) + (f" {m[2]}" if m[2] else ""), message)


def _typed(words: str, model: Sequence[str | Path]) -> str:
    shown: list[str] = []
    for word in re.findall(_WORD, words):
        argument = OF_COMMAND.fullmatch(word)
        if word == MODEL:
            shown += map(quoted, model)
        elif argument and not (shown and shown[-1].startswith("--")):  # whose value it is
            shown += [flag(argument[1]), argument[2]]
        else:
            shown.append(word)
    return " ".join(shown)


def error_line(message: str, field: str | None) -> str:
    """The line that an error becomes: the flag at fault, where there is one, and the message."""
    return f"{flag(field)} {with_flags(message)}" if field else with_flags(message)
