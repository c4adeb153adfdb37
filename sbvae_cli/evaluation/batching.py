"""Many images through a network: how many at once, and on all cores of a CPU."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from copy import deepcopy
from threading import Barrier, Lock
from typing import TypeVar

import torch
from torch import Tensor, nn

from sbvae_cli.models.compute_settings import tf32

_CPU_BYTES = 2 << 20  # bytes of the largest activation: it stays in a core's cache
_GPU_BYTES = 1 << 30
_GPU_BATCH = 512

OnImages = Callable[[int], None]  # gets the number of images since the last call
T = TypeVar("T")


@torch.no_grad()
def fitting_batch(network: nn.Module, example: Tensor) -> int:
    """A batch that fits a CPU core's cache, or keeps a GPU busy; it depends on shapes alone.

    Args:
        network: An encoder or a decoder, on its device.
        example: One input, shape (1, ...), on that device.

    Returns:
        At least 1.
    """
    largest = example.nbytes

    def note(_module: nn.Module, _inputs: object, output: object) -> None:
        nonlocal largest
        if isinstance(output, Tensor):
            largest = max(largest, output.nbytes)

    copy = deepcopy(network)  # hooks on the network itself would meet calls of other threads
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
    """Apply a function to consecutive batches, on a CPU to as many at once as it has threads.

    Each batch is computed on one thread. That is faster than to share out every layer of a small
    network, most of all where other programs run, and the numbers do not depend on the number of
    threads. The function must be safe to call from several threads. On CUDA nothing is rounded to
    TF32.

    Args:
        work: Gets the batch as a slice of `range(count)`.
        count: Number of images.
        size: Images of a batch; the last one may be smaller.
        device: Where the function computes.
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
    finally:  # nothing works on after an error
        for future in futures:
            future.cancel()
        wait(futures)


_POOLS: dict[int, ThreadPoolExecutor] = {}
_MAKING = Lock()


def _single_threads(count: int) -> ThreadPoolExecutor:
    """So many threads of one CPU thread each, which live as long as the process.

    A thread that sets its own number of CPU threads sets that of the process too. So all are
    started at once, and the number is put back before anybody computes; a pool for each call would
    put back what another call had set.
    """
    with _MAKING:
        if count not in _POOLS:
            before, started = torch.get_num_threads(), Barrier(count + 1)

            def start() -> None:
                torch.get_num_threads()  # a thread's first look takes the process's number
                torch.set_num_threads(1)
                started.wait()

            pool = ThreadPoolExecutor(count, "sbvae-evaluation")
            for _ in range(count):  # each waits for the others, so that each has its own thread
                pool.submit(start)
            started.wait()
            torch.set_num_threads(before)
            _POOLS[count] = pool
        return _POOLS[count]
