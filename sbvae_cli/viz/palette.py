"""Palette of a GIF: 256 colours, the same in all frames, with the most frequent ones exact.

Pillow would choose colours anew for each frame, so that background and text would flicker.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

_COLOURS, _EXACT = 256, 32
_SEEN = 1_000_000  # pixels of all frames from which colours are chosen
_BITS = 5  # of each channel, for the table of nearest colours


@dataclass(frozen=True)
class Palette:
    """Colours, with a table of the nearest one to any colour.

    Attributes:
        colours: Red, green and blue, shape (256, 3).
        nearest: Index of the nearest colour for the upper bits of a colour, shape (32 ** 3,).
    """

    colours: Pixels
    nearest: Pixels

    @classmethod
    def of(cls, frames: Sequence[Pixels]) -> "Palette":
        """Choose colours for frames of shape (H, W, 3)."""
        every = max(1, sum(frame.size // 3 for frame in frames) // _SEEN)
        seen = np.concatenate([frame.reshape(-1, 3)[::every] for frame in frames])
        kept = _most_frequent(seen)
        chosen = Image.fromarray(seen[None]).quantize(_COLOURS - len(kept)).getpalette() or []
        colours = np.concatenate([kept, np.array(chosen, np.uint8).reshape(-1, 3)])[:_COLOURS]
        nearest = _nearest(colours)
        # Colours that differ from an exact one only in lower bits are mapped to it.
        nearest[_cells(kept)[::-1]] = np.arange(len(kept), dtype=np.uint8)[::-1]
        return cls(colours, nearest)

    def image(self, frame: Pixels) -> Image.Image:
        """Convert a frame (H, W, 3) to these colours."""
        image = Image.fromarray(self.nearest[_cells(frame)])
        image.putpalette(self.colours.tobytes())
        return image


def _most_frequent(pixels: Pixels) -> Pixels:
    """Return the most frequent colours of pixels (N, 3), in order, at most (32, 3)."""
    codes = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    _, first, counts = np.unique(codes, return_index=True, return_counts=True)
    return pixels[first[np.argsort(-counts, kind="stable")[:_EXACT]]]


def _cells(pixels: Pixels) -> NDArray[np.integer]:
    """Combine the upper bits of the three channels, (..., 3) to (...)."""
    red, green, blue = ((pixels[..., n] >> 8 - _BITS).astype(np.uint16) for n in range(3))
    return red << 2 * _BITS | green << _BITS | blue


def _nearest(colours: Pixels) -> Pixels:
    """Return the index of the colour nearest to the middle of each cell."""
    levels = (np.arange(1 << _BITS) + 0.5) * (256 >> _BITS)
    cells = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    wanted = colours.astype(np.float64)
    # The squared norm of a cell is the same for every colour, and left out.
    distances = (wanted**2).sum(axis=1) - 2.0 * cells @ wanted.T
    numbers: Pixels = distances.argmin(axis=1).astype(np.uint8)
    return numbers
