"""`sbvae gen-data`: one subcommand for each dataset."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from sbvae_cli.cli.options import ForceOption, parse_size
from sbvae_cli.config.names import CirclesPreset

app = typer.Typer(help="Write a dataset file (Section A.3).", no_args_is_help=True)


@app.callback()
def gen_data() -> None:
    """Write a dataset file (Section A.3)."""


@app.command()
def circles(
    preset: Annotated[CirclesPreset, typer.Option(help="A row of Table 3, or a variant.")] = "xy",
    out: Annotated[
        Path | None, typer.Option(help="File to write; default circles-PRESET.h5.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Number of images.")] = 500_000,
    size: Annotated[str, typer.Option(help="Pixels: 64, or HEIGHTxWIDTH.")] = "64",
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Same seed, same contents.")] = 0,
    factor: Annotated[
        list[str] | None, typer.Option(help="Range or value of a factor, as x=0.2..0.8.")
    ] = None,
    diameter: Annotated[
        str | None, typer.Option(help="Of the circle, in widths of the frame; or a range.")
    ] = None,
    hole: Annotated[
        list[str] | None, typer.Option(help="Hold out a region, as x=0.35..0.65,y=0.35..0.65.")
    ] = None,
    blank: Annotated[
        float | None, typer.Option(help="Share of black images, from 0 to below 1.")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Circles that vary in position and colour (Table 3)."""
    from sbvae_cli.cli.console import inform, reporter
    from sbvae_cli.cli.signals import deferred
    from sbvae_cli.config.spaces import (
        circles_space,
        customise,
        parse_assignments,
        parse_interval,
    )
    from sbvae_cli.data.source import source_from_space
    from sbvae_cli.data.writer import write_dataset

    ranges = {}
    for text in factor or []:
        ranges.update(parse_assignments(text))
    if diameter is not None:
        ranges["diameter"] = parse_interval(diameter)
    holes = [parse_assignments(text) for text in hole or []]
    space = circles_space(preset)
    custom = customise(space, ranges=ranges, holes=holes, blank=blank)
    name = preset if custom == space else f"{preset}-custom"
    height, width = parse_size(size)
    source = source_from_space(custom, name, height, width)
    path = out or Path(f"circles-{name}.h5")
    with deferred() as request, reporter("images", count) as bar:
        write_dataset(
            path,
            space=source.space,
            name=name,
            seed=seed,
            count=count,
            height=height,
            width=width,
            render=source.render,
            force=force,
            on_progress=lambda done: bar.update(done, ""),
            stop=lambda: request.number,
        )
    megabytes = path.stat().st_size / 1e6
    inform(f"wrote {path}: {count:,} images of {height}x{width}, {megabytes:,.1f} MB. Next:")
    inform(f"  sbvae train --decoder broadcast --data {shlex.quote(str(path))}")
