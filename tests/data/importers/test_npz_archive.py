"""Arrays of images: shapes, types, and pickles that must not run."""

import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sbvae_cli.data.importers.deep_images import DeepImage
from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.errors import SbvaeError

COLOUR = np.random.default_rng(0).integers(0, 256, (12, 5, 7, 3)).astype(np.uint8)


def save(path: Path, **arrays: object) -> Path:
    np.savez_compressed(path, **arrays)
    return path


@pytest.mark.parametrize(
    "images", [COLOUR, COLOUR[..., 0], COLOUR[..., :1], COLOUR.repeat(2, -1)[..., :4]]
)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_rows_of_the_array_are_the_images(
    images: np.ndarray, order: str, write: object, tmp_path: Path
) -> None:
    assert callable(write)
    write(tmp_path / "x.npz", images=np.asarray(images, order=order), labels=np.arange(12))
    with open_images(tmp_path / "x.npz") as found:
        assert found.names[:2] == ("00", "01") and len(found) == 12
        for i in (11, 0, 5):
            np.testing.assert_array_equal(
                np.array(found.read(i)),
                images[i][..., 0] if images.shape[3:] == (1,) else images[i],
            )


def test_booleans_fill_the_range(tmp_path: Path) -> None:
    binary = COLOUR[..., 0] % 2
    with open_images(save(tmp_path / "x.npz", imgs=binary == 1)) as images:
        found = np.stack([np.array(images.read(i)) for i in range(12)])
    np.testing.assert_array_equal(found, binary * 255)


@pytest.mark.parametrize("kind", ["<u2", ">u2", "i2", "<i8", "f2", ">f4", "f8"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_other_numbers_are_kept_until_levels_say_what_they_mean(
    kind: str, order: str, channels: int, tmp_path: Path
) -> None:
    array = np.random.default_rng(0).integers(0, 1500, (12, 5, 7, channels)).astype(kind)
    path = save(tmp_path / "x.npz", images=np.asarray(array, order=order))
    with open_images(path) as images:
        assert images.value_range == (array.min(), array.max())
        for i in (11, 0):
            found = images.read(i)
            assert isinstance(found, DeepImage)
            kept = array[i][..., 0] if channels == 1 else array[i][..., :3]
            np.testing.assert_array_equal(found.values, kept)
            assert (found.alpha is not None) == (channels == 4)


def test_the_range_of_an_array_leaves_out_what_is_not_finite(tmp_path: Path) -> None:
    array = np.linspace(-3, 5, 24).reshape(2, 3, 4)
    array[0, 0, :2] = np.nan, np.inf
    with open_images(save(tmp_path / "x.npz", images=array)) as images:
        assert images.value_range == pytest.approx((-3 + 2 * 8 / 23, 5))


def test_the_only_array_with_the_dimensions_of_images_is_taken(tmp_path: Path) -> None:
    path = save(tmp_path / "x.npz", pictures=COLOUR, labels=np.zeros((12, 2)))
    with open_images(path) as images:
        assert len(images) == 12


@pytest.mark.parametrize(
    ("arrays", "found"),
    [
        ({"images": COLOUR.astype("S3")}, r"images is \|S3; save real numbers, as uint8"),
        ({"images": COLOUR * 1j}, r"images is complex128; save real numbers"),
        ({"images": COLOUR[0]}, r"images is one image, its shape is \(5, 7, 3\); stack several"),
        ({"images": COLOUR[0, 0]}, r"images has the shape \(7, 3\)"),
        ({"images": COLOUR[..., :2]}, r"images has the shape \(12, 5, 7, 2\); images have the sh"),
        ({"images": COLOUR[:0]}, r"images holds 0 images, its shape is \(0, 5, 7, 3\)"),
        (
            {"a": COLOUR, "b": COLOUR},
            r"several of its arrays may be images: a uint8 .*images_key=a",
        ),
        ({"a": np.arange(3)}, r"holds a int64 \(3,\), none of which has the shape of images"),
    ],
)
def test_other_arrays_are_one_line(
    arrays: dict[str, np.ndarray], found: str, tmp_path: Path
) -> None:
    with pytest.raises(SbvaeError, match=found) as caught:
        open_images(save(tmp_path / "x.npz", **arrays))
    assert "\n" not in str(caught.value)


class Command:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    command = np.full((2, 3, 3), Command(tmp_path / "ran"))
    path = save(tmp_path / "x.npz", images=command)
    with pytest.raises(SbvaeError, match=r"images is object, which is never unpickled"):
        open_images(path)
    path = save(tmp_path / "x.npz", images=COLOUR, metadata=command)
    with open_images(path) as images:
        images.read(0)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", pickle.dumps(Command(tmp_path / "ran")))
    with pytest.raises(SbvaeError, match=r"is a ZIP archive .* damaged"):
        open_images(path)
    assert not (tmp_path / "ran").exists()


def test_a_header_that_claims_more_than_there_is_is_one_line(tmp_path: Path) -> None:
    path = save(tmp_path / "x.npz", images=COLOUR)
    with zipfile.ZipFile(path) as archive:
        data = archive.read("images.npy")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", data.replace(b"(12, 5, 7, 3)", b"(99, 5, 7, 3)"))
    with pytest.raises(SbvaeError, match="images does not have the size that its header states"):
        open_images(path)


def test_a_wrong_checksum_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, images=COLOUR)
    data = bytearray(path.read_bytes())
    data[600] ^= 255
    path.write_bytes(data)
    with pytest.raises(SbvaeError, match=r"damaged or cut short \(Bad CRC"):
        open_images(path)


def test_an_image_of_too_many_pixels_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", 99)
    np.savez(tmp_path / "x.npz", images=np.zeros((3, 10, 10), np.uint8))
    with pytest.raises(SbvaeError, match=r"images: 10x10 are 100 pixels, more than the limit"):
        open_images(tmp_path / "x.npz")
