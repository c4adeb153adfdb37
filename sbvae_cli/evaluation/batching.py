"""Run a network on many images in batches, on all cores of a CPU."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from copy import deepcopy
from threading import Barrier
from typing import TypeVar

import torch
from torch import Tensor, nn

from sbvae_cli.models.compute_settings import tf32, threads_lock

_CPU_BYTES = 2 << 20  # largest activation of a batch in bytes, which then stays in a core's cache
_GPU_BYTES = 1 << 30
_GPU_BATCH = 512

OnImages = Callable[[int], None]  # gets the number of images since the last call
T = TypeVar("T")


@torch.no_grad()
def fitting_batch(network: nn.Module, example: Tensor) -> int:
    """Choose a batch size that fits a CPU core's cache or keeps a GPU busy, from shapes alone.

    Args:
        network: An encoder or a decoder, on its device.
        example: One input, shape (1, ...), on that device.

    Returns:
        The batch size, at least 1.
    """
    largest = example.nbytes

    def note(_module: nn.Module, _inputs: object, output: object) -> None:
        nonlocal largest
        if isinstance(output, Tensor):
            largest = max(largest, output.nbytes)

    copy = deepcopy(network)  # hooks on the network itself would also count other threads' calls
    for module in copy.modules():
        module.register_forward_hook(note)
    copy(example)
    if example.device.type != "cpu":
        return max(1, min(_GPU_BATCH, _GPU_BYTES // largest))
    return max(1, _CPU_BYTES // largest)


def map_batches(
    work: Callable[[slice], T],
    count: int,
    size: int,
    device: torch.device,
    on_images: OnImages = lambda images: None,
) -> list[T]:
    """Apply a function to consecutive batches, on a CPU to one batch for each thread at once.

    Each batch is computed on one thread. For small networks this is faster than splitting every
    layer over threads, especially beside other programs, and results do not depend on the number
    of threads. The function must be safe to call from several threads. On CUDA, TF32 is off.

    Args:
        work: Called with a batch as a slice of `range(count)`.
        count: Number of images.
        size: Number of images in a batch; the last batch may be smaller.
        device: Device on which the function computes.
        on_images: Called with the number of images since the last call.

    Returns:
        The function's results, in order.
    """

    def exact(batch: slice) -> T:
        with tf32(device, allowed=False):
            return work(batch)

    batches = [slice(start, min(start + size, count)) for start in range(0, count, size)]
    results: list[T] = []
    for batch, result in zip(batches, _run(exact, batches, device), strict=True):
        results.append(result)
        on_images(batch.stop - batch.start)
    return results


def _run(work: Callable[[slice], T], batches: list[slice], device: torch.device) -> Iterator[T]:
    threads = torch.get_num_threads() if device.type == "cpu" else 1
    if threads == 1:
        yield from map(work, batches)
        return
    pool = _single_threads(threads)
    futures = [pool.submit(work, batch) for batch in batches]
    try:
        for future in futures:
            yield future.result()
    finally:  # after an error, no batch goes on in the background
        for future in futures:
            future.cancel()
        wait(futures)


_POOLS: dict[int, ThreadPoolExecutor] = {}


def _single_threads(count: int) -> ThreadPoolExecutor:
    """Return a pool of `count` threads with one CPU thread each, kept until the process ends.

    Setting the number of CPU threads in one thread also changes it for the whole process.
    Therefore all threads start at once, and the number is restored before anything computes; a
    pool for each call could restore a number that another call had set.
    """
    with threads_lock:
        if count not in _POOLS:
            before, started = torch.get_num_threads(), Barrier(count + 1)

            def start() -> None:
                torch.get_num_threads()  # a thread's first query copies the process's number
                torch.set_num_threads(1)
                started.wait()

            pool = ThreadPoolExecutor(count, "sbvae-evaluation")
            # Each task waits for the others, so that each gets its own thread.
            for _ in range(count):
                pool.submit(start)
            started.wait()
            torch.set_num_threads(before)
            _POOLS[count] = pool
        return _POOLS[count]
