"""What errors say and which exit codes they have."""

import signal

import numpy as np
import torch

from sbvae_cli.errors import SbvaeError, StoppedError, format_value, printable, unknown_name


def test_names_in_messages_keep_to_the_line() -> None:
    assert printable("a\n\x1b[2J\udcff\u2028 é.png") == "a\ufffd\ufffd[2J\ufffd\ufffd é.png"
    assert SbvaeError("a\n\x1b[2J.png: is cut short").line == "a\ufffd\ufffd[2J.png: is cut short"
    assert unknown_name("d\nx", ["dx", "y"]).line == "factor d x is unknown; did you mean dx?"
    assert len(unknown_name(1000 * "d", ["y"]).line) < 150


def test_arrays_are_told_by_their_shape() -> None:
    endless = torch.zeros(()).expand((4,) * 12)  # whose text takes minutes
    assert format_value({"low": endless}).startswith("{'low': Tensor of shape (4, 4, 4")
    assert format_value([np.zeros((2, 3)), np.float32(0.5)]) in (
        "[ndarray of shape (2, 3), np.float32(0.5)]",
        "[ndarray of shape (2, 3), 0.5]",  # by NumPy 1
    )


def test_what_a_signal_stopped_ends_as_in_a_shell() -> None:
    assert StoppedError("saved", signal.SIGTERM).exit_code == 143
