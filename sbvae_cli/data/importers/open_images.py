"""From a path to a collection of images; the contents decide what it is, not the name."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from sbvae_cli.config.names import Frames
from sbvae_cli.data.contents import look_at
from sbvae_cli.data.importers.collection import ImageCollection, ImageFiles, reason_of
from sbvae_cli.data.importers.folder import FolderImages
from sbvae_cli.data.importers.frames import with_frames
from sbvae_cli.data.importers.npz_archive import is_npz, open_npz
from sbvae_cli.data.importers.tar_archive import COMPRESSIONS, open_tar
from sbvae_cli.data.importers.zip_archive import ZipImages, open_zip
from sbvae_cli.errors import SbvaeError

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_USTAR = slice(257, 262)
_WANTED = "choose a folder, or a ZIP, TAR or NPZ archive, of images"


def open_images(path: Path | str, frames: Frames = "all") -> ImageCollection:
    """Open a folder (with those below it), a ZIP, TAR or compressed TAR archive, or an NPZ.

    Hidden files and those that never are images (.csv, .txt, ...) are left out. Nothing is written
    under a name from an archive: ZIP and plain TAR are read in place, a compressed TAR and the
    array of an NPZ are unpacked once to a nameless temporary file.

    Args:
        path: The folder or archive.
        frames: Whether each frame of an animation, and each page of a stack, is an image of its
            own, as `movie.gif#03`, or the first of a file is taken.

    Raises:
        SbvaeError: If there is nothing to read, or an archive is broken or hostile.
    """
    path = Path(path)
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


def _open_archive(path: Path) -> ImageCollection:
    if os.path.exists(path) and not os.path.isfile(path):
        raise SbvaeError(f"{path}: is a device or a pipe; {_WANTED}")
    with ExitStack() as undo:
        try:
            file = undo.enter_context(open(path, "rb"))
            head = file.read(512)
            file.seek(0)
        except OSError as error:
            raise SbvaeError(f"{path}: {reason_of(error)}; {_WANTED}") from error
        images = _by_contents(path, file, head)
        undo.pop_all()
        return images


def _by_contents(path: Path, file: IO[bytes], head: bytes) -> ImageCollection:
    if not head:
        raise SbvaeError(f"{path}: the file is empty; copy it again")
    if head.startswith(_ZIP):
        archive = open_zip(path, file)
        if is_npz(archive):
            with file, archive:
                return open_npz(path, archive)
        return ZipImages(path, file, archive)
    if head.startswith(tuple(COMPRESSIONS)) or head[_USTAR] == b"ustar" or path.suffix == ".tar":
        return open_tar(path, file)
    raise SbvaeError(f"{path}: {look_at(path)}")
