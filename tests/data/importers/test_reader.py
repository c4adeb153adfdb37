"""Order, bounds and failures of reading, in one thread and in several."""

import tarfile
import threading
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.data.importers.collection import UnreadableImageError
from sbvae_cli.data.importers.fit import fit_image
from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.data.importers.reader import Batch, import_images
from sbvae_cli.errors import SbvaeError

Write = Callable[[dict[str, bytes]], Path]
KINDS = ["folder", "zip", "w:", "w:gz"]


def numbered(count: int, broken: tuple[int, ...] = ()) -> dict[str, bytes]:
    """Files of images that hold their number; some cannot be read."""
    return {
        f"{i:04}.pgm": b"worn out" if i in broken else b"P5 2 2 255\n" + bytes([i % 251] * 4)
        for i in range(count)
    }


def pack(folder: Path, kind: str) -> Path:
    """The folder, or an archive of what is in it."""
    path = folder.with_suffix(".archive")
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in folder.iterdir():
                archive.write(file, file.name)
    elif kind.startswith("w"):
        with tarfile.open(path, kind) as tar:
            tar.add(folder, ".")
    return folder if kind == "folder" else path


def read(path: Path, size: tuple[int, int] = (2, 2), **options: object) -> list[Batch]:
    with open_images(path) as images:
        return list(import_images(images, size, grey=True, **{"workers": 1, **options}))


@pytest.fixture(params=[1, 3])
def workers(request: pytest.FixtureRequest) -> int:
    """How many threads decode."""
    return request.param


@pytest.mark.parametrize("count", [1, 64, 333])
@pytest.mark.parametrize("kind", KINDS)
def test_images_come_in_order(kind: str, count: int, workers: int, write_folder: Write) -> None:
    batches = read(pack(write_folder(numbered(count)), kind), workers=workers)
    indices = np.concatenate([i for i, _ in batches])
    images = np.concatenate([images for _, images in batches])
    np.testing.assert_array_equal(indices, np.arange(count))
    assert images.shape == (count, 2, 2, 1) and images.dtype == np.uint8
    np.testing.assert_array_equal(images[:, 0, 0, 0], np.arange(count) % 251)


@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_of_an_array_come_in_order(order: str, workers: int, tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(256, size=(200, 6, 8)).astype(np.uint8)
    np.savez(tmp_path / "a.npz", images=np.asarray(array, order=order))
    found = read(tmp_path / "a.npz", (6, 8), workers=workers)
    np.testing.assert_array_equal(np.concatenate([i for _, i in found])[..., 0], array)


def test_unreadable_images_are_told_and_left_out(workers: int, write_folder: Write) -> None:
    broken = (0, 70, *range(128, 192), 199)
    lines: list[str] = []
    found = read(write_folder(numbered(200, broken)), workers=workers, on_unreadable=lines.append)
    indices = np.concatenate([i for i, _ in found])
    np.testing.assert_array_equal(indices, np.setdiff1d(np.arange(200), broken))
    assert lines == [f"{i:04}.pgm: not an image that Pillow reads" for i in broken]


def test_strict_ends_at_the_first_unreadable_image(workers: int, write_folder: Write) -> None:
    seen: list[int] = []
    images = open_images(write_folder(numbered(200, (70, 90))))
    with pytest.raises(UnreadableImageError, match=r"folder: 0070.pgm: not an image"):
        for indices, _ in import_images(images, (2, 2), workers=workers, strict=True):
            seen.extend(indices)
    assert seen == list(range(64))


def test_nothing_readable_is_one_line(workers: int, write_folder: Write) -> None:
    folder = write_folder(numbered(99, tuple(range(99))))
    with pytest.raises(SbvaeError, match=r"none of 99 files can be read.*first is 0000.pgm: not"):
        read(folder, workers=workers)


def test_an_image_that_cannot_be_fitted_counts_as_unreadable(
    workers: int, write_folder: Write
) -> None:
    folder = write_folder(numbered(64))
    Image.new("I;16", (4, 4)).save(folder / "deep.png")
    lines: list[str] = []
    found = read(folder, workers=workers, on_unreadable=lines.append)
    assert sum(len(i) for i, _ in found) == 64
    assert len(lines) == 1 and lines[0].startswith("deep.png: 16-bit")


def test_pillows_limit_of_pixels_holds_in_every_thread(
    workers: int, write_folder: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    large = {f"z{i}.pgm": b"P5 6 5 255\n" + bytes(30) for i in range(64)}
    folder = write_folder({**numbered(64), **large})
    lines: list[str] = []
    read(folder, workers=workers, on_unreadable=lines.append)
    assert len(lines) == 64
    assert all("6x5 are 30 pixels, more than the limit of 20; reduce it" in line for line in lines)


def test_how_warnings_are_taken_stays_as_it_was(
    write_folder: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an import of what Pillow warns of, and in another thread during it."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    folder = write_folder({**numbered(300), "0.pgm": b"P5 6 5 255\n" + bytes(30)})
    done = threading.Event()
    seen: list[object] = []

    def watch() -> None:
        while not done.wait(0.001):
            if warnings.filters != seen[-1]:
                seen.append(list(warnings.filters))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seen.append(list(warnings.filters))
        watcher = threading.Thread(target=watch)
        watcher.start()
        found = read(folder, workers=2)
        done.set()
        watcher.join()
        assert warnings.filters == seen[0]
    assert len(seen) == 1
    assert sum(len(indices) for indices, _ in found) == 300


@pytest.mark.parametrize("kind", ["zip", "w:", "w:gz"])
def test_an_archive_that_is_replaced_meanwhile_is_read_to_its_end(
    kind: str, write_folder: Write
) -> None:
    path = pack(write_folder(numbered(200)), kind)
    with open_images(path) as images:
        path.unlink()
        path.write_bytes(b"another")
        found = list(import_images(images, (2, 2), workers=2))
    assert sum(len(i) for i, _ in found) == 200


def test_batches_of_large_images_are_small(write_folder: Write) -> None:
    shapes = [images.shape for _, images in read(write_folder(numbered(2)), (512, 512))]
    assert shapes == [(1, 512, 512, 1)] * 2


def test_large_jpeg_files_look_as_if_decoded_in_full(tmp_path: Path) -> None:
    rows, columns = np.mgrid[:512, :768]
    smooth = 127 + 60 * np.sin(rows / 40) + 60 * np.cos(columns / 50)
    Image.fromarray(smooth.astype(np.uint8)).save(tmp_path / "a.jpg", quality=95)
    ((_, found),) = read(tmp_path, (64, 64))
    with Image.open(tmp_path / "a.jpg") as image:
        expected = fit_image(image, (64, 64), grey=True)
    np.testing.assert_allclose(found[0].astype(int), expected, atol=3)
