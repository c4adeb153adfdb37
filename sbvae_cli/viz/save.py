"""Encode pictures as files: PNG and SVG of a figure, GIF and WebP of an animation.

Equal pictures give equal bytes.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from sbvae_cli.config.names import ThemeName
from sbvae_cli.errors import SbvaeError
from sbvae_cli.viz.animation import Animation
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.metadata import complete, gif_comment, png_chunks, webp_exif
from sbvae_cli.viz.palette import Palette

DOTS_PER_INCH = 96.0  # one unit is a CSS pixel, in PNG as in SVG


def encode(
    picture: Canvas | Animation,
    ending: str,
    *,
    scale: float = 1.0,
    theme: ThemeName = "light",
    about: Mapping[str, Any] | None = None,
) -> bytes:
    """Encode a picture with metadata, which `sbvae info` reads.

    Args:
        picture: A figure, or an animation.
        ending: ".png" or ".svg" for a figure, ".gif" or ".webp" for an animation.
        scale: Pixels in a unit; ignored for SVG.
        theme: Theme that determines the colours of roles.
        about: Metadata in plain containers, such as `command`, `seed`, `step` and `scores`, or a
            list of such in `runs`; `version` is added.

    Raises:
        SbvaeError: If the ending does not fit the picture.
    """
    about = complete(about or {})
    ending, fitting = ending.lower(), endings_of(picture)
    if ending not in fitting:
        kind = "an animation" if isinstance(picture, Animation) else "a figure"
        raise SbvaeError(f"{ending or 'no ending'}: {kind} is written as {' or '.join(fitting)}")
    content = io.BytesIO()
    if isinstance(picture, Animation):
        frames = picture.rasters(scale, theme)
        durations = [max(10, round(duration, -1)) for duration in picture.durations]
        save = _save_gif if ending == ".gif" else _save_webp
        save(content, frames, durations, about)
    elif ending == ".svg":
        content.write(picture.svg(theme, about).encode())
    else:
        dots = (DOTS_PER_INCH * scale,) * 2
        raster = picture.raster(scale, theme)
        # `optimize` would take six times as long, without smaller files.
        raster.save(content, format="PNG", dpi=dots, pnginfo=png_chunks(about))
    return content.getvalue()


def endings_of(picture: Canvas | Animation) -> tuple[str, ...]:
    """Return the file endings for a picture, the default first."""
    return (".gif", ".webp") if isinstance(picture, Animation) else (".png", ".svg")


def _save_gif(
    content: io.BytesIO,
    frames: Sequence[Image.Image],
    durations: list[int],
    about: Mapping[str, Any],
) -> None:
    pixels = [np.asarray(frame) for frame in frames]
    palette = Palette.of(pixels)
    first, *others = [palette.image(frame) for frame in pixels]
    first.save(
        content,
        format="GIF",
        save_all=True,
        append_images=others,
        duration=durations,
        loop=0,
        optimize=False,  # keeps one palette for all frames
        comment=gif_comment(about),
    )


def _save_webp(
    content: io.BytesIO,
    frames: Sequence[Image.Image],
    durations: list[int],
    about: Mapping[str, Any],
) -> None:
    first, *others = frames
    first.save(
        content,
        format="WEBP",
        save_all=True,
        append_images=others,
        duration=durations,
        loop=0,
        lossless=True,
        exif=webp_exif(about),
    )
