"""A run folder or a lone checkpoint, and the data that goes with it."""

from pathlib import Path

from sbvae_cli.checkpoint import Checkpoint, load_checkpoint
from sbvae_cli.commands import command
from sbvae_cli.config.dataset_names import is_procedural
from sbvae_cli.config.schema import DataConfig
from sbvae_cli.data.contents import look_at
from sbvae_cli.data.source import Source, open_source, source_from_space
from sbvae_cli.errors import SbvaeError


def open_checkpoint(path: Path) -> Checkpoint:
    """Read the checkpoint of a run folder, or the file itself.

    Raises:
        SbvaeError: If there is none, or it cannot be used.
    """
    contents = look_at(path, missing="train a model first, or name a run folder or a ckpt.pt")
    if contents.kind == "run":
        return load_checkpoint(path / "ckpt.pt")
    if contents.kind == "runs":
        raise SbvaeError(f"{path}: {contents}")
    if contents.kind == "dataset":
        train = command("train", source=path)
        raise SbvaeError(
            f"{path}: {contents.found}, not a checkpoint; train a model on it first, by {train}"
        )
    if contents.kind != "checkpoint":
        raise SbvaeError(f"{path}: {contents.found}, not a checkpoint; {contents.way}")
    return load_checkpoint(path)


def open_data(checkpoint: Checkpoint, data: str | None = None) -> Source:
    """The data that a checkpoint is looked at with.

    Args:
        checkpoint: Checkpoint of the model.
        data: A file or procedural dataset instead of the one that the model was trained on.

    Raises:
        SbvaeError: If the images do not fit the model, or the file is gone and no renderer knows
            how to draw them.
    """
    config = checkpoint.config.data
    if data is None:
        source, data = _own_data(config), config.source
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


def reopen_source(config: DataConfig) -> Source:
    """Open the data of a run again: drawn from its space, or the file that it was trained on."""
    if is_procedural(config.source):
        return source_from_space(config.space, config.name, config.height, config.width)
    return open_source(config.source, config.height, config.width)


def _own_data(config: DataConfig) -> Source:
    if config.space.renderer is not None:
        return source_from_space(config.space, config.name, config.height, config.width)
    try:
        return open_source(config.source, config.height, config.width)
    except SbvaeError as error:
        raise SbvaeError(f"{error}; name the data with `source`") from error


def _shape(shape: tuple[int, int, int]) -> str:
    return "x".join(map(str, shape)) + " (height, width, channels)"
