"""Files that commands write: names that fit, targets that can be written, pictures and JSON."""

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

from sbvae_cli.cli.console import console_settings, remark
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
from sbvae_cli.files import refuse_to_lose, write_bytes

if TYPE_CHECKING:
    from sbvae_cli.viz.animation import Animation
    from sbvae_cli.viz.canvas import Canvas


@dataclass(frozen=True)
class Look:
    """How a picture is written.

    Attributes:
        scale: Pixels of a unit.
        theme: Theme of its colours.
        show: Whether the system's viewer opens it.
    """

    scale: float = 1.0
    theme: ThemeName = "light"
    show: bool = False


DEFAULT_LOOK = Look()
RUN = "runs/first"


def named_as(kind: str) -> Callable[[typer.CallbackParam, Path | None], Path | None]:
    """An option's callback that refuses what `check_target` refuses, before anything runs.

    Args:
        kind: Format that is written, a key of `OWN_ENDINGS`.
    """

    def callback(param: typer.CallbackParam, path: Path | None) -> Path | None:
        if path is not None:
            check_target(str(param.name), path, kind)
        return path

    return callback


def check_target(option: str, path: Path, kind: str) -> None:
    """Refuse a file that a format cannot, or must not, be written to, even where it is forced.

    Args:
        option: Name of the option that names it.
        path: File to write.
        kind: Format that is written, a key of `OWN_ENDINGS`.

    Raises:
        SbvaeError: If it is stdout, a folder, a picture without an ending, has the name of another
            format, what stands there is of another format, or it cannot be written.
    """
    if str(path) == "-":
        raise SbvaeError(
            f"--{option} -: {WORDS[kind]} is nothing for stdout; name a file, as {EXAMPLES[kind]}"
        )
    with _writing(option, path):
        if path.is_dir():
            raise SbvaeError(
                f"--{option} {path}: is a folder; name a file in it, as {path / EXAMPLES[kind]}"
            )
        _refuse_other_endings(option, path, kind)
        _refuse_other_content(option, path, kind)
        _refuse_no_ending(option, path, kind)
        _try_to_write(path)


def run_folder(param: typer.CallbackParam, path: Path | None) -> Path | None:
    """Refuse what can be no folder of a run, before anything runs."""
    return _folder(param, path, RUN)


def export_folder(param: typer.CallbackParam, path: Path | None) -> Path | None:
    """Refuse what can be no folder of exported files, before anything runs."""
    found = _folder(param, path, "exported")
    if found is not None:
        with _writing(str(param.name), found):
            _try_to_write(found / "file")
    return found


def _folder(param: typer.CallbackParam, path: Path | None, example: str) -> Path | None:
    if path is None:
        return None
    name = f"--{param.name} {path}" if param.opts[0].startswith("--") else str(path)
    if str(path) == "-":
        raise SbvaeError(f"{name}: is no folder; name one, as {example}")
    if path.exists() and not path.is_dir():
        raise SbvaeError(f"{name}: is a file, which is not replaced; name a folder, as {example}")
    return path


def json_file(param: typer.CallbackParam, target: str | None) -> str | None:
    """Refuse a target that `check_json_target` refuses, before anything runs."""
    if target is not None:
        check_json_target(target)
    return target


def csv_file(param: typer.CallbackParam, target: str | None) -> str | None:
    """Refuse a target that JSON would be refused for, before anything runs."""
    if target is not None:
        check_json_target(target, "CSV")
    return target


def check_json_target(target: str, kind: str = "JSON") -> None:
    """Refuse what JSON cannot, or must not, be written to; `-`, which is stdout, takes it always.

    What any command reads is refused: models, datasets and codes are no text.

    Args:
        target: Path of a file, or `-`.
        kind: JSON, or CSV, which has the same rules.

    Raises:
        SbvaeError: If it is a folder, has the name of another format, holds something else than
            text, or cannot be written.
    """
    path, option = Path(target), kind.lower()
    if target == "-":
        return
    with _writing(option, path):
        if path.is_dir():
            raise SbvaeError(f"--{option} {path}: is a folder; name a file to write")
        _refuse_other_endings(option, path, kind)
        _refuse_other_content(option, path, kind)
        _try_to_write(path)


def check_table_target(path: Path) -> None:
    """Refuse what the text of a table cannot, or must not, be written to, before anything runs.

    Raises:
        SbvaeError: If it is a folder, holds something else than text, or cannot be written.
    """
    with _writing("out", path):
        if path.is_dir():
            raise SbvaeError(
                f"--out {path}: is a folder; name a file in it, as {path / 'table.md'}"
            )
        refuse_to_lose(path)
        if path.is_file() and b"\0" in path.read_bytes()[:4096]:
            raise SbvaeError(f"--out {path}: what stands there is no text and is not replaced")
        _try_to_write(path)


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


def write_csv(target: str, rows: Sequence[Sequence[object]]) -> None:
    """Write rows as CSV to a file, atomically, or to stdout where the target is `-`.

    Raises:
        SbvaeError: If `check_json_target` refuses the target, or it cannot be written.
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
    look: Look = DEFAULT_LOOK,
) -> None:
    """Write a picture, atomically, and show it where that is asked for.

    Args:
        path: File to write; its ending says in which format, PNG or GIF where it names none.
        picture: A figure, or an animation.
        about: What the file tells of itself, in plain containers, beside version and command.
        look: How it looks.

    Raises:
        SbvaeError: If it cannot be written.
    """
    from sbvae_cli.viz.save import encode, endings_of

    endings = endings_of(picture)
    ending = path.suffix.lower() if path.suffix.lower() in PICTURE_ENDINGS else endings[0]
    told = {"command": console_settings.command, **(about or {})}
    content = encode(picture, ending, scale=look.scale, theme=look.theme, about=told)
    write_bytes(path, content)
    if look.show:
        show(path)


def show(path: Path) -> None:
    """Open a file in the system's viewer, or say that there is none."""
    headless = sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()
    if headless or typer.launch(str(path)):
        remark(f"note: no viewer was found to show {path} in; open it yourself")


def _refuse_other_content(option: str, path: Path, kind: str) -> None:
    """Refuse to replace a file of another format, whatever it is called."""
    if not path.is_file():
        return
    if kind != "HDF5":
        refuse_to_lose(path)
    with path.open("rb") as file:
        start = file.read(4096)
    if start and not is_of(kind, path, start):
        raise SbvaeError(
            f"--{option} {path}: what stands there is not {WORDS[kind]} and is not replaced; "
            "choose another name"
        )


def _refuse_no_ending(option: str, path: Path, kind: str) -> None:
    """Refuse a picture whose name says no format; a device or pipe needs none."""
    device = path.exists() and not path.is_file()
    if kind in FORMATS and not device and path.suffix.lower() not in OWN_ENDINGS[kind]:
        fitting = f"{path.name}{OWN_ENDINGS[kind][0]}"
        raise SbvaeError(
            f"--{option} {path}: does not say in which format, {FORMATS[kind]}; call it {fitting}"
        )


@contextmanager
def _writing(option: str, path: Path) -> Iterator[None]:
    """What the system refuses is said of the file that was named."""
    try:
        yield
    except OSError as error:
        raise SbvaeError(f"--{option} {path}: cannot be written: {error.strerror}") from error


def _try_to_write(path: Path) -> None:
    """Make a file without a name beside it, or where its folder will be."""
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
        refuse_to_lose(path)  # first: what stands there matters more than its name
        fitting = path.with_suffix(own[0]).name
        written = FORMATS.get(kind, kind)
        raise SbvaeError(f"--{option} {path}: {written} is what is written; call it {fitting}")
