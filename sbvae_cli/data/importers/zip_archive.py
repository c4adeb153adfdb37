"""Read images from a ZIP archive in place, without writing any file."""

import stat
from pathlib import Path
from threading import Lock
from typing import IO
from zipfile import ZipFile, ZipInfo

from sbvae_cli.data.importers.collection import (
    ImageFiles,
    inner_name,
    is_candidate,
    note_on_repeats,
    reason_of,
)
from sbvae_cli.data.importers.limits import check_size
from sbvae_cli.data.importers.natural_order import natural_order
from sbvae_cli.errors import SbvaeError


def open_zip(path: Path, file: IO[bytes]) -> ZipFile:
    """Read the list of members.

    Args:
        path: Path of the archive, for messages.
        file: The open archive; closing the ZipFile does not close it.

    Raises:
        SbvaeError: If the archive is broken.
    """
    try:
        return ZipFile(file)
    except Exception as error:  # broken records make ZipFile raise any exception
        found = f"this ZIP archive is broken or cut short ({reason_of(error)})"
        raise SbvaeError(f"{path}: {found}; copy it again") from error


class ZipImages(ImageFiles):
    """Members of an archive that may be images.

    Args:
        path: Path of the archive, for messages.
        file: The open archive; closed with this object.
        archive: Members of the archive.

    Raises:
        SbvaeError: If a member is encrypted, is a link, or has a name outside of the archive.
    """

    def __init__(self, path: Path, file: IO[bytes], archive: ZipFile) -> None:
        self._archive, self._lock = archive, Lock()
        named = [(_checked_name(path, member), member) for member in archive.infolist()]
        images = [(n, m) for n, m in named if n and is_candidate(n) and m.filename[-1] != "/"]
        members = dict(images)
        names = natural_order(members)
        self._members = [members[name] for name in names]
        self.notes = note_on_repeats(name for name, _ in images)
        super().__init__(path, names, (archive, file))

    def stored(self, index: int) -> bytes:
        """Return the bytes of a file."""
        member = self._members[index]
        check_size(member.file_size, member.compress_size)
        with self._lock:  # ZipFile allows concurrent reads of members, but not opening them
            stored = self._archive.open(member)
        try:
            return stored.read()
        finally:
            with self._lock:
                stored.close()


def _checked_name(path: Path, member: ZipInfo) -> str:
    name = inner_name(path, member.filename)
    if stat.S_ISLNK(member.external_attr >> 16):
        raise SbvaeError(f"{path}: {name} is a link; pack the files themselves")
    if member.flag_bits & 1:
        raise SbvaeError(f"{path}: {name} is encrypted; pack the images without a password")
    return name
