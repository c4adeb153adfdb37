"""What goes into the file of a procedural dataset: which rows, and who draws them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.files import build_space
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.config.spaces import HSV, RGB
from sbvae_cli.data.factors import FactorSpace, Rows
from sbvae_cli.data.hdf5 import GZIP_LEVEL, Images
from sbvae_cli.data.level_grid import combinations, count_combinations
from sbvae_cli.data.renderers.sprites import render_sprites
from sbvae_cli.data.source import source_from_space
from sbvae_cli.errors import SbvaeError

MOST_COMBINATIONS = 20_000_000
MASK_LEVEL = 3


@dataclass(frozen=True)
class Plan:
    """A file to be written.

    Attributes:
        space: Of the file; colours of sprites are `online`.
        count: Images.
        height: Rows of an image.
        width: Columns of an image.
        render: Stored factors (n, S) to stored images.
        rows: Stored factors of images start to stop - 1; None where they are drawn at random.
        gzip_level: Masks repeat so much that level 3 is as fast as 1, and half as large.
    """

    space: FactorSpace
    count: int
    height: int
    width: int
    render: Callable[[Rows], Images]
    rows: Callable[[int, int], Rows] | None = None
    gzip_level: int = GZIP_LEVEL


def plan_dataset(space: SpaceConfig, name: str, count: int | None, height: int, width: int) -> Plan:
    """Decide what a file holds.

    Without a count it is every combination of the levels once, less those in held-out regions, in
    order, the last factor fastest. Sprites are stored as masks of one channel without their
    colours, which are drawn whenever an image is read.

    Args:
        space: With a renderer.
        name: For messages.
        count: Images drawn at random; None for all combinations.
        height: Rows of an image.
        width: Columns of an image.

    Raises:
        SbvaeError: If the renderer cannot draw the space, or there is no count and the space has
            no finite number of combinations or another distribution than the uniform one.
    """
    space = space.model_copy(update={"online": (), "complete_grid": False})
    source = source_from_space(space, name, height, width)  # checks the space
    render: Callable[[Rows], Images] = source.render
    if space.renderer == "sprites":
        colours = tuple(factor for factor in (*HSV, *RGB) if factor in space.names)
        try:
            space = build_space({**space.model_dump(), "online": colours})
        except SbvaeError as error:
            fault = str(error).removeprefix("data.space: ")
            raise SbvaeError(f"{name}: {fault}") from error
        render = partial(render_sprites, names=space.stored, height=height, width=width)
    stored, level = FactorSpace(space), MASK_LEVEL if space.online else GZIP_LEVEL
    if count is not None:
        return Plan(stored, count, height, width, render, gzip_level=level)
    numbers = _support(stored, name)
    complete = len(numbers) == count_combinations(space)
    if complete:
        changed = {**space.model_dump(), "complete_grid": True}
        stored = FactorSpace(SpaceConfig.model_validate(changed))
    return Plan(
        stored,
        len(numbers),
        height,
        width,
        render,
        lambda start, stop: combinations(space, numbers[start:stop]),
        level,
    )


def _support(space: FactorSpace, name: str) -> NDArray[np.int64]:
    """Numbers of the combinations outside of held-out regions."""
    config = space.config
    found = count_combinations(config)
    if found is None or config.blank > 0 or config.correlated:
        varying = [
            f.name for f in config.factors if f.name in config.stored and f.varies and not f.levels
        ]
        why = "blank images" if config.blank > 0 else f"continuous {', '.join(varying)}"
        why = "correlated factors" if config.correlated else why
        raise SbvaeError(f"{name}: with {why} there is no list of all images; give --count")
    if found > MOST_COMBINATIONS:
        raise SbvaeError(f"{name}: has {found:,} combinations of levels; give --count")
    numbers = np.arange(found)
    if not any(set(region) <= set(config.stored) for region in config.held_out):
        return numbers
    kept = []
    for start in range(0, found, 1 << 16):
        some = numbers[start : start + (1 << 16)]
        rows = np.full((len(some), len(config.names)), np.nan, np.float32)  # in no colours' hole
        rows[:, [space.index(factor) for factor in config.stored]] = combinations(config, some)
        kept.append(some[~space.held_out_mask(rows)])
    return np.concatenate(kept)
