"""Reading files: what was written comes back, and what cannot be read is named in one line."""

import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.file import DatasetFile
from sbvae_cli.data.file_names import write_file_names
from sbvae_cli.errors import SbvaeError


def change(path: Path, edit: Callable[[h5py.File], object]) -> Path:
    with h5py.File(path, "r+") as file:
        edit(file)
    return path


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(small, tmp_path / "copy.h5"))


def test_the_header_says_what_the_file_holds(small: Path) -> None:
    with DatasetFile(small) as file:
        assert (file.name, file.seed) == ("xy-hole", 3)
        assert (file.count, file.height, file.width, file.channels) == (150, 6, 10, 3)
        assert file.space.config == named_space("circles:xy-hole")
        assert (file.chunk_length, file.chunk_count) == (64, 3)
        assert [file.chunk_size(chunk) for chunk in range(3)] == [64, 64, 22]
        assert file.files is None


def test_names_of_files_are_read_as_they_were_written(copy: Path) -> None:
    names = [f"{i}.png" for i in range(148)] + ["\u00e9.png", "\udcff.png"]
    with DatasetFile(change(copy, lambda file: write_file_names(file, names))) as file:
        assert file.files == tuple(names)
    few = change(copy, lambda file: (file.__delitem__("files"), write_file_names(file, ["a"])))
    with (
        DatasetFile(few) as file,
        pytest.raises(SbvaeError, match="images and files of shape"),
    ):
        _ = file.files


def test_factors_in_double_precision_are_read_so(copy: Path) -> None:
    ids = 2.0**53 - np.arange(150)
    factor = FactorConfig(name="id", low=ids.min(), high=ids.max())
    space = SpaceConfig(factors=(factor,), dtype="float64").model_dump_json()
    change(copy, replace("factors", ids[:, None]))
    with DatasetFile(change(copy, attribute("space", space))) as file:
        rows = file.read(0, 150)[1]
    assert rows.dtype == np.float64 and (rows[:, 0] == ids).all()


@pytest.mark.parametrize(("start", "stop"), [(0, 150), (0, 0), (60, 70), (128, 150), (149, 150)])
def test_rows_are_those_that_hdf5_itself_reads(small: Path, start: int, stop: int) -> None:
    with h5py.File(small) as file:
        expected = file["images"][start:stop], file["factors"][start:stop]
    with DatasetFile(small) as file:
        images, factors = file.read(start, stop)
    np.testing.assert_array_equal(images, expected[0])
    np.testing.assert_array_equal(factors, expected[1])


def test_rows_come_in_the_order_that_was_asked_for(small: Path) -> None:
    rows = np.random.default_rng(0).integers(150, size=80)
    with DatasetFile(small) as file:
        images, factors = file.read(0, 150)
        some = file.read_rows(rows)
    np.testing.assert_array_equal(some[0], images[rows])
    np.testing.assert_array_equal(some[1], factors[rows])


def test_chunks_come_one_after_the_other(small: Path) -> None:
    with DatasetFile(small) as file:
        images = file.read(0, 150)[0]
        np.testing.assert_array_equal(
            file.read_chunks([2, 0]), np.concatenate([images[128:], images[:64]])
        )
        assert len(file.read_chunks([])) == 0


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunks": (7, 6, 10, 3)},
        {"chunks": (7, 6, 10, 3), "compression": "gzip", "shuffle": True},
        {"chunks": (7, 3, 5, 3), "compression": "gzip"},
        {"chunks": (7, 6, 10, 3), "compression": "gzip", "compression_opts": 9},
    ],
)
def test_other_layouts_are_read_too(copy: Path, options: dict) -> None:
    with DatasetFile(copy) as file:
        expected = file.read(0, 150)[0]

    def store_again(file: h5py.File) -> None:
        del file["images"]
        file.create_dataset("images", data=expected, **options)

    with DatasetFile(change(copy, store_again)) as file:
        np.testing.assert_array_equal(file.read(0, 150)[0], expected)
        np.testing.assert_array_equal(file.read(65, 80)[0], expected[65:80])


def replace(name: str, value: object) -> Callable[[h5py.File], None]:
    def edit(file: h5py.File) -> None:
        del file[name]
        file[name] = value

    return edit


def attribute(name: str, value: object) -> Callable[[h5py.File], None]:
    return lambda file: file.attrs.__setitem__(name, value)


