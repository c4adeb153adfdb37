"""Context managers that set CPU threads and TF32 for a block and restore them at its end."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

threads_lock = threading.Lock()  # held while thread counts change
_open_blocks = 0
_threads_outside = 1  # PyTorch's thread count before the first of the open blocks
_of_this_thread = threading.local()  # `count` is the thread count of the innermost block

_tf32_lock = threading.RLock()


@contextmanager
def cpu_threads(count: int | None) -> Iterator[None]:
    """Set the number of CPU threads of PyTorch for a block.

    PyTorch has a thread count for each Python thread, and a default for new threads. Blocks of
    several Python threads may overlap; when the last block ends, all counts are restored.

    Args:
        count: Number of CPU threads, 1 or more; None takes that of the block around, and in a
            thread without one PyTorch's number outside of all blocks.
    """
    global _open_blocks, _threads_outside
    with threads_lock:
        # Called in every case: a thread's first call initialises its count from the default.
        found = torch.get_num_threads()
        if _open_blocks == 0:
            _threads_outside = found
        _open_blocks += 1
        before = getattr(_of_this_thread, "count", None)
        _of_this_thread.count = count or before or _threads_outside
        torch.set_num_threads(_of_this_thread.count)
    try:
        yield
    finally:
        with threads_lock:
            _open_blocks -= 1
            _of_this_thread.count = before
            torch.set_num_threads(_threads_outside if before is None else before)


@contextmanager
def tf32(device: torch.device, *, allowed: bool) -> Iterator[None]:
    """Set whether CUDA's matrix products and convolutions round their inputs to TF32.

    PyTorch has one switch per process, which takes effect when work is queued. Other threads wait
    until the block ends, so that a block should contain one update or batch rather than a run.

    Args:
        device: Device of the computation; nothing is set unless it is CUDA.
        allowed: Whether inputs are rounded. By default PyTorch rounds those of convolutions.
    """
    if device.type != "cuda":
        yield
        return
    matmul, convolution = torch.backends.cuda.matmul, torch.backends.cudnn
    with _tf32_lock:
        before = matmul.allow_tf32, convolution.allow_tf32
        matmul.allow_tf32 = convolution.allow_tf32 = allowed
        try:
            yield
        finally:
            matmul.allow_tf32, convolution.allow_tf32 = before
