"""Files that commands write: names that fit, targets that can be written, pictures and JSON."""

import io
import itertools
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sbvae_cli.errors import SbvaeError
from sbvae_cli.files import refuse_to_lose, write_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

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


def named_as(kind: str) -> Callable[[typer.CallbackParam, Path | None], Path | None]:
    """An option's callback that refuses the name of another format, before anything runs.

    Args:
        kind: Format that is written, a key of `OWN_ENDINGS`.
    """

    def callback(param: typer.CallbackParam, path: Path | None) -> Path | None:
        if path is not None:
            _refuse_other_endings(str(param.name), path, kind)
        return path

    return callback


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


def write_json(target: str, content: dict[str, Any]) -> None:
    """Write JSON to a file, atomically, or to stdout where the target is `-`.

    Raises:
        SbvaeError: If `check_json_target` refuses the target, or it cannot be written.
    """
    check_json_target(target)
    text = json.dumps(content, indent=2, allow_nan=False)
    if target == "-":
        typer.echo(text)
    else:
        write_bytes(Path(target), (text + "\n").encode())


def write_picture(path: Path, picture: "Image") -> None:
    """Write a PNG file, atomically."""
    content = io.BytesIO()
    picture.save(content, format="PNG", optimize=True)
    write_bytes(path, content.getvalue())


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


def _refuse_other_endings(option: str, path: Path, kind: str) -> None:
    own = OWN_ENDINGS[kind]
    others = {*OTHER_ENDINGS, *itertools.chain(*OWN_ENDINGS.values())}.difference(own)
    if path.suffix.lower() in others:
        refuse_to_lose(path)  # first: what stands there matters more than its name
        fitting = path.with_suffix(own[0]).name
        raise SbvaeError(f"--{option} {path}: {kind} is what is written; call it {fitting}")
