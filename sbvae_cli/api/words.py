"""Errors in the words of Python: names of arguments, commands as shells have them."""

import warnings
from collections.abc import Callable
from contextlib import ContextDecorator
from types import TracebackType

from sbvae_cli.commands import with_commands
from sbvae_cli.errors import SbvaeError

_SAID = "_said_in_python"  # marks an error that has passed here


class in_python_words(ContextDecorator):
    """Word errors of a block, or of a function, for who calls it from Python.

    An error of an argument names it in backticks from then on; below, the message alone
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
            if error.field and f"`{error.field}`" not in str(error):
                error.args = (_with_name(error.field, str(error)),)
        setattr(error, _SAID, True)


def _with_name(field: str, message: str) -> str:
    """A message that names the argument at fault once, in backticks."""
    named, rest = message[: len(field)], message[len(field) :]
    return f"`{field}`{rest}" if named == field and rest[:1] in " :" else f"`{field}`: {message}"


class SbvaeWarning(UserWarning):
    """What may be other than expected, though nothing is wrong."""


def note(line: str) -> None:
    """Warn of what a line says."""
    warnings.warn(with_commands(line), SbvaeWarning, stacklevel=2)
