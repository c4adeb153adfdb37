"""Base class of configurations."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

BOOLEAN = "boolean"  # type of the error for a boolean in place of a number


class Frozen(BaseModel):
    """Immutable model without unknown keys, which refuses booleans in place of numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_booleans(cls, tree: Any) -> Any:
        """Refuse booleans in place of numbers: YAML reads `yes` as true, and pydantic true as 1."""
        for name, value in tree.items() if isinstance(tree, Mapping) else ():
            field = cls.model_fields.get(name)
            if field and _holds_boolean(value) and _is_number(field.annotation):
                found = {"name": name, "value": value}
                raise PydanticCustomError(BOOLEAN, "give a number", found)
        return tree


def _holds_boolean(value: Any) -> bool:
    """Return whether a value, or an element of a list, is a Python or NumPy boolean."""
    given = value if isinstance(value, list | tuple) else (value,)
    return any(type(each).__name__ in ("bool", "bool_") for each in given)


def _is_number(annotation: Any) -> bool:
    kinds = {*_types_in(annotation)}
    return bool(kinds & {int, float}) and not kinds & {bool, Any}


def _types_in(annotation: Any) -> Iterator[Any]:
    """Yield a type, or the types in a union or container."""
    parts = get_args(annotation)
    for part in parts:
        yield from _types_in(part)
    if not parts:
        yield annotation
