"""Formats commands of `sbvae` as text that a user can paste into a shell."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

# Words that no shell changes, so that they need no quotes. zsh expands a leading `=`, and
# PowerShell interprets a leading `@` and a trailing comma.
_BARE = re.compile(r"[A-Za-z0-9_+:./-]([A-Za-z0-9_+:./=@,-]*[A-Za-z0-9_+:./=@-])?")


def quoted(word: str | Path) -> str:
    """Quote a word for sh, bash, zsh, fish and PowerShell, and in most cases for cmd.

    All of these shells read double quotes. Single quotes are used only where a `$`, a backtick or
    an exclamation mark would be expanded within double quotes; cmd does not read single quotes.

    Args:
        word: Text or a path; a path that begins with a hyphen gets `./` before it, so that it is
            not read as an option.
    """
    text = str(word)
    if isinstance(word, Path) and text.startswith("-"):
        text = f"./{text}"
    if _BARE.fullmatch(text):
        return text
    windows = os.name == "nt"
    if not set(text) & set('"$`!' if windows else '"$`!\\'):
        ends_open = windows and text.endswith("\\")  # it would escape the closing quote
        return f'"{text}\\"' if ends_open else f'"{text}"'
    # At odd places, quotes and backslashes, which cannot be within single quotes in every shell.
    parts = re.split(r"(['\\]+)", text)
    for i, part in enumerate(parts):
        parts[i] = '"' + part.replace("\\", "\\\\") + '"' if i % 2 else f"'{part}'" if part else ""
    return "".join(parts)


def as_typed(words: Iterable[str | Path]) -> str:
    """Return the shell command of `sbvae` with these words, each quoted as needed."""
    return " ".join(["sbvae", *map(quoted, words)])


def command(name: str, *targets: str | Path, **arguments: str | Path) -> str:
    """Return a command in backticks for a message: `sbvae gen-data images from=photos.zip`.

    The command line later turns arguments into flags, as `with_commands` does.

    Args:
        name: Words of the command, such as `gen-data images`.
        targets: Positional arguments, such as files.
        arguments: Values of named arguments; a Python keyword as a name has a trailing `_`.
    """
    paths = [Path(target) if str(target).startswith("-") else target for target in targets]
    shown = [quoted(path) for path in paths]
    shown = [f'"{word}"' if "=" in word and word[0] not in "'\"" else word for word in shown]
    options = [f"{key.rstrip('_')}={quoted(value)}" for key, value in arguments.items()]
    return f"`{' '.join(['sbvae', *name.split(), *shown, *options])}`"


_OTHER_NAMES = {"source": "data", "learning_rate": "lr"}  # arguments named unlike their flags
_WORD = r"""(?:'[^']*'|"[^"]*"|[^\s`'"])+"""  # one word of a command; quotes may contain blanks
COMMAND = re.compile(rf"`sbvae((?: {_WORD})+)`")
OF_COMMAND = re.compile(r"([a-z][a-z0-9_]*)=(.*)")
MODEL = "MODEL"  # placeholder in a command for the model that the message is about


def flag(name: str) -> str:
    """Return the flag of an argument, with hyphens in place of underscores."""
    return "--" + _OTHER_NAMES.get(name, name).replace("_", "-")


def with_commands(message: str, model: Sequence[str | Path] = (MODEL,)) -> str:
    """Rewrite the commands in a message, as `sbvae traverse MODEL latents=0,2`, for a shell.

    Args:
        message: Message of the library; only commands in backticks are rewritten.
        model: Words that replace MODEL: the path of the model, and the option for other data, if
            the user gave one.
    """
    return COMMAND.sub(lambda m: "`sbvae " + _typed(m[1], model) + "`", message)


def _typed(words: str, model: Sequence[str | Path]) -> str:
    shown: list[str] = []
    for word in re.findall(_WORD, words):
        argument = OF_COMMAND.fullmatch(word)
        if word == MODEL:
            shown += map(quoted, model)
        elif argument and not (shown and shown[-1].startswith("--")):  # not the value of a flag
            shown += [flag(argument[1]), argument[2]]
        else:
            shown.append(word)
    return " ".join(shown)
