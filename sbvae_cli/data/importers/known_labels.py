"""Recognise labels of public datasets, or of a part of them, by their values."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.catalogue import RENDERERS
from sbvae_cli.config.space import FactorConfig

_COLOR = FactorConfig(name="color", kind="discrete", levels=(1.0,), level_names=("white",))
_PUBLIC = (  # factors in the order of the columns
    RENDERERS["room"].space.factors,  # labels of 3dshapes.h5
    (_COLOR, *RENDERERS["sprites"].space.factors[:5]),  # latents_values of dSprites
)


def factors_of_labels(columns: Sequence[NDArray[Any]]) -> list[FactorConfig]:
    """Return the factors of 3dshapes.h5 or dSprites, restricted to the levels that occur.

    Args:
        columns: Columns in the order of the dataset's labels, shape (N,) each.

    Returns:
        Factors; empty if the columns are not labels of these datasets.
    """
    if any(column.dtype.kind != "f" for column in columns):
        return []
    for known in _PUBLIC:
        if len(columns) == len(known):
            found = [_at_levels(f, column) for f, column in zip(known, columns, strict=True)]
            factors = [factor for factor in found if factor]
            if len(factors) == len(known):
                return factors
    return []


def _at_levels(factor: FactorConfig, column: NDArray[Any]) -> FactorConfig | None:
    """Restrict a factor to the levels that occur in a column; None if it has other values."""
    levels, found = np.array(factor.levels), np.unique(column)
    places = np.abs(found[:, None] - levels).argmin(1)
    if not np.allclose(found, levels[places], atol=1e-5):
        return None
    words = factor.level_names
    changed = {
        "levels": tuple(found.tolist()),
        "level_names": tuple(words[i] for i in places) if words else None,
    }
    return FactorConfig.model_validate({**factor.model_dump(), **changed})
