"""Checkpoint files: tensors and plain containers, read without executing pickled code."""

import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sbvae_cli import __version__
from sbvae_cli.config.load import build_config
from sbvae_cli.config.objective import FactorVaeConfig
from sbvae_cli.config.schema import Config
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.errors import SbvaeError, format_value, shorten_line
from sbvae_cli.files import atomic_write
from sbvae_cli.models.build import (
    build_vae,
    fewest_weights,
    fewest_weights_of_discriminator,
)
from sbvae_cli.models.vae import VAE
from sbvae_cli.system_errors import unreadable

FORMAT = 1
_MAX_MESSAGE = 200  # characters of what PyTorch says of weights


@dataclass(frozen=True)
class Checkpoint:
    """Weights of a model, state of its training and configuration of its run.

    Attributes:
        config: Complete configuration of the run.
        step: Number of updates made.
        model: State dict of the model.
        optimizer: State dict of the model's optimizer, for resuming.
        threads: Number of CPU threads of the training; another number changes rounding.
        discriminator: State dicts `model` and `optimizer` of a FactorVAE's discriminator, for
            resuming; None for other losses.
        version: Version of sbvae that wrote the checkpoint.
        path: File that the checkpoint was read from; None if it is not from a file.
    """

    config: Config
    step: int
    model: dict[str, Tensor]
    optimizer: dict[str, Any]
    threads: int
    discriminator: dict[str, Any] | None = None
    version: str = __version__
    path: Path | None = None

    @property
    def space(self) -> SpaceConfig:
        """Factors of variation of the training data."""
        return self.config.data.space

    def build_vae(
        self, device: torch.device | str = "cpu", decoded_size: tuple[int, int] | None = None
    ) -> VAE:
        """Build the model with these weights, in evaluation mode.

        Args:
            device: Device of the weights.
            decoded_size: (H, W) of decoded images, pixels; None is the size of training images.

        Raises:
            SbvaeError: If the weights do not fit the configuration, or the decoder cannot decode
                images of that size.
        """
        shape = self.config.data.image_shape
        vae = build_vae(self.config.model, shape, decoded_size=decoded_size)
        self.load_into(vae)
        return vae.to(device).eval()

    def load_into(self, vae: VAE) -> None:
        """Copy these weights into a model.

        Raises:
            SbvaeError: If the weights do not fit the model.
        """
        try:
            vae.load_state_dict(self.model)
        except (RuntimeError, TypeError, AttributeError) as error:
            whose = f"{self.path}: its" if self.path else "the checkpoint's"
            found = (
                f"{whose} weights do not fit its config: {shorten_line(str(error), _MAX_MESSAGE)}"
            )
            raise SbvaeError(f"{found}; copy it again, or train the model again") from error

    def count_discriminator(self) -> int | None:
        """Count the discriminator's weights; return None for a checkpoint without discriminator.

        Raises:
            SbvaeError: If the discriminator's state is damaged.
        """
        if self.discriminator is None:
            return None
        try:
            return sum(int(weight.numel()) for weight in self.discriminator["model"].values())
        except (TypeError, KeyError, AttributeError) as error:
            raise SbvaeError(f"the checkpoint's discriminator is damaged ({error})") from error


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; an older file at `path` is replaced once the new one is complete.

    Raises:
        SbvaeError: If the file cannot be written.
    """
    config = checkpoint.config.as_dict()
    space = config["data"].pop("space")
    content = {
        "sbvae_format": FORMAT,
        "sbvae_version": checkpoint.version,
        "config": config,
        "space": space,
        "step": checkpoint.step,
        "model": checkpoint.model,
        "optimizer": checkpoint.optimizer,
        "threads": checkpoint.threads,
        "discriminator": checkpoint.discriminator,
    }
    with atomic_write(path) as file:
        torch.save(content, file)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint onto the CPU, without executing any code in the file.

    Raises:
        SbvaeError: If the file is missing or damaged, was not written by sbvae, or has another
            checkpoint format.
    """
    content = _read(path)
    _check_format(path, content)
    try:
        tree = content["config"]
        config = build_config(
            {**tree, "data": {**tree["data"], "space": content["space"]}}, where=str(path)
        )
        _check_size(path, config)
        step = _count(path, content, "step", range(2**63))
        threads = _count(path, content, "threads", range(1, 1025))
        return Checkpoint(
            config,
            step,
            content["model"],
            content["optimizer"],
            threads,
            content["discriminator"],
            content["sbvae_version"],
            path,
        )
    except KeyError as error:
        raise SbvaeError(f"{path}: is an incomplete sbvae checkpoint: it lacks {error}") from error
    except (TypeError, AttributeError) as error:
        raise SbvaeError(
            f"{path}: is a damaged sbvae checkpoint ({error}); train the model again"
        ) from error


def _count(path: Path, content: dict[str, Any], name: str, counts: range) -> int:
    value = content[name]
    if isinstance(value, int) and value in counts:
        return value
    raise SbvaeError(
        f"{path}: its {name} is {format_value(value)}, not a count; train the model again"
    )


def _check_size(path: Path, config: Config) -> None:
    """Refuse a configuration, perhaps an edited one, whose weights would not fit into the file."""
    wanted = fewest_weights(config.model, config.data.image_shape)
    if isinstance(config.objective, FactorVaeConfig):
        wanted += fewest_weights_of_discriminator(config.objective, config.model.latent_dim)
    size = path.stat().st_size
    if wanted > size:
        raise SbvaeError(
            f"{path}: the checkpoint's weights do not fit its config, which has {wanted:,} weights "
            f"or more: the file has {size:,} bytes; copy it again, or train the model again"
        )


def _check_format(path: Path, content: dict[str, Any]) -> None:
    version = content["sbvae_format"]
    if not isinstance(version, int):
        raise SbvaeError(f"{path}: its sbvae_format is {format_value(version)}, not a number")
    if version == FORMAT:
        return
    remedy = "train the model again"
    if version > FORMAT:
        remedy = f"install sbvae {content.get('sbvae_version', 'in its newest version')}"
    raise SbvaeError(
        f"{path}: has checkpoint format {version}, this sbvae {__version__} reads {FORMAT}; "
        f"{remedy}"
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            if file.read(8) == b"\x89HDF\r\n\x1a\n":
                raise SbvaeError(f"{path}: is a dataset, not a checkpoint; give it with `source`")
        if not zipfile.is_zipfile(path):
            raise SbvaeError(f"{path}: is not a checkpoint, or the file is damaged or truncated")
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > path.stat().st_size:  # PyTorch would fill memory with it
            raise SbvaeError(f"{path}: refused: its parts are compressed, a checkpoint's never are")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise SbvaeError(
            f"{path}: refused: it holds more than plain tensors (nothing in it was run)"
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise SbvaeError(
            f"{path}: is not a checkpoint, or the file is damaged or truncated"
        ) from error
    except OSError as error:
        missing = "train a model first, or name a run folder or a ckpt.pt"
        raise unreadable(path, error, missing) from error
    if not isinstance(content, dict) or "sbvae_format" not in content:
        raise SbvaeError(f"{path}: is a PyTorch file, but not an sbvae checkpoint")
    return content
