"""Export a checkpoint for other programs: verified ONNX graphs, or safetensors weights."""

import json
from dataclasses import replace
from pathlib import Path

from sbvae_cli import __version__
from sbvae_cli.checkpoint import Checkpoint
from sbvae_cli.errors import SbvaeError
from sbvae_cli.export.checked import CheckedGraphs, checked_graphs
from sbvae_cli.export.onnx_graphs import metadata_of, with_metadata
from sbvae_cli.export.weights import safetensors_of

GRAPHS = ("encoder.onnx", "decoder.onnx")


def graphs_of(checkpoint: Checkpoint, command: str) -> CheckedGraphs:
    """Export the model of a checkpoint as verified ONNX graphs, with metadata.

    Args:
        checkpoint: Checkpoint of the model.
        command: Command line of the export, for the metadata.

    Raises:
        SbvaeError: If packages are missing, or the graphs' outputs differ from those of PyTorch by
            more than `TOLERANCE`.
    """
    vae, config = checkpoint.build_vae(), checkpoint.config
    graphs = checked_graphs(vae, config.data.image_shape, config.model.latent_dim)
    metadata = {**about(checkpoint, command), "likelihood": vae.likelihood.name}
    return replace(
        graphs,
        encoder=with_metadata(graphs.encoder, metadata),
        decoder=with_metadata(graphs.decoder, metadata),
    )


def weights_file(checkpoint: Checkpoint, command: str) -> bytes:
    """Return the weights of a model as a safetensors file, named as in the checkpoint.

    Args:
        checkpoint: Checkpoint of the model.
        command: Command line of the export, for the metadata.

    Raises:
        SbvaeError: If the package is missing, or the weights do not fit the configuration.
    """
    return safetensors_of(checkpoint.build_vae().state_dict(), about(checkpoint, command))


def about(checkpoint: Checkpoint, command: str) -> dict[str, str]:
    """Return the metadata of exported files: version, command, step, and settings as JSON.

    Args:
        checkpoint: Checkpoint of the model.
        command: Command line of the export.
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
        folder: Folder into which the graphs will be written.

    Raises:
        SbvaeError: If the folder has an ONNX file of another program under one of these names.
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
