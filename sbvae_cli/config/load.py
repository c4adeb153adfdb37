"""Read configurations from YAML files and settings, merge them by precedence, and check them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from sbvae_cli.config.frozen import BOOLEAN
from sbvae_cli.config.names import DecoderKind, LikelihoodKind, ModelKind, ScheduleKind
from sbvae_cli.config.safe_yaml import LARGEST_YAML, parse_yaml
from sbvae_cli.config.schema import Config
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.errors import SbvaeError, closest_name, format_value
from sbvae_cli.system_errors import unreadable

Tree = dict[str, Any]
Checked = TypeVar("Checked", bound=BaseModel)
_WHOLE_NUMBERS = re.compile(r"\d+(,\s*\d+)+")

# pydantic adds the kind to the path of an error within a union; messages leave it out.
_KINDS = {
    kind
    for kinds in (ModelKind, DecoderKind, LikelihoodKind, ScheduleKind)
    for kind in get_args(kinds)
}
# Advice by the type of a pydantic error.
_ADVICE = {
    "model_attributes_type": "write a section of names and values, as kind: NAME",
    "model_type": "write a section of names and values, as kind: NAME",
    "tuple_type": "write a list, as [64, 64]",
    "too_short": "it needs one entry or more",
}


def merge(*trees: Mapping[str, Any]) -> Tree:
    """Merge nested mappings; a later mapping takes precedence.

    If the `kind` of a section changes, all its other keys are dropped, since they belong to the old
    kind.
    """
    merged: Tree = {}
    for tree in trees:
        for key, value in tree.items():
            old = merged.get(key)
            if value is None and isinstance(old, Mapping):
                continue  # an empty section changes nothing
            if isinstance(value, Mapping) and isinstance(old, Mapping):
                changed = "kind" in value and value["kind"] != old.get("kind", value["kind"])
                merged[key] = merge(value) if changed else merge(old, value)
            else:
                merged[key] = merge(value) if isinstance(value, Mapping) else value
    return merged


def read_yaml(path: Path) -> Tree:
    """Read a YAML file with a mapping.

    Raises:
        SbvaeError: If the file cannot be read, is too large, is not YAML, or is not a mapping.
    """
    try:
        if path.stat().st_size > LARGEST_YAML:
            limit = f"more than the limit of {LARGEST_YAML >> 10:,} kB"
            raise SbvaeError(f"{path}: is too large for a configuration: {limit}")
        tree = parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise SbvaeError(f"{path}: not a text file; a configuration is YAML") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise SbvaeError(f"{path}: not valid YAML{line}: {_first_line(error)}") from error
    except ValueError as error:
        raise SbvaeError(f"{path}: not valid YAML: {_first_line(error)}") from error
    if tree is None:
        return {}
    if not isinstance(tree, dict) or not all(isinstance(key, str) for key in tree):
        raise SbvaeError(
            f"{path}: found {type(tree).__name__}, a configuration maps names to values"
        )
    return tree


def to_yaml(tree: Tree) -> str:
    """Return a mapping as YAML, with the keys in their order."""
    text: str = yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)
    return text


def parse_settings(settings: Sequence[str]) -> Tree:
    """Parse settings such as `model.decoder.kernel_size=3`: YAML values, and `64,64` as a list.

    Raises:
        SbvaeError: If a setting has no `=` or no key, or its value is not YAML.
    """
    tree: Tree = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        names = key.strip().split(".")
        if not equals or not all(names):
            raise SbvaeError(
                f"{setting}: write section.key=value, as training.steps=1000", field="set"
            )
        try:
            value = parse_yaml(text)
        except (yaml.YAMLError, ValueError) as error:
            raise SbvaeError(f"{setting}: the value is not valid YAML", field="set") from error
        if isinstance(value, str) and _WHOLE_NUMBERS.fullmatch(value):
            value = [int(part) for part in value.split(",")]
        tree = merge(tree, nested({".".join(names): value}))
    return tree


def nested(settings: Mapping[str, Any]) -> Tree:
    """Return settings with keys such as `training.steps` as a tree of sections."""
    tree: Tree = {}
    for key, value in settings.items():
        for name in reversed(key.split(".")):
            value = {name: value}
        tree = merge(tree, value)
    return tree


def flat(tree: Mapping[str, Any], above: str = "") -> Tree:
    """Return a tree of sections as settings with keys such as `training.steps`."""
    found: Tree = {}
    for name, value in tree.items():
        key = f"{above}{name}"  # in YAML a name may be a number
        found |= flat(value, f"{key}.") if isinstance(value, Mapping) else {key: value}
    return found


def build_config(tree: Mapping[str, Any], where: str = "") -> Config:
    """Check a merged tree and build the configuration of a run from it.

    Args:
        tree: Nested mapping, as from `merge`.
        where: Start of error messages, such as the file of the tree.

    Raises:
        SbvaeError: If the tree is not valid; the message has the key and value of the first fault.
    """
    return check(Config, tree, where)


def check(schema: type[Checked], tree: Any, where: str = "") -> Checked:
    """Check a tree by any schema and build an object of it; see `build_config`.

    Raises:
        SbvaeError: If the tree is not valid; the message has the key and value of the first fault.
    """
    try:
        return schema.model_validate(tree)
    except ValidationError as error:
        prefix = f"{where}: " if where else ""
        raise SbvaeError(prefix + _explain(error, schema=schema)) from error


def build_space(tree: Any) -> SpaceConfig:
    """Check the tree of a factor space, such as `data.space`, and build the space.

    Raises:
        SbvaeError: If the tree is not valid; the message has the key and value of the first fault.
    """
    try:
        return SpaceConfig.model_validate(tree)
    except ValidationError as error:
        raise SbvaeError(_explain(error, ("data", "space"))) from error


def _explain(
    error: ValidationError, above: tuple[str, ...] = (), schema: type[BaseModel] = Config
) -> str:
    """Explain one fault in a line: unknown keys first, as they cause others, missing keys last."""
    order = {"extra_forbidden": 0, "missing": 2}
    faults = sorted(error.errors(), key=lambda fault: order.get(fault["type"], 1))
    fault = faults[0]
    path = [*above, *(str(part) for part in fault["loc"])]
    shown = ".".join(part for part in path if part not in _KINDS) or "configuration"
    if fault["type"] == "extra_forbidden":
        return _unknown_key(path, shown, schema)
    if fault["type"] == BOOLEAN:
        key = ".".join([*(part for part in path if part not in _KINDS), fault["ctx"]["name"]])
        return f"{key} is {format_value(fault['ctx']['value'])}; {fault['msg']}"
    if fault["type"] in _ADVICE:
        return f"{shown} is {format_value(fault['input'])}; {_ADVICE[fault['type']]}"
    if fault["type"] == "missing":
        return f"{shown} is missing; give it a value"
    if fault["type"] == "union_tag_not_found":
        return f"{shown} has no kind; give {shown}.kind too"
    if fault["type"] == "union_tag_invalid":
        return _unknown_choice(f"{shown}.kind", fault["ctx"]["tag"], fault["ctx"]["expected_tags"])
    if fault["type"] == "literal_error":
        return _unknown_choice(shown, str(fault["input"]), fault["ctx"]["expected"])
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "value_error":
        return message if shown == "configuration" else f"{shown}: {message}"
    return f"{shown} is {format_value(fault['input'])}: {message[0].lower()}{message[1:]}"


def _unknown_choice(key: str, found: str, expected: str) -> str:
    """Explain an unknown name; pydantic lists the expected names in quotes."""
    known = re.findall("'([^']*)'", expected)
    near = closest_name(found, known)
    hint = f"did you mean {near}?" if near else f"known: {', '.join(known)}"
    return f"{key} is {format_value(found)}; {hint}"


def _unknown_key(path: Sequence[str], shown: str, schema: type[BaseModel]) -> str:
    known = _known_keys(path, schema)
    close = closest_name(path[-1], known)
    of_kind = path[-2:-1] and path[-2] in _KINDS
    others = _kinds_with(path) if of_kind else []
    if others:
        return f"{shown} belongs to {', '.join(others)}, not to {path[-2]}"
    if close:
        return f"{shown} is unknown; did you mean {close}?"
    if of_kind:
        return f"{shown} is unknown to {path[-2]}; known: {', '.join(known)}"
    return f"{shown} is unknown; known: {', '.join(known)}"


def _kinds_with(path: Sequence[str]) -> list[str]:
    """Return the other kinds of a section that have the last key of a path `..., KIND, KEY`."""
    models: list[type[BaseModel]] = [Config]
    for part in path[:-2]:
        fields = [model.model_fields[part] for model in models if part in model.model_fields]
        models = [m for field in fields for m in _models_in(field.annotation)]
    return [str(m.model_fields["kind"].default) for m in models if path[-1] in m.model_fields]


def _known_keys(path: Sequence[str], schema: type[BaseModel]) -> list[str]:
    """Return the valid keys at the last part of a path, by walking through the schema."""
    models: list[type[BaseModel]] = [schema]
    for part in path[:-1]:
        fields = [model.model_fields[part] for model in models if part in model.model_fields]
        found = [m for field in fields for m in _models_in(field.annotation)]
        tagged = [
            m
            for m in models
            if "kind" in m.model_fields and part in get_args(m.model_fields["kind"].annotation)
        ]
        models = found or tagged or models
    return sorted({name for model in models for name in model.model_fields})


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _first_line(error: Exception) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0]
