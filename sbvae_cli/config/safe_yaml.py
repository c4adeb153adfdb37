"""Parse YAML of plain values, limiting the growth by aliases and merge keys."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

LARGEST_YAML = 1 << 20  # largest file, in bytes
_MAX_VALUES, _DEEPEST = 100_000, 50  # values, counting each alias, and depth of a tree
_MAX_MERGED, _MAX_SOURCES = 1_000, 8  # keys of a section merged by <<, and number of sections
_LONG = 1 << 16  # characters that Python's parser would take seconds for

if TYPE_CHECKING:
    _Fast = yaml.SafeLoader
else:  # libyaml needs a tenth of the time
    _Fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Limited(yaml.constructor.SafeConstructor):
    """Constructor that limits the number of keys copied by `<<`."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        for key, value in node.value:
            merges = key.tag == "tag:yaml.org,2002:merge"
            if merges and len(getattr(value, "value", ())) > _MAX_MERGED:
                raise yaml.YAMLError("too many keys are merged by <<")
            if merges and isinstance(value, yaml.SequenceNode) and len(value.value) > _MAX_SOURCES:
                raise yaml.YAMLError("too many sections are merged by <<")
        super().flatten_mapping(node)
        if len(node.value) > _MAX_MERGED * _MAX_SOURCES:
            raise yaml.YAMLError("too many keys are merged by <<")


class _Loader(_Limited, _Fast): ...


class _PythonLoader(_Limited, yaml.SafeLoader): ...


def parse_yaml(text: str) -> Any:
    """Parse YAML into plain values.

    Raises:
        yaml.YAMLError: If the text is not YAML, or has tags of Python objects; short texts are
            parsed again by Python's parser, whose errors have better positions.
        ValueError: If a value looks like a number or date but is not valid, or if there are too
            many values, counting each alias, or they are nested too deeply.
    """
    try:
        tree = _loaded(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    _check_growth(tree)
    return tree


def _loaded(text: str) -> Any:
    try:
        _check_depth(text)
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError:
        if len(text) > _LONG:
            raise
        return yaml.load(text, Loader=_PythonLoader)


def _check_depth(text: str) -> None:
    """Refuse deep nesting before the tree is built; libyaml before 0.2.6 crashes building it."""
    depth = 0
    for event in yaml.parse(text, Loader=_Fast):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise ValueError(f"it is nested more than {_DEEPEST} levels deep")


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
        if seen > _MAX_VALUES:
            raise ValueError(f"it grows to more than {_MAX_VALUES:,} values")
