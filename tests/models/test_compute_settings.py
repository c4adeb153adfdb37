"""What a block switches is as before when it ends, however threads overlap."""

import threading
from collections.abc import Iterator

import pytest
import torch

from sbvae_cli.models.compute_settings import cpu_threads, tf32

CUDA = torch.device("cuda")


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def in_a_new_thread() -> int:
    found = []
    thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    return found[0]


def test_a_block_has_its_threads_and_leaves_those_that_it_found() -> None:
    with pytest.raises(KeyError), cpu_threads(2):
        assert torch.get_num_threads() == 2
        with cpu_threads(1):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
        raise KeyError
    with cpu_threads(None):
        assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == in_a_new_thread() == 3


def test_blocks_of_two_threads_that_overlap_leave_what_was_there_before() -> None:
    first_is_in, second_is_in, first_is_out = (threading.Event() for _ in range(3))
    after = []

    def first() -> None:
        with cpu_threads(1):
            first_is_in.set()
            second_is_in.wait(10)
        after.append(torch.get_num_threads())
        first_is_out.set()

    def second() -> None:
        first_is_in.wait(10)
        with cpu_threads(2):
            second_is_in.set()
            first_is_out.wait(10)
            assert torch.get_num_threads() == 2
        after.append(torch.get_num_threads())

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert after == [3, 3]
    assert torch.get_num_threads() == in_a_new_thread() == 3


def test_a_thread_that_begins_beside_a_block_has_the_number_outside_of_it() -> None:
    found = []

    def work() -> None:
        with cpu_threads(None):
            found.append(torch.get_num_threads())

    with cpu_threads(1):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        with cpu_threads(None):
            found.append(torch.get_num_threads())
    assert found == [3, 1]
    assert torch.get_num_threads() == in_a_new_thread() == 3


def switches() -> tuple[bool, bool]:
    return torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32


def test_tf32_is_switched_for_a_block_alone() -> None:
    before = switches()
    with tf32(CUDA, allowed=True):
        assert switches() == (True, True)
        with tf32(CUDA, allowed=False):
            assert switches() == (False, False)
        assert switches() == (True, True)
    assert switches() == before
    with tf32(torch.device("cpu"), allowed=not before[0]):
        assert switches() == before


def test_a_thread_that_wants_other_switches_waits() -> None:
    before, is_in, seen = switches(), threading.Event(), []

    def work() -> None:
        with tf32(CUDA, allowed=False):
            is_in.set()
            seen.append(switches())

    other = threading.Thread(target=work)
    with tf32(CUDA, allowed=True):
        other.start()
        assert not is_in.wait(0.1)
        assert switches() == (True, True)
    other.join()
    assert seen == [(False, False)]
    assert switches() == before
