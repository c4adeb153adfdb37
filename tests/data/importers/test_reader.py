"""Order, bounds and failures of reading in threads."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.data.importers import reader
from sbvae_cli.data.importers.collection import ImageCollection, UnreadableImageError
from sbvae_cli.data.importers.fit import fit_image
from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.data.importers.reader import decode_images, import_images
from sbvae_cli.errors import SbvaeError

Write = Callable[[dict[str, bytes]], Path]


class Numbered(ImageCollection):
    """Images that hold their number; some cannot be read."""

    def __init__(self, count: int, broken: tuple[int, ...] = ()) -> None:
        super().__init__(Path("numbered"), [f"{i:04}" for i in range(count)])
        self.broken = broken
        self.opened = 0
        self.lock = threading.Lock()

    def _open(self, index: int) -> Image.Image:
        with self.lock:
            self.opened += 1
        if index in self.broken:
            raise OSError("worn out")
        return Image.new("L", (2, 2), index % 251)


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("count", [1, 64, 333])
def test_images_come_in_order(threads: int, count: int) -> None:
    batches = list(import_images(Numbered(count), (2, 2), grey=True, threads=threads))
    indices = np.concatenate([i for i, _ in batches])
    images = np.concatenate([images for _, images in batches])
    np.testing.assert_array_equal(indices, np.arange(count))
    assert images.shape == (count, 2, 2, 1) and images.dtype == np.uint8
    np.testing.assert_array_equal(images[:, 0, 0, 0], np.arange(count) % 251)


def test_unreadable_images_are_told_and_left_out() -> None:
    broken = (0, 70, *range(128, 192), 199)
    lines: list[str] = []
    found = import_images(
        Numbered(200, broken), (2, 2), grey=True, threads=3, on_unreadable=lines.append
    )
    indices = np.concatenate([i for i, _ in found])
    np.testing.assert_array_equal(indices, np.setdiff1d(np.arange(200), broken))
    assert lines == [f"{i:04}: worn out" for i in broken]


def test_strict_ends_at_the_first_unreadable_image() -> None:
    seen: list[int] = []
    with pytest.raises(UnreadableImageError, match="numbered: 0070: worn out"):
        for indices, _ in import_images(Numbered(200, (70, 90)), (2, 2), threads=2, strict=True):
            seen.extend(indices)
    assert seen == list(range(64))


def test_nothing_readable_is_one_line() -> None:
    with pytest.raises(SbvaeError, match=r"none of 3 files can be read.*first is 0000: worn out"):
        list(import_images(Numbered(3, (0, 1, 2)), (2, 2), threads=2))


def test_an_image_that_cannot_be_fitted_counts_as_unreadable(
    files: dict[str, bytes], write_folder: Write
) -> None:
    folder = write_folder({"a.png": files["a.png"]})
    Image.new("I;16", (4, 4)).save(folder / "deep.png")
    lines: list[str] = []
    found = list(import_images(open_images(folder), (4, 4), threads=1, on_unreadable=lines.append))
    assert [i.tolist() for i, _ in found] == [[0]]
    assert len(lines) == 1 and lines[0].startswith("deep.png: 16-bit")


def test_only_a_few_images_are_decoded_ahead() -> None:
    collection = Numbered(2000)
    batches = import_images(collection, (2, 2), threads=2)
    next(batches)
    assert isinstance(batches, Iterator)
    time.sleep(0.2)  # enough for all of them
    batches.close()  # type: ignore[attr-defined]  # waits for the threads
    assert collection.opened <= 64 * reader._AHEAD * 2


def test_batches_of_large_images_are_small() -> None:
    indices, images = next(import_images(Numbered(9), (512, 512), threads=1))
    assert (indices.tolist(), images.shape) == ([0], (1, 512, 512, 3))


def test_some_images_of_a_collection() -> None:
    found = list(
        decode_images(
            Numbered(300), [5, 7, 200], lambda i: fit_image(i, (2, 2)), batch=2, threads=2
        )
    )
    assert [i.tolist() for i, _ in found] == [[5, 7], [200]]


def test_large_jpeg_files_look_as_if_decoded_in_full(tmp_path: Path) -> None:
    rows, columns = np.mgrid[:512, :768]
    smooth = 127 + 60 * np.sin(rows / 40) + 60 * np.cos(columns / 50)
    Image.fromarray(smooth.astype(np.uint8)).save(tmp_path / "a.jpg", quality=95)
    ((_, found),) = import_images(open_images(tmp_path), (64, 64), grey=True, threads=1)
    with Image.open(tmp_path / "a.jpg") as image:
        expected = fit_image(image, (64, 64), grey=True)
    np.testing.assert_allclose(found[0].astype(int), expected, atol=3)
