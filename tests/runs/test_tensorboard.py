"""Event files, read back by TensorBoard itself."""

import builtins
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from sbvae_cli.config.schema import Config
from sbvae_cli.data.source import Source
from sbvae_cli.errors import DivergedError
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.resolve import Request, resolve
from sbvae_cli.runs.tensorboard import EventWriter
from sbvae_cli.runs.train import start_runs

Sbvae = Callable[..., Any]


def events(run: Path) -> EventAccumulator:
    found = EventAccumulator(str(run))
    found.Reload()
    return found


def scalars(run: Path) -> dict[str, list[tuple[int, float]]]:
    found = events(run)
    return {
        name: [(each.step, each.value) for each in found.Scalars(name)]
        for name in found.Tags()["scalars"]
    }


def assert_as_logged(run: Path, steps: list[int]) -> None:
    logged = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in logged] == steps
    found = scalars(run)
    assert set(found) == set(logged[0]) - {"step"}
    for name, values in found.items():
        assert [step for step, _ in values] == steps, name
        assert [value for _, value in values] == pytest.approx([line[name] for line in logged])


def test_a_run_that_goes_on_has_each_step_and_each_picture_once(
    sbvae: Sbvae, tiny: list[str]
) -> None:
    options = [*tiny, "--set", "model.decoder.hidden_channels=[4]", "--tensorboard", "--preview"]
    done = sbvae("train", *options, "--steps", 4, "--out", "run")
    assert done.code == 0 and done.out.endswith("\n  tensorboard --logdir run\n"), done.err
    board = EventWriter(
        RunFolder(Path("run")), 4
    )  # of a process that was killed past its checkpoint
    board.scalars(6, {"beyond": 1.0})
    *_, late = RunFolder(Path("run")).event_files()  # one file, if both began in one second
    late.write_bytes(late.read_bytes() + b"half a record")

    assert sbvae("train", "--resume", "run", "--steps", 8).code == 0

    assert not any(b"beyond" in path.read_bytes() for path in Path("run").glob("events*"))
    assert_as_logged(Path("run"), [2, 4, 6, 8])
    found = events(Path("run"))
    assert set(found.Tags()["images"]) == {
        f"previews/{name}" for name in ("traversal.png", "geometry.png", "geometry.gif")
    }
    for tag in found.Tags()["images"]:
        assert [each.step for each in found.Images(tag)] == [4, 8]
        assert found.Images(tag)[1].encoded_image_string == Path("run", tag).read_bytes()
    assert sbvae("train", *options, "--steps", 2, "--out", "run", "--force").code == 0
    assert_as_logged(Path("run"), [2])


def small(**training: Any) -> tuple[Config, Source]:
    options = {
        "data": {"source": "circles:xy", "height": 8, "width": 8},
        "model": {
            "latent_dim": 2,
            "encoder": {"hidden_channels": [4], "hidden_units": [8]},
            "decoder": {"hidden_channels": [4]},
        },
        "objective": {"kind": "factor-vae", "discriminator_units": [4]},
        "training": {"steps": 4, "batch_size": 4, "device": "cpu", "log_every": 2, **training},
    }
    return resolve(Request(options=options))


def test_replicas_have_a_file_each_also_of_factor_vae(tmp_path: Path) -> None:
    both = [small(seed=seed, tensorboard=True) for seed in (0, 1)]
    folders = [RunFolder(tmp_path / str(seed)) for seed in (0, 1)]
    start_runs([config for config, _ in both], both[0][1], folders)
    for folder in folders:
        assert_as_logged(folder.path, [2, 4])
    assert "discriminator_accuracy" in scalars(folders[0].path)
    assert scalars(folders[0].path)["loss"] != scalars(folders[1].path)["loss"]


def test_the_step_that_diverged_is_there(tmp_path: Path) -> None:
    config, source = small(learning_rate=1e30, tensorboard=True, steps=50)
    with pytest.raises(DivergedError) as found:
        start_runs([config], source, [RunFolder(tmp_path / "run")])
    assert scalars(tmp_path / "run")["loss"][-1][0] == found.value.step


def test_without_the_extra_nothing_begins_and_the_line_says_how_to_get_it(
    sbvae: Sbvae, tiny: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sbvae("train", *tiny, "--steps", 2, "--out", "run").code == 0
    load = builtins.__import__

    def without(name: str, *arguments: Any) -> Any:
        if name.startswith("tensorboard"):
            raise ModuleNotFoundError(name)
        return load(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    line = 'error: --tensorboard needs TensorBoard: python -m pip install "tensorboard>=2.17"\n'
    done = sbvae("train", *tiny, "--tensorboard", "--out", "new")
    assert (done.code, done.err) == (1, line) and not Path("new").exists()
    before = Path("run/log.jsonl").read_text()
    done = sbvae("train", "--resume", "run", "--steps", 4, "--tensorboard")
    assert (done.code, done.err) == (1, line) and Path("run/log.jsonl").read_text() == before
