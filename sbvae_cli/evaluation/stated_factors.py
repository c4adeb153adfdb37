"""Read factors' names, kinds and space from the arrays of an NPZ file of codes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from sbvae_cli.config.names import FactorKind
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.errors import SbvaeError, unknown_name

Arrays = Mapping[str, NDArray[np.generic]]


def stated_names(path: Path, arrays: Arrays, count: int) -> tuple[str, ...]:
    """Return the names of the factors, which are factor0, factor1, ... if the file has none.

    Raises:
        SbvaeError: If there is not one name for each factor, or two are equal.
    """
    if "names" not in arrays:
        return tuple(f"factor{i}" for i in range(count))
    names = stated_texts(path, arrays, "names")
    if len(names) != count:
        raise SbvaeError(f"{path}: has {len(names)} names for {count} factors; give one for each")
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    if twice:
        raise SbvaeError(f"{path}: two factors are named {twice[0]}")
    return names


def stated_kinds(path: Path, arrays: Arrays, names: Sequence[str]) -> dict[str, FactorKind]:
    """Return the kind of each factor, "levels" or "range"; empty if the file has none.

    Raises:
        SbvaeError: If there is not one kind for each factor, or one is unknown.
    """
    if "kinds" not in arrays:
        return {}
    texts, known = stated_texts(path, arrays, "kinds"), get_args(FactorKind)
    if len(texts) != len(names):
        found = f"{len(texts)} kinds for {len(names)} factors"
        raise SbvaeError(f"{path}: has {found}; give one for each, or leave them out")
    for text in texts:
        if text not in known:
            raise SbvaeError(f"{path}: kinds: {unknown_name(text, known, 'kind')}")
    return dict(zip(names, cast(Sequence[FactorKind], texts), strict=True))


def stated_space(path: Path, arrays: Arrays, names: Sequence[str]) -> dict[str, Any] | None:
    """Return the serial factor space; None if the file has none, or one of other factors.

    Raises:
        SbvaeError: If the array is not a valid space.
    """
    if "space" not in arrays:
        return None
    try:
        found = SpaceConfig.model_validate_json(str(arrays["space"]))
    except ValidationError:
        todo = "leave the array space out, or write it as sbvae encode does"
        raise SbvaeError(f"{path}: space is not the JSON of a space of factors; {todo}") from None
    return found.model_dump(mode="json") if found.names == tuple(names) else None


def stated_texts(path: Path, arrays: Arrays, name: str) -> tuple[str, ...]:
    """Return an array of words without commas.

    Raises:
        SbvaeError: If the array has no words, or one cannot be a name.
    """
    array = arrays[name]
    if array.ndim != 1 or (array.dtype.kind not in "US" and array.size):
        raise SbvaeError(
            f"{path}: {name} must be a list of words, found {array.dtype} of shape {array.shape}"
        )
    texts = [
        str(text, "utf-8", "replace") if isinstance(text, bytes) else str(text)
        for text in array.tolist()
    ]
    for text in texts:
        if "," in text:
            raise SbvaeError(
                f"{path}: {name}: {text!r} has a comma, which separates names; leave it out"
            )
        if not text.isprintable() or not text.strip():
            raise SbvaeError(f"{path}: {name}: {text!r} cannot be the name of a factor")
    return tuple(texts)
