"""The folder of each image as its class."""

from collections.abc import Sequence
from itertools import takewhile

_SPLITS = frozenset(["train", "training", "test", "testing", "val", "valid", "validation", "dev"])


def class_folders(names: Sequence[str]) -> tuple[list[str] | None, str]:
    """The class of each image by the first folder that tells images apart.

    Folders that all images share do not count, nor do those that part them for training and test.

    Args:
        names: Paths in a collection, with forward slashes.

    Returns:
        The classes, and a note on folders that are none. No classes where images lie beside the
        folders, or are hardly more than these: the note says so where there are folders.
    """
    parts = [name.split("/")[:-1] for name in names]
    ends = zip(min(parts, default=[]), max(parts, default=[]), strict=False)
    shared = len(list(takewhile(lambda pair: pair[0] == pair[1], ends)))
    below = [folders[shared:] for folders in parts]
    first = {folders[0] for folders in below if folders}
    if not first:
        return None, ""
    note, depth = "", 0
    if all(below) and {name.lower() for name in first} <= _SPLITS:
        note, depth = f"folders {_listed(first)} part the images and are no factor", 1
        first = {folders[1] for folders in below if len(folders) > 1}
    outside = sum(len(folders) <= depth for folders in below)
    if not first or (note and len(first) < 2 and not outside):
        return None, note
    if outside:
        return None, f"folders are no factor: {outside:,} of {len(names):,} images are in none"
    if 2 * len(first) > len(names):
        return None, f"folders are no factor: {len(first):,} of them for {len(names):,} images"
    return [folders[depth] for folders in below], note


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))
