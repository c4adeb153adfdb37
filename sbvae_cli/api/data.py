"""Datasets: opened, drawn as needed, or written to a file."""

import os
from collections.abc import Mapping, Sequence, Sized
from contextlib import closing
from pathlib import Path
from typing import Any

from sbvae_cli.api.arguments import (
    checked,
    is_number,
    items,
    mapping,
    number,
    path_of,
    shown,
    two_sizes,
)
from sbvae_cli.api.own_arrays import write_arrays
from sbvae_cli.api.words import in_python_words, note
from sbvae_cli.config.dataset_names import is_procedural, named_space
from sbvae_cli.config.edit_space import customise
from sbvae_cli.config.load import check
from sbvae_cli.config.names import FactorKind
from sbvae_cli.config.space import CorrelationConfig, Range
from sbvae_cli.data.contents import look_at
from sbvae_cli.data.generate import plan_dataset, write_plan
from sbvae_cli.data.source import DEFAULT_SIZE, Source, open_source
from sbvae_cli.errors import SbvaeError


@checked
def open_data(data: str | os.PathLike[str], *, size: int | tuple[int, int] | None = None) -> Source:
    """Open a dataset file, or a dataset that is drawn as it is needed.

    Args:
        data: An HDF5 file that `make_dataset` or `sbvae gen-data` wrote, or 3dshapes.h5; or
            `circles:PRESET`, `sprites`, `room` or `chairs`.
        size: (H, W) of the images that are drawn, or both in one number, pixels; None is 64. A
            file has its own.

    Returns:
        A source: `images(start, stop)` gives images (n, H, W, C) of uint8 and their factors (n, F)
        in the units of `space.factors`; `render(factors)` draws given ones; `count` is the number
        of images of a file, None of what is drawn.

    Raises:
        SbvaeError: If there is no such data, or the file is damaged or has another size.

    Example:
        >>> data = sbvae.open_data("circles:xy-hole", size=16)
        >>> images, factors = data.images(0, 5)
        >>> images.shape, images.dtype, factors.shape == (5, len(data.space.names))
        ((5, 16, 16, 3), dtype('uint8'), True)
        >>> data.space.varying
        ('x', 'y')
    """
    path = path_of(data, "data")
    height, width = (None, None) if size is None else two_sizes(size)
    if not is_procedural(str(data)):
        found = look_at(path).kind if path.exists() else ""
        if found in ("checkpoint", "run"):
            raise SbvaeError(f"{path}: is a {found}, not data; `load` opens it", field="data")
    with in_python_words(of="data"):
        return open_source(data if isinstance(data, str) else path, height, width)


