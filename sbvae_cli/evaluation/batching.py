"""Many images through a network: how many at once, and on all cores of a CPU."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from sbvae_cli.models.arithmetic import cpu_threads, tf32

_CPU_BYTES = 2 << 20  # of the largest activation: it stays in a core's cache
_GPU_BYTES = 1 << 30
_GPU_BATCH = 512

Progress = Callable[[int], None]
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

    hooks = [module.register_forward_hook(note) for module in network.modules()]
    try:
        network(example)
    finally:
        for hook in hooks:
            hook.remove()
    if example.device.type != "cpu":
        return max(1, min(_GPU_BATCH, _GPU_BYTES // largest))
    return max(1, _CPU_BYTES // largest)


def map_batches(
    work: Callable[[slice], T],
    count: int,
    size: int,
    device: torch.device,
    progress: Progress = lambda images: None,
) -> list[T]:
    """Apply a function to consecutive batches, on a CPU to as many at once as it has threads.

    Each batch is computed on one thread. That is faster than to share out every layer of a small
    network, most of all where other programs run, and the numbers do not depend on the number of
    threads. The function must be safe to call from several threads.

    Args:
        work: Gets the batch as a slice of `range(count)`.
        count: Number of images.
        size: Of a batch; the last one may be smaller.
        device: Where the function computes.
        progress: Called with the number of images since the last call.

    Returns:
        The function's results, in order.
    """
    batches = [slice(start, min(start + size, count)) for start in range(0, count, size)]
    results: list[T] = []

    def exact(batch: slice) -> T:
        with tf32(device, allowed=False):
            return work(batch)

    with _mapper(device) as run:
        for batch, result in zip(batches, run(exact, batches), strict=True):
            results.append(result)
            progress(batch.stop - batch.start)
    return results


@contextmanager
def _mapper(device: torch.device) -> Iterator[Callable[..., Iterator[Any]]]:
    if device.type != "cpu":
        yield map
        return
    pool = ThreadPoolExecutor(torch.get_num_threads(), "sbvae-batch", torch.set_num_threads, (1,))
    with cpu_threads(1):
        try:
            yield pool.map
        finally:
            pool.shutdown(cancel_futures=True)
