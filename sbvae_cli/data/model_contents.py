"""Recognise model files of other formats by their first bytes: ONNX graphs and safetensors."""

import re
from pathlib import Path
from typing import Literal

from sbvae_cli.commands import command

LARGEST_HEADER = 100_000_000  # bytes; the limit of the safetensors library
_GRAPH = re.compile(rb"\x08[\x01-\x20][\x12\x1a\x22\x28\x32\x3a\x42]")  # IR version, next field


def describe_model_file(
    path: Path, head: bytes
) -> tuple[Literal["onnx", "safetensors"], str, str] | None:
    """Return the kind, a description and advice for a model file; None for any other file.

    Args:
        path: Path of the file; its suffix decides if the first bytes do not.
        head: First bytes of the file.
    """
    suffix = path.suffix.lower()
    see = f"{command('info', path)} says what it holds"
    length = int.from_bytes(head[:8], "little")
    if suffix == ".safetensors" or (head[8:9] == b"{" and length <= LARGEST_HEADER):
        return "safetensors", "holds weights (safetensors)", see
    if suffix == ".onnx" or _GRAPH.match(head):
        return "onnx", "is an ONNX graph", f"{see}; `decoder` of `sbvae explore` takes decoders"
    return None
