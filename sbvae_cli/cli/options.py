"""Options that several commands share."""

import itertools
import re
from pathlib import Path
from typing import Annotated

import typer

from sbvae_cli.atomic import refuse_to_lose
from sbvae_cli.errors import SbvaeError

CheckpointArgument = Annotated[
    Path, typer.Argument(metavar="CKPT", help="A run folder or its ckpt.pt.")
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:INDEX or mps.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace what is there.")]


OWN_ENDINGS = {
    "PNG": (".png",),
    "HDF5": (".h5", ".hdf5", ".hdf", ".he5"),
    "NPZ": (".npz",),
}
# Of other formats; a name without an ending, or with one that is not here, says nothing.
OTHER_ENDINGS = (
    *(".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".pdf", ".svg", ".eps"),
    *(".csv", ".tsv", ".txt", ".json", ".jsonl", ".yaml", ".yml", ".toml", ".xlsx", ".parquet"),
    *(".npy", ".mat", ".pkl", ".pt", ".pth", ".zip", ".tar", ".gz", ".md", ".html", ".py"),
)


def png_file(param: typer.CallbackParam, path: Path | None) -> Path | None:
    """Refuse a picture under the name of another format, before anything runs."""
    return _fitting(param, path, "PNG")


def hdf5_file(param: typer.CallbackParam, path: Path | None) -> Path | None:
    """Refuse a dataset under the name of another format, before anything runs."""
    return _fitting(param, path, "HDF5")


def npz_file(param: typer.CallbackParam, path: Path | None) -> Path | None:
    """Refuse codes under the name of another format, before anything runs."""
    return _fitting(param, path, "NPZ")


def _fitting(param: typer.CallbackParam, path: Path | None, kind: str) -> Path | None:
    own = OWN_ENDINGS[kind]
    others = {*OTHER_ENDINGS, *itertools.chain(*OWN_ENDINGS.values())}.difference(own)
    if path is not None and path.suffix.lower() in others:
        refuse_to_lose(path)  # first: what stands there matters more than its name
        fitting = path.with_suffix(own[0]).name
        raise SbvaeError(f"--{param.name} {path}: {kind} is what is written; call it {fitting}")
    return path


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
