"""Batches over threads: nothing lost, nothing reordered, nothing left changed."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import torch
from torch import nn

from sbvae_cli.evaluation.batching import fitting_batch, map_batches

CPU = torch.device("cpu")


@pytest.mark.parametrize(("count", "size"), [(10, 3), (9, 3), (1, 8), (0, 4)])
def test_every_row_comes_once_and_in_order(count: int, size: int) -> None:
    seen: list[int] = []
    found = map_batches(lambda b: list(range(count)[b]), count, size, CPU, seen.append)
    assert [row for rows in found for row in rows] == list(range(count))
    assert sum(seen) == count and all(0 < n <= size for n in seen)


@pytest.fixture
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def threads_of_a_new_thread() -> int:
    with ThreadPoolExecutor(1) as one:
        return one.submit(torch.get_num_threads).result()


def test_each_batch_is_computed_on_one_thread(three_threads: None) -> None:
    assert set(map_batches(lambda _: torch.get_num_threads(), 6, 1, CPU)) == {1}
    assert torch.get_num_threads() == threads_of_a_new_thread() == 3


def test_calls_that_overlap_leave_the_number_of_threads(three_threads: None) -> None:
    """Each waits within its first batch until the other has begun; one of them fails."""
    both = Barrier(2)

    def call(broken: bool) -> object:
        def work(batch: slice) -> int:
            if batch.start == 0:
                both.wait(10)
            if broken and batch.start == 4:
                raise RuntimeError("broken")
            return torch.get_num_threads()

        try:
            return set(map_batches(work, 6, 1, CPU))
        except RuntimeError as error:
            return str(error)

    with ThreadPoolExecutor(2) as callers:
        found = list(callers.map(call, [False, True]))
    assert found == [{1}, "broken"]
    assert torch.get_num_threads() == threads_of_a_new_thread() == 3


def test_nothing_works_on_after_an_error(three_threads: None) -> None:
    seen: list[int] = []

    def fail(batch: slice) -> None:
        seen.append(batch.start)
        if batch.start == 0:
            raise RuntimeError("broken")
        time.sleep(0.01)

    with pytest.raises(RuntimeError, match="broken"):
        map_batches(fail, 1000, 1, CPU)
    ended = len(seen)
    assert ended < 1000
    map_batches(lambda _: None, 6, 1, CPU)
    assert len(seen) == ended


def test_a_batch_is_bounded_by_the_largest_activation() -> None:
    wide = nn.Sequential(nn.Conv2d(3, 64, 1), nn.ReLU(), nn.Conv2d(64, 1, 1))
    assert fitting_batch(wide, torch.zeros(1, 3, 32, 32)) == (2 << 20) // (64 * 32 * 32 * 4)
    assert fitting_batch(wide, torch.zeros(1, 3, 256, 256)) == 1
    assert not any(module._forward_hooks for module in wide.modules())


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (32, 512),  # enough to keep a GPU busy
        (256, (1 << 30) // (64 * 256 * 256 * 4)),
        (8192, 1),  # one is 16 GiB
    ],
)
def test_elsewhere_than_on_a_cpu_a_batch_is_larger(side: int, expected: int) -> None:
    wide = nn.Conv2d(3, 64, 1, device="meta")  # shapes without numbers
    assert fitting_batch(wide, torch.zeros(1, 3, side, side, device="meta")) == expected
