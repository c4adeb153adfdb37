"""Checks the names of output files, and writes pictures, JSON and CSV."""

import csv
import io
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sbvae_cli.cli.console import console_settings, print_status
from sbvae_cli.cli.formats import (
    EXAMPLES,
    FORMATS,
    OTHER_ENDINGS,
    OWN_ENDINGS,
    PICTURE_ENDINGS,
    WORDS,
    is_of,
)
from sbvae_cli.config.names import ThemeName
from sbvae_cli.errors import SbvaeError
from sbvae_cli.files import refuse_data_loss, write_bytes
from sbvae_cli.system_errors import unwritten

if TYPE_CHECKING:
    from sbvae_cli.viz.animation import Animation
    from sbvae_cli.viz.canvas import Canvas


@dataclass(frozen=True)
class PictureOptions:
    """Appearance of a picture.

    Attributes:
        scale: Resolution in pixels per unit.
        theme: Theme of the colours.
        show: Whether the system's viewer opens the picture.
    """

    scale: float = 1.0
    theme: ThemeName = "light"
    show: bool = False


DEFAULT_PICTURE_OPTIONS = PictureOptions()
EXAMPLE_RUN = "runs/first"


def checks_output(kind: str) -> Callable[[typer.CallbackParam, Path | None], Path | None]:
    """Return a callback for an option that checks the output file before the command runs.

    Args:
        kind: Format of the file, a key of `OWN_ENDINGS`.
    """

    def callback(param: typer.CallbackParam, path: Path | None) -> Path | None:
        if path is not None:
            check_target(str(param.name), path, kind)
        return path

    return callback


def check_target(option: str, path: Path, kind: str) -> None:
    """Check that a file of the given format may be written, with or without `--force`.

    Args:
        option: Name of the option.
        path: File to write.
        kind: Format of the file, a key of `OWN_ENDINGS`.

    Raises:
        SbvaeError: If `path` is stdout or a folder, is a picture without an ending, has the ending
            of another format, is an existing file of another format, or cannot be written.
    """
    if str(path) == "-":
        raise SbvaeError(
            f"--{option} -: {WORDS[kind]} cannot go to stdout; name a file, as {EXAMPLES[kind]}"
        )
    with _naming_write_errors(option, path):
        if path.is_dir():
            raise SbvaeError(
                f"--{option} {path}: is a folder; name a file in it, as {path / EXAMPLES[kind]}"
            )
        _refuse_other_endings(option, path, kind)
        _refuse_other_content(option, path, kind)
        _refuse_no_ending(option, path, kind)
        _try_to_write(path)


def run_folder(param: typer.CallbackParam, path: Path | None) -> Path | None:
    """Check a run folder to write, as the callback of an option."""
    return _folder(param, path, EXAMPLE_RUN)


def export_folder(param: typer.CallbackParam, path: Path | None) -> Path | None:
    """Check a folder for exported files, as the callback of an option."""
    found = _folder(param, path, "exported")
    if found is not None:
        check_folder(str(param.name), found)
    return found


def check_folder(option: str, path: Path) -> None:
    """Refuse a folder that nothing can be written to, or that cannot be made."""
    with _naming_write_errors(option, path):
        _try_to_write(path / "file")


def _folder(param: typer.CallbackParam, path: Path | None, example: str) -> Path | None:
    if path is None:
        return None
    name = f"--{param.name} {path}" if param.opts[0].startswith("--") else str(path)
    if str(path) == "-":
        raise SbvaeError(f"{name}: is not a folder; name one, as {example}")
    if path.exists() and not path.is_dir():
        raise SbvaeError(f"{name}: is a file, which is not replaced; name a folder, as {example}")
    return path


def json_file(param: typer.CallbackParam, target: str | None) -> str | None:
    """Check a JSON file to write, as the callback of an option."""
    if target is not None:
        check_json_target(target)
    return target


def csv_file(param: typer.CallbackParam, target: str | None) -> str | None:
    """Check a CSV file to write, as the callback of an option."""
    if target is not None:
        check_json_target(target, "CSV")
    return target


def check_json_target(target: str, kind: str = "JSON") -> None:
    """Check that JSON or CSV may be written to a file, or to stdout.

    Existing models, datasets and codes are not replaced.

    Args:
        target: Path of a file, or `-` for stdout.
        kind: JSON or CSV.

    Raises:
        SbvaeError: If the file is a folder, has the ending of another format, is an existing file
            of another format, or cannot be written.
    """
    path, option = Path(target), kind.lower()
    if target == "-":
        return
    with _naming_write_errors(option, path):
        if path.is_dir():
            raise SbvaeError(f"--{option} {path}: is a folder; name a file to write")
        _refuse_other_endings(option, path, kind)
        _refuse_other_content(option, path, kind)
        _try_to_write(path)


