"""What is told of exported files: of safetensors without their library, and of odd ONNX graphs."""

import json
from pathlib import Path

import onnx
import pytest
import torch
from safetensors.torch import save_file

from sbvae_cli.errors import SbvaeError
from sbvae_cli.export import facts
from sbvae_cli.export.facts import onnx_facts, safetensors_facts

ONE = {"dtype": "F32", "data_offsets": [0, 4]}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Weights, read from now on without the library."""
    path = tmp_path / "w.safetensors"
    tensors = {"z": torch.zeros(2, 3), "a": torch.zeros(()), "n": torch.zeros(4, dtype=torch.int64)}
    save_file(tensors, path, {"made": "by hand"})
    known = safetensors_facts(path)
    monkeypatch.setattr(facts, "find_spec", lambda name: None)
    assert {each["name"]: each["shape"] for each in known["tensors"]} == {
        "z": [2, 3], "a": [], "n": [4]
    }  # fmt: skip
    assert known == safetensors_facts(path)
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content[:-1], "its tensors are cut short"),
        (lambda content: content[:40], "its header is not as the format has it"),
        (lambda content: b"", "its header is not as the format has it"),
        (lambda content: b"\xff" * 7 + content, "a header of 1"),
        (lambda content: header({"a": {"shape": [1]}}), "not as the format has it"),
        (lambda content: header({"a": {**ONE, "shape": [1e400]}}), "not as the format has it"),
        (lambda content: header([1]), "not as the format has it"),
        (lambda content: header("[" * 100_000, text=True), "not as the format has it"),
    ],
)
def test_damage_is_told_without_the_library(file: Path, change: object, said: str) -> None:
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(SbvaeError, match=said):
        safetensors_facts(file)


def header(tree: object, text: bool = False) -> bytes:
    content = (str(tree) if text else json.dumps(tree)).encode()
    return len(content).to_bytes(8, "little") + content


def test_an_onnx_graph_of_texts_that_are_none_and_of_unknown_types_is_described(
    tmp_path: Path,
) -> None:
    put = onnx.helper.make_tensor_value_info("input", onnx.TensorProto.FLOAT, ["batch", 3])
    out = onnx.helper.make_tensor_value_info("output", onnx.TensorProto.FLOAT, ["batch", 3])
    node = onnx.helper.make_node("Identity", ["input"], ["output"])
    model = onnx.helper.make_model(onnx.helper.make_graph([node], "g", [put], [out]))
    model.producer_name = "maker"
    onnx.helper.set_model_props(model, {"known": "as text"})
    content = model.SerializeToString()
    for text in (b"maker", b"input", b"batch", b"known", b"as text"):
        content = content.replace(text, b"\xff" + text[1:])
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    found = onnx_facts(path)
    assert found["producer"] == "\ufffdaker" and found["metadata"] == {"\ufffdnown": "\ufffds text"}
    side = {"name": "\ufffdnput", "type": "float", "shape": ["\ufffdatch", 3]}
    assert found["inputs"] == [side]
    model.graph.input[0].type.tensor_type.elem_type = 99
    path.write_bytes(model.SerializeToString())
    assert onnx_facts(path)["inputs"][0]["type"] == "type 99"
