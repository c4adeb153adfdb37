"""Images drawn when they are asked for, by the renderer that a space names."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.datasets import dataset_space
from sbvae_cli.config.names import CirclesPreset, Renderer
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.config.spaces import circles_space
from sbvae_cli.data.colour import colours_of
from sbvae_cli.data.hdf5 import Images
from sbvae_cli.data.renderers.chairs import render_chairs
from sbvae_cli.data.renderers.circles import render_circles
from sbvae_cli.data.renderers.room import render_room
from sbvae_cli.data.renderers.sprites import paint, render_sprites
from sbvae_cli.errors import SbvaeError, unknown_name


def channels_of(renderer: Renderer | None) -> int:
    """Channels of what a renderer draws: 1 for grey chairs, else 3."""
    return 1 if renderer == "chairs" else 3


def draw(
    renderer: Renderer, factors: NDArray[np.floating], names: Sequence[str], height: int, width: int
) -> Images:
    """Images of rows of factors, shape (n, height, width, C), by the renderer of that name."""
    match renderer:
        case "circles":
            return render_circles(factors, names, height, width)
        case "sprites":
            masks = render_sprites(factors, names, height, width)
            return paint(masks, colours_of(factors, names))
        case "room":
            return render_room(factors, names, height, width)
        case "chairs":
            return render_chairs(factors, names, height, width)


def is_procedural(text: str) -> bool:
    """Whether what `--data` names is drawn as needed; a file that exists is a file."""
    return text.partition(":")[0] in get_args(Renderer) and not Path(text).exists()


def near_dataset(text: str) -> str:
    """`did you mean chairs?` for a slip in such a name, else nothing."""
    renderers, presets = get_args(Renderer), get_args(CirclesPreset)
    if text in presets:
        return f"did you mean circles:{text}?"
    head, colon, preset = text.partition(":")
    near = difflib.get_close_matches(head, renderers, n=1, cutoff=0.75)
    if not near or Path(text).suffix:
        return ""
    if not colon or near[0] != "circles":
        return f"did you mean {near[0]}?"
    presets_near = difflib.get_close_matches(preset, presets, n=1)
    return f"did you mean circles:{presets_near[0] if presets_near else 'PRESET'}?"


def procedural_space(text: str) -> SpaceConfig:
    """The space that `circles:PRESET`, `sprites`, `room` or `chairs` names.

    Raises:
        SbvaeError: If there is no such preset.
    """
    renderer, colon, preset = text.partition(":")
    if renderer == "circles":
        return circles_preset(preset or "xy")
    if colon:
        raise SbvaeError(f"{text}: {renderer} have no presets; write {renderer}")
    for known in get_args(Renderer):
        if known == renderer:
            return dataset_space(known)
    raise unknown_name(renderer, get_args(Renderer), "dataset")


def procedural_name(text: str) -> str:
    """What data drawn as needed is called: the preset of circles, or the renderer."""
    renderer, _, preset = text.partition(":")
    return preset or {"circles": "xy"}.get(renderer, renderer)


def circles_preset(name: str) -> SpaceConfig:
    """The space of a preset whose name a user wrote.

    Raises:
        SbvaeError: If there is no such preset; names the nearest one.
    """
    presets: tuple[CirclesPreset, ...] = get_args(CirclesPreset)
    for preset in presets:
        if preset == name:
            return circles_space(preset)
    raise unknown_name(name, presets, "circles preset")
