"""Text: settings, spaces of factors, sweeps, logs and scores."""

import json
from pathlib import Path

import yaml
from array_readers import HUE, SPACE
from reader import Reader, Tree, run, without_surrogates

from sbvae_cli.config.load import build_config
from sbvae_cli.config.sweep import read_sweep
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.naming import flat_settings
from sbvae_cli.runs.resolve import Request, resolve
from sbvae_cli.sweeps.plan import plan_sweep

SMALL = {
    "model": {
        "latent_dim": 2,
        "encoder": {"hidden_channels": [4], "hidden_units": []},
        "decoder": {"kind": "broadcast", "hidden_channels": [4]},
    },
    "data": {"source": "circles:xy-hole", "height": 8, "width": 8},
    "training": {"steps": 6, "batch_size": 4, "log_every": 2, "device": "cpu", "threads": 1},
}
SWEEP = {
    "settings": {**SMALL, "preset": {"profile": "quick"}},
    "grid": [{"model.decoder.kind": ["broadcast", "deconv"], "training.learning_rate": [1e-3]}],
    "replicas": 2,
    "seed": 0,
}


def write_yaml(path: Path, tree: Tree) -> None:
    path.write_text(yaml.safe_dump(without_surrogates(tree), sort_keys=False, allow_unicode=True))


def write_json(path: Path, tree: Tree) -> None:
    path.write_text(json.dumps(tree))


def write_log(path: Path, tree: Tree) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in tree["lines"]))


def read_settings(path: Path) -> None:
    resolve(Request(config=path, options={"data": {"source": "circles:xy"}}))
    resolve(Request(config=path))


def read_space(path: Path) -> None:
    run(
        "gen-data",
        "circles",
        "--space",
        path,
        "--count",
        3,
        "--size",
        8,
        "--force",
        "--out",
        "x.h5",
    )


def read_log(path: Path) -> None:
    """As that of a run, in a picture of losses."""
    folder = Path("logged")
    folder.mkdir(exist_ok=True)
    (folder / "log.jsonl").write_bytes(path.read_bytes())
    if not (folder / "config.yaml").exists():
        RunFolder(folder).write_config(build_config(SMALL))
    RunFolder(folder).last_record()
    run("figure", "losses", folder, "--out", "losses.svg")


LINES = [
    {"step": step, "loss": 50.0 / step, "nll": 40.0, "kl": 3.0, "images_per_second": 900.5}
    for step in (2, 4, 6)
]
RESULT = {
    "checkpoint": "a/0/ckpt.pt", "step": 6, "protocol": {"name": "quick", "images": 1000},
    "scores": {"mig": {"value": 0.25}, "nll": {"value": 40.0}, "kl": {"value": None}},
    "geometry": {"x,y": {"scores": {"affine_r2": 0.9, "axes": [0, 1]}, "verdict": "flat"}},
    "run": {
        "name": "a/0", "group": "a", "seed": 0, "data": "xy", "images": "xy",
        "settings": flat_settings(build_config(SMALL), 6),
    },
}  # fmt: skip
OTHER = {**RESULT, "run": {**RESULT["run"], "name": "a/1", "seed": 1}}
READERS = {
    "settings": Reader("c.yaml", [SMALL, {"preset": {"profile": "quick"}, **SMALL}],
                       write_yaml, read_settings),
    "space": Reader("s.yaml", [SPACE, {"space": HUE}], write_yaml, read_space),
    "sweep": Reader("sweep.yaml", [SWEEP], write_yaml,
                    lambda path: plan_sweep(read_sweep(path), Path("runs"))),
    "log": Reader(
        "log.jsonl", [{"lines": LINES}, {"lines": [*LINES, {"step": 7, "diverged": ["loss"]}]}],
        write_log, read_log,
    ),
    "scores": Reader(
        "scores.json", [{"results": [RESULT, OTHER]}], write_json,
        lambda path: run("figure", "scores", path, "--out", "scores.svg"),
    ),
}  # fmt: skip
