"""`sbvae traverse`."""

import math
from pathlib import Path
from typing import Annotated

import typer

from sbvae_cli.cli.console import inform, note, remark
from sbvae_cli.cli.options import (
    CheckpointArgument,
    DeviceOption,
    OtherDataOption,
    PictureOption,
    ScaleOption,
    ShowOption,
    ThemeOption,
)
from sbvae_cli.cli.parse import parse_latents, parse_range, parse_size
from sbvae_cli.errors import SbvaeError

LEAST_EXAMPLES, MOST_EXAMPLES = 8, 12  # within these, as many inputs as columns
SWEPT = 8  # latents
MOST_PIXELS = 512  # a side of an image


def traverse(
    checkpoint: CheckpointArgument,
    out: PictureOption = Path("traversal.png"),
    latents: Annotated[
        str | None,
        typer.Option(help="Which latents, in this order, as 9,3 or 9; or all."),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(min=1, help="How many latents, by smallest variance; default: 8."),
    ] = None,
    ends: Annotated[
        str,
        typer.Option("--range", help="Range in stds of the prior: 2 for -2..2, or A..B as -3..1."),
    ] = "2",
    columns: Annotated[
        int, typer.Option(min=2, max=51, help="Number of values of each latent.")
    ] = 11,
    index: Annotated[
        int | None,
        typer.Option(
            min=0, help="Image to start from: row of the file, or number of the drawn image."
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(help="Size of decoded images in pixels: 256, or HEIGHTxWIDTH."),
    ] = None,
    data: OtherDataOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the choice of images.")] = 0,
    device: DeviceOption = "auto",
    scale: ScaleOption = 1.0,
    theme: ThemeOption = "light",
    show: ShowOption = False,
) -> None:
    """Sweep each latent around one image's code (Figure 2)."""
    if latents is not None and top is not None:
        raise SbvaeError("--latents names which, --top how many; give one of them")
    wanted = (top or SWEPT) if latents is None else parse_latents(latents)
    span = parse_range(ends)
    decoded = parse_size(size, MOST_PIXELS) if size else None

    from sbvae_cli.runs.open import open_checkpoint, open_data

    opened = open_checkpoint(checkpoint)  # before PyTorch loads: a wrong file is told of at once
    from sbvae_cli.cli.outputs import Look, write_picture
    from sbvae_cli.evaluation import traversal
    from sbvae_cli.figures.traversal import draw_traversal
    from sbvae_cli.training.devices import resolve_device

    source = open_data(opened, data, note)
    result = traversal.traverse(
        opened.build_vae(resolve_device(device), decoded),
        source,
        opened.space,
        latents=wanted,
        ends=span,
        columns=columns,
        examples=min(max(columns, LEAST_EXAMPLES), MOST_EXAMPLES),
        index=index,
        seed=seed,
    )
    kinds, steps = ", ".join(opened.config.kinds), f"step {opened.step:,}"
    caption = f"{source.name}: {kinds}, seed {opened.config.training.seed}, {steps}"
    if decoded:
        caption += f", drawn at {decoded[0]}x{decoded[1]}"
    write_picture(out, draw_traversal(result, caption), look=Look(scale, theme, show))
    if decoded:
        _note_size(decoded, (source.height, source.width))
    _note_starts({latent: float(result.code[latent]) for latent in result.latents}, span)
    coding = int((result.stds < traversal.NON_CODING).sum())
    inform(
        f"wrote {out}: {len(result.latents)} of {len(result.stds)} latents, "
        f"{coding} with a mean std below {traversal.NON_CODING}"
    )
    if source.files:  # of imported images none is blank, so that the first is row 0
        row = index or 0
        inform(f"start image: row {row:,}, {source.files[row]}")


def _note_starts(starts: dict[int, float], span: tuple[float, float]) -> None:
    """Latents whose own value lies outside of what is swept, and a range that has it."""
    outside = {k: value for k, value in starts.items() if not span[0] <= value <= span[1]}
    if outside:
        listed = ", ".join(f"{k} at {value:.2f}" for k, value in outside.items())
        widest = max(abs(value) for value in (*outside.values(), *span))
        remark(
            f"note: the start image lies outside of {span[0]:g}..{span[1]:g} in "
            f"latent{'s' if len(outside) > 1 else ''} {listed}; --range {math.ceil(widest)} has it"
        )


def _note_size(decoded: tuple[int, int], trained: tuple[int, int]) -> None:
    """Say what becomes of objects at half the size that was trained on, or at twice it."""
    ratios = [a / b for a, b in zip(decoded, trained, strict=True)]
    changes = [("smaller", max(ratios) >= 2), ("larger", min(ratios) <= 1 / 2)]
    come_out = " or ".join(change for change, does in changes if does)
    if come_out:
        remark(
            f"note: drawn at {decoded[0]}x{decoded[1]}, trained at {trained[0]}x{trained[1]}: the "
            f"further apart, the {come_out} objects come out, as kernels keep their size in pixels"
        )
