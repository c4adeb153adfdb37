"""Words errors and notes for Python: names of arguments in backticks, commands for a shell."""

import inspect
import warnings
from collections.abc import Callable
from contextlib import ContextDecorator
from types import TracebackType

from sbvae_cli.commands import with_commands
from sbvae_cli.errors import SbvaeError

_REWORDED = "_said_in_python"  # attribute of an error that has been reworded
_BETWEEN = ("sbvae_cli", "contextlib", "functools")  # packages between a user's call and a warning


class in_python_words(ContextDecorator):
    """Context manager and decorator that rewords an SbvaeError for callers from Python.

    The message gets the name of the invalid argument, the error's `field`, in backticks. Below this
    layer the message lacks it, since the command line writes a flag instead.

    Args:
        of: Name of the invalid argument for errors without `field`, or a function from the message
            to this name.
    """

    def __init__(self, of: str | Callable[[str], str | None] | None = None) -> None:
        self._of = of

    def __enter__(self) -> None:
        """Do nothing before the block."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Reword an SbvaeError, if it has not been reworded yet, and let it propagate."""
        if not isinstance(error, SbvaeError) or hasattr(error, _REWORDED):
            return
        error.args = (with_commands(error.line),)
        if error.field is None:
            error.field = self._of(str(error)) if callable(self._of) else self._of
            if error.field and f"`{error.field}`" not in str(error):
                error.args = (_with_name(error.field, str(error)),)
        setattr(error, _REWORDED, True)


def _with_name(field: str, message: str) -> str:
    """Return a message that names the invalid argument once, in backticks."""
    named, rest = message[: len(field)], message[len(field) :]
    return f"`{field}`{rest}" if named == field and rest[:1] in " :" else f"`{field}`: {message}"


class SbvaeWarning(UserWarning):
    """Warning of something unexpected that is not an error."""


def note(line: str) -> None:
    """Issue a line as an `SbvaeWarning` of the user's line of code that called the package."""
    frame, level = inspect.currentframe(), 1
    while frame and str(frame.f_globals.get("__name__")).partition(".")[0] in _BETWEEN:
        frame, level = frame.f_back, level + 1
    warnings.warn(with_commands(line), SbvaeWarning, stacklevel=level)
