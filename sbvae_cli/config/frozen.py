"""What every part of a configuration is."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

BOOLEAN = "boolean"  # type of the error of a boolean where a number stands


class Frozen(BaseModel):
    """Fixed once made, closed to unknown keys, and without booleans where numbers stand."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_booleans(cls, tree: Any) -> Any:
        """YAML reads `yes` as true, which pydantic takes for 1."""
        for name, value in tree.items() if isinstance(tree, Mapping) else ():
            field = cls.model_fields.get(name)
            if field and _holds_boolean(value) and _is_number(field.annotation):
                found = {"name": name, "value": value}
                raise PydanticCustomError(BOOLEAN, "give a number", found)
        return tree


def _holds_boolean(value: Any) -> bool:
    """Whether a value, or one in a list, is a boolean of Python or NumPy."""
    given = value if isinstance(value, list | tuple) else (value,)
    return any(type(each).__name__ in ("bool", "bool_") for each in given)


def _is_number(annotation: Any) -> bool:
    kinds = {*_types_in(annotation)}
    return bool(kinds & {int, float}) and not kinds & {bool, Any}


def _types_in(annotation: Any) -> Iterator[Any]:
    """A type, or the types that a union or a container is of."""
    parts = get_args(annotation)
    for part in parts:
        yield from _types_in(part)
    if not parts:
        yield annotation
