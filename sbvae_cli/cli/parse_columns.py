"""Parses the options that declare columns of factors."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sbvae_cli.config.names import FactorKind
from sbvae_cli.errors import SbvaeError, unknown_name

if TYPE_CHECKING:
    from sbvae_cli.data.importers.factor_columns import DeclaredColumns

_KINDS: dict[str, FactorKind] = {"levels": "levels", "range": "range"}


def parse_declared(kinds: Sequence[str], circular: Sequence[str]) -> "DeclaredColumns":
    """Parse `shape=levels,weight=range` of `--kind`, and `azimuth,tilt=180` of `--circular`.

    Args:
        kinds: Values of `--kind`.
        circular: Values of `--circular`.

    Raises:
        SbvaeError: If a text has another form, or a name is repeated.
    """
    from sbvae_cli.data.importers.factor_columns import DeclaredColumns

    found: dict[str, FactorKind] = {}
    for name, kind in _parts("--kind", kinds):
        if kind is None:
            raise SbvaeError(f"--kind {name}: write {name}=levels or {name}=range")
        if kind not in _KINDS:
            raise SbvaeError(f"--kind {name}={kind}: {unknown_name(kind, _KINDS, 'kind')}")
        found[name] = _KINDS[kind]
    turns: dict[str, float | None] = {}
    for name, text in _parts("--circular", circular):
        turns[name] = None if text is None else _period(name, text)
    return DeclaredColumns(found, turns)


def _parts(option: str, texts: Sequence[str]) -> list[tuple[str, str | None]]:
    """Split texts into names, each with the text after its last equals sign, or None."""
    parts: list[tuple[str, str | None]] = []
    for part in ",".join(texts).split(",") if texts else ():
        name, equals, value = part.strip().rpartition("=")
        name, value = (name.strip(), value.strip()) if equals else (value, "")
        if not name:
            raise SbvaeError(f"{option} {part.strip() or ','}: names no column")
        if name in dict(parts):
            raise SbvaeError(f"{option}: names {name} twice; name it once")
        parts.append((name, value if equals else None))
    return parts


def _period(name: str, text: str) -> float:
    try:
        period = float(text)
    except ValueError:
        period = math.nan
    if not (math.isfinite(period) and period > 0):
        raise SbvaeError(f"--circular {name}={text}: write the length of the turn, as {name}=360")
    return period
