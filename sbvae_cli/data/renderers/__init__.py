"""Render factors as images: the function of each renderer in `config/catalogue.py`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.renderers.chairs import render_chairs
from sbvae_cli.data.renderers.circles import render_circles
from sbvae_cli.data.renderers.room import render_room
from sbvae_cli.data.renderers.sprites import render_masks, render_sprites


class Render(Protocol):
    """Function that renders images."""

    def __call__(
        self, factors: NDArray[np.floating], names: Sequence[str], height: int, width: int
    ) -> NDArray[np.uint8]:
        """Render rows of factors (N, F) with these columns as images (N, height, width, C)."""
        ...


RENDER: Mapping[str, Render] = {
    "circles": render_circles,
    "sprites": render_sprites,
    "room": render_room,
    "chairs": render_chairs,
}
# Renderers of the white masks that a file stores; colours are sampled whenever one is read.
MASKS: Mapping[str, Render] = {"sprites": render_masks}
