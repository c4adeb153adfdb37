"""Ctrl-C, SIGTERM and a closed terminal: an exception that cleans up, or a request to end."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from sbvae_cli.errors import StoppedError

PARENT = "SBVAE_PARENT"  # the process whose end is to end this one, in the environment
SIGNALLED = 128  # exit codes above it are of commands that a signal ended, by its number
_SIGNALS = [signal.SIGINT, signal.SIGTERM]
# A terminal that closes, unless `nohup` has it ignored; Windows has no such signal.
_HANGUP = getattr(signal, "SIGHUP", None)


class Interrupted(BaseException):
    """A signal asked the program to end.

    Args:
        number: Number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class StopRequest:
    """Whether a signal asked a run to end, and which; the second one no longer waits.

    A parent that was killed can pass none on: its end counts as SIGTERM.
    """

    number: int | None = None

    def __init__(self) -> None:
        self._parent = os.environ.get(PARENT)

    def __call__(self) -> bool:
        """Whether a signal came."""
        if self.number is None and self._parent and str(os.getppid()) != self._parent:
            self.number = signal.SIGTERM
        return self.number is not None

    def end_if_asked(self, found: str) -> None:
        """End what nothing is kept of.

        Args:
            found: How far it was.

        Raises:
            StoppedError: If a signal came.
        """
        if self() and self.number is not None:
            raise StoppedError(f"{found}; nothing was kept", self.number)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            raise Interrupted(number)
        self.number = number


def _raise(number: int, frame: FrameType | None) -> None:
    raise Interrupted(number)


def end_at_once() -> None:
    """From now on let signals end the process, with their exit code and without a word."""
    for number in _numbers():
        signal.signal(number, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(SIGNALLED + number)


@contextmanager
def raising() -> Iterator[None]:
    """Turn signals into `Interrupted`."""
    with _handling(_raise):
        yield


@contextmanager
def deferred() -> Iterator[StopRequest]:
    """Turn the first signal into a request that the block asks for."""
    request = StopRequest()
    with _handling(request._take):
        yield request


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers, as when a test runs the app in another
        return
    before = {number: signal.signal(number, handler) for number in _numbers()}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _numbers() -> list[int]:
    if _HANGUP is None or signal.getsignal(_HANGUP) == signal.SIG_IGN:
        return list(_SIGNALS)
    return [*_SIGNALS, _HANGUP]
