"""Read files of codes of the same images, to show them side by side."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.codes_file import read_codes
from sbvae_cli.evaluation.representation import Representation


def same_images(paths: Sequence[Path]) -> list[Representation]:
    """Read codes whose rows belong to the same images in the same order.

    Args:
        paths: NPZ files as for `read_codes`.

    Returns:
        The representation of each file, with the factors of the first one. Row numbers and held-out
        rows that only one file has are given to all.

    Raises:
        SbvaeError: If a file cannot be read, or they differ in their images or factors.
    """
    for path in paths:
        if paths.count(path) > 1:
            raise SbvaeError(f"{path}: is named more than once", field="codes")
    found = [read_codes(path) for path in paths]
    known = dict[str, tuple[Path, Any]]()
    for path, each in zip(paths, found, strict=True):
        for what, field in _comparable_fields(each).items():
            other, value = known.setdefault(what, (path, field))
            if field is not None and value is None:
                known[what] = path, field
            elif field is not None and not np.array_equal(
                value, field, equal_nan=what == "factors"
            ):
                raise SbvaeError(
                    f"{other} and {path} have different {what}; only codes of the same images, "
                    "row by row, are shown side by side",
                    field="codes",
                )
    rows, held_out = (
        next((value for each in found if (value := getattr(each, name)) is not None), None)
        for name in ("rows", "held_out")
    )
    first = found[0]
    return [
        replace(
            each,
            factors=first.factors,
            circular=first.circular,
            kinds=first.kinds,
            space=first.space,
            rows=rows,
            held_out=held_out,
        )
        for each in found
    ]


def _comparable_fields(found: Representation) -> dict[str, Any]:
    """Return what must be equal in all files, by its name in messages; None if a file lacks it."""
    return {
        "numbers of rows": len(found.codes),
        "names of factors": found.names,
        "factors": found.factors,
        "rows": found.rows,
        "held-out rows": found.held_out,
    }
