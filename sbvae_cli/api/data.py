"""Opens datasets, and writes dataset files."""

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
    two_sizes,
)
from sbvae_cli.api.own_arrays import write_arrays
from sbvae_cli.api.words import in_python_words, note
from sbvae_cli.config.dataset_names import is_procedural, named_space
from sbvae_cli.config.edit_space import customise
from sbvae_cli.config.load import check
from sbvae_cli.config.names import FactorKind
from sbvae_cli.config.space import CorrelationConfig, Range
from sbvae_cli.data.contents import recognise_contents
from sbvae_cli.data.generate import plan_dataset, write_plan
from sbvae_cli.data.source import DEFAULT_SIZE, Source, open_source
from sbvae_cli.errors import SbvaeError, format_value


@checked
def open_data(data: str | os.PathLike[str], *, size: int | tuple[int, int] | None = None) -> Source:
    """Open a dataset file, or a dataset whose images are rendered when they are read.

    Args:
        data: HDF5 file of `make_dataset` or `sbvae gen-data`, or 3dshapes.h5; or the name of a
            rendered dataset: `circles:PRESET`, `sprites`, `room` or `chairs`.
        size: Size of rendered images, (H, W) or one integer for both, pixels; None is 64. Images
            of a file keep their size.

    Returns:
        A source: `images(start, stop)` returns images, uint8 of shape (n, H, W, C), and their
        factors (n, F) in the units of `space.factors`; `render(factors)` renders images of given
        factors; `count` is the number of images in a file, None for a rendered dataset.

    Raises:
        SbvaeError: If the dataset does not exist, or the file is damaged or has another size.

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
        found = recognise_contents(path).kind if path.exists() else ""
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
    """Write a dataset file, of rendered images or of your own from a folder, an archive or arrays.

    An incomplete file never appears under the name `out`. Equal seeds give equal contents.

    Args:
        data: Rendered dataset: `circles:PRESET`, `sprites`, `room` or `chairs`; or a folder, ZIP,
            TAR, NPZ, HDF5 or MATLAB file of your own images, which are cropped and resized, with
            labels in the folder or file as factors; or an array or tensor of images, which are not
            changed: uint8, or floats in [0, 1], shape (N, H, W, C) with 1 or 3 channels.
        out: HDF5 file to write.
        count: Number of rendered images with random factors; None renders every combination of the
            factors' levels.
        size: Size of the images, (H, W) or one integer for both, pixels; None is 64. Not for
            arrays.
        seed: Root seed.
        factors: For a rendered dataset, new ranges of factors by name, in their units; one number
            makes a factor constant. For an array of images, its factors: an array (N, F), or
            columns (N,) of numbers or words by name.
        holes: Held-out regions, each a mapping from names of factors to ranges.
        correlations: Stds by pair of names of factors: the density of the pair is a Gaussian in
            the difference of both factors, each scaled to [0, 1].
        blank: Share of images without an object, in [0, 1).
        table: CSV file with factors of your own images: a column of file names, and a column for
            each factor.
        names: Name of each factor of an array; None names them factor0, factor1 and so on.
        circular: Names of factors of an array whose range is a full turn.
        kinds: `levels` or `range` by name of a factor of an array; for other factors the values
            decide.
        force: Whether an existing file is replaced.

    Returns:
        The file, opened as by `open_data`.

    Raises:
        SbvaeError: If the dataset does not exist, an argument is invalid or does not apply to this
            kind of data, or `out` exists and `force` is false.

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
            "does not apply to images in an array, which stay as they are",
        )
        write_arrays(data, path, factors, names=names, circular=circular, kinds=kinds, force=force)
        return open_source(path)
    _refuse(
        {"names": names, "circular": circular, "kinds": kinds}, "applies to factors in an array"
    )
    height, width = two_sizes(DEFAULT_SIZE if size is None else size)
    text = str(data)
    if not is_procedural(text):
        changes = {"count": count, "factors": factors, "holes": holes, "blank": blank}
        why = f"applies to datasets that are rendered, and {text} is not rendered"
        _refuse({**changes, "correlations": correlations}, why)
        return _import_own_images(path_of(data, "data"), path, (height, width), table, force)
    if table is not None:
        why = f"applies to your own images; the factors of {text} are known, leave it out"
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
    """Refuse arguments that do not apply.

    Args:
        given: Values by name of the argument.
        why: Reason, the first part of the message.

    Raises:
        SbvaeError: If a value is neither None nor empty.
    """
    for name, value in given.items():
        if not (value is None or (isinstance(value, Sized) and len(value) == 0)):
            raise SbvaeError(f"{why}; leave it out", field=name)


def _ranges(given: Mapping[str, Range | float], field: str) -> dict[str, Range]:
    """Check ranges by name, and convert one number to a range of this value alone.

    Raises:
        SbvaeError: If a key is not a string, or a value is neither a number nor two numbers.
    """
    found = {}
    for name, value in mapping(given, field, "ranges by name, as {'x': (0.2, 0.8)}").items():
        ends = (value, value) if is_number(value) else items(value) or ()
        if not isinstance(name, str):
            raise SbvaeError(f"has {name!r}, which is not a factor's name", field=field)
        if len(ends) != 2 or not all(map(is_number, ends)):
            raise SbvaeError(
                f"has {name} = {format_value(value)}; give a range, as (0.2, 0.8)", field=field
            )
        found[name] = float(ends[0]), float(ends[1])
    return found


def _regions(holes: Any) -> list[dict[str, Range]]:
    found = items(holes)
    if found is None or not all(isinstance(each, Mapping) for each in found):
        way = "give a list of regions, as [{'x': (0.4, 0.6)}]"
        raise SbvaeError(f"is {format_value(holes)}; {way}", field="holes")
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


def _import_own_images(
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
    with imported.open_files, closing(imported.batches):
        imported.write(out, force=force)
    report = imported.report
    for line in (*imported.warnings, *(report.warnings() if report else ())):
        note(line)
    if imported.unreadable:
        note(f"{len(imported.unreadable):,} files could not be read: {imported.unreadable[0]}")
    return open_source(out)
