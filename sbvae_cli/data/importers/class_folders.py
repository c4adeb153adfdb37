"""Use the folder of each image as its class."""

from collections.abc import Sequence
from itertools import takewhile

_SPLITS = frozenset(["train", "training", "test", "testing", "val", "valid", "validation", "dev"])


def class_folders(names: Sequence[str]) -> tuple[list[str] | None, str]:
    """Return the class of each image: the first folder in its path that differs between images.

    Folders that all images share are skipped, and so are folders named `train`, `test` and so on.

    Args:
        names: Paths in a collection, with forward slashes.

    Returns:
        Classes, and a note for the user on folders that are not used. The classes are None if there
        are no such folders, if some images are in none of them, or if there are more than half as
        many folders as images.
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
        note, depth = f"folders {_listed(first)} split the images into sets and are not a factor", 1
        first = {folders[1] for folders in below if len(folders) > 1}
    outside = sum(len(folders) <= depth for folders in below)
    if not first or (note and len(first) < 2 and not outside):
        return None, note
    if outside:
        return None, f"folders are not a factor: {outside:,} of {len(names):,} images are in none"
    if 2 * len(first) > len(names):
        return None, f"folders are not a factor: {len(first):,} of them for {len(names):,} images"
    return [folders[depth] for folders in below], note


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))
