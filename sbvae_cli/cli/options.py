"""Options and arguments that several commands share."""

import re
from pathlib import Path
from typing import Annotated

import typer

from sbvae_cli.cli.outputs import json_file, named_as
from sbvae_cli.errors import SbvaeError

CheckpointArgument = Annotated[
    Path, typer.Argument(metavar="CKPT", help="A run folder or its ckpt.pt.")
]
OtherDataOption = Annotated[
    str | None,
    typer.Option(help="Other data than the model was trained on: a file, or circles:PRESET."),
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:INDEX or mps.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
PictureOption = Annotated[Path, typer.Option(callback=named_as("PNG"), help="PNG file to write.")]
JsonOption = Annotated[
    str | None, typer.Option(callback=json_file, help="JSON file to write, or - for stdout.")
]


def parse_size(text: str, most: int = 4096) -> tuple[int, int]:
    """Height and width from `64`, a square, or `48x64`, height first.

    Raises:
        SbvaeError: If the text is neither, or a side is not from 1 to `most` pixels.
    """
    match = re.fullmatch(r"(\d{1,9})(?:x(\d{1,9}))?", text.strip().lower())
    if not match:
        raise SbvaeError(f"--size {text}: write a side in pixels, as 64, or HEIGHTxWIDTH")
    height = int(match[1])
    width = int(match[2] or match[1])
    if not (1 <= height <= most and 1 <= width <= most):
        raise SbvaeError(f"--size {text}: a side has 1 to {most} pixels")
    return height, width
