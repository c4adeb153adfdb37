"""Context managers for CPU threads and TF32; at the end of the block the old settings return."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_lock = threading.Lock()
_open_blocks = 0
_threads_outside = 1  # of the process, before the first of the blocks that are open
_of_this_thread = threading.local()  # `count`: the threads of the innermost block

_tf32_lock = threading.RLock()


@contextmanager
def cpu_threads(count: int | None) -> Iterator[None]:
    """Compute on so many CPU threads; None leaves their number as it is.

    PyTorch has a number for each thread of the program, and another that new threads begin with.
    Blocks of several threads may overlap: when the last ends, all have what they had before.

    Args:
        count: Number of CPU threads, 1 or more.
    """
    global _open_blocks, _threads_outside
    if count is None:
        yield
        return
    with _lock:
        found = torch.get_num_threads()  # always: a thread's first call takes the process's number
        if _open_blocks == 0:
            _threads_outside = found
        _open_blocks += 1
        before = getattr(_of_this_thread, "count", None)
        _of_this_thread.count = count
        torch.set_num_threads(count)
    try:
        yield
    finally:
        with _lock:
            _open_blocks -= 1
            _of_this_thread.count = before
            torch.set_num_threads(_threads_outside if before is None else before)


@contextmanager
def tf32(device: torch.device, *, allowed: bool) -> Iterator[None]:
    """Let CUDA's matrix products and convolutions round their inputs to TF32, or not.

    PyTorch has one switch for the process, which counts when work is queued; other threads wait
    until the block ends. So a block holds one update or one batch, not a run.

    Args:
        device: Where the block computes; without CUDA nothing is switched.
        allowed: Whether inputs are rounded. PyTorch's own convolutions round them.
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
