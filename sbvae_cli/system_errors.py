"""Error messages for what the system refuses to open, read or write: cause and remedy."""

import errno
import os
from pathlib import Path

from sbvae_cli.commands import quoted
from sbvae_cli.errors import SbvaeError

NO_MORE_FILES = (errno.EMFILE, errno.ENFILE)  # that may be open
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CLOSE = "close other programs, or raise the limit of `ulimit -n`"


def unreadable(path: Path, error: OSError, missing: str = "name another") -> SbvaeError:
    """Return the error for a file that cannot be read, with the cause and advice.

    Args:
        path: The file.
        error: Error of the operating system.
        missing: Advice to the user for a missing file, the end of the message.
    """
    return SbvaeError(f"{path}: {_cause(path, error, missing)}")


def _cause(path: Path, error: OSError, missing: str) -> str:
    match error.errno:
        case errno.ENOENT:
            if path.is_symlink():
                return (
                    f"is a link to {os.readlink(path)}, which does not exist; repair or remove it"
                )
            if not path.parent.exists():
                return f"there is no such file, nor a folder {path.parent}; {missing}"
            return f"there is no such file; {missing}"
        case errno.ENOTDIR:
            last = next(parent for parent in path.parents if parent.exists())
            return f"there is no such file: {last} is a file, not a folder; {missing}"
        case errno.EACCES | errno.EPERM:
            return f"may not be read ({_strerror(error)}); {_permission(path)}"
        case errno.EISDIR:
            return "is a folder; name a file"
        case errno.ELOOP:
            return "is a link that leads back to itself; remove it, and name the file"
        case errno.ENAMETOOLONG:
            return "the name is too long for this system; choose a shorter one"
        case number if number in NO_MORE_FILES:
            return f"cannot be opened ({_strerror(error)}){remedy(error)}"
        case _:
            return f"cannot be read ({_strerror(error)}); copy it again from its source"


def _permission(path: Path) -> str:
    """Return the `chmod` that would permit reading, for the file or for a folder above it."""
    for folder in reversed(path.absolute().parents):
        if not os.access(folder, os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            return f"`chmod u+x {quoted(folder)}` opens its folder, if you own it"
    right = "rx" if os.path.isdir(path) else "r"
    return f"`chmod u+{right} {quoted(path)}` allows it, if you own it"


def _strerror(error: OSError) -> str:
    return error.strerror or " ".join(str(error).split())


def unwritten(path: Path, error: OSError) -> SbvaeError:
    """The error for a file that the system does not let be written: its cause, and what would do.

    Args:
        path: The file.
        error: What the system said.
    """
    advice = remedy(error)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        advice = "; choose another place"
    return SbvaeError(f"{path}: cannot be written: {_strerror(error)}{advice}")


def remedy(error: OSError) -> str:
    """What would do where the system lacks something, after a semicolon; else empty."""
    if error.errno in _NO_ROOM:
        return "; make room, or choose another place"
    return f"; {_CLOSE}" if error.errno in NO_MORE_FILES else ""