TWO_FACTORS = SpaceConfig(factors=(FactorConfig(name="x", low=0, high=1),)).model_dump_json()


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda f: f.__delitem__("images"), "has no dataset images"),
        (lambda f: f.__delitem__("factors"), "has no dataset factors"),
        (lambda f: f.attrs.__delitem__("sbvae_format"), "is an HDF5 file of another layout"),
        (lambda f: f.attrs.__delitem__("space"), "has no attribute space"),
        (lambda f: f.attrs.__delitem__("name"), "has no attribute name"),
        (lambda f: f.attrs.__delitem__("seed"), "has no attribute seed"),
        (lambda f: f.attrs.__delitem__("complete"), "was not written to its end"),
        (attribute("complete", False), "was not written to its end"),
        (attribute("sbvae_format", 2), "has format 2, this sbvae reads 1; install a newer sbvae"),
        (attribute("sbvae_format", "a\n\x1bone"), "has format a \ufffdone, this sbvae reads 1"),
        (attribute("space", "{"), "its attribute space cannot be read"),
        (attribute("space", '{"factor": []}'), "its attribute space cannot be read (factor "),
        (attribute("space", TWO_FACTORS), "has 6 columns of factors, its space names 1"),
        (
            replace("images", np.zeros((150, 6, 10, 3))),
            "its images are float64 of shape (150, 6, 10, 3), expected uint8 in 4 dimensions",
        ),
        (replace("images", np.zeros((150, 6), "u1")), "its images are uint8 of shape (150, 6)"),
        (replace("factors", np.zeros((150, 6), "i4")), "its factors are int32"),
        (replace("images", np.zeros((149, 6, 10, 3), "u1")), "has 149 images and 150 rows"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_refused(
    copy: Path, edit: Callable[[h5py.File], object], message: str
) -> None:
    with pytest.raises(SbvaeError) as caught:
        DatasetFile(change(copy, edit))
    assert str(caught.value).startswith(f"{copy}: {message}")
    assert "\n" not in str(caught.value)
    change(copy, lambda file: None)  # it was closed


def test_an_empty_data_set_is_refused(copy: Path) -> None:
    change(copy, replace("images", np.zeros((0, 6, 10, 3), "u1")))
    change(copy, replace("factors", np.zeros((0, 6), "f4")))
    with pytest.raises(SbvaeError, match="holds no images"):
        DatasetFile(copy)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty (0 bytes)"), (b"PK\3\4 not at all", "is a ZIP archive")],
)
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "foreign.h5"
    path.write_bytes(content)
    with pytest.raises(SbvaeError) as caught:
        DatasetFile(path)
    assert str(caught.value).startswith(f"{path}: {message}")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SbvaeError, match="there is no such file"):
        DatasetFile(tmp_path / "none.h5")
    with pytest.raises(SbvaeError, match="is an empty folder; name"):
        DatasetFile(tmp_path)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.99])
def test_a_truncated_file_is_refused(copy: Path, share: float) -> None:
    content = copy.read_bytes()
    copy.write_bytes(content[: int(share * len(content))])
    with pytest.raises(SbvaeError, match="is cut short"):
        DatasetFile(copy)


@pytest.mark.parametrize("fill", [b"\0", b"\xff"])
def test_a_damaged_chunk_names_its_images(copy: Path, fill: bytes) -> None:
    with h5py.File(copy) as file:
        chunk = file["images"].id.get_chunk_info(1)
    with copy.open("r+b") as raw:
        raw.seek(chunk.byte_offset + chunk.size // 2)
        raw.write(fill * (chunk.size // 2))

    with DatasetFile(copy) as file:
        assert len(file.read(0, 64)[0]) == 64
        for read in (lambda: file.read(0, 150), lambda: file.read_chunks([2, 1])):
            with pytest.raises(SbvaeError, match="is damaged at images 64 to 127") as caught:
                read()
            assert str(caught.value).startswith(f"{copy}: ")


def test_a_chunk_of_another_length_is_damaged(copy: Path) -> None:
    import zlib

    short = zlib.compress(b"\0" * 100)
    change(copy, lambda file: file["images"].id.write_direct_chunk((64, 0, 0, 0), short))
    with (
        DatasetFile(copy) as file,
        pytest.raises(SbvaeError, match="found 100 bytes of 11520"),
    ):
        file.read(100, 101)
