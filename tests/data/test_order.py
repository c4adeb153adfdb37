"""The endless order of a file's rows."""

import numpy as np
import pytest

from sbvae_cli.config.names import Shuffle
from sbvae_cli.data.order import Order, chunks_in_window

TAG = int.from_bytes(b"wind", "big")


def order(seed: int = 0, window_chunks: int = 5, **options: object) -> Order:
    """300 rows in five chunks of 64, the last one short."""
    return Order(300, 64, seed, window_chunks=window_chunks, **options)


def epoch_by_hand(
    seed: int, epoch: int, window_chunks: int, left_out: frozenset[int] = frozenset()
) -> list[int]:
    """One epoch, from numpy's generators and lists alone."""
    chunks = np.random.default_rng([seed, TAG, epoch, 0]).permutation(5).tolist()
    found = []
    for window, first in enumerate(range(0, 5, window_chunks)):
        rows = [
            row
            for chunk in sorted(chunks[first : first + window_chunks])
            for row in range(64 * chunk, min(64 * chunk + 64, 300))
            if row not in left_out
        ]
        places = np.random.default_rng([seed, TAG, epoch, 1 + window]).permutation(len(rows))
        found += [rows[place] for place in places]
    return found


@pytest.mark.parametrize("left_out", [frozenset(), frozenset({0, 70, 299, *range(128, 192)})])
@pytest.mark.parametrize("window_chunks", [1, 2, 5])
def test_an_epoch_permutes_chunks_and_then_the_rows_of_each_window(
    window_chunks: int, left_out: frozenset[int]
) -> None:
    """As computed by hand: the order of runs that were begun before must not change."""
    mask = np.isin(np.arange(300), list(left_out))
    of = order(3, window_chunks, left_out=mask)
    expected = [row for e in range(3) for row in epoch_by_hand(3, e, window_chunks, left_out)]
    assert of.rows(0, len(expected)).tolist() == expected


def test_all_is_one_window_however_large() -> None:
    expected = epoch_by_hand(3, 0, 5)
    assert order(3, 1, shuffle="all").rows(0, 300).tolist() == expected


@pytest.mark.parametrize("shuffle", ["windows", "all"])
def test_each_epoch_has_every_row_once(shuffle: Shuffle) -> None:
    rows = order(0, 2, shuffle=shuffle).rows(0, 1200).reshape(4, 300)
    for epoch in rows:
        assert sorted(epoch) == list(range(300))
    assert len({epoch.tobytes() for epoch in rows}) == 4


@pytest.mark.parametrize("window_chunks", [1, 2, 5])
def test_any_part_is_the_same_however_it_is_reached(window_chunks: int) -> None:
    whole = order(0, window_chunks).rows(0, 1500)
    walked = order(0, window_chunks)
    for start in range(0, 1500, 70):
        np.testing.assert_array_equal(
            walked.rows(start, start + 70)[: 1500 - start], whole[start : start + 70]
        )
    for start, stop in [(1490, 1500), (3, 900), (299, 301), (640, 641)]:
        np.testing.assert_array_equal(walked.rows(start, stop), whole[start:stop])


def test_seeds_differ() -> None:
    assert (order(0).rows(0, 300) != order(1).rows(0, 300)).any()


def test_one_window_mixes_uniformly() -> None:
    """Over many epochs a row is anywhere in the first half as often as in the second."""
    rows = order().rows(0, 200 * 300).reshape(200, 300)
    places = np.argsort(rows, axis=1)
    assert np.abs(places.mean(0) - 149.5).max() < 5 * 300 / np.sqrt(12 * 200)


def test_windows_are_of_other_chunks_in_each_epoch() -> None:
    begins = order(0, 2).rows(0, 300 * 30).reshape(30, 300)[:, :80]
    assert len({frozenset((begin // 64).tolist()) for begin in begins}) == 10  # of five chunks


def test_a_window_holds_as_many_images_as_the_limits_allow() -> None:
    assert chunks_in_window(64, 2) == 8192 // 64
    assert chunks_in_window(64, 64 * 64 * 3) == 96 * 2**20 // (64 * 64 * 3) // 64
    assert chunks_in_window(64, 1 << 20) == 1
