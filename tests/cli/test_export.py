"""`sbvae export` from the command line, with a model that nobody trained."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from safetensors import safe_open

from sbvae_cli import __version__
from sbvae_cli.checkpoint import load_checkpoint, save_checkpoint
from sbvae_cli.export import checked
from sbvae_cli.export.onnx_graphs import metadata_of, run_onnx, with_metadata
from sbvae_cli.models.vae import VAE
from sbvae_cli.runs import export

Sbvae = Callable[..., object]
Room = Callable[[int], AbstractContextManager[None]]


@pytest.fixture
def model(sbvae: Sbvae, write_model: Callable[..., Path]) -> Path:
    """In the folder that the command runs in."""
    return write_model(Path("ckpt.pt"), 3)


def some_graph() -> bytes:
    """An ONNX file that sbvae did not write."""
    z = onnx.helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, ["N"])
    image = onnx.helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, ["N"])
    node = onnx.helper.make_node("Identity", ["z"], ["image"])
    return onnx.helper.make_model(
        onnx.helper.make_graph([node], "g", [z], [image])
    ).SerializeToString()


def pretend_to_export(monkeypatch: pytest.MonkeyPatch, off_by: float) -> None:
    """Graphs in no time, whose outputs are so far from the model's."""
    seen: list[VAE] = []

    def keep(vae: VAE, *shape: object) -> bytes:
        seen.append(vae)
        return some_graph()

    def run(graph: bytes, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        with torch.no_grad():
            if "z" in inputs:
                return {"image": seen[0].render(torch.tensor(inputs["z"])).numpy() + off_by}
            mean, log_variance = seen[0].encode(torch.tensor(inputs["image"]))
        return {"mean": mean.numpy(), "log_variance": log_variance.numpy()}

    monkeypatch.setattr(checked, "encoder_onnx", keep)
    monkeypatch.setattr(checked, "decoder_onnx", keep)
    monkeypatch.setattr(checked, "run_onnx", run)


def files() -> list[str]:
    return sorted(path.name for path in Path().rglob("*") if path.is_file())


def test_graphs_and_weights_are_written_and_say_what_they_are(sbvae: Sbvae, model: Path) -> None:
    line = ("export", model, "--onnx", "a/b", "--safetensors", "w.safetensors")
    done = sbvae(*line)

    assert (done.code, done.err) == (0, "")
    graphs, weights = done.out.splitlines()
    found = re.fullmatch(
        r"wrote a/b/encoder.onnx \([\d.]+ kB\) and a/b/decoder.onnx \([\d.]+ kB\): at most "
        r"(\d\.\de-\d\d) from PyTorch on 16 random inputs",
        graphs,
    )
    assert found and float(found[1]) < 1e-5
    checkpoint = load_checkpoint(model)
    count = sum(weight.numel() for weight in checkpoint.model.values())
    assert weights.endswith(f" kB): {count:,} numbers in {len(checkpoint.model)} tensors")
    assert files() == ["ckpt.pt", "decoder.onnx", "encoder.onnx", "w.safetensors"]

    vae = checkpoint.build_vae()
    images, z = torch.rand(5, 3, 12, 8), torch.randn(4, 3)
    encoder, decoder = (Path("a/b", name).read_bytes() for name in export.GRAPHS)
    posterior = run_onnx(encoder, {"image": images.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(posterior["mean"], vae.encode(images)[0].numpy(), atol=1e-5)
        rendered = run_onnx(decoder, {"z": z.numpy()})["image"]
        np.testing.assert_allclose(rendered, vae.render(z).numpy(), atol=1e-5)
    with safe_open("w.safetensors", "pt") as file:
        assert set(file.keys()) == set(checkpoint.model)
        for name, weight in checkpoint.model.items():
            assert torch.equal(file.get_tensor(name), weight)
        told = file.metadata()
    assert told["command"] == f"sbvae {' '.join(map(str, line))}"
    assert (told["sbvae_version"], told["step"]) == (__version__, "7")
    assert json.loads(told["space"]) == checkpoint.space.model_dump(mode="json")
    assert json.loads(told["config"])["model"]["latent_dim"] == 3
    for graph in (encoder, decoder):
        assert metadata_of(graph) == {**told, "likelihood": "bernoulli"}


def test_graphs_of_an_earlier_export_are_replaced(
    sbvae: Sbvae, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_to_export(monkeypatch, 5e-5)
    Path("out").mkdir()
    Path("out/decoder.onnx").write_bytes(with_metadata(some_graph(), {"sbvae_version": "0"}))
    done = sbvae("export", model, "--onnx", "out")
    assert (done.code, done.err) == (0, "")
    assert "at most 5.0e-05 from PyTorch" in done.out
    assert metadata_of(Path("out/decoder.onnx").read_bytes())["sbvae_version"] == __version__


def test_where_a_graph_differs_nothing_is_written(
    sbvae: Sbvae, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_to_export(monkeypatch, 1.1e-4)
    done = sbvae("export", model, "--onnx", "out", "--safetensors", "w.safetensors")
    assert (done.code, done.out) == (1, "")
    assert re.match(
        r"error: the ONNX graphs give another image than PyTorch, by 1\.1e-04, where 0\.0001 is "
        r"allowed; nothing was written; ",
        done.err,
    )
    assert files() == ["ckpt.pt"] and not Path("out").exists()


def test_a_model_that_gives_no_numbers_is_said_to(
    sbvae: Sbvae, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = load_checkpoint(model)
    checkpoint.model["encoder.output.bias"][0] = np.nan
    save_checkpoint(model, checkpoint)
    pretend_to_export(monkeypatch, 0)
    done = sbvae("export", model, "--onnx", "out")
    assert done.err == "error: the model's mean is NaN; export an earlier checkpoint\n"
    assert files() == ["ckpt.pt"]


def test_with_a_full_disk_what_stood_there_stays(
    sbvae: Sbvae, model: Path, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_to_export(monkeypatch, 0)
    assert sbvae("export", model, "--onnx", "out").code == 0
    before = {name: Path("out", name).read_bytes() for name in export.GRAPHS}
    assert len(before["decoder.onnx"]) > 1000
    for free in (0, 1000):
        with room(free):
            done = sbvae("export", model, "--onnx", "out", "--safetensors", "w.safetensors")
        assert done.code == 1
        assert re.match(
            r"error: \S+(onnx|safetensors): cannot be written: File too large", done.err
        )
        assert {name: Path("out", name).read_bytes() for name in export.GRAPHS} == before
        assert files() == ["ckpt.pt", "decoder.onnx", "encoder.onnx"]


def test_without_the_extra_a_line_says_how_to_get_it(
    sbvae: Sbvae, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    done = sbvae("export", "none", "--onnx", "out")
    assert done.code == 1
    assert done.err == (
        "error: ONNX graphs need the extra sbvae[export]; onnxruntime is missing: "
        "python -m pip install onnx onnxruntime safetensors\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ckpt.pt"], "nothing to write; give --onnx DIR, --safetensors FILE or both"),
        (["none", "--onnx", "out"], "none: there is no such file; train a model first"),
        (["began", "--onnx", "out"], "began: is the folder of a run that has saved no checkpoint"),
        (["empty", "--onnx", "out"], "empty: is an empty folder"),
        (["runs", "--onnx", "out"], "runs: is not a run folder, but contains 0 and 1; name one"),
        (["text", "--onnx", "out"], "text: is text, not a checkpoint"),
        (["ckpt.pt", "--onnx", "text"], "--onnx text: is a file, which is not replaced"),
        (["ckpt.pt", "--onnx", "text/x"], "--onnx text/x: cannot be written: Not a directory"),
        (["ckpt.pt", "--onnx", "-"], "--onnx -: is not a folder; name one, as exported"),
        (["ckpt.pt", "--onnx", "other"], "other/decoder.onnx: was not written by sbvae and is"),
        (["ckpt.pt", "--safetensors", "w.onnx"], "--safetensors w.onnx: this option writes "),
        (["ckpt.pt", "--safetensors", "ckpt.pt"], "ckpt.pt: is a checkpoint, which is not "),
        (["ckpt.pt", "--safetensors", "text"], "--safetensors text: the existing file is not a "),
        (["ckpt.pt", "--safetensors", "empty"], "--safetensors empty: is a folder; name a file"),
    ],
)
def test_what_cannot_be_exported_is_one_line(
    sbvae: Sbvae, model: Path, words: list[str], said: str
) -> None:
    Path("text").write_text("a text\n")
    for folder in ("began", "empty", "runs/0", "runs/1", "other"):
        Path(folder).mkdir(parents=True)
    Path("began/config.yaml").write_text("{}\n")
    for run in ("runs/0", "runs/1"):
        shutil.copy(model, Path(run, "ckpt.pt"))
    Path("other/decoder.onnx").write_bytes(some_graph())
    before = files()
    done = sbvae("export", *words)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"error: {said}"), done.err
    assert len(done.err.splitlines()) == 1
    assert files() == before and not Path("out").exists()