def check_table_target(path: Path) -> None:
    """Check that the text of a table may be written to a file.

    Raises:
        SbvaeError: If the file is a folder, exists and is not text, or cannot be written.
    """
    with _naming_write_errors("out", path):
        if path.is_dir():
            raise SbvaeError(
                f"--out {path}: is a folder; name a file in it, as {path / 'table.md'}"
            )
        refuse_data_loss(path)
        if path.is_file() and b"\0" in path.read_bytes()[:4096]:
            raise SbvaeError(f"--out {path}: the existing file is not text and is not replaced")
        _try_to_write(path)


def write_json(target: str, content: dict[str, Any]) -> None:
    """Write JSON to a file, atomically, or to stdout if the target is `-`.

    Raises:
        SbvaeError: If `check_json_target` refuses the target, or the file cannot be written.
    """
    check_json_target(target)
    text = json.dumps(content, indent=2, allow_nan=False)
    if target == "-":
        typer.echo(text)
    else:
        write_bytes(Path(target), (text + "\n").encode())


def write_csv(target: str, rows: Sequence[Sequence[object]]) -> None:
    """Write rows as CSV to a file, atomically, or to stdout if the target is `-`.

    Raises:
        SbvaeError: If `check_json_target` refuses the target, or the file cannot be written.
    """
    check_json_target(target, "CSV")
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    if target == "-":
        typer.echo(text.getvalue(), nl=False)
    else:
        write_bytes(Path(target), text.getvalue().encode())


def write_picture(
    path: Path,
    picture: "Canvas | Animation",
    about: Mapping[str, Any] | None = None,
    options: PictureOptions = DEFAULT_PICTURE_OPTIONS,
) -> None:
    """Write a picture, atomically, and open it in the viewer if `options.show` is true.

    Args:
        path: File to write; its ending decides the format, PNG or GIF if it is none of a picture.
        picture: A figure, or an animation.
        about: Metadata of the file in plain containers, in addition to version and command.
        options: Appearance of the picture.

    Raises:
        SbvaeError: If the file cannot be written.
    """
    from sbvae_cli.viz.save import encode, endings_of

    endings = endings_of(picture)
    ending = path.suffix.lower() if path.suffix.lower() in PICTURE_ENDINGS else endings[0]
    metadata = {"command": console_settings.command, **(about or {})}
    content = encode(picture, ending, scale=options.scale, theme=options.theme, about=metadata)
    write_bytes(path, content)
    if options.show:
        show(path)


def show(path: Path) -> None:
    """Open a file in the system's viewer, or print that there is no viewer."""
    headless = sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()
    if headless or typer.launch(str(path)):
        print_status(f"note: no program was found to show {path}; open it yourself")


def _refuse_other_content(option: str, path: Path, kind: str) -> None:
    """Refuse to replace a file whose content has another format."""
    if not path.is_file():
        return
    if kind != "HDF5":
        refuse_data_loss(path)
    with path.open("rb") as file:
        start = file.read(4096)
    if start and not is_of(kind, path, start):
        raise SbvaeError(
            f"--{option} {path}: the existing file is not {WORDS[kind]} and is not replaced; "
            "choose another name"
        )


def _refuse_no_ending(option: str, path: Path, kind: str) -> None:
    """Refuse the name of a picture without an ending, unless it is a device or a pipe."""
    device = path.exists() and not path.is_file()
    if kind in FORMATS and not device and path.suffix.lower() not in OWN_ENDINGS[kind]:
        fitting = f"{path.name}{OWN_ENDINGS[kind][0]}"
        raise SbvaeError(
            f"--{option} {path}: has no known ending; name it {fitting} (formats: {FORMATS[kind]})"
        )


@contextmanager
def _naming_write_errors(option: str, path: Path) -> Iterator[None]:
    """Turn an OSError of the block into an SbvaeError that names the option and the file."""
    try:
        yield
    except OSError as error:
        raise SbvaeError(f"--{option} {unwritten(path, error)}") from error


def _try_to_write(path: Path) -> None:
    """Create an unnamed file in the folder of `path`, or in the nearest existing parent folder."""
    if path.exists() and not path.is_file():
        return  # a device or pipe
    folder = path.resolve().parent
    while not folder.exists():
        folder = folder.parent
    with tempfile.TemporaryFile(dir=folder):
        pass


def _refuse_other_endings(option: str, path: Path, kind: str) -> None:
    own = OWN_ENDINGS[kind]
    others = {*OTHER_ENDINGS, *itertools.chain(*OWN_ENDINGS.values())}.difference(own)
    if path.suffix.lower() in others:
        refuse_data_loss(path)  # first, since its message matters more than that on the ending
        fitting = path.with_suffix(own[0]).name
        written = FORMATS.get(kind, kind)
        raise SbvaeError(f"--{option} {path}: this option writes {written}; name it {fitting}")
