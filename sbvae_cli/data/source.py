"""Provide the images and factors of a dataset, from a file or rendered on demand."""

from pathlib import Path
from typing import NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.catalogue import check_space, renderer_of
from sbvae_cli.config.dataset_names import (
    dataset_name,
    is_procedural,
    named_space,
    near_dataset,
)
from sbvae_cli.config.names import Population
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.columns import colours_of
from sbvae_cli.data.contents import recognise_contents
from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.data.file import DatasetFile, Images
from sbvae_cli.data.level_grid import combination_numbers
from sbvae_cli.data.renderers import RENDER
from sbvae_cli.data.renderers.sprites import paint
from sbvae_cli.errors import SbvaeError
from sbvae_cli.random import stream

DEFAULT_SIZE = 64  # pixels, as in the paper
SAMPLED_TOGETHER = 64  # number of images, or of their colours, sampled from one random state
_MAX_CACHE_BYTES = 1 << 30  # bytes
_SMALL_CHUNK = 256  # images; chunks of 3dshapes.h5 have thousands, which makes single rows slow


class Source:
    """Images and their factors, from the rows of a file or rendered on demand.

    Population "train" of a file is its rows; colours that are not stored are sampled on each read.
    The space's renderer, if any, provides "full" and "heldout", and "train" without a file.
    A file without a renderer has "full" but not "heldout": rows of a complete grid are sampled
    uniformly and looked up; otherwise the file's rows serve as "full" too.

    Args:
        name: Name of the dataset, such as "xy-hole".
        space: Factor space; without a file it must have a renderer.
        height: Height of an image, in pixels.
        width: Width of an image, in pixels.
        file: Open file of the images; None if they are rendered.

    Attributes:
        channels: Number of channels of an image, 1 or 3.
        count: Number of images in the file; None without a file.
        can_render: Whether `render` works: there is a renderer, or the file is a complete grid.
        renders_fast: Whether `render` is fast enough for hundreds of thousands of images.

    Raises:
        SbvaeError: If there is neither file nor renderer, the space does not fit its renderer, or
            the size is below 1.
    """

    def __init__(
        self,
        name: str,
        space: FactorSpace,
        height: int = DEFAULT_SIZE,
        width: int = DEFAULT_SIZE,
        file: DatasetFile | None = None,
    ) -> None:
        self.name, self.space, self.height, self.width, self.file = name, space, height, width, file
        if min(height, width) < 1:
            size = f"{height}x{width}"
            raise SbvaeError(f"{name}: images of {size} pixels are empty; choose 1 or more")
        if file is None and space.renderer is None:
            raise SbvaeError(f"{name}: its images are stored; name their file")
        try:
            check_space(space.config)
        except SbvaeError as error:
            raise SbvaeError(f"{file.path}: {error}" if file else str(error)) from None
        self._cache: dict[bytes, tuple[Images, FactorRows]] | None = None
        self.count = file.count if file else None
        record = renderer_of(space.config)
        drawn = record.channels_of(space.config) if record else 3
        self.channels = file.channels if file and not space.online else drawn
        self.can_render = space.can_render
        looked_up = file is not None and file.chunk_length <= _SMALL_CHUNK
        self.renders_fast = space.renderer is not None or (self.can_render and looked_up)

    @classmethod
    def of_file(cls, file: DatasetFile) -> Self:
        """Return a source of the images of an open file."""
        return cls(file.name, file.space, file.height, file.width, file)

    @property
    def label(self) -> str:
        """Start of an error message: the file's path, or the dataset's name without a file."""
        return str(self.file.path) if self.file else self.name

    @property
    def files(self) -> tuple[str, ...] | None:
        """Names of the image files, one for each row; None if they are not stored."""
        return self.file.files if self.file else None

    def stored_rows(self, population: Population = "train") -> int | None:
        """Return the number of the file's rows if they are this population; None if it is sampled.

        Colours that no file stores are sampled in either case.
        """
        own = population == "train" or (population == "full" and not self.can_render)
        return self.count if own else None

    def images_per_read(self, population: Population = "train") -> int:
        """Return the number of images that `images` makes at once; use multiples to waste none."""
        stored = self.stored_rows(population) is not None
        return self.file.chunk_length if self.file and stored else SAMPLED_TOGETHER

    def images(
        self, start: int, stop: int, seed: int = 0, population: Population = "train"
    ) -> tuple[Images, FactorRows]:
        """Return images `start` to `stop` - 1 of a population: a file's rows, or sampled images.

        Sampled image i is a pure function of the space, the seed, the population and i.

        Args:
            start: Number of the first image.
            stop: Number of the last image plus 1, more than `start`.
            seed: Root seed of images, or of their colours, that are sampled.
            population: Name of the population, as in `sample`.

        Returns:
            Images (n, H, W, C) and factors (n, F).

        Raises:
            SbvaeError: If the file has fewer images, or the population has none.
        """
        stored = self.stored_rows(population)
        if stored is not None and stop > stored:
            found = f"image {stop - 1:,} does not exist; images are 0 to {stored - 1:,}"
            raise SbvaeError(f"{self.label}: {found}")
        if self.file and stored is not None and not self.space.online:
            return self.file.read(start, stop)
        first = start // SAMPLED_TOGETHER
        blocks = []
        for block in range(first, -(-stop // SAMPLED_TOGETHER)):
            rng, begin = stream(seed, "images", block), block * SAMPLED_TOGETHER
            if stored is None:
                blocks.append(self.sample(rng, SAMPLED_TOGETHER, population))
            else:  # the file's rows, in colours that depend on the seed
                rows = np.arange(begin, min(begin + SAMPLED_TOGETHER, stored))
                blocks.append(self.read_rows(rng, rows))
        kept = slice(start - first * SAMPLED_TOGETHER, stop - first * SAMPLED_TOGETHER)
        images, factors = zip(*blocks, strict=True)
        return np.concatenate(images)[kept], np.concatenate(factors)[kept]

    def sample(
        self, rng: np.random.Generator, n: int, population: Population = "train"
    ) -> tuple[Images, FactorRows]:
        """Sample images, as a pure function of the generator's state.

        Args:
            rng: Random number generator.
            n: Number of images.
            population: "train", "full" or "heldout", as in `FactorSpace.sample`.

        Returns:
            Images (n, H, W, C) and factors (n, F); rows of a file are chosen by `random_rows`.

        Raises:
            SbvaeError: If the population has no images.
        """
        if self.stored_rows(population) is not None:
            return self.read_rows(rng, self.random_rows(rng, n))
        if population == "heldout" and self.space.renderer is None:
            found = "images of the held-out region cannot be drawn from this file"
            raise SbvaeError(f"{self.label}: {found}; use `population=train`")
        factors = self.space.sample(rng, n, population)
        return self.render(factors), factors

    def random_rows(self, rng: np.random.Generator, n: int) -> NDArray[np.int64]:
        """Draw row numbers (n,) uniformly, without replacement if the file has n rows or more.

        Rows are drawn one by one although reading them may take a pass over the file (see
        `chunks_of`). Rows of a few chunks would be a cluster sample, and since neighbours in a file
        are often alike, estimates from it would have many times the spread.
        """
        file = self.file or self._no_file()
        if n > file.count:
            return rng.integers(file.count, size=n)
        return rng.choice(file.count, n, replace=False)

    def chunks_of(self, n: int) -> float:
        """Return the expected number of the file's chunks that contain n random rows."""
        file = self.file or self._no_file()
        return float(file.chunk_count * (1 - (1 - 1 / file.chunk_count) ** n))

    def cache_rows(self) -> None:
        """Cache the rows that are read from now on, up to 1 GiB, for calls that read them again."""
        self._cache = {}

    def read_rows(
        self, rng: np.random.Generator, rows: NDArray[np.integer]
    ) -> tuple[Images, FactorRows]:
        """Read rows of the file in any order, sampling the factors that it does not store.

        Args:
            rng: Random number generator for colours that are not stored.
            rows: Numbers of the rows, shape (n,).

        Returns:
            Images (n, H, W, C) and factors (n, F).

        Raises:
            SbvaeError: If there is no file, or it is damaged at these rows.
        """
        images, stored = self._read(rows)
        factors = self.space.fill_online(rng, stored)
        return self._coloured(images, factors), factors

    def _read(self, rows: NDArray[np.integer]) -> tuple[Images, FactorRows]:
        file = self.file or self._no_file()
        if self._cache is None:
            return file.read_rows(rows)
        key = rows.tobytes()
        found = self._cache.get(key)
        if found is None:
            found = file.read_rows(rows)
            held = sum(images.nbytes for images, _ in self._cache.values())
            if held + found[0].nbytes <= _MAX_CACHE_BYTES:
                self._cache[key] = found
        return found

    def render(self, factors: NDArray[np.floating]) -> Images:
        """Render rows of factors, or look up the nearest combinations in a complete grid.

        Args:
            factors: Shape (n, F), columns as in `space.names`.

        Returns:
            Shape (n, H, W, C).

        Raises:
            SbvaeError: If `can_render` is False.
        """
        if self.space.renderer is not None:
            draw = RENDER[self.space.renderer]
            return draw(factors, self.space.names, self.height, self.width)
        file = self.file or self._no_file()
        if not self.can_render:
            raise SbvaeError(f"{self.label}: has only stored images; others cannot be rendered")
        shown = ~np.isnan(factors).any(axis=1)
        images = np.zeros((len(factors), self.height, self.width, file.channels), np.uint8)
        rows = combination_numbers(self.space.config, factors[shown])
        images[shown] = self._read(rows)[0]
        return self._coloured(images, factors)

    def _coloured(self, images: Images, factors: NDArray[np.floating]) -> Images:
        if not self.space.online:
            return images
        return paint(images, colours_of(factors, self.space.names))

    def _no_file(self) -> NoReturn:
        raise SbvaeError(f"{self.name}: renders its images anew each time and has no rows to read")


def source_from_space(
    space: SpaceConfig, name: str, height: int | None = None, width: int | None = None
) -> Source:
    """Return a source that renders the images of a space, such as that of a checkpoint.

    Raises:
        SbvaeError: If the space has no renderer, or the renderer cannot render it.
    """
    size = DEFAULT_SIZE if height is None else height, DEFAULT_SIZE if width is None else width
    return Source(name, FactorSpace(space), *size)


def open_source(data: str | Path, height: int | None = None, width: int | None = None) -> Source:
    """Open the dataset that an argument `data` names: a file, or a name for `named_space`.

    Args:
        data: Path of a file, or name of a dataset; `circles` is short for `circles:xy`.
        height: Height of an image, in pixels; None for that of the file, or 64.
        width: Width of an image, in pixels; None for that of the file, or 64.

    Raises:
        SbvaeError: If the name is unknown, or the file cannot be used or has another image size.
    """
    text = str(data)
    if is_procedural(text):
        return source_from_space(named_space(text), dataset_name(text), height, width)
    path = Path(text)
    contents = recognise_contents(path, missing=near_dataset(text))
    if contents.kind in ("checkpoint", "run"):
        raise SbvaeError(
            f"{text}: {contents.description}, not data; {contents.advice}", field="data"
        )
    file = DatasetFile(path)
    if (height or file.height, width or file.width) != (file.height, file.width):
        wanted = f"{height or file.height}x{width or file.width}"
        found = f"has images of {file.height}x{file.width} pixels, not {wanted}"
        file.close()
        raise SbvaeError(f"{text}: {found}; leave the size out")
    return Source.of_file(file)
