"""Work in threads: order, how far ahead, errors, and nothing left behind."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from sbvae_cli.data.workers import AHEAD, in_order


def living() -> list[str]:
    """Names of our threads."""
    return [t.name for t in threading.enumerate() if t.name.startswith("sbvae-worker")]


@pytest.mark.parametrize("workers", [None, 1, 2, 3, 50])
@pytest.mark.parametrize("count", [0, 1, 20])
def test_results_come_in_the_order_of_the_items(workers: int | None, count: int) -> None:
    found = list(in_order(lambda i: -i, range(count), workers))
    assert found == [-i for i in range(count)]
    assert not living()


def test_threads_work_at_the_same_time() -> None:
    """Each item waits for the other."""
    both = threading.Barrier(2, timeout=10)
    assert sorted(in_order(lambda _: both.wait(), range(2), 2)) == [0, 1]


def test_the_first_may_finish_last() -> None:
    second_is_done = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_is_done.wait(10)
        else:
            second_is_done.set()
        return item

    assert list(in_order(work, range(2), 2)) == [0, 1]


def test_only_a_few_items_are_asked_for_ahead() -> None:
    asked: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            asked.append(item)
            yield item

    with closing(in_order(lambda i: i, items(), 3)) as results:
        for number, result in enumerate(results):
            assert result == number
            assert len(asked) <= number + AHEAD * 3 + 1
            if number == 20:
                break
    assert len(asked) == 21 + AHEAD * 3
    assert not living()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_is_raised_when_its_turn_comes(error: type[BaseException]) -> None:
    def work(item: int) -> int:
        if item == 3:
            raise error
        return item

    found = []
    with pytest.raises(error):
        for result in in_order(work, range(9), 4):
            found.append(result)
    assert found == [0, 1, 2]
    assert not living()


def test_an_error_of_the_items_ends_the_threads() -> None:
    def items() -> Iterator[int]:
        yield from range(5)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(in_order(lambda i: i, items(), 2))
    assert not living()
