"""The 256 colours of a GIF: the same in all frames, most of the frequent ones as they are.

Pillow chooses colours anew for each frame, so that paper and ink would flicker.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

_COLOURS, _EXACT = 256, 32
_SEEN = 1_000_000  # pixels of all frames that colours are chosen from
_BITS = 5  # of a channel, by which the nearest colour is looked up


@dataclass(frozen=True)
class Palette:
    """Colours, and which of them stands for any other.

    Attributes:
        colours: Red, green and blue, shape (256, 3).
        nearest: Number of the colour for the upper bits of a colour, shape (32 ** 3,).
    """

    colours: Pixels
    nearest: Pixels

    @classmethod
    def of(cls, frames: Sequence[Pixels]) -> "Palette":
        """Choose colours for frames, (H, W, 3) each."""
        every = max(1, sum(frame.size // 3 for frame in frames) // _SEEN)
        seen = np.concatenate([frame.reshape(-1, 3)[::every] for frame in frames])
        kept = _most_frequent(seen)
        chosen = Image.fromarray(seen[None]).quantize(_COLOURS - len(kept)).getpalette() or []
        colours = np.concatenate([kept, np.array(chosen, np.uint8).reshape(-1, 3)])[:_COLOURS]
        nearest = _nearest(colours)
        # What differs in lower bits alone from a colour that is kept becomes that one.
        nearest[_cells(kept)[::-1]] = np.arange(len(kept), dtype=np.uint8)[::-1]
        return cls(colours, nearest)

    def image(self, frame: Pixels) -> Image.Image:
        """A frame (H, W, 3) in these colours."""
        image = Image.fromarray(self.nearest[_cells(frame)])
        image.putpalette(self.colours.tobytes())
        return image


def _most_frequent(pixels: Pixels) -> Pixels:
    """Colours of pixels (N, 3), the most frequent one first, (32, 3) or fewer."""
    codes = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    _, first, counts = np.unique(codes, return_index=True, return_counts=True)
    return pixels[first[np.argsort(-counts, kind="stable")[:_EXACT]]]


def _cells(pixels: Pixels) -> NDArray[np.integer]:
    """The upper bits of the three channels, (..., 3) to (...)."""
    red, green, blue = ((pixels[..., n] >> 8 - _BITS).astype(np.uint16) for n in range(3))
    return red << 2 * _BITS | green << _BITS | blue


def _nearest(colours: Pixels) -> Pixels:
    """Number of the colour that is nearest to the middle of each cell."""
    levels = (np.arange(1 << _BITS) + 0.5) * (256 >> _BITS)
    cells = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    wanted = colours.astype(np.float64)
    # The square of a cell itself is the same for every colour.
    distances = (wanted**2).sum(axis=1) - 2.0 * cells @ wanted.T
    numbers: Pixels = distances.argmin(axis=1).astype(np.uint8)
    return numbers
