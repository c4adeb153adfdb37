"""Import datasets from other sources: their factor space, and their images in batches."""

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
from sbvae_cli.data.importers.dsprites import read_dsprites
from sbvae_cli.data.importers.factor_columns import NONE_DECLARED, DeclaredColumns, FactorTable
from sbvae_cli.data.importers.import_report import ImportReport
from sbvae_cli.data.importers.levels import Levels
from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.data.importers.own_factors import own_factors
from sbvae_cli.data.importers.reader import Batch, import_images
from sbvae_cli.data.importers.rendered_chairs import find_chairs
from sbvae_cli.data.level_grid import combinations
from sbvae_cli.data.write import Chunk, write_dataset


@dataclass
class Import:
    """Dataset that is read from one file or folder and written to a dataset file.

    `unreadable`, `files`, `image_numbers` and `report` are complete after the last batch.

    Attributes:
        name: Name of the dataset.
        space: Factor space of the images.
        count: Largest possible number of images; unreadable images are left out.
        shape: Shape (H, W, C) of a stored image.
        batches: Stored factors (n, S) and images (n, H, W, C); to be closed before `open_files`.
        open_files: Context manager that closes the files behind the batches.
        unreadable: Unreadable images, as lines "name: reason".
        files: Names of the images that were read; None if the images have no names.
        image_numbers: Numbers of these images in their collection.
        remarks: Remarks on factors inferred from values, by name; None if factors are known anyway.
        notes: Lines of information for the user.
        warnings: Lines of warning for the user.
        report: Counts of the changes to image files; None if no image files are read.
        factors_of: Function from numbers of images to their factors; None if always `space`'s.
    """

    name: str
    space: FactorSpace
    count: int
    shape: tuple[int, int, int]
    batches: Generator[Chunk, None, None]
    open_files: AbstractContextManager[object] = field(default_factory=nullcontext)
    unreadable: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: list[str] | None = None
    report: ImportReport | None = None
    remarks: Mapping[str, str] | None = None
    image_numbers: list[int] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    factors_of: Callable[[NDArray[np.intp]], FactorTable] | None = None

    def finish(self) -> FactorSpace:
        """Set `space` to that of the images that could be read, after the last batch; return it."""
        if self.factors_of and self.unreadable:
            table = self.factors_of(np.array(self.image_numbers, np.intp))
            self.space = FactorSpace(table.space)
            self.remarks = None if self.remarks is None else table.remarks
        return self.space

    def write(
        self, path: Path, *, force: bool = False, on_progress: Callable[[int], None] | None = None
    ) -> int:
        """Write the readable images to a file with `write_dataset` and return their number.

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
    """Import the public dSprites archive, coloured like the rendered sprites (Section A.3).

    Args:
        path: Path of the archive.
        sprites: Space with the levels of the archive's factors, and the colours to add.
        at_once: Number of images in a batch.
        grey: Whether to keep the images white on black, in one channel.

    Raises:
        SbvaeError: If the file is not the dSprites archive.
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
    """Import the public renders of chairs in one channel.

    Args:
        path: Folder or archive of the renders.
        size: Height and width of the stored images, in pixels.
        invert: Whether to store 255 minus each value.
        strict: Whether to raise an error at the first unreadable image.
        levels: Values that become 0 and 255; None keeps 8-bit values.

    Raises:
        SbvaeError: If no file is named like a render.
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
        account = ImportReport(collection, size, levels, "white")
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
            image_numbers=kept,
            factors_of=factors_of,
        )


def import_own(
    path: Path,
    factors: Path | None,
    size: tuple[int, int],
    *,
    declared: DeclaredColumns = NONE_DECLARED,
    fit: Fit,
    grey: bool,
    strict: bool,
    levels: Levels | None = None,
    background: Background = "black",
    frames: Frames = "all",
    images_key: str | None = None,
    factors_key: str | None = None,
) -> Import:
    """Import a user's images, with factors from a CSV file or from arrays in the same file.

    Args:
        path: Folder, archive or file of arrays.
        factors: CSV file of factors; None if there is none.
        size: Height and width of the stored images, in pixels.
        declared: Kinds and periods of factor columns that the user declared.
        fit: How to fit images of another aspect ratio.
        grey: Whether to store one channel instead of three.
        strict: Whether to raise an error at the first unreadable image.
        levels: Values that become 0 and 255; None keeps 8-bit values.
        background: Colour behind transparent pixels.
        frames: Which frames of a file with several frames to import.
        images_key: Name of the array of images; None searches for it.
        factors_key: Comma-separated names of the arrays of factors; None searches for one.

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
        account = ImportReport(
            collection, size, levels, background, frames, has_factors=has_factors
        )
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
            table.select_rows if has_factors else None,
        )


def _name_after(path: Path) -> str:
    """Return the name of the file or folder without suffix; NAME.h5 must not be the file itself."""
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
    """Yield factors and images of each batch, adding their names to `read`, numbers to `kept`.

    Args:
        batches: Numbers and pixels of the images that could be read; closed at the end.
        rows: Factors of all images of the collection, shape (N, S).
        names: Names of all images of the collection.
        read: Names of the images that were read so far.
        kept: Numbers of the images that were read so far.
    """
    with closing(batches):
        for indices, images in batches:
            kept += indices.tolist()
            read += [names[index] for index in indices.tolist()]
            yield rows[indices], images
