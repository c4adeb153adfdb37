"""Plan the rows of a procedural dataset, render them and write the dataset file."""

import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.load import build_space
from sbvae_cli.config.renderer import HSV, RGB
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.data.file import GZIP_LEVEL, Images
from sbvae_cli.data.level_grid import combinations, count_combinations
from sbvae_cli.data.renderers import MASKS
from sbvae_cli.data.source import source_from_space
from sbvae_cli.data.write import Chunk, chunk_length, refuse_existing, write_dataset
from sbvae_cli.errors import SbvaeError
from sbvae_cli.random import stream

MAX_COMBINATIONS = 20_000_000
MASK_LEVEL = 3
BLOCK = 64  # rows of factors from one random state; a chunk is a block or an equal part of one


@dataclass(frozen=True)
class DatasetPlan:
    """Contents of a dataset file before it is written.

    Attributes:
        space: Factor space of the file; colours of sprites are `online`.
        count: Number of images.
        height: Height of an image, in pixels.
        width: Width of an image, in pixels.
        render: Function from stored factors (n, S) to stored images (n, H, W, C); thread-safe.
        rows: Function from `start, stop` to the stored factors of images start to stop - 1; None
            if factors are sampled.
        gzip_level: Compression level; 3 for masks, as fast as level 1 and half as large.
    """

    space: FactorSpace
    count: int
    height: int
    width: int
    render: Callable[[FactorRows], Images]
    rows: Callable[[int, int], FactorRows] | None = None
    gzip_level: int = GZIP_LEVEL

    def stored_rows(self, seed: int, start: int, stop: int) -> FactorRows:
        """Return the stored factors of images start to stop - 1, a function of seed and numbers.

        If factors are sampled, all these images must be in one block.
        """
        if self.rows:
            return self.rows(start, stop)
        block, first = divmod(start, BLOCK)
        rows = self.space.sample(stream(seed, "file", block), BLOCK)[first : first + stop - start]
        if not self.space.online:
            return rows
        return rows[:, [self.space.index(name) for name in self.space.stored]]

    def chunk(self, seed: int, start: int, stop: int) -> Chunk:
        """Return `stored_rows` and the rendered images."""
        rows = self.stored_rows(seed, start, stop)
        return rows, self.render(rows)


def plan_dataset(
    space: SpaceConfig, name: str, count: int | None, height: int, width: int
) -> DatasetPlan:
    """Plan the contents of a dataset file.

    Without a count, the file has each combination of levels outside of held-out regions once, the
    last factor varying fastest. Sprites are stored as one-channel masks without colours, which are
    sampled whenever an image is read.

    Args:
        space: Factor space with a renderer.
        name: Name of the dataset, for messages.
        count: Number of images to sample; None for all combinations of levels.
        height: Height of an image, in pixels.
        width: Width of an image, in pixels.

    Raises:
        SbvaeError: If the renderer cannot render the space; or if `count` is None and the space has
            a continuous factor, blank images, correlated factors or too many combinations.
    """
    space = space.model_copy(update={"online": (), "complete_grid": False})
    source = source_from_space(space, name, height, width)  # checks the space
    render: Callable[[FactorRows], Images] = source.render
    masks = MASKS.get(space.renderer or "")
    if masks:
        colours = tuple(factor for factor in (*HSV, *RGB) if factor in space.names)
        try:
            space = build_space({**space.model_dump(), "online": colours})
        except SbvaeError as error:
            fault = str(error).removeprefix("data.space: ")
            raise SbvaeError(f"{name}: {fault}") from error
        render = partial(masks, names=space.stored, height=height, width=width)
    stored, level = FactorSpace(space), MASK_LEVEL if masks else GZIP_LEVEL
    if count is not None:
        return DatasetPlan(stored, count, height, width, render, gzip_level=level)
    numbers = _support(stored, name)
    complete = len(numbers) == count_combinations(space)
    if complete:
        changed = {**space.model_dump(), "complete_grid": True}
        stored = FactorSpace(SpaceConfig.model_validate(changed))
    return DatasetPlan(
        stored,
        len(numbers),
        height,
        width,
        render,
        lambda start, stop: combinations(space, numbers[start:stop]),
        level,
    )


