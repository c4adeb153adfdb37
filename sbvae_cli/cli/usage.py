"""Words the errors of the parser as one line that suggests the most similar name."""

import itertools
import re
from collections.abc import Collection, Sequence
from typing import Any

from sbvae_cli.cli.help import choices_of
from sbvae_cli.errors import closest_name

_CHOICE = re.compile(r": '(.*)' is not one of ")
_COMMAND = re.compile(r"No such command '(.*?)'")
_EXTRA = re.compile(r"Got unexpected extra argument\S* \((.*)\)")


def normalised(name: str) -> str:
    """Normalise the spelling of an option or a choice: `Beta_VAE` to beta-vae."""
    return name.lower().replace("_", "-")


def usage_line(error: Any, root: Any, arguments: Sequence[str], anywhere: Collection[str]) -> str:
    """Return the line of an error of the parser: cause, advice, and the command of the help.

    Args:
        error: Error of the parser.
        root: Parser of all commands.
        arguments: Words of the command line.
        anywhere: Options that every command has.
    """
    command, words = _command_of(root, arguments)
    message = error.format_message().rstrip(".").replace("Value error, ", "")
    options = {name for p in command.params for name in p.opts if name.startswith("--")}
    if hasattr(error, "possibilities"):
        message = _unknown("option", error.option_name, {*options, *anywhere})
    elif match := _COMMAND.match(message):
        known = getattr(command, "commands", {})
        message = _unknown("command", match[1], [k for k, v in known.items() if not v.hidden])
    elif match := _EXTRA.match(message):
        to = "; a folder or file to write goes by --out" if "--out" in options else ""
        advice = "separate a list by commas without blanks, as 9,3"
        message = f"{match[1]}: unexpected argument; {advice}{to}"
    elif match := _CHOICE.search(message):
        parameter = error.param
        names = choices_of(command, parameter.name)
        message = f"{parameter.opts[0]} {_unknown('', match[1], names)}"
    else:
        message = _wrong_value(error) or message
    return f"{message}; see `{' '.join(['sbvae', *words])} --help`"


def _wrong_value(error: Any) -> str:
    """Describe which value of which option is invalid, and what is valid; "" if unknown."""
    # The parser checks values with pydantic.
    faults: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()
    parameter = getattr(error, "param", None)
    if not faults or parameter is None:
        return ""
    fault, bounds = faults[0], faults[0].get("ctx", {})
    match fault["type"]:
        case "greater_than_equal":
            must = f"must be {bounds['ge']:,} or more"
        case "less_than_equal":
            must = f"must be {bounds['le']:,} or less"
        case "int_parsing" | "int_type" | "int_from_float":
            must = "must be a whole number"
        case "float_parsing" | "float_type":
            must = "must be a number"
        case _:
            must = fault["msg"].replace("Input should", "must").replace("Value error, ", "")
    return f"{parameter.opts[0]} {fault['input']}: {must}"


def _unknown(what: str, name: str, known: Collection[str]) -> str:
    near = closest_name(name, known)
    if near:
        hint = f"; did you mean {near}?"
    else:
        hint = "" if what == "option" else f"; there are {', '.join(known)}"
    return f"{what} {name} is unknown{hint}".lstrip()


def _command_of(root: Any, arguments: Sequence[str]) -> tuple[Any, list[str]]:
    """Return the command of a command line and its words, up to the first unknown word."""
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
