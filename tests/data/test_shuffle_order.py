"""The endless shuffled stream of a file."""

import gc
import time
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sbvae_cli.data.file import DatasetFile
from sbvae_cli.data.shuffle_order import ShuffledFile

Shuffled = Callable[..., ShuffledFile]


@pytest.fixture(params=[64, 128, 10_000], ids=["window-64", "window-128", "one-window"])
def shuffled(request: pytest.FixtureRequest, numbered: Path):
    """300 numbered images in five chunks, the last one short; in five, three, or one window."""
    with DatasetFile(numbered) as file:
        yield partial(ShuffledFile, file, window=request.param)


def numbers(images: np.ndarray) -> np.ndarray:
    return 256 * images[:, 0, 0, 0].astype(int) + images[:, 0, 1, 0]


def test_each_epoch_has_every_image_once(shuffled: Shuffled) -> None:
    stream = shuffled(0, read_ahead=False)
    epochs = [numbers(stream.images(300 * e, 300 * (e + 1))) for e in range(4)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(300))
    assert len({epoch.tobytes() for epoch in epochs}) == 4


@pytest.mark.parametrize("read_ahead", [False, True])
def test_any_part_is_the_same_however_it_is_reached(shuffled: Shuffled, read_ahead: bool) -> None:
    whole = numbers(shuffled(0, read_ahead=False).images(0, 1500))
    walked = shuffled(0, read_ahead=read_ahead)
    for start in range(0, 1500, 70):
        part = numbers(walked.images(start, min(start + 70, 1500)))
        np.testing.assert_array_equal(part, whole[start : start + 70])
    for start, stop in [(1490, 1500), (3, 900), (299, 301), (640, 641)]:
        np.testing.assert_array_equal(numbers(walked.images(start, stop)), whole[start:stop])
    walked.close()


def test_seeds_differ(shuffled: Shuffled) -> None:
    first, again, other = (
        numbers(shuffled(seed, read_ahead=False).images(0, 300)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_one_window_mixes_uniformly(numbered: Path) -> None:
    """Over many epochs an image is anywhere in the first half as often as in the second."""
    with DatasetFile(numbered) as file:
        stream = ShuffledFile(file, 0, read_ahead=False)
        places = np.empty((200, 300))
        for epoch in range(200):
            places[epoch, numbers(stream.images(300 * epoch, 300 * (epoch + 1)))] = np.arange(300)
    assert np.abs(places.mean(0) - 149.5).max() < 5 * 300 / np.sqrt(12 * 200)


class CountedFile(DatasetFile):
    """A file that counts which of the images read from it are still in memory."""

    reads = alive = most = 0

    def read_chunks(self, chunks: Sequence[int]) -> np.ndarray:
        images = super().read_chunks(chunks)
        self.reads += 1
        self.alive += 1
        self.most = max(self.most, self.alive)
        weakref.finalize(images, self._free)
        return images

    def _free(self) -> None:
        self.alive -= 1


def test_at_most_two_windows_are_in_memory(numbered: Path) -> None:
    with CountedFile(numbered) as file:
        stream = ShuffledFile(file, 0, read_ahead=True, window=64)
        for start in range(0, 3000, 30):
            stream.images(start, start + 30)
            while file.reads < 2:  # the first one that is read ahead
                time.sleep(0.001)
        stream.close()
        del stream
    gc.collect()
    assert file.most == 2
    assert file.alive == 0


def test_a_window_holds_as_many_images_as_the_limits_allow(numbered: Path) -> None:
    with DatasetFile(numbered) as file:
        assert ShuffledFile(file, 0, read_ahead=False)._chunks == 8192 // 64
        file.height = file.width = 1024  # 1 MiB an image of one channel
        assert ShuffledFile(file, 0, read_ahead=False)._chunks == 1


def test_windows_are_of_other_chunks_in_each_epoch(numbered: Path) -> None:
    with DatasetFile(numbered) as file:
        stream = ShuffledFile(file, 0, read_ahead=False, window=128)
        begins = [numbers(stream.images(300 * epoch, 300 * epoch + 80)) for epoch in range(30)]
    pairs = {frozenset((begin // 64).tolist()) for begin in begins}
    assert len(pairs) == 10  # of five chunks


def test_what_is_left_out_never_comes_and_the_rest_comes_once_an_epoch(numbered: Path) -> None:
    with DatasetFile(numbered) as file:
        left_out = np.zeros(file.count, np.bool_)
        left_out[[0, 1, 64, 100, *range(128, 192), 299]] = True  # a whole chunk among them
        shuffled = ShuffledFile(file, 3, left_out, read_ahead=False)
        kept = file.count - int(left_out.sum())
        images = shuffled.images(0, 2 * kept).astype(int)
    numbers = images[:, 0, 0, 0] * 256 + images[:, 0, 1, 0]
    expected = np.flatnonzero(~left_out).tolist()
    assert sorted(numbers[:kept].tolist()) == expected
    assert sorted(numbers[kept:].tolist()) == expected
    assert numbers[:kept].tolist() != numbers[kept:].tolist()


def test_a_whole_file_is_one_window(numbered: Path) -> None:
    with DatasetFile(numbered) as file:
        streams = [
            ShuffledFile(file, 3, whole=whole, read_ahead=False, window=64)
            for whole in (False, True)
        ]
        chunks = [set((numbers(stream.images(0, 64)) // 64).tolist()) for stream in streams]
    assert list(map(len, chunks)) == [1, 5]
