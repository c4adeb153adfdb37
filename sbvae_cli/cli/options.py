"""Options that several commands share."""

import itertools
import re
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from sbvae_cli.errors import SbvaeError
from sbvae_cli.files import refuse_to_lose

CheckpointArgument = Annotated[
    Path, typer.Argument(metavar="CKPT", help="A run folder or its ckpt.pt.")
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:INDEX or mps.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace what is there.")]


OWN_ENDINGS = {
    "PNG": (".png",),
    "HDF5": (".h5", ".hdf5", ".hdf", ".he5"),
    "NPZ": (".npz",),
    "JSON": (".json",),
}
# Of other formats; a name without an ending, or with one that is not here, says nothing.
OTHER_ENDINGS = (
    *(".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".pdf", ".svg", ".eps"),
    *(".csv", ".tsv", ".txt", ".jsonl", ".yaml", ".yml", ".toml", ".xlsx", ".parquet"),
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


def json_file(param: typer.CallbackParam, target: str | None) -> str | None:
    """Refuse a target that `check_json_target` refuses, before anything runs."""
    if target is not None:
        check_json_target(target)
    return target


def check_json_target(target: str) -> None:
    """Refuse what JSON cannot, or must not, be written to; `-`, which is stdout, takes it always.

    What any command reads is refused: models, datasets and codes are no text.

    Raises:
        SbvaeError: If it is a folder, has the name of another format, holds something else than
            text, or cannot be written.
    """
    path = Path(target)
    if target == "-":
        return
    try:
        if path.is_dir():
            raise SbvaeError(f"--json {path}: is a folder; name a file to write")
        _refuse_other_endings("json", path, "JSON")
        _refuse_no_text(path)
        _try_to_write(path)
    except OSError as error:
        raise SbvaeError(f"--json {path}: cannot be written: {error.strerror}") from error


def _refuse_no_text(path: Path) -> None:
    refuse_to_lose(path)
    if not path.is_file():
        return
    with path.open("rb") as file:
        if b"\0" in file.read(4096):
            raise SbvaeError(
                f"--json {path}: what stands there is no text and is not replaced; choose another "
                "name"
            )


def _try_to_write(path: Path) -> None:
    """Make a file beside it, or where its folder will be, and remove it again."""
    if path.exists() and not path.is_file():
        return  # a device or pipe
    folder = path.resolve().parent
    while not folder.exists():
        folder = folder.parent
    with tempfile.NamedTemporaryFile(prefix=f".{path.name}.", dir=folder):
        pass


def _fitting(param: typer.CallbackParam, path: Path | None, kind: str) -> Path | None:
    if path is not None:
        _refuse_other_endings(str(param.name), path, kind)
    return path


def _refuse_other_endings(option: str, path: Path, kind: str) -> None:
    own = OWN_ENDINGS[kind]
    others = {*OTHER_ENDINGS, *itertools.chain(*OWN_ENDINGS.values())}.difference(own)
    if path.suffix.lower() in others:
        refuse_to_lose(path)  # first: what stands there matters more than its name
        fitting = path.with_suffix(own[0]).name
        raise SbvaeError(f"--{option} {path}: {kind} is what is written; call it {fitting}")


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
