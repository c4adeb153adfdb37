"""Describes an ONNX graph or a safetensors file in lines."""

from collections.abc import Mapping
from typing import Any

from sbvae_cli.cli.console import file_size
from sbvae_cli.errors import printable
from sbvae_cli.files import parse_json

Facts = Mapping[str, Any]
_MAX_TENSORS = 40
_MAX_LETTERS = 200  # characters of a text from the file
_OWN_METADATA = ("sbvae_version", "command", "step", "config", "space", "likelihood")


def model_file_lines(facts: Facts) -> list[tuple[str, str]]:
    """Return lines, each a name and a text, on an ONNX or safetensors file of any program.

    Args:
        facts: Facts from `describe`.
    """
    lines = _about(facts["metadata"])
    if facts["kind"] == "ONNX graph":
        lines += _graph(facts)
    else:
        lines.append(("weights", f"{facts['weights']:,} in {len(facts['tensors'])} tensors"))
        shown = facts["tensors"][:_MAX_TENSORS]
        lines += [(_text(each["name"]), _array(each)) for each in shown]
        if more := len(facts["tensors"]) - len(shown):
            lines.append(("...", f"and {more:,} more, all of them with --json -"))
    return [*lines, ("file", file_size(facts["file_bytes"]))]


def _graph(facts: Facts) -> list[tuple[str, str]]:
    lines = [
        (side, f"{_text(each['name'])}: {_array(each)}")
        for side, values in (("input", facts["inputs"]), ("output", facts["outputs"]))
        for each in values
    ]
    opsets = ", ".join(f"{_text(domain)} {n}" for domain, n in facts["opset"].items())
    return [
        *lines,
        ("weights", f"{facts['weights']:,}"),
        ("nodes", f"{facts['nodes']:,}"),
        ("opset", f"{opsets}; IR version {facts['ir_version']}"),
        ("producer", _text(facts["producer"] or "not told")),
    ]


def _about(metadata: Mapping[str, str]) -> list[tuple[str, str]]:
    """Summarise the model of a file that sbvae wrote, or list all metadata of another file."""
    if "sbvae_version" not in metadata:
        texts = [(_text(name), _text(text)) for name, text in metadata.items()]
        return texts or [("metadata", "none: sbvae did not write it, or it was removed")]
    lines = [("command", _text(metadata.get("command", "-"), 2000))]
    lines.append(("version", _text(metadata["sbvae_version"])))
    try:
        config = parse_json(metadata["config"])
        data, model = config["data"], config["model"]
        colour = "grey" if data["channels"] == 1 else "colour"
        pixels = f"{data['height']}x{data['width']} pixels, {colour}"
        kinds = f"{config['objective']['kind']}, {model['decoder']['kind']}"
        likelihood = f"{model['likelihood']['kind']} likelihood"
        lines += [
            ("data", _text(f"{data['name']}, {pixels}")),
            ("model", _text(f"{kinds}, {likelihood}, {model['latent_dim']} latents")),
            ("seed", _text(str(config["training"]["seed"]))),
            ("step", f"{int(metadata['step']):,}"),
        ]
    except (KeyError, ValueError, TypeError):  # from another version, or edited
        lines.append(("settings", "cannot be read"))
    others = [
        (_text(name), _text(text)) for name, text in metadata.items() if name not in _OWN_METADATA
    ]
    return lines + others


def _array(facts: Facts) -> str:
    """Describe type and shape of an array, as `float (N, 10)`."""
    shape = facts["shape"]
    axes = "of any shape" if shape is None else f"({', '.join(str(n or '?') for n in shape)})"
    return _text(f"{facts['type']} {axes}")


def _text(text: str, most: int = _MAX_LETTERS) -> str:
    """Shorten a text, and replace characters that a terminal might interpret."""
    cut = text if len(text) <= most else f"{text[:most]}..."
    return printable(cut)
