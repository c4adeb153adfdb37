"""Open the checkpoint of a run, and the data for it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sbvae_cli.commands import command
from sbvae_cli.config.dataset_names import is_procedural
from sbvae_cli.data.contents import Contents, recognise_contents
from sbvae_cli.data.file import DatasetFile
from sbvae_cli.data.source import Source, open_source, source_from_space
from sbvae_cli.data.text_contents import DEFAULT_ADVICE
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.own_data import compare_data, open_own_data

if TYPE_CHECKING:  # PyTorch loads only to read a checkpoint: other errors come at once
    from sbvae_cli.checkpoint import Checkpoint


def open_checkpoint(path: Path) -> "Checkpoint":
    """Read a checkpoint from its run folder or its file.

    Raises:
        SbvaeError: If there is no checkpoint, or it cannot be used.
    """
    contents = recognise_contents(
        path, missing="train a model first, or name a run folder or a ckpt.pt"
    )
    if contents.kind == "runs":
        raise SbvaeError(f"{path}: {contents}")
    if contents.kind in ("dataset", "3dshapes"):
        DatasetFile(path).close()  # raises its own error for a damaged file
        train = command("train", source=path)
        raise SbvaeError(
            f"{path}: {contents.description}, not a checkpoint; "
            f"train a model on it first, by {train}"
        )
    if contents.kind not in ("checkpoint", "run"):
        found, way = _no_checkpoint(path, contents)
        raise SbvaeError(f"{path}: {found}, not a checkpoint; {way}")
    from sbvae_cli.checkpoint import load_checkpoint

    return load_checkpoint(path / "ckpt.pt" if contents.kind == "run" else path)


def _no_checkpoint(path: Path, contents: Contents) -> tuple[str, str]:
    """Return what a path is that is neither a run nor a checkpoint, and what to name instead."""
    codes = sorted(path.glob("*.npz")) if path.is_dir() else []
    if codes:
        return "is a folder of NPZ files", f"name these, as {' '.join(map(str, codes[:2]))}"
    way = "name a run folder or a ckpt.pt" if contents.advice == DEFAULT_ADVICE else contents.advice
    return contents.description, way


def open_data(
    checkpoint: "Checkpoint",
    data: str | None = None,
    on_note: Callable[[str], None] = lambda line: None,
) -> Source:
    """Open the data on which a model is evaluated.

    Args:
        checkpoint: Checkpoint of the model.
        data: File or procedural dataset in place of the training data.
        on_note: Called with a line if the training file was moved and found again.

    Raises:
        SbvaeError: If the images do not fit the model, or the training file is missing and has no
            renderer that could draw its images.
    """
    config = checkpoint.config.data
    if data is None:
        source, data = _own_data(checkpoint, on_note), config.source
    else:
        size = (config.height, config.width) if is_procedural(data) else (None, None)
        source = open_source(data, *size)
    found = (source.height, source.width, source.channels)
    wanted = (config.height, config.width, config.channels)
    if found != wanted:
        raise SbvaeError(
            f"{data}: its images are {_shape(found)}, the model takes {_shape(wanted)}"
        )
    return source


def _own_data(checkpoint: "Checkpoint", on_note: Callable[[str], None]) -> Source:
    config = checkpoint.config.data
    if config.space.renderer is not None:
        return source_from_space(config.space, config.name, config.height, config.width)
    source = open_own_data(config, checkpoint.path and checkpoint.path.parent, on_note)
    differences = compare_data(config, source).differences
    if differences:
        on_note(
            f"{config.source} is no longer the file that the model was trained on: "
            f"{'; '.join(differences)}"
        )
    return source


def _shape(shape: tuple[int, int, int]) -> str:
    return "x".join(map(str, shape)) + " (height, width, channels)"
