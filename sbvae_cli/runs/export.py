"""A checkpoint to files of other programs: ONNX graphs that were checked, and weights."""

import json
from dataclasses import dataclass
from pathlib import Path

from sbvae_cli import __version__
from sbvae_cli.checkpoint import Checkpoint
from sbvae_cli.errors import SbvaeError
from sbvae_cli.export.checked import difference
from sbvae_cli.export.onnx_graphs import decoder_onnx, encoder_onnx, metadata_of, with_metadata
from sbvae_cli.export.weights import safetensors_of

GRAPHS = ("encoder.onnx", "decoder.onnx")


@dataclass(frozen=True)
class CheckedGraphs:
    """Encoder and decoder of a model, which give what PyTorch gives.

    Attributes:
        encoder: ONNX file of `image` (N, C, H, W) to `mean` and `log_variance`, each (N, K).
        decoder: ONNX file of `z` (N, K) to `image` (N, C, H, W).
        difference: Largest difference of their outputs from PyTorch's, over `CHECKED` random
            images and as many codes: of 1, or of the number itself where it is larger.
    """

    encoder: bytes
    decoder: bytes
    difference: float


def checked_graphs(checkpoint: Checkpoint, command: str) -> CheckedGraphs:
    """Make the ONNX graphs of a model and compare them with the model itself.

    Args:
        checkpoint: Checkpoint of the model.
        command: The line that asks for them, for their metadata.

    Raises:
        SbvaeError: If packages are missing, or they differ from PyTorch by more than `TOLERANCE`.
    """
    vae, shape = checkpoint.build_vae(), checkpoint.config.data.image_shape
    latents = checkpoint.config.model.latent_dim
    told = {**about(checkpoint, command), "likelihood": vae.likelihood.name}
    encoder = with_metadata(encoder_onnx(vae, shape), told)
    decoder = with_metadata(decoder_onnx(vae, shape, latents), told)
    return CheckedGraphs(encoder, decoder, difference(vae, encoder, decoder, shape, latents))


def weights_file(checkpoint: Checkpoint, command: str) -> bytes:
    """The weights of a model as a safetensors file, under the names that its checkpoint has.

    Args:
        checkpoint: Checkpoint of the model.
        command: The line that asks for them, for the metadata.

    Raises:
        SbvaeError: If the package is missing, or the weights do not fit the configuration.
    """
    return safetensors_of(checkpoint.build_vae().state_dict(), about(checkpoint, command))


def about(checkpoint: Checkpoint, command: str) -> dict[str, str]:
    """What exported files tell of themselves: version, command, step, and JSON of the settings.

    Args:
        checkpoint: Checkpoint of the model.
        command: The line that asks for them.
    """
    config = checkpoint.config.as_dict()
    space = config["data"].pop("space")
    return {
        "sbvae_version": __version__,
        "command": command,
        "step": str(checkpoint.step),
        "space": json.dumps(space),
        "config": json.dumps(config),
    }


def refuse_other_graphs(folder: Path) -> None:
    """Refuse to replace ONNX files that sbvae did not write.

    Args:
        folder: Where graphs will be written.

    Raises:
        SbvaeError: With the one that stands there.
    """
    for path in (folder / name for name in GRAPHS):
        if path.is_file() and not _is_own(path):
            raise SbvaeError(
                f"{path}: was not written by sbvae and is not replaced; choose another folder"
            )


def _is_own(path: Path) -> bool:
    try:
        return "sbvae_version" in metadata_of(path.read_bytes())
    except SbvaeError:
        return False
