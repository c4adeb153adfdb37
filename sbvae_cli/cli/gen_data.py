"""The command `sbvae gen-data`, with a subcommand for each dataset."""

import os
from pathlib import Path
from typing import Annotated

import typer

from sbvae_cli.cli.options import (
    BackgroundOption,
    FitOption,
    ForceOption,
    FramesOption,
    ImagesKeyOption,
    LevelsOption,
)
from sbvae_cli.cli.outputs import checks_output
from sbvae_cli.config.names import CirclesPreset
from sbvae_cli.errors import SbvaeError

app = typer.Typer(help="Write a dataset file (Section A.3).")

OutOption = Annotated[
    Path | None,
    typer.Option(
        callback=checks_output("HDF5"), help="HDF5 file to write; default: named after the dataset."
    ),
]
SizeOption = Annotated[str, typer.Option(help="Size of images in pixels: 64, or HEIGHTxWIDTH.")]
SeedOption = Annotated[
    int,
    typer.Option(min=0, max=2**63 - 1, help="Root seed; the same seed gives the same contents."),
]
CountOption = Annotated[
    int | None,
    typer.Option(min=1, help="Number of random images; default: every combination of levels once."),
]
FactorOption = Annotated[
    list[str] | None, typer.Option(help="Range or value of a factor, as x=0.2..0.8 or shape=heart.")
]
HoleOption = Annotated[
    list[str] | None, typer.Option(help="Hold out a region, as x=0.35..0.65,y=0.35..0.65.")
]
CorrelateOption = Annotated[
    list[str] | None,
    typer.Option(help="Correlate two factors: x,y=STD; a smaller STD correlates more."),
]
BlankOption = Annotated[
    float | None, typer.Option(help="Share of images without an object, from 0 to below 1.")
]
SpaceOption = Annotated[
    Path | None,
    typer.Option(help="YAML or JSON file of a factor space, such as `info --json` writes."),
]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="Stop at the first file that cannot be read.")
]
CHAIRS = 86_366  # number of images of the public renders


@app.callback()
def gen_data() -> None:
    """Write a dataset file (Section A.3)."""


@app.command()
def circles(
    preset: Annotated[CirclesPreset, typer.Option(help="A row of Table 3, or a variant.")] = "xy",
    out: OutOption = None,
    count: Annotated[int, typer.Option(min=1, help="Number of images.")] = 500_000,
    size: SizeOption = "64",
    seed: SeedOption = 0,
    factor: FactorOption = None,
    diameter: Annotated[
        str | None,
        typer.Option(help="Diameter of the circle as a share of the frame's width, or a range."),
    ] = None,
    hole: HoleOption = None,
    correlate: CorrelateOption = None,
    blank: BlankOption = None,
    space: SpaceOption = None,
    force: ForceOption = False,
) -> None:
    """Circles that vary in position and colour (Table 3)."""
    from sbvae_cli.cli.write_data import SpaceChanges, generate

    ranges = list(factor or [])
    if diameter is not None:
        ranges.append(f"diameter={diameter}")
    changes = SpaceChanges(space, ranges, hole, correlate, blank)
    generate(f"circles:{preset}", changes, out, count=count, size=size, seed=seed, force=force)


@app.command()
def sprites(
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Import the public dSprites NPZ instead of rendering."),
    ] = None,
    gray: Annotated[
        bool, typer.Option("--gray", help="White shapes in one channel, without colours.")
    ] = False,
    out: OutOption = None,
    count: CountOption = None,
    size: SizeOption = "64",
    seed: SeedOption = 0,
    factor: FactorOption = None,
    hole: HoleOption = None,
    correlate: CorrelateOption = None,
    blank: BlankOption = None,
    space: SpaceOption = None,
    force: ForceOption = False,
) -> None:
    """Coloured sprites: dSprites, in new random colours whenever an image is read."""
    if source is not None:
        from sbvae_cli.cli.write_data import write_import
        from sbvae_cli.data.imports import import_dsprites

        given = {"count": count, "factor": factor, "hole": hole, "correlate": correlate}
        _refuse_changes({**given, "blank": blank, "space": space, "size": size != "64"})
        write_import(import_dsprites(source, grey=gray), out, force=force)
        return
    from sbvae_cli.cli.write_data import SpaceChanges, generate

    changes = SpaceChanges(space, factor, hole, correlate, blank, without_colours=gray)
    generate("sprites", changes, out, count=count, size=size, seed=seed, force=force)


