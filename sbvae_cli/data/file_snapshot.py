"""Whether an open file is written to by another program while it is read."""

from pathlib import Path

from sbvae_cli.errors import SbvaeError


class FileSnapshot:
    """A file as it is when it is opened.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = _stamp(path)

    def check(self) -> None:
        """Refuse what was written to since: what is read of it may mix two datasets.

        A file of the same name that took its place does no harm: what is open stays as it was.

        Raises:
            SbvaeError: If it is the same file, with another size or time of change.
        """
        before, now = self._before, _stamp(self._path)
        if before and now and before[:2] == now[:2] and before != now:
            raise SbvaeError(
                f"{self._path}: was changed while it was read; restore its former contents, or "
                "write the new data to another file and start again with that"
            )


def _stamp(path: Path) -> tuple[int, int, int, int] | None:
    """Which file it is, its size in bytes and time of change; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
