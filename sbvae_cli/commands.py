"""Commands of `sbvae` as text that a user can paste into a shell."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

# What no shell reads as anything but itself: zsh expands a leading `=`, PowerShell a leading `@`
# and a trailing comma.
_BARE = re.compile(r"[A-Za-z0-9_+:./-]([A-Za-z0-9_+:./=@,-]*[A-Za-z0-9_+:./=@-])?")


def quoted(word: str | Path) -> str:
    """A word as shells take it: sh, bash, zsh, fish and PowerShell, and mostly cmd.

    Double quotes are what all of them know. Single ones stand where a `$`, a backtick or an
    exclamation mark would mean something within double quotes; cmd knows only the double ones.

    Args:
        word: Text, or a path, which is never taken for an option, whatever it begins with.
    """
    text = str(word)
    if isinstance(word, Path) and text.startswith("-"):
        text = f"./{text}"
    if _BARE.fullmatch(text):
        return text
    windows = os.name == "nt"
    if not set(text) & set('"$`!' if windows else '"$`!\\'):
        ends_open = windows and text.endswith("\\")  # which would escape the quote after it
        return f'"{text}\\"' if ends_open else f'"{text}"'
    parts = re.split(r"(['\\]+)", text)  # texts, and between them what single quotes cannot hold
    for i, part in enumerate(parts):
        parts[i] = '"' + part.replace("\\", "\\\\") + '"' if i % 2 else f"'{part}'" if part else ""
    return "".join(parts)


def as_typed(words: Iterable[str | Path]) -> str:
    """A command of `sbvae`, from the words after its name."""
    return " ".join(["sbvae", *map(quoted, words)])


def command(name: str, *targets: str | Path, **arguments: str | Path) -> str:
    """A command in backticks, as a message has it: `sbvae gen-data images from=photos.zip`.

    The command line turns its arguments into flags, here as in the rest of a message.

    Args:
        name: Words of the command, as `gen-data images`.
        targets: Files and the like that it is about.
        arguments: Values of its arguments; a name that Python keeps for itself ends in `_`.
    """
    paths = [Path(target) if str(target).startswith("-") else target for target in targets]
    shown = [quoted(path) for path in paths]
    shown = [f'"{word}"' if "=" in word and word[0] not in "'\"" else word for word in shown]
    options = [f"{key.rstrip('_')}={quoted(value)}" for key, value in arguments.items()]
    return f"`{' '.join(['sbvae', *name.split(), *shown, *options])}`"


_OTHER_NAMES = {"source": "data", "learning_rate": "lr"}  # whose flag has another name
_WORD = r"""(?:'[^']*'|"[^"]*"|[^\s`'"])+"""  # of a command; quotes may hold blanks
COMMAND = re.compile(rf"`sbvae((?: {_WORD})+)`")
OF_COMMAND = re.compile(r"([a-z][a-z0-9_]*)=(.*)")
MODEL = "MODEL"  # stands in a command for the model that a message is about


def flag(name: str) -> str:
    """The flag of an argument, with hyphens in place of its underscores."""
    return "--" + _OTHER_NAMES.get(name, name).replace("_", "-")


def with_commands(message: str, model: Sequence[str | Path] = (MODEL,)) -> str:
    """A message whose commands, as `sbvae traverse MODEL latents=0,2`, can be pasted into a shell.

    Args:
        message: As the library words it; what is no command stays as it is.
        model: What a user wrote to name the model that the message is about: its path, and
            the data that it is looked at with, as words of a command.
    """
    return COMMAND.sub(lambda m: "`sbvae " + _typed(m[1], model) + "`", message)


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
