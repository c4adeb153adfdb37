"""The checkpoint format: one file of tensors and plain containers, read without unpickling code."""

import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sbvae_cli import __version__
from sbvae_cli.config.load import build_config
from sbvae_cli.config.schema import Config
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.errors import SbvaeError
from sbvae_cli.files import replacing, unreadable
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.vae import VAE

FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """A model and all that later commands need to know of it.

    Attributes:
        config: Configuration of the run, complete.
        step: Updates made.
        model: State dict of the model.
        optimizer: State dict of its optimizer, for resuming.
        threads: Number of CPU threads that trained it; another number rounds differently.
        discriminator: State dicts `model` and `optimizer` of a FactorVAE's discriminator, for
            resuming; else None.
        version: Version of the sbvae that wrote it.
        path: File that it was read from; None where it was made here.
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
        """Factors of variation of the data that the model was trained on."""
        return self.config.data.space

    def build_vae(
        self, device: torch.device | str = "cpu", decoded_size: tuple[int, int] | None = None
    ) -> VAE:
        """The model with these weights, for evaluation.

        Args:
            device: Where to.
            decoded_size: (H, W) of the images that it draws; None takes the size of the training.

        Raises:
            SbvaeError: If the weights do not fit the configuration, or draw no images of that size.
        """
        shape = self.config.data.image_shape
        vae = build_vae(self.config.model, shape, decoded_size=decoded_size)
        self.load_into(vae)
        return vae.to(device).eval()

    def load_into(self, vae: VAE) -> None:
        """Give a model these weights.

        Raises:
            SbvaeError: If they do not fit it.
        """
        try:
            vae.load_state_dict(self.model)
        except (RuntimeError, TypeError, AttributeError) as error:
            fault = " ".join(str(error).split())
            raise SbvaeError(f"the checkpoint's weights do not fit its config: {fault}") from error

    def count_discriminator(self) -> int | None:
        """Weights of the discriminator, or None where there is none.

        Raises:
            SbvaeError: If what stands in its place is something else.
        """
        if self.discriminator is None:
            return None
        try:
            return sum(int(weight.numel()) for weight in self.discriminator["model"].values())
        except (TypeError, KeyError, AttributeError) as error:
            raise SbvaeError(f"the checkpoint's discriminator is damaged ({error})") from error


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; what stood there before stays until the new one is whole.

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
    with replacing(path) as file:
        torch.save(content, file)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint onto the CPU; nothing in the file is executed.

    Raises:
        SbvaeError: If the file is missing, damaged, of another program or of another format.
    """
    content = _read(path)
    _check_format(path, content)
    try:
        tree = content["config"]
        config = build_config(
            {**tree, "data": {**tree["data"], "space": content["space"]}}, where=str(path)
        )
        step = content["step"]
        if not isinstance(step, int) or step < 0:
            raise SbvaeError(f"{path}: its step is {step!r}, not a count; train the model again")
        return Checkpoint(
            config,
            step,
            content["model"],
            content["optimizer"],
            content["threads"],
            content["discriminator"],
            content["sbvae_version"],
            path,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise SbvaeError(f"{path}: is no whole sbvae checkpoint: {error} is missing") from error


def _check_format(path: Path, content: dict[str, Any]) -> None:
    version = content["sbvae_format"]
    if version == FORMAT:
        return
    if not isinstance(version, int):
        raise SbvaeError(f"{path}: its sbvae_format is {version!r}, not a number")
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
            raise SbvaeError(f"{path}: is no checkpoint, or is damaged or cut short")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise SbvaeError(
            f"{path}: refused: it is no checkpoint of plain tensors (nothing in it was run)"
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise SbvaeError(f"{path}: is no checkpoint, or is damaged or cut short") from error
    except OSError as error:
        missing = "train a model first, or name a run folder or a ckpt.pt"
        raise unreadable(path, error, missing) from error
    if not isinstance(content, dict) or "sbvae_format" not in content:
        raise SbvaeError(f"{path}: is a PyTorch file, but no sbvae checkpoint")
    return content
