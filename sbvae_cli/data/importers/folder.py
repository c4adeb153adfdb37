"""Read images from a folder and the folders below it."""

import os
from collections.abc import Iterator
from pathlib import Path

from sbvae_cli.data.importers.collection import (
    ImageFiles,
    is_candidate,
    reason_of,
)
from sbvae_cli.data.importers.limits import check_size
from sbvae_cli.data.importers.natural_order import natural_order
from sbvae_cli.errors import SbvaeError


class FolderImages(ImageFiles):
    """Files of a folder that may be images; links are followed unless they are circular."""

    def __init__(self, path: Path) -> None:
        try:
            names = natural_order(_files(path, "", ()))
        except OSError as error:
            where = error.filename or path
            raise SbvaeError(f"{where}: {reason_of(error)}; choose another folder") from error
        super().__init__(path, names)
        self._root = os.fspath(path)

    def stored(self, index: int) -> bytes:
        """Return the bytes of a file."""
        # os.open takes a quarter less time than open() for a small file.
        file = os.open(
            f"{self._root}/{self.names[index]}", os.O_RDONLY | getattr(os, "O_BINARY", 0)
        )
        try:
            size = os.fstat(file).st_size
            check_size(size)
            return os.read(file, size)
        finally:
            os.close(file)


def _files(folder: Path | str, prefix: str, above: tuple[tuple[int, int], ...]) -> Iterator[str]:
    """Yield relative names; `above` are the enclosing folders, to which a link may lead back."""
    found = os.stat(folder)
    here = (found.st_dev, found.st_ino)
    if here in above:
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            name = prefix + entry.name
            if entry.is_dir():
                if is_candidate(entry.name + "/x"):
                    yield from _files(entry.path, f"{name}/", (*above, here))
            elif is_candidate(name) and (entry.is_file() or _is_dangling(entry)):
                yield name


def _is_dangling(entry: "os.DirEntry[str]") -> bool:
    """Return whether a link is broken; it is listed too, so that it counts as unreadable."""
    return entry.is_symlink() and not os.path.exists(entry.path)
