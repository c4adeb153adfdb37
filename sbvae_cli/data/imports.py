"""Datasets from elsewhere: their space, and their images in batches."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.catalogue import RENDERERS, with_levels
from sbvae_cli.config.edit_space import without_colours
from sbvae_cli.config.names import Background, Fit, Frames
from sbvae_cli.config.renderer import HSV
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.data.importers.account import Account
from sbvae_cli.data.importers.dsprites import read_dsprites
from sbvae_cli.data.importers.factor_columns import UNDECLARED, Declared, FactorTable
from sbvae_cli.data.importers.levels import Levels
from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.data.importers.own_factors import own_factors
from sbvae_cli.data.importers.reader import Batch, import_images
from sbvae_cli.data.importers.rendered_chairs import find_chairs
from sbvae_cli.data.level_grid import combinations
from sbvae_cli.data.write import Chunk, write_dataset


@dataclass
class Import:
    """A dataset to be read and written.

    Attributes:
        name: Name of the dataset.
        space: Factor space of the images.
        count: Number of images at most; unreadable ones are left out.
        shape: Shape (H, W, C) of a stored image.
        batches: Stored factors (n, S) and images (n, H, W, C); to be closed before `held`.
        held: Closes what the batches are read from.
        unreadable: Lines "name: reason", filled while the batches are read.
        files: Names of the images that were read, filled likewise; None where they have none.
        kept: Numbers of these images in their collection, filled likewise.
        remarks: What a user may want to know of a factor that was made of values, by its name; None
            where the factors are known beforehand.
        notes: Lines that a user should see.
        warnings: Lines that a user must see.
        account: What is done to images of files, filled likewise; None where there are none.
        factors_of: Gives the factors of some images by their numbers; None where they are those of
            `space`, whichever images can be read.
    """

    name: str
    space: FactorSpace
    count: int
    shape: tuple[int, int, int]
    batches: Generator[Chunk, None, None]
    held: AbstractContextManager[object] = field(default_factory=nullcontext)
    unreadable: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: list[str] | None = None
    account: Account | None = None
    remarks: Mapping[str, str] | None = None
    kept: list[int] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    factors_of: Callable[[NDArray[np.intp]], FactorTable] | None = None

    def finish(self) -> FactorSpace:
        """The space of the images that were read, when all batches are; `space` from then on."""
        if self.factors_of and self.unreadable:
            table = self.factors_of(np.array(self.kept, np.intp))
            self.space = FactorSpace(table.space)
            self.remarks = None if self.remarks is None else table.remarks
        return self.space

    def write(
        self, path: Path, *, force: bool = False, on_progress: Callable[[int], None] | None = None
    ) -> int:
        """Write the images that can be read to a file, as `write_dataset` does; their number.

        Args:
            path: File to write; its folder must exist.
            force: Whether to replace a file that exists.
            on_progress: Called with the number of images written so far.
        """
        return write_dataset(
            path,
            self.batches,
            space=self.space,
            name=self.name,
            shape=self.shape,
            files=self.files,
            written_space=self.finish,
            force=force,
            on_progress=on_progress,
        )


def import_dsprites(
    path: Path,
    sprites: SpaceConfig = RENDERERS["sprites"].space,
    at_once: int = 4096,
    *,
    grey: bool = False,
) -> Import:
    """The public dSprites archive, coloured like our own sprites (Section A.3).

    Args:
        path: The archive.
        grey: Whether to leave it as it is: white on black, in one channel, without colours.
        sprites: Space whose levels, and colours, the archive has.
        at_once: Number of images that are in memory together.

    Raises:
        SbvaeError: If it is another archive.
    """
    archive = read_dsprites(path, (1, *(len(f.levels) for f in sprites.factors if f.levels)))
    changed = {"renderer": None, "online": () if grey else HSV, "complete_grid": True}
    drawn = without_colours(sprites) if grey else sprites
    space = SpaceConfig.model_validate({**drawn.model_dump(), **changed})

    def batches() -> Generator[Chunk, None, None]:
        start = 0
        for block in archive.blocks(at_once):
            numbers = np.arange(start, start + len(block))
            yield combinations(space, numbers), block[..., None] * np.uint8(255)
            start += len(block)

    name = "dsprites-gray" if grey else "dsprites"
    return Import(name, FactorSpace(space), len(archive), (64, 64, 1), batches())


def import_chairs(
    path: Path,
    size: tuple[int, int],
    *,
    invert: bool,
    strict: bool,
    levels: Levels | None = None,
) -> Import:
    """The public renders of chairs, in one channel.

    Raises:
        SbvaeError: If there are no such renders.
    """
    with ExitStack() as held:
        collection = held.enter_context(open_images(path, "first"))
        renders = find_chairs(collection)
        columns = {
            "chair": renders.chair,
            "elevation": renders.elevation_degrees,
            "azimuth": renders.azimuth_degrees,
        }
        rows = np.full((len(collection), len(columns)), np.nan, np.float32)
        rows[renders.indices] = np.stack(list(columns.values()), 1)

        def factors_of(numbers: NDArray[np.intp]) -> FactorTable:
            factors = [
                with_levels(RENDERERS["chairs"].space, name, tuple(map(float, np.unique(column))))
                for name, column in zip(columns, rows[numbers].T, strict=True)
            ]
            return FactorTable(tuple(factors), rows[numbers])

        unreadable: list[str] = []
        files: list[str] = []
        kept: list[int] = []
        account = Account(collection, size, levels, "white")
        batches = renders.images(
            size,
            invert=invert,
            levels=levels,
            tally=account.tally,
            on_unreadable=unreadable.append,
            strict=strict,
        )
        skipped = f"files with other names, left out: {renders.unmatched:,}"
        return Import(
            "rendered-chairs",
            FactorSpace(factors_of(np.asarray(renders.indices, np.intp)).space),
            len(renders),
            (*size, 1),
            _with_rows(batches, rows, collection.names, files, kept),
            held.pop_all(),
            unreadable,
            [*([skipped] if renders.unmatched else []), *collection.notes],
            files,
            account,
            kept=kept,
            factors_of=factors_of,
        )


def import_own(
    path: Path,
    factors: Path | None,
    size: tuple[int, int],
    *,
    declared: Declared = UNDECLARED,
    fit: Fit,
    grey: bool,
    strict: bool,
    levels: Levels | None = None,
    background: Background = "black",
    frames: Frames = "all",
    images_key: str | None = None,
    factors_key: str | None = None,
) -> Import:
    """A user's own images, with factors from a CSV file, or from arrays beside those of the images.

    Args:
        path: A folder, an archive or a file of arrays.
        factors: The CSV file.
        size: Height and width.
        declared: What is said of columns of factors.
        fit: How images of another shape are fitted.
        grey: One channel instead of three.
        strict: Whether the first image that cannot be read ends it all.
        levels: Values that become 0 and 255.
        background: What transparency is laid over.
        frames: Which frames of a file are images.
        images_key: Name of the array of images; None finds it.
        factors_key: Names of the arrays of factors, with commas between; None finds one.

    Raises:
        SbvaeError: If there are no images, or the factors do not match them.
    """
    with ExitStack() as held:
        collection = held.enter_context(open_images(path, frames, images_key))
        own = own_factors(collection, factors, declared, factors_key)
        unreadable: list[str] = []
        files: list[str] = []
        kept: list[int] = []
        table = own.table
        has_factors = bool(table.factors)
        account = Account(collection, size, levels, background, frames, has_factors=has_factors)
        batches = import_images(
            collection,
            size,
            fit,
            grey,
            levels=levels,
            background=background,
            tally=account.tally,
            on_unreadable=unreadable.append,
            strict=strict,
        )
        return Import(
            _name_after(path),
            FactorSpace(table.space),
            len(collection),
            (*size, 1 if grey else 3),
            _with_rows(batches, table.rows, collection.names, files, kept),
            held.pop_all(),
            unreadable,
            [*own.notes, *collection.notes],
            files,
            account,
            table.remarks,
            kept,
            own.warnings,
            table.of_rows if has_factors else None,
        )


def _name_after(path: Path) -> str:
    """The file's or folder's name without its ending; no dataset's is to be that of its source."""
    whole = path.resolve().name
    name = whole.split(".")[0] or "images"
    return f"{name}-images" if whole == f"{name}.h5" else name


def _with_rows(
    batches: Generator[Batch, None, None],
    rows: FactorRows,
    names: Sequence[str],
    read: list[str],
    kept: list[int],
) -> Generator[Chunk, None, None]:
    """Put the factors of each image of a collection, shape (N, S), beside those that were read.

    The names of these are added to `read`, their numbers to `kept`.
    """
    with closing(batches):
        for indices, images in batches:
            kept += indices.tolist()
            read += [names[index] for index in indices.tolist()]
            yield rows[indices], images
