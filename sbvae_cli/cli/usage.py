"""One line for what the parser refuses, with the nearest name that there is."""

import itertools
import re
from collections.abc import Collection, Sequence
from typing import Any

from sbvae_cli.cli.help import choices_of
from sbvae_cli.errors import nearest

_CHOICE = re.compile(r": '(.*)' is not one of ")
_COMMAND = re.compile(r"No such command '(.*?)'")
_EXTRA = re.compile(r"Got unexpected extra argument\S* \((.*)\)")


def normalised(name: str) -> str:
    """Options and choices as they are spelt here: `Beta_VAE` is beta-vae."""
    return name.lower().replace("_", "-")


def usage_line(error: Any, root: Any, arguments: Sequence[str], anywhere: Collection[str]) -> str:
    """What is wrong with a line, what would do, and where the help is.

    Args:
        error: What the parser raised.
        root: The table of commands.
        arguments: Words of the line.
        anywhere: Options that each command takes.
    """
    command, words = _command_of(root, arguments)
    said = error.format_message().rstrip(".").replace("Value error, ", "")
    options = {name for p in command.params for name in p.opts if name.startswith("--")}
    if hasattr(error, "possibilities"):
        said = _unknown("option", error.option_name, {*options, *anywhere})
    elif match := _COMMAND.match(said):
        said = _unknown("command", match[1], getattr(command, "commands", {}))
    elif match := _EXTRA.match(said):
        said = f"{match[1]}: nothing takes it; a list has commas and no blanks, as 9,3"
    elif match := _CHOICE.search(said):
        parameter = error.param
        names = choices_of(command, parameter.name)
        said = f"{parameter.opts[0]} {_unknown('', match[1], names)}"
    else:
        said = re.sub(r"^Invalid value for '(--[a-z-]+)': I", r"\1: i", said)
        said = said.removesuffix(", unable to parse string as an integer")
    return f"{said}; see `{' '.join(['sbvae', *words])} --help`"


def _unknown(what: str, name: str, known: Collection[str]) -> str:
    near = nearest(name, known)
    if near:
        hint = f"; did you mean {near}?"
    else:
        hint = "" if what == "option" else f"; there are {', '.join(known)}"
    return f"{what} {name} is unknown{hint}".lstrip()


def _command_of(root: Any, arguments: Sequence[str]) -> tuple[Any, list[str]]:
    """The command that a line is of, and its words; as far as they are known."""
    command, words = root, []
    for argument in itertools.dropwhile("help".__eq__, arguments):
        inner = getattr(command, "commands", {})
        name = argument if argument in inner else normalised(argument)
        if name not in inner:
            if argument.startswith("-") and inner:
                continue
            break
        command = inner[name]
        words.append(name)
    return command, words
