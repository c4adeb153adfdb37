"""Recognise what a file or folder contains, and name the command that accepts it."""

import os
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import prod
from pathlib import Path
from typing import IO, Literal

import h5py
import numpy as np

from sbvae_cli.commands import command
from sbvae_cli.config.dataset_names import known_names
from sbvae_cli.data.hdf5 import MAGIC, list_arrays, open_hdf5, reading_hdf5
from sbvae_cli.data.hdf5_storage import check_storage
from sbvae_cli.data.importers.array_file import array_kinds, broken_link
from sbvae_cli.data.importers.array_groups import find_group
from sbvae_cli.data.importers.collection import identify, is_candidate, reason_of
from sbvae_cli.data.importers.dsprites import LEVELS, SIDE
from sbvae_cli.data.importers.find_arrays import ArrayKind, Arrays, find_images
from sbvae_cli.data.importers.npy import read_array_header
from sbvae_cli.data.importers.rendered_chairs import is_render
from sbvae_cli.data.model_contents import describe_model_file
from sbvae_cli.data.shapes3d import is_3dshapes
from sbvae_cli.data.text_contents import DEFAULT_ADVICE, describe_text
from sbvae_cli.errors import SbvaeError
from sbvae_cli.files import read_start
from sbvae_cli.system_errors import unreadable

Kind = Literal[
    "dataset", "3dshapes", "checkpoint", "pytorch", "run", "runs",
    "images", "dsprites", "codes", "picture", "page", "onnx", "safetensors", "other",
]  # fmt: skip

_SEEN = 1000  # number of members of a folder or archive that are inspected
_LARGEST_PICKLE = 16 << 20  # bytes that are read of a checkpoint's pickled structure
_MAT5 = b"MATLAB 5.0"
_FORMATS = {  # first bytes of a format: what the file is, and what to do instead
    b"\x93NUMPY": ("is a single array (NPY)", "write numpy.savez(FILE, images=ARRAY)"),
    b"PAR1": ("is a table (Parquet)", "save its images as files, or as an array in NPZ"),
    b"Rar!": ("is a RAR archive", "unpack it, or pack the images as ZIP or TAR"),
    b"7z\xbc\xaf": ("is a 7z archive", "unpack it, or pack the images as ZIP or TAR"),
    b"\x28\xb5\x2f\xfd": ("is compressed by zstd", "unpack it, or pack the images as ZIP or TAR"),
    **dict.fromkeys(
        (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"),
        ("is a Python pickle, which is never unpickled", "write numpy.savez(FILE, images=ARRAY)"),
    ),
}
_PAGE = b'<script type="application/json" id="sbvae">'
_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}


@dataclass(frozen=True)
class Contents:
    """Contents of a file or folder.

    Attributes:
        kind: Kind of the contents. `train` reads "dataset" and "3dshapes" directly; `gen-data`
            makes a dataset from "images"; a "picture" is a single image or animation; a "page" was
            written by `explore`.
        description: Description for messages, such as `is a ZIP archive of images`.
        advice: Advice for messages, such as `make a dataset of it with ...`.
    """

    kind: Kind
    description: str
    advice: str

    def __str__(self) -> str:
        return f"{self.description}; {self.advice}"


def recognise_contents(path: Path, missing: str = "") -> Contents:
    """Recognise the contents of a folder or file, without executing anything in it.

    Args:
        path: The folder or file.
        missing: Advice for the error message if nothing exists at `path`.

    Raises:
        SbvaeError: If the file does not exist, is empty, is damaged or may not be read.
    """
    missing = missing or f"make one by `sbvae gen-data`, or name {known_names()}"
    if os.path.isdir(path):
        return _folder(path)
    head = read_start(path, missing=missing)
    if not head:
        raise SbvaeError(f"{path}: is empty (0 bytes); copy it or generate it again")
    try:
        return _file(path, head)
    except OSError as error:
        raise unreadable(path, error, missing) from error


