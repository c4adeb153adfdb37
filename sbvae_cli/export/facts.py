"""What files of models for other programs say of themselves, whoever wrote them."""

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
    """An ONNX file's inputs, outputs, versions and metadata.

    Args:
        path: The file; weights that stand in others are not read.

    Returns:
        Plain containers: `inputs` and `outputs` (`name`, `type` in ONNX's word, `shape` of
        numbers and of names of free axes, None where one, or all, are not told), `opset` by
        domain, how many `nodes` it has and `weights` (numbers), `metadata` texts by name.

    Raises:
        SbvaeError: If the packages are missing, or it is no ONNX file.
    """
    require_onnx()
    from sbvae_cli.export.onnx_graphs import element_type, loaded

    try:
        model = loaded(path.read_bytes())
    except SbvaeError as error:
        raise SbvaeError(f"{path}: {error}, or a damaged one; export it again") from None
    stored = {each.name: math.prod(each.dims) for each in model.graph.initializer}

    def values(side: Any) -> list[Facts]:
        found = []
        for each in (one for one in side if one.name not in stored):
            kind = each.type.tensor_type
            axes = kind.shape.dim if kind.HasField("shape") else None
            shape = axes and [axis.dim_param or axis.dim_value or None for axis in axes]
            found.append({"name": each.name, "type": element_type(kind.elem_type), "shape": shape})
        return found

    return {
        "opset": {each.domain or "ai.onnx": each.version for each in model.opset_import},
        "ir_version": model.ir_version,
        "producer": f"{model.producer_name} {model.producer_version}".strip() or None,
        "inputs": values(model.graph.input),
        "outputs": values(model.graph.output),
        "nodes": len(model.graph.node),
        "weights": sum(stored.values()),
        "metadata": {each.key: each.value for each in model.metadata_props},
    }


def safetensors_facts(path: Path) -> Facts:
    """A safetensors file's tensors and metadata, of which its header tells.

    Args:
        path: The file; its header is read by the library, without it as JSON.

    Returns:
        Plain containers: `tensors` (`name`, `type` in the format's word, as F32, `shape`), how many
        `weights` they have together (numbers), `metadata` texts by name.

    Raises:
        SbvaeError: If it is damaged, or its header is larger than the format allows.
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
    """The header alone: JSON, whose length in bytes stands in the first eight."""
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
        texts = {str(name): str(told) for name, told in metadata.items()}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise _damaged(path, "its header is not as the format has it") from None
    if not complete:
        raise _damaged(path, "its tensors are cut short")
    return texts, tensors


def _damaged(path: Path, why: str) -> SbvaeError:
    why = " ".join(why.split())[:200]
    return SbvaeError(f"{path}: is no safetensors file, or a damaged one ({why}); write it again")
