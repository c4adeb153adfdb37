"""Arguments and errors in the words of Python: names of arguments, commands as shells have them."""

import os
import warnings
from collections.abc import Callable
from contextlib import ContextDecorator
from pathlib import Path
from types import TracebackType
from typing import Any

from sbvae_cli.commands import with_commands
from sbvae_cli.config.names import choice
from sbvae_cli.errors import SbvaeError, nearest

_SAID = "_said_in_python"  # marks an error that has passed here


class in_python_words(ContextDecorator):
    """Word errors of a block, or of a function, for who calls it from Python.

    An error that has a `field` begins with it in backticks from then on; below, the message alone
    is its text, and the command line writes a flag.

    Args:
        of: The argument at fault where an error names none, or what finds it by the message.
    """

    def __init__(self, of: str | Callable[[str], str | None] | None = None) -> None:
        self._of = of

    def __enter__(self) -> None:
        """Nothing is done before the block."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Word the error, once; it goes on."""
        if not isinstance(error, SbvaeError) or hasattr(error, _SAID):
            return
        error.args = (with_commands(error.line),)
        if error.field is None:
            error.field = self._of(str(error)) if callable(self._of) else self._of
        setattr(error, _SAID, True)


def one_of(value: Any, names: tuple[str, ...], field: str) -> None:
    """Check that an argument is one of some names.

    Raises:
        SbvaeError: If it is none; suggests the nearest.
    """
    if value not in names:
        near = nearest(value, names) if isinstance(value, str) else None
        hint = f"did you mean {near!r}?" if near else f"give {choice(map(repr, names))}"
        raise SbvaeError(f"is {value!r}; {hint}", field=field)


class SbvaeWarning(UserWarning):
    """What may be other than expected, though nothing is wrong."""


def note(line: str) -> None:
    """Warn of what a line says."""
    warnings.warn(with_commands(line), SbvaeWarning, stacklevel=2)


def path_of(value: Any, field: str) -> Path:
    """A path that was given as text or as a path.

    Raises:
        SbvaeError: If it is something else, or empty.
    """
    if not isinstance(value, str | os.PathLike) or str(value) == "":
        raise SbvaeError(f"is {value!r}; give a path", field=field)
    return Path(value).expanduser()


def two_sizes(size: int | tuple[int, int]) -> tuple[int, int]:
    """(H, W) of a size.

    Raises:
        SbvaeError: If it is none.
    """
    pair = (size, size) if isinstance(size, int) else tuple(size)
    if len(pair) != 2 or not all(isinstance(side, int) and side >= 1 for side in pair):
        raise SbvaeError(f"is {size!r}; give pixels, as 64 or (48, 64)", field="size")
    return pair[0], pair[1]
