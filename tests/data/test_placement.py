"""Where images lie: the same ones everywhere, each chunk read once, and refused without room."""

from collections import Counter

import numpy as np
import pytest
import torch

from sbvae_cli.config.names import Placement
from sbvae_cli.data import placement
from sbvae_cli.data.feed import Feed
from sbvae_cli.data.file import Images
from sbvae_cli.data.placement import InMemory, Resident, Streamed, place_images
from sbvae_cli.data.source import open_source
from sbvae_cli.errors import SbvaeError

CPU, GPU = torch.device("cpu"), torch.device("cuda", 1)


class Numbered:
    """1,000 images in chunks of 16, each of one pixel of two channels that hold its number."""

    count, height, width, channels, chunk_length, chunk_count = 1_000, 1, 1, 2, 16, 63
    threads = 2

    def __init__(self) -> None:
        self.read: Counter[int] = Counter()

    def read_chunk(self, chunk: int) -> Images:
        self.read[chunk] += 1
        numbers = np.arange(16 * chunk, min(16 * chunk + 16, 1_000))
        images = np.stack([numbers // 256, numbers % 256], 1).astype(np.uint8)[:, None, None]
        images.setflags(write=False)  # as those of a file are
        return images


def numbers_of(images: torch.Tensor) -> np.ndarray:
    pairs = images.numpy().astype(int)[..., 0, 0, :]
    return 256 * pairs[..., 0] + pairs[..., 1]


@pytest.mark.parametrize("most", [0, 3, 63])
def test_images_are_those_of_their_rows_wherever_they_lie(most: int) -> None:
    rows = np.random.default_rng(0).integers(1_000, size=(5, 3, 8))
    places = [Streamed(Numbered(), most), InMemory(Numbered()), Resident(Numbered(), CPU)]
    for place in places:
        for some in (rows, rows[::-1], rows[:1]):
            taken = place.take(some)
            np.testing.assert_array_equal(numbers_of(place.resolve(taken)), some)


def test_a_chunk_is_read_once_a_block_and_kept_while_there_is_room() -> None:
    stored = Numbered()
    place = Streamed(stored, 4)
    place.take(np.arange(0, 64))  # chunks 0 to 3
    place.take(np.arange(63, -1, -1).reshape(8, 8))
    assert stored.read == dict.fromkeys(range(4), 1)
    place.take(np.array([3, 33, 65]))  # chunk 4 comes, and 1, unused the longest, makes room
    place.take(np.array([2, 34, 50, 66]))
    assert stored.read == dict.fromkeys(range(5), 1)
    place.take(np.array([17, 18]))
    assert stored.read[1] == 2


@pytest.mark.parametrize("seeds", [[0], [0, 1, 2]])
def test_windows_read_each_chunk_once_an_epoch(
    monkeypatch: pytest.MonkeyPatch, seeds: list[int]
) -> None:
    """Each replica's windows are of other chunks at any time."""
    monkeypatch.setattr("sbvae_cli.data.feed.chunks_in_window", lambda *_: 6)
    stored = Numbered()
    source = open_source("circles:xy", 4, 4)
    monkeypatch.setattr("sbvae_cli.data.feed.stored_images", lambda *_: stored)
    stored.space = source.space
    feed = Feed(source, 10, seeds, fixed_set=1_000, data_on="stream")
    for start in range(0, 100, 7):
        feed.block(start, min(7, 100 - start))
    assert len(stored.read) == 63
    assert max(stored.read.values()) <= len(seeds)


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Free bytes by kind of device; images need 2,000."""
    found = {"cpu": 10**6, "cuda": 10**6}
    monkeypatch.setattr(placement, "free_bytes", lambda device: found[device.type])
    monkeypatch.setattr(placement, "Resident", lambda stored, device: "device")
    monkeypatch.setattr(placement, "InMemory", lambda stored, pinned: "memory")
    monkeypatch.setattr(placement, "Streamed", lambda stored, most, pinned: "stream")
    return found


@pytest.mark.parametrize(
    ("device", "on_gpu", "on_host", "in_windows", "rendered", "expected"),
    [
        (GPU, 5_000, 0, True, False, "device"),
        (GPU, 4_999, 10**6, True, False, "stream"),
        (GPU, 4_999, 5_000, False, False, "memory"),
        (GPU, 4_999, 4_999, False, False, "stream"),
        (GPU, 4_999, 2_300, True, True, "memory"),
        (CPU, 0, 10**6, True, False, "stream"),
        (CPU, 0, 5_000, False, False, "memory"),
        (CPU, 0, 4_999, False, False, "stream"),
        (CPU, 0, 2_300, True, True, "memory"),
    ],
)
def test_auto_takes_what_has_room(
    free: dict[str, int],
    device: torch.device,
    on_gpu: int,
    on_host: int,
    in_windows: bool,
    rendered: bool,
    expected: str,
) -> None:
    free.update(cuda=on_gpu, cpu=on_host)
    options = {"kept_chunks": 4, "in_windows": in_windows, "rendered": rendered}
    assert place_images(Numbered(), "auto", device, **options) == expected


@pytest.mark.parametrize(
    ("wanted", "device", "where"),
    [("device", GPU, "on cuda:1"), ("device", CPU, "in memory"), ("memory", GPU, "in memory")],
)
def test_a_place_without_room_is_refused(
    free: dict[str, int], wanted: Placement, device: torch.device, where: str
) -> None:
    free["cuda" if where == "on cuda:1" else "cpu"] = 2_200
    with pytest.raises(SbvaeError) as caught:
        place_images(Numbered(), wanted, device, kept_chunks=4, in_windows=True)
    assert caught.value.line == (
        f"`data_on` {wanted}: the images need 0.0 GB, 0.0 GB are free {where}; "
        "leave `data_on` out, or use `data_on=stream`"
    )


def test_a_set_that_no_memory_holds_is_refused(free: dict[str, int]) -> None:
    free.update(cpu=2_000, cuda=4_999)
    options = {"kept_chunks": 4, "in_windows": True, "rendered": True}
    with pytest.raises(SbvaeError) as caught:
        place_images(Numbered(), "auto", GPU, **options)
    assert caught.value.line == (
        "`fixed_set` 1,000: the images need 0.0 GB, 0.0 GB are free in memory; choose fewer, or "
        "write a file with gen-data and train on that"
    )
    assert place_images(Numbered(), "stream", GPU, **options) == "stream"
