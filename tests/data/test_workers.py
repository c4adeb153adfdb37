"""Work in threads: order, how far ahead, errors, and nothing left behind."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count

import pytest

from sbvae_cli.data.workers import PREFETCHED_PER_WORKER, map_in_order, prefetch


def living() -> list[str]:
    """Names of our threads."""
    return [
        t.name for t in threading.enumerate() if t.name.startswith(("sbvae-worker", "sbvae-ahead"))
    ]


@pytest.mark.parametrize("workers", [None, 1, 2, 3, 50])
@pytest.mark.parametrize("count", [0, 1, 20])
def test_results_come_in_the_order_of_the_items(workers: int | None, count: int) -> None:
    found = list(map_in_order(lambda i: -i, range(count), workers))
    assert found == [-i for i in range(count)]
    assert not living()


def test_threads_work_at_the_same_time() -> None:
    """Each item waits for the other."""
    both = threading.Barrier(2, timeout=10)
    assert sorted(map_in_order(lambda _: both.wait(), range(2), 2)) == [0, 1]


def test_the_first_may_finish_last() -> None:
    second_is_done = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_is_done.wait(10)
        else:
            second_is_done.set()
        return item

    assert list(map_in_order(work, range(2), 2)) == [0, 1]


def test_only_a_few_items_are_asked_for_ahead() -> None:
    asked: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            asked.append(item)
            yield item

    with closing(map_in_order(lambda i: i, items(), 3)) as results:
        for number, result in enumerate(results):
            assert result == number
            assert len(asked) <= number + PREFETCHED_PER_WORKER * 3 + 1
            if number == 20:
                break
    assert len(asked) == 21 + PREFETCHED_PER_WORKER * 3
    assert not living()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_is_raised_when_its_turn_comes(error: type[BaseException]) -> None:
    def work(item: int) -> int:
        if item == 3:
            raise error
        return item

    found = []
    with pytest.raises(error):
        for result in map_in_order(work, range(9), 4):
            found.append(result)
    assert found == [0, 1, 2]
    assert not living()


def test_an_error_of_the_items_ends_the_threads() -> None:
    def items() -> Iterator[int]:
        yield from range(5)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(map_in_order(lambda i: i, items(), 2))
    assert not living()


def test_what_is_made_ahead_comes_in_order_and_to_its_end() -> None:
    assert list(prefetch(iter(range(50)), 3)) == list(range(50))
    assert list(prefetch([])) == []
    assert not living()


def test_few_items_are_made_ahead() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for i in count():
            made.append(i)
            yield i

    items_ahead = prefetch(items(), 2)
    assert not living()  # nothing begins before it is asked for
    assert [next(items_ahead) for _ in range(3)] == [0, 1, 2]
    deadline = time.monotonic() + 10
    while len(made) < 5 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.02)
    assert len(made) == 5
    items_ahead.close()
    assert not living()


def test_a_generator_that_is_dropped_ends_its_thread() -> None:
    items = prefetch(count())
    next(items)
    del items
    assert not living()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_ahead_is_raised_after_the_items_before(error: type[BaseException]) -> None:
    def items() -> Iterator[int]:
        yield from range(3)
        raise error

    found = []
    with pytest.raises(error):
        for item in prefetch(items()):
            found.append(item)
    assert found == [0, 1, 2]
    assert not living()


def test_what_is_made_ahead_does_not_hold_up_the_interpreter_s_exit() -> None:
    program = (
        "from itertools import count; import numpy as np;"
        "from sbvae_cli.data.workers import prefetch;"
        "items = prefetch(np.random.default_rng(i).random(100_000) for i in count());"
        "[next(items) for _ in range(5)]; print('done')"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "done\n", "")
