"""Find groups of arrays with one image each, such as `raw/0`, `raw/1` and so on."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from sbvae_cli.commands import command
from sbvae_cli.data.importers.find_arrays import IMAGES, ArrayKind, Arrays, find_by_known_name
from sbvae_cli.data.importers.natural_order import natural_order
from sbvae_cli.errors import SbvaeError

_MANY = 5  # from this number on, arrays of an ambiguous shape are taken for one image each


@dataclass(frozen=True)
class ArrayGroup:
    """Group of arrays with one image each.

    Attributes:
        name: Common part of their names: `raw` of raw/0 and raw/1, `image` of a/image and b/image.
        members: Names of the arrays by the names of the images, in natural order.
    """

    name: str
    members: Mapping[str, str]


def find_group(path: Path, arrays: Arrays, key: str | None = None) -> ArrayGroup | None:
    """Find the group of arrays with one image each; return None if a single array has all images.

    Args:
        path: Path of the file, for messages.
        arrays: Arrays of the file by name.
        key: Name that the user gave; None searches for the group.

    Raises:
        SbvaeError: If more than one group fits.
    """
    if key is not None:
        wanted = key.strip("/")
        inside = [name for name in arrays if name.startswith(f"{wanted}/")]
        ends = [name for name in arrays if name.endswith(f"/{wanted}")]
        few = [[n for n in names if arrays[n].may_be_one_image] for names in (inside, ends)]
        names = [] if wanted in arrays else max(few, key=len)
        return _group(wanted, names) if len(names) > 1 else None
    stacks = [name for name, array in arrays.items() if array.may_be_images]
    unclear = [name for name in stacks if arrays[name].may_be_one_image]  # (C, H, W) or (N, H, W)
    if (
        len(stacks) > len(unclear)
        or 0 < len(unclear) < _MANY
        or find_by_known_name(unclear, IMAGES)
    ):
        return None
    groups = _groups(arrays)
    found = list(groups) if len(groups) == 1 else find_by_known_name(groups, IMAGES)
    if len(found) == 1:
        return _group(found[0], groups[found[0]])
    if not groups:
        return None
    largest = max(groups, key=lambda name: len(groups[name]))
    shown = ", ".join(f"{name} ({len(groups[name]):,})" for name in groups)
    import_it = command("gen-data images", from_=path, images_key=largest)
    raise SbvaeError(
        f"{path}: several groups of its arrays may be images: {shown}; name one, as {import_it}"
    )


def _groups(arrays: Mapping[str, ArrayKind]) -> dict[str, list[str]]:
    """Group arrays by the first part of their path, or by the last if that makes larger groups."""
    kinds: tuple[defaultdict[str, list[str]], ...] = (defaultdict(list), defaultdict(list))
    for name, array in arrays.items():
        if array.is_likely_one_image and not array.link_to:
            kinds[0][name.partition("/")[0] if "/" in name else ""].append(name)
            kinds[1][name.rpartition("/")[2]].append(name)
    sizes = [max(map(len, groups.values()), default=0) for groups in kinds]
    groups = kinds[int(sizes[1] > sizes[0])]
    return {name: members for name, members in groups.items() if len(members) > 1}


def _group(name: str, arrays: list[str]) -> ArrayGroup:
    """Make a group whose images are named by those parts of the arrays' paths that differ."""
    parts = [array.split("/") for array in arrays]
    front, back = _shared(parts), _shared([each[::-1] for each in parts])
    titles = {"/".join(each[front : len(each) - back]): "/".join(each) for each in parts}
    if "" in titles or len(titles) < len(arrays):
        titles = {array: array for array in arrays}
    return ArrayGroup(name, {title: titles[title] for title in natural_order(titles)})


def _shared(parts: list[list[str]]) -> int:
    """Return the number of leading parts that are the same in all paths."""
    return sum(1 for _ in takewhile(lambda same: len(set(same)) == 1, zip(*parts, strict=False)))
