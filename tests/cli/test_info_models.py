"""`sbvae info` of models for other programs: ONNX graphs and safetensors, ours and anybody's."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import save_file

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.export.onnx_graphs import with_metadata
from sbvae_cli.runs.export import about, weights_file

Sbvae = Callable[..., Any]


def foreign_graph(**texts: str) -> bytes:
    """Codes (batch, 3) times a matrix (3, 5), to an output of unknown shape."""
    z = onnx.helper.make_tensor_value_info("codes", onnx.TensorProto.FLOAT, ["batch", 3])
    out = onnx.helper.make_tensor_value_info("pixels", onnx.TensorProto.FLOAT, None)
    matrix = onnx.numpy_helper.from_array(np.ones((3, 5), np.float32), "w")
    node = onnx.helper.make_node("MatMul", ["codes", "w"], ["pixels"])
    graph = onnx.helper.make_graph([node], "g", [z], [out], [matrix])
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 17)], producer_name="elsewhere"
    )
    onnx.helper.set_model_props(model, texts)
    return model.SerializeToString()


def has_line(text: str, name: str, told: str) -> bool:
    return re.search(f"^  {re.escape(name)} +{re.escape(told)}$", text, re.MULTILINE) is not None


def test_a_foreign_graph_tells_its_inputs_outputs_opset_and_metadata(sbvae: Sbvae) -> None:
    Path("any name").write_bytes(foreign_graph(author="some\x1b[31mbody"))

    done = sbvae("info", "any name")
    facts = json.loads(sbvae("info", "any name", "--json", "-").out)

    assert (done.code, done.err) == (0, "")
    for name, told in (
        ("author", "some\ufffd[31mbody"),
        ("input", "codes: float (batch, 3)"),
        ("output", "pixels: float of any shape"),
        ("weights", "15"),
        ("nodes", "1"),
        ("producer", "elsewhere"),
    ):
        assert has_line(done.out, name, told), name
    assert "ai.onnx 17; IR version" in done.out
    assert facts["inputs"] == [{"name": "codes", "type": "float", "shape": ["batch", 3]}]
    assert facts["outputs"] == [{"name": "pixels", "type": "float", "shape": None}]
    assert (facts["opset"], facts["weights"], facts["kind"]) == ({"ai.onnx": 17}, 15, "ONNX graph")
    assert facts["metadata"] == {"author": "some\x1b[31mbody"}


def test_own_files_tell_of_the_model(sbvae: Sbvae, write_model: Callable[..., Path]) -> None:
    checkpoint = load_checkpoint(write_model(Path("ckpt.pt"), 3))
    told = about(checkpoint, "sbvae export ckpt.pt")
    Path("w.safetensors").write_bytes(weights_file(checkpoint, "sbvae export ckpt.pt"))
    Path("g.onnx").write_bytes(with_metadata(foreign_graph(), told))
    data = checkpoint.config.data
    wanted = {
        "command": "sbvae export ckpt.pt",
        "data": f"{data.name}, {data.height}x{data.width} pixels, colour",
        "model": f"vae, broadcast, bernoulli likelihood, {checkpoint.config.model.latent_dim} "
        "latents",
        "step": f"{checkpoint.step:,}",
    }

    for path in ("w.safetensors", "g.onnx"):
        done = sbvae("info", path)
        assert (done.code, done.err) == (0, "")
        for name, text in wanted.items():
            assert has_line(done.out, name, text), (path, name)
    facts = json.loads(sbvae("info", "w.safetensors", "--json", "-").out)
    shapes = {each["name"]: each["shape"] for each in facts["tensors"]}
    assert shapes == {name: list(tensor.shape) for name, tensor in checkpoint.model.items()}
    assert facts["metadata"] == told


def test_foreign_weights_in_words(sbvae: Sbvae) -> None:
    save_file({"a.b": torch.zeros(2, 3), "n": torch.zeros(4, dtype=torch.int64)}, "weights")

    done = sbvae("info", "weights")

    assert (done.code, done.err) == (0, "")
    for name, told in (
        ("metadata", "none: sbvae did not write it, or it was removed"),
        ("weights", "10 in 2 tensors"),
        ("a.b", "F32 (2, 3)"),
        ("n", "I64 (4)"),
    ):
        assert has_line(done.out, name, told), name


def test_broken_files_and_what_cannot_be_done_are_one_line(sbvae: Sbvae) -> None:
    Path("words.onnx").write_text("no graph")
    Path("words.safetensors").write_text("no weights at all")
    save_file({"a": torch.zeros(50)}, "cut")
    Path("cut").write_bytes(Path("cut").read_bytes()[:-1])
    Path("exported").mkdir()
    Path("exported/decoder.onnx").write_bytes(foreign_graph())
    for command, said in (
        ("info words.onnx", "words.onnx: is not an ONNX file, or is damaged; export it again"),
        ("info words.safetensors", "words.safetensors: is not a safetensors file, or is damaged ("),
        ("info cut", "cut: is not a safetensors file, or is damaged ("),
        ("info exported", "exported: is a folder that holds decoder.onnx; name the file"),
        ("eval exported/decoder.onnx", "exported/decoder.onnx: is an ONNX graph, not a checkpoint"),
        ("info exported/decoder.onnx --sheet a.png", "--sheet needs a dataset or a run"),
    ):
        done = sbvae(*command.split())
        assert done.code == 1 and done.err.startswith(f"error: {said}"), done.err
        assert done.err.count("\n") == 1


def test_a_graph_without_the_package_is_one_line(
    sbvae: Sbvae, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("g.onnx").write_bytes(foreign_graph())
    monkeypatch.setattr("sbvae_cli.export.packages.find_spec", lambda name: None)

    done = sbvae("info", "g.onnx")

    assert done.code == 1 and done.err.startswith("error: ONNX graphs need the extra sbvae[export]")
    assert done.err.count("\n") == 1 and "pip install onnx" in done.err