@checked
def make_dataset(
    data: str | os.PathLike[str] | Any,
    out: str | os.PathLike[str],
    *,
    count: int | None = None,
    size: int | tuple[int, int] | None = None,
    seed: int = 0,
    factors: Mapping[str, Range | float] | Any = None,
    holes: Sequence[Mapping[str, Range]] = (),
    correlations: Mapping[tuple[str, str], float] | None = None,
    blank: float | None = None,
    table: str | os.PathLike[str] | None = None,
    names: Sequence[str] | None = None,
    circular: Sequence[str] = (),
    kinds: Mapping[str, FactorKind] | None = None,
    force: bool = False,
) -> Source:
    """Write a dataset file: images of a renderer, or your own of a folder, an archive or arrays.

    The file appears when it is whole. The same seed gives the same contents.

    Args:
        data: `circles:PRESET`, `sprites`, `room` or `chairs`; else a folder, ZIP, TAR, NPZ, HDF5
            or MATLAB file of images, which are cropped and resized, and whose factors are labels
            beside them, if there are any; or an array or a tensor of images as they are: uint8, or
            floats in [0, 1], shape (N, H, W, C) with 1 or 3 channels.
        out: HDF5 file to write.
        count: Number of images at random; None draws every combination of the factors' levels. Of
            no use for your own.
        size: (H, W) of the images, or both in one number, pixels; None is 64. An array has its own.
        seed: Root seed.
        factors: Ranges of factors that are other than the dataset's, in their units; one number
            makes a factor constant. Of an array of images their factors: an array (N, F), or
            columns (N,) of numbers or words by name.
        holes: Regions that are left out, each of ranges of factors.
        correlations: Pairs of factors that depend on each other, with the std of their difference,
            each scaled to [0, 1].
        blank: Share of images without an object, in [0, 1).
        table: CSV file of the factors of your own images: a column of file names, and one for each
            factor.
        names: Name of each factor of an array; None makes factor0, factor1 and so on.
        circular: Names of factors of an array whose range is a full turn.
        kinds: Whether a factor of an array has `levels` or a `range`, by its name; of others the
            values tell.
        force: Whether to replace a file.

    Returns:
        The file, as `open_data` opens it.

    Raises:
        SbvaeError: If there is no such dataset, a name or range is none, or the file is there.

    Example:
        >>> hole = {"x": (0.4, 0.6), "y": (0.4, 0.6)}
        >>> data = sbvae.make_dataset("circles:xy", "own.h5", count=50, size=16, holes=[hole])
        >>> data.count, data.height, data.channels
        (50, 16, 3)
        >>> images = np.zeros((20, 16, 24, 1), np.uint8)
        >>> factors = {"x": np.linspace(0, 1, 20), "shape": ["disc", "ring"] * 10}
        >>> sbvae.make_dataset(images, "arrays.h5", factors=factors).space.varying
        ('x', 'shape')
    """
    path = path_of(out, "out")
    if not isinstance(data, str | os.PathLike):
        drawn = {"count": count, "size": size, "holes": holes, "correlations": correlations}
        _refuse(
            {**drawn, "blank": blank, "table": table},
            "is for other images; those in an array stay as they are",
        )
        write_arrays(data, path, factors, names=names, circular=circular, kinds=kinds, force=force)
        return open_source(path)
    _refuse({"names": names, "circular": circular, "kinds": kinds}, "is for factors in an array")
    height, width = two_sizes(DEFAULT_SIZE if size is None else size)
    text = str(data)
    if not is_procedural(text):
        changes = {"count": count, "factors": factors, "holes": holes, "blank": blank}
        why = f"is for datasets that are drawn, and {text} is none"
        _refuse({**changes, "correlations": correlations}, why)
        return _of_own_images(path_of(data, "data"), path, (height, width), table, force)
    if table is not None:
        why = f"is for your own images; the factors of {text} are known, leave it out"
        raise SbvaeError(why, field="table")
    with in_python_words(of="data"):
        space = named_space(text)
    ranges, regions = _ranges({} if factors is None else factors, "factors"), _regions(holes)
    pairs = _correlations({} if correlations is None else correlations)
    with in_python_words(of=lambda line: "blank" if line.startswith("blank") else "factors"):
        custom = customise(space, ranges=ranges)
        custom = customise(custom, blank=blank)
    with in_python_words(of="holes"):
        custom = customise(custom, holes=regions)
    with in_python_words(of="correlations"):
        custom = customise(custom, correlations=pairs)
    name = text.removeprefix("circles:") + ("" if custom == space else "-custom")
    with in_python_words(of="count"):
        plan = plan_dataset(custom, name, count, height, width)
    with in_python_words(of="out"):
        write_plan(path, plan, name=name, seed=seed, force=force)
    return open_source(path)


def _refuse(given: Mapping[str, Any], why: str) -> None:
    """Refuse arguments that are of no use.

    Raises:
        SbvaeError: With the first that is given.
    """
    for name, value in given.items():
        if not (value is None or (isinstance(value, Sized) and len(value) == 0)):
            raise SbvaeError(f"{why}; leave it out", field=name)


def _ranges(given: Mapping[str, Range | float], field: str) -> dict[str, Range]:
    """Ranges by name; one number is a range of one value.

    Raises:
        SbvaeError: If there is something else.
    """
    found = {}
    for name, value in mapping(given, field, "ranges by name, as {'x': (0.2, 0.8)}").items():
        ends = (value, value) if is_number(value) else items(value) or ()
        if not isinstance(name, str):
            raise SbvaeError(f"has {name!r}, which is no factor's name", field=field)
        if len(ends) != 2 or not all(map(is_number, ends)):
            raise SbvaeError(
                f"has {name} = {shown(value)}; give a range, as (0.2, 0.8)", field=field
            )
        found[name] = float(ends[0]), float(ends[1])
    return found


def _regions(holes: Any) -> list[dict[str, Range]]:
    found = items(holes)
    if found is None or not all(isinstance(each, Mapping) for each in found):
        way = "give a list of regions, as [{'x': (0.4, 0.6)}]"
        raise SbvaeError(f"is {shown(holes)}; {way}", field="holes")
    return [_ranges(each, "holes") for each in found]


def _correlations(correlations: Any) -> list[CorrelationConfig]:
    given = mapping(correlations, "correlations", "stds by pair, as {('x', 'y'): 0.1}")
    with in_python_words(of="correlations"):
        return [
            check(
                CorrelationConfig,
                {"factors": pair, "std": number(std, "correlations", 0)},
                "correlations",
            )
            for pair, std in given.items()
        ]


def _of_own_images(
    source: Path,
    out: Path,
    size: tuple[int, int],
    table: str | os.PathLike[str] | None,
    force: bool,
) -> Source:
    from sbvae_cli.data.imports import import_own

    rows = None if table is None else path_of(table, "table")
    with in_python_words(of="data"):
        imported = import_own(source, rows, size, fit="crop", grey=False, strict=False)
    with imported.held, closing(imported.batches):
        imported.write(out, force=force)
    account = imported.account
    for line in (*imported.warnings, *(account.warnings() if account else ())):
        note(line)
    if imported.unreadable:
        note(f"{len(imported.unreadable):,} files could not be read: {imported.unreadable[0]}")
    return open_source(out)
