"""Models: checkpoints, and what is exported of them; moments of a training."""

import copy
import json
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from array_readers import write_npz
from google.protobuf import json_format
from reader import MOST, Reader, Tree, run
from text_readers import SMALL

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.config.load import merge
from sbvae_cli.config.schema import Config
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.errors import SbvaeError
from sbvae_cli.explorer.foreign_decoder import read_decoder
from sbvae_cli.export import facts
from sbvae_cli.export.onnx_graphs import decoder_onnx, encoder_onnx, with_metadata
from sbvae_cli.export.weights import safetensors_of
from sbvae_cli.figures.unfolding import draw_unfolding
from sbvae_cli.models.build import build_vae
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.resolve import Request, resolve
from sbvae_cli.runs.resume import prepare_resumption
from sbvae_cli.runs.train import restore
from sbvae_cli.runs.unfoldings import read_unfoldings
from sbvae_cli.training.build import build_updater


def config_of(**changes: Any) -> Config:
    objective = {"objective": {"kind": changes.pop("objective", "vae")}}
    return resolve(Request(options=merge(SMALL, objective, changes)))[0]


def plain(value: Any) -> Any:
    """A checkpoint's content, its tensors as their shapes, types and first numbers."""
    if isinstance(value, torch.Tensor):
        return {"tensor": list(value.shape), "dtype": str(value.dtype).removeprefix("torch.")}
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def content(tree: Any) -> Any:
    """The reverse of `plain`; large tensors repeat one number, and so are small in a file."""
    if isinstance(tree, dict) and "tensor" in tree:
        kind = getattr(torch, str(tree.get("dtype")))
        size = np.prod([float(n) for n in tree["tensor"]])
        if size > MOST:
            return torch.zeros(1, dtype=kind).expand(*tree["tensor"])
        return torch.ones(tree["tensor"], dtype=kind)
    if isinstance(tree, dict):
        return {key: content(each) for key, each in tree.items()}
    return [content(each) for each in tree] if isinstance(tree, list) else tree


def checkpoint_tree(config: Config) -> Tree:
    updater = build_updater(config, [0])
    # As after an update: the moments of an Adam have the shapes of its parameters.
    for learner in updater.learners:
        learner.steps += 1
    whole = config.as_dict()
    space = whole["data"].pop("space")
    return plain(
        {
            **{"sbvae_format": 1, "sbvae_version": "0.1.0", "config": whole, "space": space},
            **{"step": 1, "model": updater.weights(0), "optimizer": updater.state_dict(0)},
            **{"threads": 1, "discriminator": updater.adversary_state_dict(0)},
        }
    )


def write_checkpoint(path: Path, tree: Tree) -> None:
    torch.save(content(tree), path)


def read_checkpoint(path: Path) -> None:
    """By `info`, and as one that a training goes on from."""
    run("info", path)
    folder = Path("trained")
    folder.mkdir(exist_ok=True)
    (folder / "ckpt.pt").write_bytes(path.read_bytes())
    found = prepare_resumption(RunFolder(folder), {"training.device": "cpu"})
    restore(build_updater(found.config, [0]), 0, load_checkpoint(path), found.folder)


def graph_of(config: Config, *, decoder: bool) -> bytes:
    vae = build_vae(config.model, config.data.image_shape)
    shape, latents = config.data.image_shape, config.model.latent_dim
    graph = decoder_onnx(vae, shape, latents) if decoder else encoder_onnx(vae, shape)
    return with_metadata(graph, {"sbvae_version": "0.1", "config": json.dumps(config.as_dict())})


def write_onnx(path: Path, tree: Tree) -> None:
    model = json_format.ParseDict(copy.deepcopy(tree), onnx.ModelProto())
    path.write_bytes(model.SerializeToString())


def write_safetensors(path: Path, tree: Tree) -> None:
    header = json.dumps(tree["header"]).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(tree["data"]))


def read_safetensors(path: Path) -> None:
    """By our reader, which stands in where the library is missing, and by the library's."""
    with suppress(SbvaeError):
        facts._by_header(path)
    run("info", path)


def safetensors_tree(config: Config) -> Tree:
    vae = build_vae(config.model, config.data.image_shape)
    file = safetensors_of(vae.state_dict(), {"sbvae_version": "0.1", "step": "7", "config": "{}"})
    size = int.from_bytes(file[:8], "little")
    return {"header": json.loads(file[8 : 8 + size]), "data": file[8 + size :]}


def graph_tree(config: Config, *, decoder: bool) -> Tree:
    model = onnx.load_model_from_string(graph_of(config, decoder=decoder))
    return json_format.MessageToDict(model)


def moments_tree() -> Tree:
    about = {
        **{"format": 1, "names": ["x", "y"], "circular": [False, False], "fixed": {"size": 0.2}},
        **{"free": [], "alone": True, "population": "full"},
    }
    grid = {"dtype": "f4", "values": [[[x, y] for y in (0, 1, 2)] for x in (0, 1, 2)]}
    means = {"dtype": "f4", "shape": [2, 3, 3, 3]}
    return {
        **{"steps": {"dtype": "i8", "values": [1, 2]}, "means": means, "stds": means},
        **{"values": grid, "scaled": grid, "held_out": {"dtype": "?", "values": [[0, 0, 0]] * 3}},
        "about": {"dtype": "U300", "values": json.dumps(about)},
    }


def read_moments_of(path: Path) -> None:
    """As `figure unfolding` does."""
    folder = Path("previewed")
    (folder / "previews").mkdir(exist_ok=True, parents=True)
    if not (folder / "config.yaml").exists():
        RunFolder(folder).write_config(config_of())
    (folder / "previews" / "moments.npz").write_bytes(path.read_bytes())
    (found,) = read_unfoldings([folder])
    draw_unfolding({"a": found.unfolding}, FactorSpace(found.config.data.space))


DECONV = {"model": {"decoder": {"kind": "deconv", "hidden_channels": [4], "start_channels": 4}}}
READERS = {
    "checkpoint": Reader(
        "ckpt.pt",
        [
            checkpoint_tree(config_of()),
            checkpoint_tree(config_of(objective="factor-vae", **DECONV)),
        ],
        write_checkpoint, read_checkpoint,
    ),
    "onnx": Reader(
        "m.onnx", [graph_tree(config_of(), decoder=each) for each in (True, False)],
        write_onnx, partial(run, "info"),
    ),
    "onnx decoder": Reader(
        "m.onnx", [graph_tree(config_of(), decoder=True)],
        write_onnx, lambda path: read_decoder(path, np.zeros((4, 2))),
    ),
    "safetensors": Reader(
        "w.safetensors", [safetensors_tree(config_of())], write_safetensors, read_safetensors
    ),
    "moments": Reader("moments.npz", [moments_tree()], write_npz, read_moments_of),
}  # fmt: skip
