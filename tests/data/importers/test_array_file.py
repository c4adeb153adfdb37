"""Arrays of HDF5, of both of MATLAB's formats and of NPZ: the same images from all of them."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
from PIL import Image

from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.data.importers.own_factors import OwnFactors, own_factors
from sbvae_cli.errors import SbvaeError

IMAGES = np.random.default_rng(0).integers(256, size=(50, 5, 7, 3), dtype=np.uint8)


def hdf5(path: Path, arrays: dict[str, np.ndarray], **options: object) -> Path:
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array, **(options if array.ndim > 2 else {}))
    return path


def matlab(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    """As `save -v7.3` writes it: axes reversed, after 512 bytes of MATLAB's own."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, array in arrays.items():
            file[name] = array.T
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(512))
    return path


def mat5(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    scipy.io.savemat(path, arrays)
    return path


def npz(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    with path.open("wb") as file:
        np.savez(file, **arrays)
    return path


def pixels(path: Path, key: str | None = None) -> np.ndarray:
    with open_images(path, images_key=key) as images:
        return np.stack([np.array(images.read(i)) for i in range(len(images))])


@pytest.mark.parametrize("write", [hdf5, matlab, mat5, npz])
@pytest.mark.parametrize("axes", [(0, 1, 2, 3), (0, 3, 1, 2), (1, 2, 3, 0)])
def test_images_are_the_same_in_every_order_of_axes(
    tmp_path: Path, write: Callable[..., Path], axes: tuple[int, ...]
) -> None:
    path = write(tmp_path / "x", {"images": IMAGES.transpose(axes), "y": np.arange(50)})
    np.testing.assert_array_equal(pixels(path), IMAGES)


@pytest.mark.parametrize("write", [matlab, mat5])
def test_grey_images_of_matlab_stand_along_the_last_axis(
    tmp_path: Path, write: Callable[..., Path]
) -> None:
    grey = IMAGES[..., 0]
    path = write(tmp_path / "x.mat", {"data": grey.transpose(1, 2, 0)})
    np.testing.assert_array_equal(pixels(path), grey)


@pytest.mark.parametrize("chunks", [None, (1, 5, 7, 3), (16, 5, 7, 3), (50, 1, 7, 3)])
def test_chunks_of_any_shape_are_read(
    tmp_path: Path, chunks: tuple[int, ...] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sbvae_cli.data.importers.array_images._BLOCK_BYTES", 700)
    compression = {"compression": "gzip"} if chunks else {}
    path = hdf5(tmp_path / "x.h5", {"g/x": IMAGES}, chunks=chunks, **compression)
    np.testing.assert_array_equal(pixels(path), IMAGES)
    with open_images(path) as images:  # in any order, and again after other blocks
        for i in (49, 0, 17, 49, 3, 33, 0):
            np.testing.assert_array_equal(np.array(images.read(i)), IMAGES[i])


def test_an_array_is_taken_by_its_name(tmp_path: Path) -> None:
    for write in (hdf5, npz):
        path = write(tmp_path / "x", {"a": IMAGES, "b": 255 - IMAGES})
        np.testing.assert_array_equal(pixels(path, "b"), 255 - IMAGES)


def factors(path: Path, key: str | None = None) -> OwnFactors:
    with open_images(path) as images:
        return own_factors(images, key=key)


@pytest.mark.parametrize("write", [hdf5, matlab, mat5, npz])
@pytest.mark.parametrize("shape", [(50,), (50, 1), (1, 50)])
@pytest.mark.parametrize("key", [None, "y"])
def test_a_column_is_a_factor_called_as_its_array(
    tmp_path: Path, write: Callable[..., Path], shape: tuple[int, ...], key: str | None
) -> None:
    levels = np.arange(50) % 5
    arrays = {"images": IMAGES, "y": levels.reshape(shape), "weight": np.ones(50)}
    found = factors(write(tmp_path / "x", arrays), key)
    assert found.table.space.names == ("y",)
    assert found.table.space.factors[0].levels == (0, 1, 2, 3, 4)
    np.testing.assert_array_equal(found.table.rows[:, 0], levels)
    assert found.notes[0] == "images are the array images uint8 (50, 5, 7, 3)"
    assert key or "other arrays are not factors: weight (`factors_key` takes them)" in found.notes


def test_several_arrays_are_taken_by_their_names_or_their_group(tmp_path: Path) -> None:
    records = np.zeros(50, [("speed", "f4"), ("gear", "i4")])
    records["gear"] = np.arange(50) % 3
    arrays = {"images": IMAGES, "states/now": records, "states/x": np.arange(50.0)}
    path = hdf5(tmp_path / "a.h5", {**arrays, "colour": np.array([b"red", b"blue"] * 25)})
    for key in ("states,colour", "now, states/x, colour"):
        found = factors(path, key)
        assert found.table.space.names == ("speed", "gear", "x", "colour")
        assert found.table.space.factors[3].level_names == ("blue", "red")
        np.testing.assert_array_equal(found.table.rows[:, 1], records["gear"])


def test_text_of_any_length_is_words(tmp_path: Path) -> None:
    path = hdf5(tmp_path / "a.h5", {"images": IMAGES, "other": np.ones(3)})
    with h5py.File(path, "r+") as file:
        file["labels"] = ["cat", "mouse"] * 25
    assert factors(path).table.space.factors[0].level_names == ("cat", "mouse")


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("lables", "lables: .* has no such array, but .*; did you mean labels?"),
        ("short", "short: it has 49 rows, there are 50 images"),
    ],
)
def test_arrays_that_cannot_be_factors_are_one_line(tmp_path: Path, key: str, message: str) -> None:
    arrays = {"images": IMAGES, "labels": np.arange(50), "short": np.arange(49)}
    path = npz(tmp_path / "a.npz", arrays)
    with pytest.raises(SbvaeError, match=message) as caught:
        factors(path, key)
    assert caught.value.field == "factors_key"


def test_labels_of_parts_of_public_data_have_their_names(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    hues, scales = np.linspace(0, 0.9, 10), np.linspace(0.75, 1.25, 8)
    axes = [hues, hues, hues, scales, np.array([0.0, 2.0, 3.0]), np.linspace(-30, 30, 15)]
    labels = np.stack([rng.choice(axis, 50) for axis in axes], 1)
    found = factors(hdf5(tmp_path / "a.h5", {"images": IMAGES, "labels": labels}))
    names = ("floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation")
    assert found.table.space.names == names
    assert found.table.space.factor("shape").level_names == ("cube", "sphere", "pill")
    assert found.table.space.factor("floor_hue").period == 1
    assert found.table.space.factor("orientation").unit == "degree"
    np.testing.assert_allclose(found.table.rows, labels, atol=1e-6)

    sprites = [np.ones(1), np.array([1.0, 3.0]), np.linspace(0.5, 1, 6)]
    sprites += [np.linspace(0, 2 * np.pi, 40), np.linspace(0, 1, 32), np.linspace(0, 1, 32)]
    values = np.stack([rng.choice(axis, 50) for axis in sprites], 1)
    found = factors(npz(tmp_path / "d.npz", {"imgs": IMAGES[..., 0], "latents_values": values}))
    assert found.table.space.names == ("color", "shape", "scale", "orientation", "x", "y")
    assert found.table.space.factor("shape").level_names == ("square", "heart")
    np.testing.assert_allclose(found.table.rows, values, atol=1e-6)

    labels[0, 0] = 0.05
    found = factors(hdf5(tmp_path / "b.h5", {"images": IMAGES, "labels": labels}))
    assert found.table.space.names[0] == "labels0"


@pytest.mark.parametrize("title", ["names", "columns", "factor_names"])
def test_names_of_columns_may_be_attributes(tmp_path: Path, title: str) -> None:
    arrays = {"images": IMAGES, "labels": np.arange(100.0).reshape(50, 2)}
    path = hdf5(tmp_path / "a.h5", arrays)
    with h5py.File(path, "r+") as file:
        file["labels"].attrs[title] = ["size", "tilt"]
    assert factors(path).table.space.names == ("size", "tilt")


def test_labels_that_cannot_be_used_are_a_warning(tmp_path: Path) -> None:
    labels = np.arange(50.0)
    labels[3] = np.nan
    found = factors(npz(tmp_path / "a.npz", {"images": IMAGES, "labels": labels}))
    (warning,) = found.warnings
    assert (
        "column labels has numbers that are not finite: 1, as row 3, counted from 0 (nan)"
        in warning
    )
    assert found.table.space.names == () and len(found.notes) == 1
    found = factors(npz(tmp_path / "b.npz", {"images": IMAGES, "y": labels[1:]}))
    assert found.warnings == ["the array y is not a factor: it has 49 rows, there are 50 images"]


def test_files_that_are_broken_are_one_line(tmp_path: Path) -> None:
    path = mat5(tmp_path / "x.mat", {"images": IMAGES})
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(SbvaeError, match=r"x.mat: is a damaged MATLAB file \(.+\); copy it"):
        open_images(path)
    path = hdf5(tmp_path / "x.h5", {"images": IMAGES})
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(SbvaeError, match=r"x.h5: is cut short; copy it"):
        open_images(path)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1)])