def _file(path: Path, head: bytes) -> Contents:
    if head.startswith(MAGIC) or h5py.is_hdf5(path):
        return _hdf5(path)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(path)
    compression = next((name for start, name in _COMPRESSED.items() if head.startswith(start)), "")
    if compression or head[257:262] == b"ustar":
        return _tar(path, compression)
    if head.startswith(_MAT5):
        return _mat5(path)
    for start, (description, advice) in _FORMATS.items():
        if head.startswith(start):
            return Contents("other", description, advice)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<svg", b"<?xml")) and b"<svg" in head:
        return _one_image(path, "SVG")
    if model_file := describe_model_file(path, head):
        return Contents(*model_file)
    if _PAGE in head:
        return Contents("page", "is a page of sbvae explore", "open it in a browser")
    with path.open("rb") as file:
        return _picture(path, file) or Contents("other", *describe_text(path, head))


def _hdf5(path: Path) -> Contents:
    train = f"it needs no import: {command('train', source=path)}"
    with open_hdf5(path) as file, reading_hdf5(path):
        if "sbvae_format" in file.attrs:
            return Contents("dataset", "is a dataset", train)
        if is_3dshapes(file):
            return Contents("3dshapes", "has the layout of 3dshapes.h5", train)
        listing = list_arrays(file)
        arrays = array_kinds(listing)
        for name, array in listing.arrays.items():
            if arrays[name].may_be_images:
                check_storage(path, name, array)
    return _arrays(path, arrays, "is an HDF5 file of another layout", listing.broken)


def _mat5(path: Path) -> Contents:
    from scipy.io import whosmat

    types = {"double": "f8", "single": "f4", "logical": "u1", "char": "U1"}
    try:
        listing = whosmat(path)
        arrays = {
            name: ArrayKind(shape, np.dtype(types.get(kind, kind if "int" in kind else "O")))
            for name, shape, kind in listing
        }
    except Exception:  # broken files make its reader raise any exception
        raise SbvaeError(f"{path}: is a damaged MATLAB file; copy it again") from None
    return _arrays(path, arrays, "is a MATLAB file")


def _arrays(
    path: Path, arrays: Arrays, found: str, broken: Mapping[str, str] | None = None
) -> Contents:
    """Describe a file of arrays, depending on whether one of them can be images."""
    try:
        _ = find_group(path, arrays) or find_images(path, arrays)
    except SbvaeError as refused:
        error = broken_link(path, broken or {}, None) or refused
        kind: Kind = "images" if any(each.may_be_images for each in arrays.values()) else "other"
        return Contents(kind, found, str(error).removeprefix(f"{path}: "))
    return Contents("images", found, _advise_import(command("gen-data images", from_=path)))


def _zip(path: Path) -> Contents:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            pickled = [name for name in names if name.endswith("data.pkl")]
            if pickled:
                with archive.open(pickled[0]) as stream:
                    return _pytorch(path, stream.read(_LARGEST_PICKLE))
            if names and all(name.endswith(".npy") for name in names):
                return _npz(path, archive)
    except OSError:
        raise
    except Exception as error:  # broken archives make zipfile and NumPy raise any exception
        such = "NPZ files and checkpoints are ZIP archives too"
        found = f"is a ZIP archive ({such}) that is damaged or cut short"
        raise SbvaeError(f"{path}: {found} ({reason_of(error)}); copy it again") from None
    return _files(path, "a ZIP archive", names)


def _pytorch(path: Path, pickled: bytes) -> Contents:
    if b"sbvae_format" not in pickled:
        return Contents(
            "pytorch",
            "is a PyTorch file, but not an sbvae checkpoint",
            "write images in it by numpy.savez(FILE, images=...), codes by "
            "numpy.savez(FILE, codes=..., factors=...)",
        )
    return Contents("checkpoint", "is a checkpoint", _advise_argument(path))


