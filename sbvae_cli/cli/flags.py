"""Names of arguments, as the library has them, to the command line's flags."""

import re

_OTHER_NAMES = {"source": "data", "learning_rate": "lr"}  # whose flag has another name
_WORD = r"""(?:'[^']*'|"[^"]*"|[^\s'"`])+"""  # of a shell's line
COMMAND = re.compile(rf"`(sbvae(?: [a-z-]+)+)((?: {_WORD})*)`")
OF_COMMAND = re.compile(rf" (?:([a-z][a-z0-9_]*)=)?({_WORD})")
ARGUMENT = re.compile(r"`([a-z][a-z0-9_]*)(?:=([^`\s]+))?`")


def flag(name: str) -> str:
    """The flag of an argument: `--vote-images` of `vote_images`."""
    return "--" + _OTHER_NAMES.get(name, name).replace("_", "-")


def with_flags(message: str) -> str:
    """A message whose arguments in backticks, as `count` or `population=train`, are flags.

    A command, as `sbvae gen-data images from='my images.zip' size=32`, keeps its backticks.
    """
    message = COMMAND.sub(lambda m: f"`{m[1]}{OF_COMMAND.sub(_option, m[2])}`", message)
    return ARGUMENT.sub(lambda m: flag(m[1]) + (f" {m[2]}" if m[2] else ""), message)


def _option(word: re.Match[str]) -> str:
    return f" {flag(word[1])} {word[2]}" if word[1] else word[0]


def error_line(message: str, field: str | None) -> str:
    """The line that an error becomes: the flag at fault, where there is one, and the message."""
    return f"{flag(field)} {with_flags(message)}" if field else with_flags(message)
