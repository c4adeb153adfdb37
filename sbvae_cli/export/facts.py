"""Read inputs, outputs, tensors and metadata of ONNX and safetensors files from any program."""

import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sbvae_cli.data.model_contents import LARGEST_HEADER
from sbvae_cli.errors import SbvaeError
from sbvae_cli.export.packages import require_onnx
from sbvae_cli.files import parse_json

Facts = dict[str, Any]


def onnx_facts(path: Path) -> Facts:
    """Read inputs, outputs, versions and metadata of an ONNX file.

    Args:
        path: Path of the file; weights in other files are not read.

    Returns:
        Plain containers: `inputs` and `outputs` (each with `name`, ONNX's `type`, and `shape`,
        which has numbers, names of free axes, or None if not specified), `opset` by domain,
        `ir_version`, `producer`, number of `nodes`, number of `weights` (elements), and `metadata`
        texts by name.

    Raises:
        SbvaeError: If the packages are missing, or the file is not an intact ONNX file.
    """
    require_onnx()
    from sbvae_cli.export.onnx_graphs import element_type, loaded, text_of

    try:
        model = loaded(path.read_bytes())
    except SbvaeError as error:
        raise SbvaeError(f"{path}: {error}, or is damaged; export it again") from None
    stored = {each.name: math.prod(each.dims) for each in model.graph.initializer}

    def values(side: Any) -> list[Facts]:
        found = []
        for each in (one for one in side if one.name not in stored):
            kind = each.type.tensor_type
            axes = kind.shape.dim if kind.HasField("shape") else None
            shape = axes and [text_of(axis.dim_param) or axis.dim_value or None for axis in axes]
            kind_name = element_type(kind.elem_type)
            found.append({"name": text_of(each.name), "type": kind_name, "shape": shape})
        return found

    producer = text_of(model.producer_name), text_of(model.producer_version)
    return {
        "opset": {text_of(each.domain) or "ai.onnx": each.version for each in model.opset_import},
        "ir_version": model.ir_version,
        "producer": " ".join(filter(None, producer)) or None,
        "inputs": values(model.graph.input),
        "outputs": values(model.graph.output),
        "nodes": len(model.graph.node),
        "weights": sum(stored.values()),
        "metadata": {text_of(each.key): text_of(each.value) for each in model.metadata_props},
    }


def safetensors_facts(path: Path) -> Facts:
    """Read tensors and metadata from the header of a safetensors file.

    Args:
        path: Path of the file; the safetensors library reads it if installed, else a JSON parser.

    Returns:
        Plain containers: `tensors` (each with `name`, the format's `type` such as F32, and
        `shape`), number of `weights` (elements of all tensors), and `metadata` texts by name.

    Raises:
        SbvaeError: If the file is damaged, or its header is larger than the format allows.
    """
    by_library = find_spec("safetensors") is not None
    metadata, tensors = (_by_library if by_library else _by_header)(path)
    weights = sum(math.prod(each["shape"]) for each in tensors)
    return {"tensors": tensors, "weights": weights, "metadata": metadata}


def _by_library(path: Path) -> tuple[dict[str, str], list[Facts]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            parts = {name: file.get_slice(name) for name in file.offset_keys()}
            tensors = [
                {"name": name, "type": part.get_dtype(), "shape": part.get_shape()}
                for name, part in parts.items()
            ]
            return file.metadata() or {}, tensors
    except SafetensorError as error:
        raise _damaged(path, str(error)) from None


def _by_header(path: Path) -> tuple[dict[str, str], list[Facts]]:
    """Read the header as JSON; the first eight bytes of the file are its length in bytes."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > LARGEST_HEADER:
            raise _damaged(path, f"a header of {length:,} bytes")
        text = file.read(length)
    try:
        header = parse_json(text)
        metadata = header.pop("__metadata__", {})
        lying = sorted(header.items(), key=lambda item: item[1]["data_offsets"])
        tensors = [
            {"name": name, "type": str(each["dtype"]), "shape": [int(n) for n in each["shape"]]}
            for name, each in lying
        ]
        end = max((each["data_offsets"][1] for _, each in lying), default=0)
        complete = 8 + length + end == path.stat().st_size
        texts = {str(name): str(text) for name, text in metadata.items()}
    except (ValueError, OverflowError, KeyError, TypeError, IndexError, AttributeError):
        raise _damaged(path, "its header is not as the format has it") from None
    if not complete:
        raise _damaged(path, "its tensors are cut short")
    return texts, tensors


def _damaged(path: Path, why: str) -> SbvaeError:
    why = " ".join(why.split())[:200]
    return SbvaeError(f"{path}: is not a safetensors file, or is damaged ({why}); write it again")
