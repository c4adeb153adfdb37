"""Read, render or compress items a few ahead in threads, and return the results in order."""

import atexit
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Generic, TypeVar

from sbvae_cli.cores import usable_cores

PREFETCHED_PER_WORKER = 2  # items per thread that are started before the first of them is needed

T = TypeVar("T")
R = TypeVar("R")


def prefetch(items: Iterable[T], depth: int = PREFETCHED_PER_WORKER) -> Generator[T, None, None]:
    """Yield items that a thread makes a few ahead; the thread ends with the generator.

    Args:
        items: Iterable that the thread iterates from the first `next` on; an exception from it is
            raised to the consumer after the items before it.
        depth: Number of items that may wait for the consumer, at least 1.
    """
    producer = _Producer(items, depth)
    try:
        yield from producer
    finally:
        producer.stop()


class _Producer(Generic[T]):
    """Thread that puts items into a queue, and at the end the exception that ended them."""

    def __init__(self, items: Iterable[T], depth: int) -> None:
        self._items = items
        self._made: SimpleQueue[tuple[T] | BaseException] = SimpleQueue()
        self._room = Semaphore(depth)
        self._stopped = False
        # A daemon thread, so that a generator that was never closed does not block the exit of the
        # interpreter; stopped at exit, because a daemon that still runs then may crash.
        self._thread = Thread(target=self._run, name="sbvae-ahead", daemon=True)
        self._thread.start()
        atexit.register(self.stop)

    def __iter__(self) -> Generator[T, None, None]:
        while True:
            found = self._made.get()
            if isinstance(found, StopIteration):
                return
            if isinstance(found, BaseException):
                raise found
            self._room.release()
            yield found[0]

    def stop(self) -> None:
        atexit.unregister(self.stop)
        self._stopped = True
        self._room.release()
        self._thread.join()

    def _run(self) -> None:
        try:
            items = iter(self._items)
            while True:
                self._room.acquire()
                if self._stopped:
                    return
                self._made.put((next(items),))
        except BaseException as error:
            self._made.put(error)


def map_in_order(
    work: Callable[[T], R], items: Iterable[T], workers: int | None = None
) -> Generator[R, None, None]:
    """Yield `work(item)` for each item, in order, computed in threads that end with the generator.

    Args:
        work: Function that the threads call; its exceptions are raised in the order of the items.
        items: Iterated in the calling thread, up to `PREFETCHED_PER_WORKER` items for each
            worker ahead of the results.
        workers: Number of threads; None for one per core.
    """
    workers = workers or usable_cores()
    pool = ThreadPoolExecutor(workers, "sbvae-worker")
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > PREFETCHED_PER_WORKER * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
