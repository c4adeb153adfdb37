"""Render a fixed set of images once and train on it, as in the paper."""

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.columns import colours_of
from sbvae_cli.data.file import DatasetFile, Images
from sbvae_cli.data.generate import plan_dataset
from sbvae_cli.data.renderers.sprites import paint
from sbvae_cli.data.source import Source
from sbvae_cli.data.write import chunk_length
from sbvae_cli.errors import SbvaeError

SEED = 0  # every fixed set has this seed: replicas with other seeds train on the same images


class FixedSet:
    """Fixed set of images, equal to the file that `gen-data` writes for this count and seed 0.

    Args:
        source: Source that renders its images.
        count: Number of images, at least 1.

    Attributes:
        space: Factor space of the set; of sprites the colours are `online` and the images masks.
        count: Number of images.
        height: Height of an image, in pixels.
        width: Width of an image, in pixels.
        channels: Number of channels of an image.
        chunk_length: Number of images that are rendered together.

    Raises:
        SbvaeError: If the source is a file.
    """

    def __init__(self, source: Source, count: int) -> None:
        if source.file:
            raise SbvaeError(
                f"{count:,}: {source.label} is a file, and a fixed set already; leave it out",
                field="fixed_set",
            )
        self._plan = plan_dataset(
            source.space.config, source.name, count, source.height, source.width
        )
        shape = self._plan.chunk(SEED, 0, 1)[1].shape[1:]
        self.space, self.count = self._plan.space, count
        self.height, self.width, self.channels = map(int, shape)
        self.chunk_length = min(count, chunk_length(self.height * self.width * self.channels))

    @property
    def threads(self) -> int:
        """Number of threads, 1: renderers work in small steps, and two threads take as long."""
        return 1

    @property
    def chunk_count(self) -> int:
        """Number of chunks; the last one may hold fewer images."""
        return -(-self.count // self.chunk_length)

    def read_chunk(self, chunk: int) -> Images:
        """Render the images of a chunk, shape (n, H, W, C)."""
        return self._plan.chunk(SEED, *self._span(chunk))[1]

    def read_rows(self, rng: np.random.Generator, rows: NDArray[np.integer]) -> Images:
        """Render images by number, in any order, equal to `Source.read_rows` of the file.

        Args:
            rng: Random number generator for colours that are not stored.
            rows: Numbers of the images, shape (n,).

        Returns:
            Shape (n, H, W, C).
        """
        stored = np.empty((len(rows), len(self.space.stored)), self.space.dtype)
        for chunk in np.unique(rows // self.chunk_length).tolist():
            start, stop = self._span(chunk)
            inside = (rows >= start) & (rows < stop)
            stored[inside] = self._plan.stored_rows(SEED, start, stop)[rows[inside] - start]
        images = self._plan.render(stored)
        if not self.space.online:
            return images
        factors = self.space.fill_online(rng, stored)
        return paint(images, colours_of(factors, self.space.names))

    def _span(self, chunk: int) -> tuple[int, int]:
        start = chunk * self.chunk_length
        return start, min(start + self.chunk_length, self.count)


def stored_images(source: Source, fixed_set: int | None) -> FixedSet | DatasetFile | None:
    """Return the images that exist before training: a fixed set or a dataset file.

    Args:
        source: Source of the images.
        fixed_set: Number of images of the fixed set; None for no fixed set.

    Returns:
        The fixed set or file; None if images are sampled during training.

    Raises:
        SbvaeError: If `fixed_set` is given and the source is a file.
    """
    return FixedSet(source, fixed_set) if fixed_set else source.file
