"""Threads that work a few items ahead; what is read, rendered or compressed comes back in order."""

import atexit
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Generic, TypeVar

from sbvae_cli.cores import usable_cores

AHEAD = 2  # items for each thread that are begun before the first of them is asked for

T = TypeVar("T")
R = TypeVar("R")


def ahead(items: Iterable[T], depth: int = AHEAD) -> Generator[T, None, None]:
    """Yield the items, made by one thread a few ahead, which ends with the generator.

    Args:
        items: Asked in the thread, from the first `next` on; what it raises is raised here, after
            the items before.
        depth: Number of items that may wait for the consumer, at least 1.
    """
    producer = _Producer(items, depth)
    try:
        yield from producer
    finally:
        producer.stop()


class _Producer(Generic[T]):
    """A thread that puts items, and then how they ended, into a queue."""

    def __init__(self, items: Iterable[T], depth: int) -> None:
        self._items = items
        self._made: SimpleQueue[tuple[T] | BaseException] = SimpleQueue()
        self._room = Semaphore(depth)
        self._stopped = False
        # A daemon, as a generator that nobody closed must not keep the interpreter from its exit;
        # and stopped there, as a daemon that is still at work when the interpreter goes may crash.
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
