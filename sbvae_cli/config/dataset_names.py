"""Datasets that a user names instead of a file: a renderer, or one and a preset of it."""

from pathlib import Path

from sbvae_cli.config.catalogue import RENDERERS
from sbvae_cli.config.names import choice
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.errors import SbvaeError, nearest, unknown_name


def is_procedural(text: str) -> bool:
    """Whether what an argument `data` names is drawn as needed; a file that exists is a file."""
    return text.partition(":")[0] in RENDERERS and not Path(text).exists()


def named_space(text: str) -> SpaceConfig:
    """The space that a renderer's name stands for, alone or as `circles:PRESET`.

    Args:
        text: What a user wrote; `circles` alone is `circles:xy`.

    Raises:
        SbvaeError: If there is no such renderer or preset; names the nearest one.
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
    """What such data are called: the preset, or the renderer where it has none."""
    name, _, preset = text.partition(":")
    return preset or next(iter(RENDERERS[name].spaces))


def near_dataset(text: str) -> str:
    """`did you mean chairs?` for a slip in such a name, else nothing."""
    for record in RENDERERS.values():
        if text in record.spaces and text not in RENDERERS:
            return f"did you mean {record.name}:{text}?"
    head, colon, preset = text.partition(":")
    near = nearest(head, RENDERERS, cutoff=0.75)
    if not near or Path(text).suffix:
        return ""
    spaces = RENDERERS[near].spaces
    if not colon or len(spaces) == 1:
        return f"did you mean {near}?"
    return f"did you mean {near}:{nearest(preset, spaces) or 'PRESET'}?"


def known_names() -> str:
    """Such names in a sentence; help, which may not load the table, has them from `names.DRAWN`."""
    return choice(f"{n}:PRESET" if len(r.spaces) > 1 else n for n, r in RENDERERS.items())
