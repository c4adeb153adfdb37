"""YAML of plain values alone, which names that repeat others make no larger than memory."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

LARGEST_YAML = 1 << 20  # bytes of a file
_MOST_VALUES, _DEEPEST = 100_000, 50  # of a tree, each value counted wherever a name repeats it
_MOST_MERGED, _MOST_SOURCES = 1_000, 8  # keys of a section that others are merged into, and those
_LONG = 1 << 16  # text that Python would take seconds to parse

if TYPE_CHECKING:
    _Fast = yaml.SafeLoader
else:  # libyaml takes a tenth of the time
    _Fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Limited(yaml.constructor.SafeConstructor):
    """Limits what `<<` copies."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        for key, value in node.value:
            merges = key.tag == "tag:yaml.org,2002:merge"
            if merges and len(getattr(value, "value", ())) > _MOST_MERGED:
                raise yaml.YAMLError("too many keys are merged by <<")
            if merges and isinstance(value, yaml.SequenceNode) and len(value.value) > _MOST_SOURCES:
                raise yaml.YAMLError("too many sections are merged by <<")
        super().flatten_mapping(node)
        if len(node.value) > _MOST_MERGED * _MOST_SOURCES:
            raise yaml.YAMLError("too many keys are merged by <<")


class _Loader(_Limited, _Fast): ...


class _PythonLoader(_Limited, yaml.SafeLoader): ...


def parse_yaml(text: str) -> Any:
    """Parse YAML into plain values.

    Raises:
        yaml.YAMLError: If it is none, or has tags of other values; Python's own parser says where.
        ValueError: If a value is no number or date though it looks like one, or all values, each
            counted wherever a name repeats it, are too many or nested too deeply.
    """
    try:
        tree = _loaded(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    _check_growth(tree)
    return tree


def _loaded(text: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError:
        if len(text) > _LONG:
            raise
        return yaml.load(text, Loader=_PythonLoader)


def _check_growth(tree: Any) -> None:
    seen, left = 0, [(tree, 0)]
    while left:
        value, depth = left.pop()
        if depth > _DEEPEST:
            raise ValueError(f"it is nested more than {_DEEPEST} levels deep, or in itself")
        if isinstance(value, Mapping):
            left += [(each, depth + 1) for each in value.values()]
        elif isinstance(value, list | tuple | set):
            left += [(each, depth + 1) for each in value]
        seen += 1
        if seen > _MOST_VALUES:
            raise ValueError(f"it grows to more than {_MOST_VALUES:,} values")
