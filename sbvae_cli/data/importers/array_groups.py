"""Arrays of one image each, which together are a dataset: `raw/0`, `raw/1` and so on."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from sbvae_cli.commands import command
from sbvae_cli.data.importers.collection import printable
from sbvae_cli.data.importers.find_arrays import IMAGES, ArrayKind, Arrays, called
from sbvae_cli.data.importers.natural_order import natural_order
from sbvae_cli.errors import SbvaeError

_MANY = 5  # arrays of a shape that one image or a few may have; so many are one image each


@dataclass(frozen=True)
class ArrayGroup:
    """Arrays of one image each.

    Attributes:
        name: What they have in common: `raw` of raw/0 and raw/1, `image` of a/image and b/image.
        members: Names of the arrays by the names of the images, in natural order.
    """

    name: str
    members: Mapping[str, str]


def find_group(path: Path, arrays: Arrays, key: str | None = None) -> ArrayGroup | None:
    """The arrays of one image each that are meant; None where a single array is.

    Args:
        path: For messages.
        arrays: The file's arrays by name.
        key: The name that a user gave.

    Raises:
        SbvaeError: If several groups may be meant.
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
    if len(stacks) > len(unclear) or 0 < len(unclear) < _MANY or called(unclear, IMAGES):
        return None
    groups = _groups(arrays)
    found = list(groups) if len(groups) == 1 else called(groups, IMAGES)
    if len(found) == 1:
        return _group(found[0], groups[found[0]])
    if not groups:
        return None
    largest = max(groups, key=lambda name: len(groups[name]))
    shown = ", ".join(f"{printable(name)} ({len(groups[name]):,})" for name in groups)
    import_it = command("gen-data images", from_=path, images_key=largest)
    raise SbvaeError(
        f"{path}: several groups of its arrays may be images: {shown}; name one, as {import_it}"
    )


def _groups(arrays: Mapping[str, ArrayKind]) -> dict[str, list[str]]:
    """Groups of two or more by where they begin or, if that makes larger ones, by how they end."""
    kinds: tuple[defaultdict[str, list[str]], ...] = (defaultdict(list), defaultdict(list))
    for name, array in arrays.items():
        if array.stands_for_one_image and not array.link_to:
            kinds[0][name.partition("/")[0] if "/" in name else ""].append(name)
            kinds[1][name.rpartition("/")[2]].append(name)
    sizes = [max(map(len, groups.values()), default=0) for groups in kinds]
    groups = kinds[int(sizes[1] > sizes[0])]
    return {name: members for name, members in groups.items() if len(members) > 1}


def _group(name: str, arrays: list[str]) -> ArrayGroup:
    """Images are called by what tells their arrays apart, in whole parts of a path."""
    parts = [array.split("/") for array in arrays]
    front, back = _shared(parts), _shared([each[::-1] for each in parts])
    titles = {"/".join(each[front : len(each) - back]): "/".join(each) for each in parts}
    if "" in titles or len(titles) < len(arrays):
        titles = {array: array for array in arrays}
    return ArrayGroup(name, {title: titles[title] for title in natural_order(titles)})


def _shared(parts: list[list[str]]) -> int:
    """Number of first parts that all share."""
    return sum(1 for _ in takewhile(lambda same: len(set(same)) == 1, zip(*parts, strict=False)))