def _npz(path: Path, archive: zipfile.ZipFile) -> Contents:
    arrays = {}
    for name in archive.namelist():
        with archive.open(name) as stream:
            header = read_array_header(stream)
        arrays[name.removesuffix(".npy")] = ArrayKind(header.shape, header.dtype)
    if {"imgs", "latents_classes"} <= arrays.keys():
        if arrays["imgs"].shape == (prod(LEVELS), SIDE, SIDE):
            make = _advise_import(command("gen-data sprites", from_=path))
            return Contents("dsprites", "is the public dSprites archive", make)
        found = f"has the arrays of dSprites, but imgs are {arrays['imgs']}"
        return _arrays(path, arrays, found)
    if "codes" in arrays:
        way = f"codes are scored by {command('eval', path)}"
        return Contents("codes", "is an NPZ archive of codes", way)
    return _arrays(path, arrays, "is an NPZ archive of arrays")


def _tar(path: Path, compression: str) -> Contents:
    packed = f"a TAR archive, compressed by {compression}," if compression else "a TAR archive"
    try:
        with tarfile.open(path) as archive:
            return _files(path, packed, (member.name for member in archive))
    except (tarfile.TarError, EOFError, ValueError):
        if compression:
            way = "unpack it; if it has images, pack them as ZIP or TAR"
            return Contents("other", f"is compressed by {compression} and not a TAR archive", way)
        found = "is a TAR archive that is damaged or cut short"
        raise SbvaeError(f"{path}: {found}; copy it again") from None


def _files(path: Path, where: str, names: Iterable[str]) -> Contents:
    """Describe a folder or archive, depending on whether some of its files are images."""
    images = [name for name in islice(names, _SEEN) if is_candidate(name)]
    if not images:
        found = f"is {where} without images"
        return Contents("other", found, "name one that has some, as PNG or JPEG files")
    if any(map(is_render, images)):
        make = _advise_import(command("gen-data chairs", from_=path))
        return Contents("images", f"is {where} of the public renders of chairs", make)
    return Contents(
        "images", f"is {where} of images", _advise_import(command("gen-data images", from_=path))
    )


def _folder(path: Path) -> Contents:
    try:
        inside = sorted(os.listdir(path))
    except OSError as error:
        raise unreadable(path, error) from error
    if "ckpt.pt" in inside:
        return Contents("run", "is a run folder", _advise_argument(path))
    runs = [name for name in inside if (path / name / "ckpt.pt").is_file()]
    if runs:
        found = f"is not a run folder, but contains {_list_names(runs)}"
        return Contents("runs", found, f"name one, as {path / runs[0]}")
    if "config.yaml" in inside:
        way = "train it first, or name another"
        return Contents("other", "is the folder of a run that has saved no checkpoint yet", way)
    files = [name for name in inside if name.endswith((".h5", ".hdf5", ".onnx", ".safetensors"))]
    if files:
        return Contents("other", f"is a folder that holds {_list_names(files)}", "name the file")
    if not inside:
        return Contents("other", "is an empty folder", DEFAULT_ADVICE)
    return _files(path, "a folder", _below(path))


def _below(path: Path) -> Iterator[str]:
    for folder, _, names in os.walk(path):
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), path).replace(os.sep, "/")


def _picture(path: Path, file: IO[bytes]) -> Contents | None:
    try:
        picture = identify(file)
    except Exception:  # Pillow raises any exception for broken files
        return None
    return _one_image(path, picture.format or "image")


def _one_image(path: Path, kind: str) -> Contents:
    folder = path.parent
    make = command("gen-data images", from_=folder)
    way = f"a dataset needs many images: {make} imports all images of its folder"
    return Contents("picture", f"is one image ({kind})", way)


def _advise_import(import_command: str) -> str:
    return f"make a dataset of it with {import_command}"


def _advise_argument(path: Path) -> str:
    return f"give it as the first argument, as in {command('info', path)}"


def _list_names(names: list[str], most: int = 3) -> str:
    # "1 more" would be no shorter than the one name that it replaces.
    shown = names[: most if len(names) > most + 1 else most + 1]
    if len(names) > len(shown):
        shown.append(f"{len(names) - most} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