@app.command()
def room(
    out: OutOption = None,
    count: CountOption = None,
    size: SizeOption = "64",
    seed: SeedOption = 0,
    factor: FactorOption = None,
    hole: HoleOption = None,
    correlate: CorrelateOption = None,
    blank: BlankOption = None,
    space: SpaceOption = None,
    force: ForceOption = False,
) -> None:
    """3D Object-in-Room: images like those of 3dshapes.h5, with its factors."""
    from sbvae_cli.cli.write_data import SpaceChanges, generate

    changes = SpaceChanges(space, factor, hole, correlate, blank)
    generate("room", changes, out, count=count, size=size, seed=seed, force=force)


@app.command()
def chairs(
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", help="Import the public renders, a folder or a TAR, instead of rendering."
        ),
    ] = None,
    invert: Annotated[
        bool, typer.Option("--invert", help="Make the background black (with --from only).")
    ] = False,
    levels: LevelsOption = None,
    strict: StrictOption = False,
    out: OutOption = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="Number of images; default: 86,366.")
    ] = None,
    size: SizeOption = "64",
    seed: SeedOption = 0,
    factor: FactorOption = None,
    hole: HoleOption = None,
    correlate: CorrelateOption = None,
    blank: BlankOption = None,
    space: SpaceOption = None,
    force: ForceOption = False,
) -> None:
    """Grey chairs with parts of many proportions, seen from 62 directions."""
    if source is not None:
        from sbvae_cli.cli.parse import parse_size, parse_value_levels
        from sbvae_cli.cli.write_data import write_import
        from sbvae_cli.data.imports import import_chairs

        given = {"count": count, "factor": factor, "hole": hole, "correlate": correlate}
        _refuse_changes({**given, "blank": blank, "space": space})
        imported = import_chairs(
            source,
            parse_size(size),
            invert=invert,
            strict=strict,
            levels=parse_value_levels(levels) if levels else None,
        )
        write_import(imported, out, force=force)
        return
    if invert or strict or levels:
        raise SbvaeError("--invert, --levels and --strict apply only to --from; leave them out")
    from sbvae_cli.cli.write_data import SpaceChanges, generate

    changes = SpaceChanges(space, factor, hole, correlate, blank)
    generate("chairs", changes, out, count=count or CHAIRS, size=size, seed=seed, force=force)


@app.command()
def images(
    source: Annotated[
        Path, typer.Option("--from", help="Folder, ZIP, TAR, NPZ, HDF5 or MATLAB file of images.")
    ],
    factors: Annotated[
        Path | None,
        typer.Option(
            help="CSV file with a column of file names (for an array: row numbers 0, 1, 2, ...) "
            "and a column for each factor."
        ),
    ] = None,
    images_key: ImagesKeyOption = None,
    factors_key: Annotated[
        str | None,
        typer.Option(
            help="Arrays of factors in the same file, as y or x,y; default: found by name."
        ),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Whether a factor has levels or a range: NAME=levels or NAME=range."),
    ] = None,
    circular: Annotated[
        list[str] | None,
        typer.Option(help="Circular factors, such as azimuth; tilt=180 gives the period."),
    ] = None,
    out: OutOption = None,
    size: SizeOption = "64",
    fit: FitOption = "crop",
    gray: Annotated[
        bool, typer.Option("--gray", help="Write one grey channel instead of three.")
    ] = False,
    levels: LevelsOption = None,
    background: BackgroundOption = "black",
    frames: FramesOption = "all",
    strict: StrictOption = False,
    force: ForceOption = False,
) -> None:
    """Your own images, in any format that Pillow reads."""
    from sbvae_cli.cli.parse import parse_size, parse_value_levels
    from sbvae_cli.cli.parse_columns import parse_declared
    from sbvae_cli.cli.write_data import write_import
    from sbvae_cli.data.imports import import_own

    there = out is not None and os.path.exists(out) and os.path.exists(source)
    if out is not None and there and os.path.samefile(source, out):
        raise SbvaeError(f"--out {out}: is the file to import; choose another output file")
    imported = import_own(
        source,
        factors,
        parse_size(size),
        declared=parse_declared(kind or (), circular or ()),
        fit=fit,
        grey=gray,
        strict=strict,
        levels=parse_value_levels(levels) if levels else None,
        background=background,
        frames=frames,
        images_key=images_key,
        factors_key=factors_key,
    )
    write_import(imported, out, force=force)


def _refuse_changes(given: dict[str, object]) -> None:
    names = [name for name, value in given.items() if value]
    if names:
        raise SbvaeError(f"--{names[0]} changes what is drawn; with --from leave it out")
