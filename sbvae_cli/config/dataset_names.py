"""Read names of procedural datasets: a renderer, or a renderer and a preset."""

from pathlib import Path

from sbvae_cli.config.catalogue import RENDERERS
from sbvae_cli.config.names import choice
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.errors import SbvaeError, closest_name, unknown_name


def is_procedural(text: str) -> bool:
    """Return whether an argument `data` names a procedural dataset rather than an existing file."""
    return text.partition(":")[0] in RENDERERS and not Path(text).exists()


def named_space(text: str) -> SpaceConfig:
    """Return the space of a named dataset, such as `room` or `circles:PRESET`.

    Args:
        text: Name that the user wrote; `circles` is short for `circles:xy`.

    Raises:
        SbvaeError: If the renderer or preset is unknown; the message suggests the closest name.
    """
    name, colon, preset = text.partition(":")
    if name not in RENDERERS:
        raise unknown_name(name, RENDERERS, "dataset")
    spaces = RENDERERS[name].spaces
    if len(spaces) == 1 and colon:
        raise SbvaeError(f"{text}: {name} have no presets; write {name}")
    if preset and preset not in spaces:
        raise unknown_name(preset, spaces, f"{name} preset")
    return spaces[dataset_name(text)]


def dataset_name(text: str) -> str:
    """Return the short name of a procedural dataset: its preset, or its renderer without one."""
    name, _, preset = text.partition(":")
    return preset or next(iter(RENDERERS[name].spaces))


def near_dataset(text: str) -> str:
    """Return `did you mean NAME?` for a misspelt name of a procedural dataset, else ""."""
    for record in RENDERERS.values():
        if text in record.spaces and text not in RENDERERS:
            return f"did you mean {record.name}:{text}?"
    head, colon, preset = text.partition(":")
    near = closest_name(head, RENDERERS, cutoff=0.75)
    if not near or Path(text).suffix:
        return ""
    spaces = RENDERERS[near].spaces
    if not colon or len(spaces) == 1:
        return f"did you mean {near}?"
    return f"did you mean {near}:{closest_name(preset, spaces) or 'PRESET'}?"


def known_names() -> str:
    """List the names of procedural datasets; help uses `names.DRAWN`, to load no table."""
    return choice(f"{n}:PRESET" if len(r.spaces) > 1 else n for n, r in RENDERERS.items())
