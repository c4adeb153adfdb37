"""`sbvae gen-data`: one subcommand for each dataset."""

from pathlib import Path
from typing import Annotated

import typer

from sbvae_cli.cli.options import ForceOption
from sbvae_cli.config.names import CirclesPreset

app = typer.Typer(help="Write a dataset file (Section A.3).", no_args_is_help=True)

OutOption = Annotated[Path | None, typer.Option(help="File to write; default: after the dataset.")]
SizeOption = Annotated[str, typer.Option(help="Pixels: 64, or HEIGHTxWIDTH.")]
SeedOption = Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Same seed, same contents.")]
CountOption = Annotated[
    int | None, typer.Option(min=1, help="Random images; default: every combination once.")
]
FactorOption = Annotated[
    list[str] | None, typer.Option(help="Range or value of a factor, as x=0.2..0.8.")
]
HoleOption = Annotated[
    list[str] | None, typer.Option(help="Hold out a region, as x=0.35..0.65,y=0.35..0.65.")
]
CorrelateOption = Annotated[
    list[str] | None,
    typer.Option(help="Let two factors follow each other, as x,y=0.2, the deviation."),
]
BlankOption = Annotated[
    float | None, typer.Option(help="Share of images without an object, from 0 to below 1.")
]
SpaceOption = Annotated[
    Path | None,
    typer.Option(help="YAML file of a factor space to begin with, as `info --json` shows it."),
]


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
        str | None, typer.Option(help="Of the circle, in widths of the frame; or a range.")
    ] = None,
    hole: HoleOption = None,
    correlate: CorrelateOption = None,
    blank: BlankOption = None,
    space: SpaceOption = None,
    force: ForceOption = False,
) -> None:
    """Circles that vary in position and colour (Table 3)."""
    from sbvae_cli.cli.generate import Changes, generate
    from sbvae_cli.config.spaces import circles_space

    ranges = list(factor or [])
    if diameter is not None:
        ranges.append(f"diameter={diameter}")
    generate(
        circles_space(preset),
        preset,
        Changes(space, ranges, hole, correlate, blank),
        out,
        stem="circles-",
        count=count,
        size=size,
        seed=seed,
        force=force,
    )


@app.command()
def sprites(
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
    """Colored sprites: the dSprites grid, coloured anew whenever an image is read."""
    from sbvae_cli.cli.generate import Changes, generate
    from sbvae_cli.config.datasets import dataset_space

    generate(
        dataset_space("sprites"),
        "sprites",
        Changes(space, factor, hole, correlate, blank),
        out,
        count=count,
        size=size,
        seed=seed,
        force=force,
    )


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
    """3D Object-in-Room: a look-alike of 3dshapes.h5, with its factors."""
    from sbvae_cli.cli.generate import Changes, generate
    from sbvae_cli.config.datasets import dataset_space

    generate(
        dataset_space("room"),
        "room",
        Changes(space, factor, hole, correlate, blank),
        out,
        count=count,
        size=size,
        seed=seed,
        force=force,
    )


@app.command()
def chairs(
    out: OutOption = None,
    count: Annotated[int, typer.Option(min=1, help="Number of images.")] = 86_366,
    size: SizeOption = "64",
    seed: SeedOption = 0,
    factor: FactorOption = None,
    hole: HoleOption = None,
    correlate: CorrelateOption = None,
    blank: BlankOption = None,
    space: SpaceOption = None,
    force: ForceOption = False,
) -> None:
    """Grey chairs of parts in many proportions, seen from 62 sides."""
    from sbvae_cli.cli.generate import Changes, generate
    from sbvae_cli.config.datasets import dataset_space

    generate(
        dataset_space("chairs"),
        "chairs",
        Changes(space, factor, hole, correlate, blank),
        out,
        count=count,
        size=size,
        seed=seed,
        force=force,
    )