@pytest.mark.parametrize("write", [hdf5, matlab, npz])
def test_arrays_of_one_image_each_are_the_images_in_natural_order(
    tmp_path: Path, write: Callable[..., Path], axes: tuple[int, ...]
) -> None:
    group = "raw/" if write is hdf5 else ""
    arrays = {f"{group}{i}": IMAGES[i].transpose(axes) for i in reversed(range(12))}
    path = write(tmp_path / "x", {**arrays, "y": np.arange(12) % 3})
    with open_images(path) as images:
        assert images.names == tuple(map(str, range(12)))
        found = own_factors(images)
    np.testing.assert_array_equal(pixels(path), IMAGES[:12])
    assert found.table.rows[:, 0].tolist() == [0, 1, 2] * 4
    if group:
        np.testing.assert_array_equal(pixels(path, "raw"), IMAGES[:12])
        with pytest.raises(SbvaeError, match=r"raw/0 is one image, its shape is"):
            open_images(hdf5(tmp_path / "y", {"raw/0": IMAGES[0]}), images_key="raw/0")


def test_references_and_samples_with_an_image_each_are_images(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "refs.h5", "w") as file:
        images = file.create_dataset("images", (3,), h5py.ref_dtype)
        for i in range(3):
            file[f"#parts/{i}"] = IMAGES[i]
            images[2 - i] = file[f"#parts/{i}"].ref
    np.testing.assert_array_equal(pixels(tmp_path / "refs.h5"), IMAGES[2::-1])
    samples = {f"s{i}/{name}": IMAGES[i] for i in range(11) for name in ("image", "mask")}
    with open_images(hdf5(tmp_path / "s.h5", samples)) as images:
        assert images.names == tuple(f"s{i}" for i in range(11))


