"""The command `sbvae export`, which writes ONNX graphs and safetensors files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sbvae_cli.cli.console import console_settings, file_size, print_info
from sbvae_cli.cli.options import CheckpointArgument
from sbvae_cli.cli.outputs import checks_output, export_folder
from sbvae_cli.errors import SbvaeError

if TYPE_CHECKING:
    from sbvae_cli.checkpoint import Checkpoint

Part = tuple[dict[Path, bytes], str]  # contents of files by path, and a message on them


def export(
    checkpoint: CheckpointArgument,
    onnx: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            callback=export_folder,
            help="Folder for encoder.onnx and decoder.onnx, which are checked before writing.",
        ),
    ] = None,
    safetensors: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            callback=checks_output("safetensors"),
            help="File to write the weights to.",
        ),
    ] = None,
) -> None:
    """Write a model for other programs: ONNX graphs, weights.

    The graphs take any number of images or codes at once. Their outputs are
    compared with PyTorch's; if they differ, nothing is written.
    """
    from sbvae_cli.export.packages import require_onnx, require_safetensors
    from sbvae_cli.files import write_all_or_none
    from sbvae_cli.runs.open import open_checkpoint

    if onnx is None and safetensors is None:
        raise SbvaeError("nothing to write; give --onnx DIR, --safetensors FILE or both")
    if onnx is not None:
        require_onnx()
    if safetensors is not None:
        require_safetensors()
    opened = open_checkpoint(checkpoint)
    parts: list[Part] = []
    if onnx is not None:
        parts.append(_graphs(opened, onnx))
    if safetensors is not None:
        parts.append(_weights(opened, safetensors))
    write_all_or_none({path: content for files, _ in parts for path, content in files.items()})
    for files, description in parts:
        named = [f"{path} ({file_size(len(content))})" for path, content in files.items()]
        print_info(f"wrote {' and '.join(named)}: {description}")


def _graphs(opened: "Checkpoint", folder: Path) -> Part:
    from sbvae_cli.export.checked import CHECKED_COUNT
    from sbvae_cli.runs.export import GRAPHS, graphs_of, refuse_other_graphs

    refuse_other_graphs(folder)
    graphs = graphs_of(opened, console_settings.command)
    paths = (folder / name for name in GRAPHS)
    files = dict(zip(paths, (graphs.encoder, graphs.decoder), strict=True))
    return files, f"at most {graphs.difference:.1e} from PyTorch on {CHECKED_COUNT} random inputs"


def _weights(opened: "Checkpoint", path: Path) -> Part:
    from sbvae_cli.runs.export import weights_file

    content = weights_file(opened, console_settings.command)
    count = sum(tensor.numel() for tensor in opened.model.values())
    return {path: content}, f"{count:,} numbers in {len(opened.model)} tensors"
