"""Sources of images: drawn on demand, or rows of a file; all that a command sees of a data set."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.names import CirclesPreset, Population
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.config.spaces import check_circles, circles_space, unknown_name
from sbvae_cli.data.circles import render_circles
from sbvae_cli.data.factors import FactorSpace, Rows
from sbvae_cli.data.hdf5 import DatasetFile, Images
from sbvae_cli.errors import SbvaeError

DEFAULT_SIZE = 64  # pixels, as in the paper
_LEAST_CHUNKS = 32


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


@dataclass(frozen=True)
class ProceduralSource:
    """Images drawn when they are asked for.

    Attributes:
        name: What the data set is called.
        space: A space with a renderer.
        height: Rows of an image.
        width: Columns of an image.

    Raises:
        SbvaeError: If the space has no renderer or does not fit it, or the size is below 1.
    """

    name: str
    space: FactorSpace
    height: int = DEFAULT_SIZE
    width: int = DEFAULT_SIZE
    channels: int = 3
    count: None = None
    can_render: bool = True

    def __post_init__(self) -> None:
        if min(self.height, self.width) < 1:
            raise SbvaeError(
                f"{self.name}: images of {_size(self)} have no pixels; choose 1 or more"
            )
        match self.space.config.renderer:
            case "circles":
                check_circles(self.space.config)
            case None:
                raise SbvaeError(f"{self.name}: its images are stored ones; name their file")

    def sample(
        self, rng: np.random.Generator, n: int, population: Population = "train"
    ) -> tuple[Images, Rows]:
        """See Source."""
        factors = self.space.sample(rng, n, population)
        return self.render(factors), factors

    def render(self, factors: NDArray[np.floating]) -> Images:
        """See Source."""
        return render_circles(factors, self.space.names, self.height, self.width)


class FileSource:
    """Images of a data set file, and what its renderer draws beside them.

    Population "train" is the file's own rows. "full" and "heldout" are drawn where the file's space
    has a renderer; otherwise "full" is the file's rows too.

    Args:
        file: An open file.
    """

    def __init__(self, file: DatasetFile) -> None:
        self.file = file
        self.name, self.space, self.count = file.name, file.space, file.count
        self.height, self.width, self.channels = file.height, file.width, file.channels
        self.can_render = file.space.config.renderer is not None
        try:
            self._drawn = (
                ProceduralSource(self.name, self.space, self.height, self.width)
                if self.can_render
                else None
            )
        except SbvaeError as error:
            raise SbvaeError(f"{file.path}: {error}") from None

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
        if population == "heldout":
            raise SbvaeError(
                f"{self.file.path}: images of the held-out region cannot be drawn from this file; "
                "use --population train"
            )
        return self.file.read_rows(self._random_rows(rng, n))

    def _random_rows(self, rng: np.random.Generator, n: int) -> NDArray[np.int64]:
        if n > self.count:
            return rng.integers(self.count, size=n)
        length, chunks = self.file.chunk_length, self.file.chunk_count
        some = min(chunks, max(_LEAST_CHUNKS, 2 * -(-n // length) + 1))
        starts = length * rng.choice(chunks, some, replace=False)
        rows = (starts[:, None] + np.arange(length)).ravel()
        return rng.choice(rows[rows < self.count], n, replace=False)

    def render(self, factors: NDArray[np.floating]) -> Images:
        """See Source."""
        if not self._drawn:
            raise SbvaeError(f"{self.file.path}: has stored images only; others cannot be drawn")
        return self._drawn.render(factors)


def open_source(text: str, height: int | None = None, width: int | None = None) -> Source:
    """Open what `--data` names: `circles:PRESET`, or a file.

    Args:
        text: `circles` alone is `circles:xy`.
        height: Rows of an image; None takes the file's, or 64.
        width: Columns of an image; None takes the file's, or 64.

    Raises:
        SbvaeError: If the preset is unknown, the file cannot be used or has another size.
    """
    if is_procedural(text):
        name = text.partition(":")[2] or "xy"
        return source_from_space(circles_preset(name), name, height, width)
    if text in get_args(CirclesPreset) and not Path(text).exists():
        raise SbvaeError(f"{text}: there is no such file; did you mean circles:{text}?")
    _refuse_checkpoint(text)
    source = FileSource(DatasetFile(text))
    if (height or source.height, width or source.width) != (source.height, source.width):
        found = f"{height or source.height}x{width or source.width}"
        source.file.close()
        raise SbvaeError(f"{text}: has images of {_size(source)}, not {found}; leave the size out")
    return source


def is_procedural(text: str) -> bool:
    """Whether what `--data` names is drawn as needed; a file that exists is a file."""
    return text.partition(":")[0] == "circles" and not Path(text).exists()


def _refuse_checkpoint(text: str) -> None:
    path = Path(text)
    if (path / "ckpt.pt").exists() or (path.is_file() and zipfile.is_zipfile(path)):
        raise SbvaeError(
            f"--data {text}: is a checkpoint, not data; a checkpoint stands first, without an "
            "option, and --data takes a file that gen-data wrote or circles:PRESET"
        )


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


def source_from_space(
    space: SpaceConfig, name: str, height: int | None = None, width: int | None = None
) -> ProceduralSource:
    """The source that draws a space's images, as for a checkpoint of a procedural data set.

    Raises:
        SbvaeError: If the space has no renderer or does not fit it.
    """
    size = DEFAULT_SIZE if height is None else height, DEFAULT_SIZE if width is None else width
    return ProceduralSource(name, FactorSpace(space), *size)


def _size(source: Source) -> str:
    return f"{source.height}x{source.width} pixels"