def test_links_are_followed_and_a_broken_one_says_where_it_leads(tmp_path: Path) -> None:
    path = hdf5(tmp_path / "x.h5", {"data/0": IMAGES, "data/1": 255 - IMAGES})
    with h5py.File(path, "a") as file:
        file["images"] = h5py.SoftLink("/data/1")
        file["gone"] = h5py.ExternalLink("missing.h5", "/x")
    with h5py.File(tmp_path / "outer.h5", "w") as file:
        file["images"] = h5py.ExternalLink("x.h5", "/data/0")
    np.testing.assert_array_equal(pixels(path), 255 - IMAGES)
    np.testing.assert_array_equal(pixels(path, "images"), 255 - IMAGES)
    np.testing.assert_array_equal(pixels(tmp_path / "outer.h5"), IMAGES)
    with pytest.raises(SbvaeError, match=r"gone links to missing.h5, which does not exist"):
        open_images(path, images_key="gone")


def test_empty_files_and_arrays_of_fields_say_so(tmp_path: Path) -> None:
    records = np.zeros(5, [("image", "u1", (8, 8)), ("y", "i4")])
    for array, found in (
        ({}, "holds no arrays"),
        ({"images": h5py.Empty("u1")}, "images holds 0 images"),
        ({"images": IMAGES[:0]}, "images holds 0 images"),
        ({"data": records}, r"data has several fields \(image, y\), which are not read as images"),
    ):
        with h5py.File(tmp_path / "x.h5", "w") as file:
            for name, values in array.items():
                file[name] = values
        with pytest.raises(SbvaeError, match=found):
            open_images(tmp_path / "x.h5")


def test_rows_of_encoded_bytes_are_decoded(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        images = file.create_dataset("images", (3,), h5py.vlen_dtype(np.uint8))
        for i in range(3):
            data = BytesIO()
            Image.fromarray(IMAGES[i]).save(data, "PNG")
            images[i] = np.frombuffer(data.getvalue(), np.uint8)
    np.testing.assert_array_equal(pixels(tmp_path / "x.h5"), IMAGES[:3])


@pytest.mark.parametrize("write", [hdf5, npz])
def test_an_array_of_file_names_names_the_images_and_is_no_factor(
    tmp_path: Path, write: Callable[..., Path]
) -> None:
    names = [f"{i:02}.png" for i in range(50)]
    stored = np.array(names, "S6")
    path = write(tmp_path / "x", {"images": IMAGES, "filenames": stored})
    with open_images(path) as images:
        assert images.names == tuple(names)
        assert not own_factors(images).table.factors
    path = write(tmp_path / "y", {"images": IMAGES, "filenames": stored[[0] * 50]})
    with open_images(path) as images:
        assert images.names[0] == "00"  # which is no name of theirs, as they share it
