"""Factors to images: the function of each renderer whose record stands in `config/catalogue.py`."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.renderers.chairs import render_chairs
from sbvae_cli.data.renderers.circles import render_circles
from sbvae_cli.data.renderers.room import render_room
from sbvae_cli.data.renderers.sprites import render_sprites

# Factors (N, F), their names, height and width to images (N, height, width, C) of 8 bits.
Render = Callable[[NDArray[np.floating], Sequence[str], int, int], NDArray[np.uint8]]

RENDER: Mapping[str, Render] = {
    "circles": render_circles,
    "sprites": render_sprites,
    "room": render_room,
    "chairs": render_chairs,
}
