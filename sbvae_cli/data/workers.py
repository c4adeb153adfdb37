"""Threads that work a few items ahead; what is read, rendered or compressed comes back in order."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sbvae_cli.cores import usable_cores

AHEAD = 2  # items for each thread that are begun before the first of them is asked for

T = TypeVar("T")
R = TypeVar("R")


def in_order(
    work: Callable[[T], R], items: Iterable[T], workers: int | None = None
) -> Generator[R, None, None]:
    """Yield `work(item)` of each item in order, made in threads that end with the generator.

    Args:
        work: Called in the threads; what it raises is raised here when its turn comes.
        items: Asked for in the calling thread, up to `AHEAD * workers` before their results.
        workers: Number of threads; None takes one for each core.
    """
    workers = workers or usable_cores()
    pool = ThreadPoolExecutor(workers, "sbvae-worker")
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
