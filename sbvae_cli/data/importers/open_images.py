"""Open collections of images of any kind, recognised by their contents rather than their name."""

import os
import zipfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

import h5py

from sbvae_cli.config.names import Frames
from sbvae_cli.data.contents import recognise_contents
from sbvae_cli.data.importers.array_file import MAT5, ArrayFile, Hdf5Arrays, LoadedArrays
from sbvae_cli.data.importers.collection import ImageCollection, ImageFiles
from sbvae_cli.data.importers.folder import FolderImages
from sbvae_cli.data.importers.frames import with_frames
from sbvae_cli.data.importers.npz_archive import NpzArrays, is_npz
from sbvae_cli.data.importers.tar_archive import COMPRESSIONS, open_tar
from sbvae_cli.data.importers.zip_archive import ZipImages, open_zip
from sbvae_cli.errors import SbvaeError
from sbvae_cli.files import read_start

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_USTAR = slice(257, 262)
_WANTED = "choose a folder, ZIP or TAR of images, or an NPZ, HDF5 or MATLAB file of arrays"


def open_images(
    path: Path | str, frames: Frames = "all", images_key: str | None = None
) -> ImageCollection:
    """Open a folder with its subfolders, a ZIP, TAR or compressed TAR, or a file of arrays.

    Hidden files, and files that are no images by their suffix (.csv, .txt, ...), are left out. No
    file is written under a name from an archive: ZIP and plain TAR are read in place; a compressed
    TAR and the array of an NPZ are decompressed once to an unnamed temporary file.

    Args:
        path: Path of the folder, archive or file of arrays.
        frames: "all" makes an image of each frame of an animation or multi-page file, named like
            `movie.gif#03`; "first" uses the first frame of each file.
        images_key: Name of the array of images in a file of arrays; None searches for it.

    Raises:
        SbvaeError: If there are no images, or an archive is broken or hostile.
    """
    path = Path(path)
    arrays = open_array_file(path, named=images_key is not None)
    if arrays:
        with ExitStack() as undo:
            undo.callback(arrays.close)
            chosen = arrays.images(images_key)
            undo.pop_all()
        return chosen
    if images_key is not None and path.exists():
        why = "is not a file of arrays (NPZ, HDF5 or MATLAB)"
        raise SbvaeError(f"{images_key}: {path} {why}", field="images_key")
    _refuse_models(path)
    images = FolderImages(path) if os.path.isdir(path) else _open_archive(path)
    if not images.names:
        images.close()
        raise SbvaeError(f"{path}: holds no images; {_WANTED}")
    if frames == "first" or not isinstance(images, ImageFiles):
        return images
    with ExitStack() as undo:
        undo.callback(images.close)
        found = with_frames(images)
        undo.pop_all()
    return found


def _refuse_models(path: Path) -> None:
    """Refuse run folders, whose previews are images, and checkpoints, which are ZIP archives."""
    if os.path.isdir(path) or (os.path.isfile(path) and zipfile.is_zipfile(path)):
        contents = recognise_contents(path)
        if contents.kind in ("checkpoint", "run", "runs", "pytorch"):
            raise SbvaeError(f"{path}: {contents}")


def open_array_file(path: Path, named: bool = False) -> ArrayFile | None:
    """Open an NPZ, HDF5 or MATLAB file; return None for anything else.

    Args:
        path: Path of the file.
        named: Whether the user named an array, so that codes and dSprites archives are opened too.

    Raises:
        SbvaeError: If the file is damaged, or is meant for another command.
    """
    opened_by = _array_format(path)
    if not opened_by:
        return None
    contents = recognise_contents(path)
    if contents.kind == "dataset" or (contents.kind in ("codes", "dsprites") and not named):
        raise SbvaeError(f"{path}: {contents}")
    return opened_by(path)


def _array_format(path: Path) -> type[Hdf5Arrays | LoadedArrays | NpzArrays] | None:
    if not os.path.isfile(path):
        return None
    if read_start(path).startswith(MAT5):
        return LoadedArrays
    if h5py.is_hdf5(path):
        return Hdf5Arrays
    with suppress(Exception), zipfile.ZipFile(path) as archive:  # a broken one is reported later
        return NpzArrays if is_npz(archive) else None
    return None


def _open_archive(path: Path) -> ImageCollection:
    head = read_start(path, missing=_WANTED)
    with ExitStack() as undo:
        file = undo.enter_context(open(path, "rb"))
        images = _by_contents(path, file, head)
        undo.pop_all()
        return images


def _by_contents(path: Path, file: IO[bytes], head: bytes) -> ImageCollection:
    if not head:
        raise SbvaeError(f"{path}: the file is empty; copy it again")
    if head.startswith(_ZIP):
        return ZipImages(path, file, open_zip(path, file))
    if head.startswith(tuple(COMPRESSIONS)) or head[_USTAR] == b"ustar" or path.suffix == ".tar":
        return open_tar(path, file)
    raise SbvaeError(f"{path}: {recognise_contents(path)}")
