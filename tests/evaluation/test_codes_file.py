"""Codes from anybody's NPZ file, and what is said of files that are none."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.codes_file import read_codes, write_codes
from sbvae_cli.evaluation.representation import Representation

RNG = np.random.default_rng(0)
CODES, FACTORS = RNG.normal(size=(50, 4)), RNG.integers(0, 5, (50, 2))


def write(path: Path, **arrays: object) -> Path:
    np.savez(path, **{"codes": CODES, "factors": FACTORS, **arrays})
    return path


def test_two_arrays_are_enough(tmp_path: Path) -> None:
    found = read_codes(write(tmp_path / "c.npz"))
    np.testing.assert_array_equal(found.codes, CODES)
    np.testing.assert_array_equal(found.factors, FACTORS)
    assert found.names == ("factor0", "factor1")
    assert found.circular == frozenset() and found.present is None and found.unread == ()
    assert found.stds is None


def test_names_and_circular_factors_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "c.npz", names=["x", "hue"], circular=np.array([b"hue"]))
    found = read_codes(path)
    assert found.names == ("x", "hue") and found.circular == {"hue"}
    found = read_codes(write(path, names=["x", "hue"], circular=[]))
    assert found.circular == frozenset()


def test_blank_rows_are_taken_out_and_kept_for_what_codes_know_of_present(tmp_path: Path) -> None:
    factors = np.column_stack([FACTORS, np.ones(50)]).astype(float)
    factors[:7] = [np.nan, np.nan, 0]
    found = read_codes(write(tmp_path / "c.npz", factors=factors, names=["x", "y", "present"]))
    assert found.nonblank.codes.shape == (43, 4) and found.nonblank.factors.shape == (43, 2)
    assert found.nonblank.names == ("x", "y") and found.codes.shape == (50, 4)
    assert found.present is not None and found.present.sum() == 43


def test_deviations_are_read_without_those_of_blank_rows(tmp_path: Path) -> None:
    stds = np.abs(CODES).astype(np.float32)
    stds[3] = 0  # of an encoder that knows no doubt
    path = write(tmp_path / "c.npz", stds=stds)
    found = read_codes(path)
    assert found.stds is not None
    np.testing.assert_array_equal(found.stds, stds.astype(float))
    factors = np.column_stack([FACTORS, np.arange(50) % 5 > 0])
    names = ["x", "y", "present"]
    found = read_codes(write(path, factors=factors, names=names, stds=stds)).nonblank
    assert found.stds is not None and found.stds.shape == found.codes.shape == (40, 4)
    np.testing.assert_array_equal(found.stds, stds[np.arange(50) % 5 > 0].astype(float))


def test_what_is_unknown_to_be_blank_is_refused(tmp_path: Path) -> None:
    factors = np.column_stack([FACTORS, np.full(50, np.nan)])
    path = write(tmp_path / "c.npz", factors=factors, names=["x", "y", "present"])
    with pytest.raises(SbvaeError, match="not finite, the first in column present"):
        read_codes(path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"codes": CODES[:40]}, "codes have 40 rows and factors 50; write numpy.savez"),
        ({"codes": CODES.T}, "codes have 4 rows and factors 50"),
        ({"factors": FACTORS.T}, "(is one of them transposed?)"),
        ({"codes": np.where(CODES > 1, np.nan, CODES)}, "values are not finite, the first in"),
        ({"factors": np.full((50, 2), np.inf)}, "factors: 100 of 100 values are not finite"),
        ({"codes": np.full((50, 4), "a")}, "codes hold text; give each word a number"),
        ({"factors": np.full((50, 2), "red")}, "factors hold text; give each word a number"),
        ({"codes": CODES * 1j}, "codes hold complex numbers"),
        ({"codes": CODES[:, 0]}, "codes have shape (50,), not (rows, columns)"),
        ({"factors": np.array([[{}] * 2] * 50)}, "which are never unpickled; store numbers"),
        ({"names": np.array(["x", "y"], object)}, "store words, as numpy.array(names, dtype=str)"),
        ({"circular": np.array(["x"], object)}, "words, as numpy.array(circular, dtype=str)"),
        ({"codes": CODES * 1e300}, "e+300; scale them to below 1e+70"),
        ({"factors": np.where(FACTORS > 3, -2e100, 0)}, "factors reach -2e+100; scale them"),
        ({"codes": np.where(CODES > 1, np.longdouble("1e4000"), 0)}, "values are not finite"),
        ({"stds": CODES[:, :3]}, "stds have shape (50, 3) and codes (50, 4); give"),
        ({"stds": CODES[:40]}, "stds have shape (40, 4) and codes (50, 4); give"),
        ({"stds": CODES[:, 0]}, "stds have shape (50,), not (rows, columns)"),
        ({"stds": np.full((50, 4), "a")}, "stds hold text"),
        ({"stds": np.where(CODES > 1, np.nan, 1)}, "stds: "),
        ({"stds": np.full((50, 4), 1e71)}, "stds reach 1e+71"),
        ({"stds": np.full((50, 4), -0.5)}, "stds reach -0.5; they are at least 0"),
        ({"codes": CODES[:, :0]}, "codes have shape (50, 0)"),
        ({"codes": CODES[:1], "factors": FACTORS[:1]}, "at least 2 rows and 1 latent"),
        ({"names": ["x"]}, "has 1 names for 2 factors"),
        ({"names": ["x", "x"]}, "two factors are named x"),
        ({"names": ["x", "a,b"]}, "'a,b' has a comma, which separates names; leave it out"),
        ({"names": ["x", " "]}, "' ' cannot be the name of a factor"),
        ({"names": [1, 2]}, "names must be a list of words, found int64"),
        ({"circular": ["hue"]}, "circular names hue, which is not a factor"),
        ({"kinds": ["levels"]}, "has 1 kinds for 2 factors; give one for each"),
        ({"kinds": ["levels", "rang"]}, "kinds: kind rang is unknown; did you mean range?"),
        ({"space": np.array("{")}, "space is not the JSON of a space of factors; leave"),
        (
            {"factors": FACTORS + 2**53},
            "in double precision; subtract the smallest from all, or number",
        ),
    ],
)
def test_what_cannot_be_used_is_one_line(
    tmp_path: Path, arrays: dict[str, object], message: str
) -> None:
    with pytest.raises(SbvaeError) as caught:
        read_codes(write(tmp_path / "c.npz", **arrays))
    assert message in str(caught.value) and str(caught.value).startswith(f"{tmp_path / 'c.npz'}: ")
    assert "\n" not in str(caught.value)


def test_names_of_arrays_keep_to_the_line(tmp_path: Path) -> None:
    np.savez(tmp_path / "c.npz", **{"a\nb": CODES})
    with pytest.raises(SbvaeError, match="has a\ufffdb, but not the array codes"):
        read_codes(tmp_path / "c.npz")
    np.savez(tmp_path / "c.npz", **{"a\nb": CODES, "codes": CODES})
    assert read_codes(tmp_path / "c.npz").unread == ("a\ufffdb",)


def test_a_missing_array_is_named_beside_what_is_there(tmp_path: Path) -> None:
    np.savez(tmp_path / "c.npz", means=CODES, factors=FACTORS)
    with pytest.raises(SbvaeError, match="has means, factors, but not the array codes; write"):
        read_codes(tmp_path / "c.npz")


def test_files_that_are_no_npz_are_one_line(tmp_path: Path) -> None:
    for name, content in [("a.npz", b""), ("b.npz", b"PK\x03\x04 no"), ("c.npz", b"hello" * 99)]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SbvaeError, match="is not an NPZ file of arrays"):
            read_codes(tmp_path / name)
    with pytest.raises(SbvaeError, match="there is no such file"):
        read_codes(tmp_path / "none.npz")
    with pytest.raises(SbvaeError, match="is a folder"):
        read_codes(tmp_path)
    with (tmp_path / "one.npz").open("wb") as file:
        np.save(file, CODES)
    with pytest.raises(SbvaeError, match="holds one array without a name"):
        read_codes(tmp_path / "one.npz")


def test_a_truncated_file_is_one_line(tmp_path: Path) -> None:
    path = write(tmp_path / "c.npz")
    whole = path.read_bytes()
    for cut in (30, 400, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:cut])
        with pytest.raises(SbvaeError):
            read_codes(path)
    damaged = bytearray(whole)
    damaged[300:320] = bytes(20)
    path.write_bytes(damaged)
    with pytest.raises(SbvaeError, match="codes is damaged"):
        read_codes(path)


@pytest.mark.parametrize(("at", "value"), [(8, 1), (10, 97)])
def test_an_archive_that_is_encrypted_or_compressed_otherwise_is_one_line(
    tmp_path: Path, at: int, value: int
) -> None:
    path = write(tmp_path / "c.npz")
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\1\2")  # the member's record in the central directory
    content[entry + at] = value
    path.write_bytes(content)
    with pytest.raises(SbvaeError, match="codes is damaged; write the file again"):
        read_codes(path)


def test_arrays_that_are_not_read_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "c.npz", name=["x", "y"], std=CODES, names=["x", "y"])
    assert read_codes(path).unread == ("name", "std")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    factors = np.column_stack([RNG.normal(size=(50, 2)), np.arange(50) % 5 > 0])
    factors[factors[:, 2] == 0, :2] = np.nan
    names, circular = ("x", "hue", "present"), frozenset(["hue"])
    whole = Representation(CODES, factors, names, circular, np.abs(CODES), CODES[:, 0] > 0)
    for each in (whole, Representation(CODES, factors, names)):
        with (tmp_path / "c.npz").open("wb") as file:
            write_codes(file, each)
        found = read_codes(tmp_path / "c.npz")
        assert (found.names, found.circular, found.unread) == (each.names, each.circular, ())
        for name in ("codes", "factors", "stds", "held_out"):
            np.testing.assert_array_equal(getattr(found, name), getattr(each, name))


def test_what_a_data_file_says_of_factors_is_kept(tmp_path: Path) -> None:
    size = FactorConfig(name="size", low=0, high=4)
    kind = FactorConfig(
        name="kind", kind="discrete", levels=tuple(range(5)), level_names=tuple("abcde")
    )
    space = SpaceConfig(factors=(size, kind)).model_dump(mode="json")
    kinds, files = {"size": "range", "kind": "levels"}, [f"{i}.png" for i in range(50)]
    names = ("size", "kind")
    whole = Representation(CODES, FACTORS, names, kinds=kinds, space=space, files=files)
    with (tmp_path / "c.npz").open("wb") as file:
        write_codes(file, whole)
    found = read_codes(tmp_path / "c.npz")
    assert (found.kinds, found.space, found.unread) == (kinds, space, ())
    assert found.unordered == ("kind",)
    assert found.labelled(20).binned == ["size"]
    with np.load(tmp_path / "c.npz") as arrays:
        assert arrays["files"].tolist() == files


def test_factors_of_blank_images_are_told_how_to_be_marked(tmp_path: Path) -> None:
    factors = FACTORS.astype(float)
    factors[7:9] = np.nan
    with pytest.raises(SbvaeError) as caught:
        read_codes(write(tmp_path / "c.npz", factors=factors))
    assert str(caught.value).endswith(
        "factors: 4 of 100 values are not finite, the first in column factor0; leave these rows "
        "out, or name a factor present, 0 where an image is blank"
    )
    shown = np.column_stack([factors, np.ones(50)])
    for arrays in (
        {"factors": shown, "names": ["x", "y", "present"]},
        {"codes": np.full((50, 4), np.nan)},
    ):
        with pytest.raises(SbvaeError, match=r"leave these rows out$"):
            read_codes(write(tmp_path / "c.npz", **arrays))


@pytest.mark.parametrize(
    ("codes", "factors", "transposed"),
    [
        ((3, 50), (3, 50), True),
        ((9, 10), (9, 10), True),
        ((10, 10), (10, 10), False),
        ((9, 10), (9, 9), False),  # few rows of a wide code
        ((9, 3), (9, 10), False),
    ],
)
def test_arrays_that_look_transposed_are_refused(
    tmp_path: Path, codes: tuple[int, int], factors: tuple[int, int], transposed: bool
) -> None:
    arrays = {"codes": RNG.normal(size=codes), "factors": RNG.integers(0, 5, factors)}
    path = write(tmp_path / "c.npz", **arrays)
    if transposed:
        with pytest.raises(SbvaeError, match="are too few, or both are transposed"):
            read_codes(path)
    else:
        assert read_codes(path).codes.shape == codes


def npy(shape: str, data: bytes = b"") -> bytes:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy("(1000000000000, 10)"), "codes is damaged"),
        (
            npy("(1000000, 10)", bytes(80_000_000)),
            "codes are 76 MB, packed into 0.1 MB, more tightly",
        ),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "codes is damaged"),
    ],
)
def test_codes_that_would_fill_memory_are_refused_unread(
    tmp_path: Path, content: bytes, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "c.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("codes.npy", content)
    monkeypatch.setattr(np.lib.format, "read_array", None)
    with pytest.raises(SbvaeError, match=message):
        read_codes(tmp_path / "c.npz")


def test_codes_larger_than_free_memory_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "c.npz")
    monkeypatch.setattr("sbvae_cli.data.importers.npy.free_memory", lambda: 1000)
    with pytest.raises(SbvaeError, match="codes does not fit into memory"):
        read_codes(path)
