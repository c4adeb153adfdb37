"""Convert colours to the basis of the metrics: hue, saturation, value or red, green, blue."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.names import ColorBasis
from sbvae_cli.config.renderer import HSV, RGB
from sbvae_cli.data.columns import colours_of
from sbvae_cli.errors import SbvaeError


def in_other_basis(names: Sequence[str], varying: Sequence[str], wanted: ColorBasis | None) -> bool:
    """Return whether the metrics use red, green and blue of colours that the data have as HSV.

    Args:
        names: Names of all factors.
        varying: Names of the factors that vary, for errors.
        wanted: Requested basis; None for that of the data.

    Raises:
        SbvaeError: If the data have no colours, or have RGB while HSV is requested.
    """
    if wanted is None:
        return False
    has = next((basis for basis, own in _BASES.items() if set(own) <= set(names)), None)
    if has is None:
        raise SbvaeError(
            f"{wanted}: needs hue, saturation and value (or red, green and blue) of one thing, "
            f"these data have {', '.join(varying) or 'no factors'}; leave it out",
            field="color_basis",
        )
    if has == "rgb" and wanted == "hsv":
        raise SbvaeError(
            "hsv: these data have colours in RGB, and grey has no hue; leave it out",
            field="color_basis",
        )
    return has != wanted


_BASES: dict[ColorBasis, tuple[str, ...]] = {"hsv": HSV, "rgb": RGB}


def names_in_rgb(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names without hue, saturation and value, followed by red, green and blue."""
    return (*(name for name in names if name not in HSV), *RGB)


def factors_in_rgb(
    factors: NDArray[np.floating], names: Sequence[str], kept: Sequence[str]
) -> NDArray[np.float64]:
    """Return the columns of `names_in_rgb(kept)`.

    Args:
        factors: Factor values with hue, saturation and value among them, shape (N, F).
        names: Names of the F columns.
        kept: Names of the factors to keep, before conversion.
    """
    others = [list(names).index(name) for name in kept if name not in HSV]
    rgb = colours_of(factors, names)
    return np.concatenate([factors[:, others], rgb], axis=1, dtype=np.float64)