def _support(space: FactorSpace, name: str) -> NDArray[np.int64]:
    """Return the numbers of the combinations of levels outside of held-out regions."""
    config = space.config
    found = count_combinations(config)
    if found is None or config.blank > 0 or config.correlated:
        varying = [
            f.name for f in config.factors if f.name in config.stored and f.varies and not f.levels
        ]
        why = "blank images" if config.blank > 0 else f"continuous {', '.join(varying)}"
        why = "correlated factors" if config.correlated else why
        raise SbvaeError(f"{name}: with {why} the number of images is not fixed; give `count`")
    if found > MAX_COMBINATIONS:
        raise SbvaeError(f"{name}: has {found:,} combinations of levels; give `count`")
    numbers = np.arange(found)
    if not any(set(region) <= set(config.stored) for region in config.held_out):
        return numbers
    kept = []
    for start in range(0, found, 1 << 16):
        some = numbers[start : start + (1 << 16)]
        # Colours are NaN, which is in no held-out region.
        rows = np.full((len(some), len(config.names)), np.nan, config.dtype)
        rows[:, [space.index(factor) for factor in config.stored]] = combinations(config, some)
        kept.append(some[~space.held_out_mask(rows)])
    return np.concatenate(kept)


def write_plan(
    path: Path | str,
    plan: DatasetPlan,
    *,
    name: str,
    seed: int,
    force: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Render a dataset and write it to an HDF5 file, which appears only when it is complete.

    The images depend on the seed but not on the number of threads. A larger count starts with the
    images of a smaller one. The factors do not depend on the image size.

    Args:
        path: File to write; its folder must exist.
        plan: Contents of the file.
        name: Name of the dataset.
        seed: Root seed of the sampled factors, at least 0.
        force: Whether to replace a file that exists.
        on_progress: Called with the number of images written so far; an exception from it ends the
            writing.

    Raises:
        SbvaeError: If the file exists and `force` is not set, if its folder does not exist, or if
            the disk is full or clearly too small.
    """
    path = Path(path)
    if plan.count < 1 or plan.height < 1 or plan.width < 1:
        pixels = f"{plan.height}x{plan.width} pixels"
        found = f"would be an empty dataset ({plan.count} images of {pixels})"
        raise SbvaeError(f"{path}: {found}; choose 1 or more")
    refuse_existing(path, force)
    shape = plan.chunk(seed, 0, 1)[1].shape[1:]
    _refuse_small_disk(path, plan, seed, prod(shape))
    write_dataset(
        path,
        partial(plan.chunk, seed),
        space=plan.space,
        name=name,
        shape=shape,
        count=plan.count,
        seed=seed,
        gzip_level=plan.gzip_level,
        force=force,
        on_progress=on_progress,
    )


def _refuse_small_disk(path: Path, plan: DatasetPlan, seed: int, image_bytes: int) -> None:
    """Check that the disk has room for the file, estimated by compressing some of its images.

    Raises:
        SbvaeError: If more than twice the free space is needed; the estimate is rough.
    """
    free = shutil.disk_usage(path.parent).free
    count = plan.count
    if count * image_bytes < free:
        return
    start = count // 2 // BLOCK * BLOCK
    some = min(max(8, chunk_length(image_bytes)), count - start)
    rows, images = plan.chunk(seed, start, start + some)
    needed = count * (len(zlib.compress(images.data, plan.gzip_level)) + rows.nbytes) // some
    if needed > 2 * free:
        raise SbvaeError(
            f"{path}: {count:,} images need about {needed / 1e6:,.1f} MB, {free / 1e6:,.1f} MB are "
            "free; choose a smaller `count` or `size`, or another disk"
        )
