"""Sources of images: drawn on demand, or rows of a file; all that a command sees of a data set."""

import zipfile
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.names import Population
from sbvae_cli.data.colour import colours_of
from sbvae_cli.data.factors import FactorSpace, Rows
from sbvae_cli.data.hdf5 import DatasetFile, Images
from sbvae_cli.data.level_grid import combination_numbers
from sbvae_cli.data.procedural import (
    ProceduralSource,
    is_procedural,
    near_dataset,
    procedural_name,
    procedural_space,
    source_from_space,
)
from sbvae_cli.data.renderers.sprites import paint
from sbvae_cli.errors import SbvaeError

_LEAST_CHUNKS = 32
_SMALL_CHUNK = 256  # images; of 3dshapes.h5 thousands are stored together, and so read


class Source(Protocol):
    """Images and the factors that they were drawn from."""

    @property
    def name(self) -> str:
        """What the data set is called, such as "xy-hole"."""
        ...

    @property
    def space(self) -> FactorSpace:
        """Where its factors come from."""
        ...

    @property
    def height(self) -> int:
        """Rows of an image."""
        ...

    @property
    def width(self) -> int:
        """Columns of an image."""
        ...

    @property
    def channels(self) -> int:
        """Of an image."""
        ...

    @property
    def count(self) -> int | None:
        """Number of stored images; None where they are drawn on demand."""
        ...

    @property
    def can_render(self) -> bool:
        """Whether images of any factors can be drawn."""
        ...

    @property
    def renders_fast(self) -> bool:
        """Whether hundred thousands of images of any factors can be had one by one."""
        ...

    def sample(
        self, rng: np.random.Generator, n: int, population: Population = "train"
    ) -> tuple[Images, Rows]:
        """Draw images, as a pure function of the generator's state.

        Args:
            rng: Where the randomness comes from.
            n: Number of images.
            population: See FactorSpace.sample.

        Returns:
            Images (n, H, W, C) and factors (n, F).

        Raises:
            SbvaeError: If there are no images of this population.
        """
        ...

    def render(self, factors: NDArray[np.floating]) -> Images:
        """Draw images of given factors.

        Args:
            factors: Shape (n, F), columns as in `space.names`.

        Returns:
            Shape (n, H, W, C).

        Raises:
            SbvaeError: If this source cannot draw.
        """
        ...


class FileSource:
    """Images of a data set file, and what can be drawn or looked up beside them.

    Population "train" is the file's own rows, with new colours each time where those are not
    stored. "full" and "heldout" are drawn where the file's space has a renderer; otherwise "full"
    is uniform over a complete grid's rows, or the file's rows too.

    Args:
        file: An open file.
    """

    def __init__(self, file: DatasetFile) -> None:
        self.file = file
        self.name, self.space, self.count = file.name, file.space, file.count
        self.height, self.width = file.height, file.width
        config = file.space.config
        self.channels = 3 if config.online else file.channels
        self.can_render = config.renderer is not None or config.complete_grid
        try:
            self._drawn = (
                ProceduralSource(self.name, self.space, self.height, self.width)
                if config.renderer is not None
                else None
            )
        except SbvaeError as error:
            raise SbvaeError(f"{file.path}: {error}") from None
        looked_up = config.complete_grid and file.chunk_length <= _SMALL_CHUNK
        self.renders_fast = self._drawn is not None or looked_up

    def sample(
        self, rng: np.random.Generator, n: int, population: Population = "train"
    ) -> tuple[Images, Rows]:
        """See Source; rows are distinct where the file has enough.

        They come from random chunks, about twice as many as hold n images and at least 32, so that
        10,000 images cost a second at most however large the file is. The rows of a file that
        `gen-data` wrote are independent, so any choice of chunks does; a file in some order gets
        rows that are spread over it.
        """
        if population != "train" and self._drawn:
            return self._drawn.sample(rng, n, population)
        if population == "full" and self.can_render:
            factors = self.space.sample(rng, n, population)
            return self.render(factors), factors
        if population == "heldout":
            raise SbvaeError(
                f"{self.file.path}: images of the held-out region cannot be drawn from this file; "
                "use --population train"
            )
        return self.read_rows(rng, self.random_rows(rng, n))

    def read_rows(self, rng: np.random.Generator, rows: NDArray[np.integer]) -> tuple[Images, Rows]:
        """Rows of the file, with the factors that it does not store drawn and applied."""
        images, stored = self.file.read_rows(rows)
        factors = self.space.fill_online(rng, stored)
        return self._coloured(images, factors), factors

    def _coloured(self, images: Images, factors: NDArray[np.floating]) -> Images:
        if not self.space.config.online:
            return images
        return paint(images, colours_of(factors, self.space.names))

    def random_rows(self, rng: np.random.Generator, n: int) -> NDArray[np.int64]:
        """Rows as `sample` takes them, shape (n,)."""
        if n > self.count:
            return rng.integers(self.count, size=n)
        length, chunks = self.file.chunk_length, self.file.chunk_count
        some = min(chunks, max(_LEAST_CHUNKS, 2 * -(-n // length) + 1))
        starts = length * rng.choice(chunks, some, replace=False)
        rows = (starts[:, None] + np.arange(length)).ravel()
        return rng.choice(rows[rows < self.count], n, replace=False)

    def render(self, factors: NDArray[np.floating]) -> Images:
        """See Source; of a complete grid, the image of the nearest combination."""
        if self._drawn:
            return self._drawn.render(factors)
        if not self.can_render:
            raise SbvaeError(f"{self.file.path}: has stored images only; others cannot be drawn")
        shown = ~np.isnan(factors).any(axis=1)
        images = np.zeros((len(factors), self.height, self.width, self.file.channels), np.uint8)
        rows = combination_numbers(self.space.config, factors[shown])
        images[shown] = self.file.read_rows(rows)[0]
        return self._coloured(images, factors)


def open_source(text: str, height: int | None = None, width: int | None = None) -> Source:
    """Open what `--data` names: `circles:PRESET`, `sprites`, `room`, `chairs`, or a file.

    Args:
        text: `circles` alone is `circles:xy`.
        height: Rows of an image; None takes the file's, or 64.
        width: Columns of an image; None takes the file's, or 64.

    Raises:
        SbvaeError: If the preset is unknown, the file cannot be used or has another size.
    """
    if is_procedural(text):
        return source_from_space(procedural_space(text), procedural_name(text), height, width)
    if not Path(text).exists() and near_dataset(text):
        raise SbvaeError(f"{text}: there is no such file; {near_dataset(text)}")
    _refuse_checkpoint(text)
    source = FileSource(DatasetFile(text))
    if (height or source.height, width or source.width) != (source.height, source.width):
        found = f"{height or source.height}x{width or source.width}"
        source.file.close()
        raise SbvaeError(f"{text}: has images of {_size(source)}, not {found}; leave the size out")
    return source


def _refuse_checkpoint(text: str) -> None:
    path = Path(text)
    if (path / "ckpt.pt").exists() or (path.is_file() and zipfile.is_zipfile(path)):
        raise SbvaeError(
            f"--data {text}: is a checkpoint, not data; a checkpoint stands first, without an "
            "option, and --data takes a file that gen-data wrote or circles:PRESET"
        )


def _size(source: Source) -> str:
    return f"{source.height}x{source.width} pixels"
