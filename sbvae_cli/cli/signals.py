"""Handles Ctrl-C, SIGTERM and a closed terminal, by an exception or by a request to stop."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from sbvae_cli.errors import StoppedError

PARENT = "SBVAE_PARENT"  # environment variable: process id of the parent, whose end stops this one
SIGNALLED = 128  # a command that signal N ended has exit code 128 + N
# Windows calls no handler for SIGTERM: a run that is ended by it there saves nothing after its last
# checkpoint. Ctrl-C is SIGINT everywhere.
_SIGNALS = [signal.SIGINT, signal.SIGTERM]
# Sent when the terminal is closed; `nohup` ignores it, and Windows does not have it.
_HANGUP = getattr(signal, "SIGHUP", None)


class Interrupted(BaseException):
    """Exception for a signal that asked the process to end.

    Args:
        number: Number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class StopRequest:
    """Request of a signal to stop a run; a second signal raises `Interrupted`.

    The end of the parent process counts as SIGTERM, since a killed parent cannot pass on a signal.

    Attributes:
        number: Number of the signal; None before a signal.
    """

    number: int | None = None

    def __init__(self) -> None:
        self._parent = os.environ.get(PARENT)

    def __call__(self) -> bool:
        """Return whether a signal was received, or the parent has ended."""
        if self.number is None and self._parent and str(os.getppid()) != self._parent:
            self.number = signal.SIGTERM
        return self.number is not None

    def end_if_asked(self, found: str) -> None:
        """Stop work of which nothing is saved.

        Args:
            found: Progress of the work, the first part of the message.

        Raises:
            StoppedError: If a signal was received.
        """
        if self() and self.number is not None:
            raise StoppedError(f"{found}; nothing was kept", self.number)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            raise Interrupted(number)
        self.number = number


def _raise(number: int, frame: FrameType | None) -> None:
    raise Interrupted(number)


def end_at_once() -> None:
    """Let signals end the process from now on, with their exit code and without a message."""
    for number in _handled_signals():
        signal.signal(number, _exit)


def _exit(number: int, frame: FrameType | None) -> None:
    os._exit(SIGNALLED + number)


@contextmanager
def raise_on_signals() -> Iterator[None]:
    """Raise `Interrupted` for signals during the block."""
    with _handling(_raise):
        yield


@contextmanager
def defer_signals() -> Iterator[StopRequest]:
    """Yield a request to stop, which the first signal during the block sets."""
    request = StopRequest()
    with _handling(request._receive):
        yield request


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers; tests run the app in other threads
        return
    before = {number: signal.signal(number, handler) for number in _handled_signals()}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _handled_signals() -> list[int]:
    if _HANGUP is None or signal.getsignal(_HANGUP) == signal.SIG_IGN:
        return list(_SIGNALS)
    return [*_SIGNALS, _HANGUP]
