"""Describes a factor in one line, for `info` and for imports."""

from collections.abc import Mapping, Sequence
from typing import Any

_SHOWN = 8  # greatest number of levels that are all shown, else the first three and the last
_FEWEST_DIGITS, _MAX_DIGITS = 4, 17


def factor_text(factor: Mapping[str, Any]) -> str:
    """Describe levels or range: `3 levels: 0 square, 1 ellipse, 2 heart`, `0 to 5, continuous`.

    Args:
        factor: Facts of a factor from `describe`.
    """
    unit = f" {factor['unit']}" if factor["unit"] else ""
    circular = ", circular" if factor["circular"] else ""
    levels = factor["levels"]
    if levels is not None:
        names = factor["level_names"] or [""] * len(levels)
        shown = [0, 1, 2, -1] if len(levels) > _SHOWN else range(len(levels))
        numbers = number_texts([levels[i] for i in shown])
        texts = [f"{n} {names[i]}".rstrip() for i, n in zip(shown, numbers, strict=True)]
        if len(levels) > _SHOWN:
            texts.insert(3, "...")
        count = "1 level" if len(levels) == 1 else f"{len(levels):,} levels"
        return f"{count}: {', '.join(texts)}{unit}{circular}"
    if not factor["varies"]:
        return f"{number_texts([factor['low']])[0]}{unit}, constant"
    low, high = number_texts([factor["low"], factor["high"]])
    return f"{low} to {high}{unit}, continuous{circular}"


def number_texts(values: Sequence[float]) -> list[str]:
    """Format numbers with at least four digits, and enough to be distinct; integers in full."""
    for digits in range(_FEWEST_DIGITS, _MAX_DIGITS + 1):
        texts = [_text(value, digits) for value in values]
        if len(set(texts)) == len(set(values)):
            break
    return texts


def _text(value: float, digits: int) -> str:
    whole = value == round(value) and abs(value) < 2**53
    return str(int(value)) if whole else f"{value:.{digits}g}"
