"""Describes a picture file and its metadata in lines."""

from collections.abc import Iterator, Mapping
from typing import Any

from sbvae_cli.cli.console import file_size
from sbvae_cli.errors import printable

Facts = Mapping[str, Any]
_FILE_FACTS = {"kind", "path", "format", "width", "height", "frames", "file_bytes"}
_FIRST = ("command", "version", "seed", "step", "scores")  # shown before all other facts


def picture_lines(facts: Facts) -> list[tuple[str, str]]:
    """Return lines, each a name and a text, on the format of a picture and how it was drawn.

    Args:
        facts: Facts from `describe`.
    """
    size = f", {facts['width']}x{facts['height']} pixels" if "width" in facts else ""
    frames = f", {facts['frames']} frames" if facts.get("frames", 1) > 1 else ""
    lines = [("format", f"{facts['format']}{size}{frames}")]
    if facts["drawn_by_sbvae"]:
        names = [*_FIRST, *(name for name in facts if name not in _FIRST)]
        for name in names:
            if name not in _FILE_FACTS and name != "drawn_by_sbvae":
                lines += _fact_lines(name, facts[name])
    else:
        lines.append(("command", "not known: sbvae did not draw it, or its metadata was removed"))
    return [*lines, ("file", file_size(facts["file_bytes"]))]


def _fact_lines(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the lines of a fact: one line, or one for each run or item of a nested mapping."""
    if name == "runs" and isinstance(value, list):
        for each in value:
            own = dict(each) if isinstance(each, Mapping) else {"run": each}
            run = _text(own.pop("run", None))
            scores = own.pop("scores", None)
            own |= scores if isinstance(scores, Mapping) else {}
            yield "run", f"{run}: {_text(own)}" if own else run
    elif isinstance(value, Mapping) and any(isinstance(each, Mapping) for each in value.values()):
        for key, each in value.items():
            yield printable(f"{name} {key}"), _text(each)
    elif value is not None and value != {}:
        yield printable(name), _text(value, name)


def _text(value: Any, name: str = "") -> str:
    """Format a value; a step gets thousands separators, a seed does not."""
    if isinstance(value, Mapping):
        return ", ".join(f"{printable(str(k))} {_text(v, str(k))}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int) and name == "step":
        return f"{value:,}"
    if value is None:
        return "-"
    return printable(str(value))
