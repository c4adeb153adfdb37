"""A reader that goes wrong in each way that there is, so that the harness can be tested."""

import os
import signal
import warnings
from typing import Any

import server

from sbvae_cli.errors import SbvaeError


def take(case: bytes) -> dict[str, Any]:
    """What came of a case, of which the first byte says what goes wrong."""
    first = case[0] if case else 0
    wrong = _WRONG[first if first < len(_WRONG) else first % (len(_WRONG) - 1)]  # spins once alone
    return server.answer_of(lambda case: case != b"\xff", wrong, case)


def _refuse() -> None:
    raise SbvaeError("no")


def _fail() -> None:
    raise KeyError("a fault")


def _warn() -> None:
    warnings.warn("a library's", stacklevel=1)


def _crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _spin() -> None:
    while True:
        pass


_WRONG = (
    lambda: None,
    _refuse,
    _fail,
    _warn,
    _crash,
    lambda: bytearray(3 << 30),
    _spin,
)
