"""What a run with previews leaves in its folder, and that it trains as one without."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from PIL import Image

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.config.load import build_config, merge
from sbvae_cli.config.schema import Config
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.fingerprint import fingerprint
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.data.write import write_dataset
from sbvae_cli.errors import DivergedError, SbvaeError
from sbvae_cli.evaluation.stored_embedding import embed_factors
from sbvae_cli.models.vae import VAE
from sbvae_cli.runs import previews
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.moments_file import read_moments
from sbvae_cli.runs.previews import SIZE, Previews, preview_images
from sbvae_cli.runs.resume import prepare_resumption
from sbvae_cli.runs.train import resume_runs, start_runs
from sbvae_cli.training.loop import Report

SOURCE = open_source("circles:xy-hole", 16, 16)
ENDED = ["geometry.gif", "geometry.png", "moments.npz", "traversal.png"]


def config(source: Source = SOURCE, objective: str = "vae", **training: Any) -> Config:
    own = {"steps": 4, "batch_size": 4, "device": "cpu", "threads": 1, "log_every": 2}
    small_discriminator = {"discriminator_units": [8]}
    small = {"hidden_channels": [4, 4]}
    return build_config(
        {
            "data": {"source": "circles:xy-hole", **fingerprint(source)},
            "model": {
                "latent_dim": 3,
                "encoder": {**small, "hidden_units": [8]},
                "decoder": {"kind": "broadcast", **small},
            },
            "objective": {"kind": objective, **(small_discriminator if objective != "vae" else {})},
            "training": {**own, "preview": True, **training},
        }
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "previews").iterdir())


@pytest.fixture
def source_of_one_factor(tmp_path: Path) -> Callable[[], Source]:
    """A file of images that show x alone, which nothing can draw."""

    def make() -> Source:
        rows = np.linspace(0, 1, 12, dtype=np.float32)[:, None]
        images = np.random.default_rng(0).integers(0, 256, (12, 16, 16, 3), np.uint8)
        space = FactorSpace(SpaceConfig(factors=(FactorConfig(name="x", low=0, high=1),)))
        path = tmp_path / "own.h5"
        write_dataset(path, [(rows, images)], space=space, name="own", shape=(16, 16, 3))
        return open_source(path)

    return make


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is drawn, which takes most of the time."""
    monkeypatch.setattr(Previews, "_draw", lambda *arguments, **options: None)


def assert_one_run(folder: Path, **training: Any) -> None:
    """With previews and without, to the bit: weights, optimizers and logs."""
    runs = {}
    for preview in (False, True):
        own = RunFolder(folder / str(preview))
        start_runs([config(preview=preview, **training)], SOURCE, [own])
        lines = [json.loads(line) for line in own.log.read_text().splitlines()]
        speeds = [line.pop("images_per_second") for line in lines]
        runs[preview] = load_checkpoint(own.checkpoint), lines
        assert all(speeds)
    (plain, plain_log), (watched, watched_log) = runs[False], runs[True]
    assert watched_log == plain_log
    assert watched.config != plain.config and watched.step == plain.step
    assert watched.model.keys() == plain.model.keys()
    for name in ("model", "optimizer", "discriminator"):
        one, other = (tensors(getattr(each, name)) for each in (plain, watched))
        assert len(one) == len(other)
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True)), name
    assert not (folder / "False/previews").exists()


def tensors(tree: Any) -> list[torch.Tensor]:
    if isinstance(tree, dict):
        return [each for value in tree.values() for each in tensors(value)]
    if isinstance(tree, list | tuple):
        return [each for value in tree for each in tensors(value)]
    return [torch.as_tensor(tree)] if isinstance(tree, torch.Tensor | int | float) else []


@pytest.mark.usefixtures("undrawn")
def test_a_run_that_is_looked_at_is_one_that_is_not_to_the_bit(tmp_path: Path) -> None:
    assert_one_run(tmp_path, fixed_set=20, validation=0.2, checkpoint_every=2)
    found = read_moments(tmp_path / "True/previews/moments.npz")
    assert found.steps == (0, 1, 2, 3, 4)


@pytest.mark.usefixtures("undrawn")
def test_a_run_with_a_discriminator_that_is_looked_at_is_one_that_is_not(tmp_path: Path) -> None:
    assert_one_run(tmp_path, objective="factor-vae")
    assert load_checkpoint(RunFolder(tmp_path / "True").checkpoint).discriminator


def test_a_run_that_is_drawn_meanwhile_is_one_that_is_not_to_the_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []

    def keep(self: Previews, name: str, picture: object, about: Any, *words: str) -> None:
        drawn.append((name, about.get("step")))

    monkeypatch.setattr(Previews, "_write", keep)
    assert_one_run(tmp_path, steps=3, checkpoint_every=2)
    assert drawn[:2] == [("traversal.png", 2), ("geometry.png", 2)]


def test_pictures_of_a_run_are_of_the_model_that_was_saved(tmp_path: Path) -> None:
    start_runs([config(steps=2)], SOURCE, [RunFolder(tmp_path)])
    assert names(tmp_path) == ENDED
    saved = load_checkpoint(RunFolder(tmp_path).checkpoint)
    own = embed_factors(saved.build_vae(torch.device("cpu")), SOURCE, size=SIZE)
    last = read_moments(tmp_path / "previews/moments.npz").embedding()
    assert last.choice == own.choice
    np.testing.assert_allclose(last.codes, own.codes, atol=1e-6)
    with Image.open(tmp_path / "previews/geometry.gif") as moving:
        assert moving.n_frames == 3


@pytest.mark.parametrize("replicas", [1, 4])
def test_a_tenth_of_the_time_goes_into_pictures_of_all_replicas_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replicas: int
) -> None:
    clock, drawn, own = [0.0], list[int](), config(steps=10_000)
    seconds_of = {"_store_moment": 1.0, "_draw": 1.0}

    def take(self: Previews, step: int, **options: bool) -> None:
        clock[0] += seconds_of["_draw"]
        drawn.append(several.index(self))

    def look(self: Previews, step: int) -> None:
        clock[0] += seconds_of["_store_moment"]

    monkeypatch.setattr(Previews, "_draw", take)
    monkeypatch.setattr(Previews, "_store_moment", look)
    monkeypatch.setattr(previews, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    images, vae = preview_images(own, SOURCE, pytest.fail), cast(VAE, None)
    several = [
        Previews(RunFolder(tmp_path), own, SOURCE, vae, images, 0, pytest.fail, replicas)
        for _ in range(replicas)
    ]
    for step in range(1, 1001):
        clock[0] += 1.0
        for replica, each in enumerate(several):
            each.watch(step)
            each.observe(Report(replica, step, 10_000, {}, 1.0, 1.0, save=True))
    spent = len(drawn)
    assert 0.09 < spent / clock[0] <= 0.1 + replicas / clock[0]
    assert {drawn.count(replica) // 2 for replica in range(replicas)} == {spent // replicas // 2}


@pytest.mark.usefixtures("undrawn")
def test_a_run_that_was_killed_goes_on_with_what_it_stored(tmp_path: Path) -> None:
    whole, killed = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "killed")
    start_runs([config(steps=6)], SOURCE, [whole])
    asked = iter([False] * 4 + [True])
    start_runs([config(steps=6, checkpoint_every=3)], SOURCE, [killed], stop=lambda: next(asked))
    assert load_checkpoint(killed.checkpoint).step == 4
    moments = killed.previews / "moments.npz"
    stored = read_moments(moments)
    assert stored.steps == (0, 1, 2, 3, 4)
    later = stored.add(5, stored_codes(stored))  # beyond the checkpoint, as a kill leaves it
    previews.write_moments(moments, later)
    resume_runs([prepare_resumption(killed)])
    found, expected = (read_moments(f.previews / "moments.npz") for f in (killed, whole))
    assert found.steps == expected.steps == (0, 1, 2, 3, 4, 5, 6)
    np.testing.assert_array_equal(found.means, expected.means)
    np.testing.assert_array_equal(found.stds, expected.stds)


def stored_codes(stored: Any) -> Any:
    return dataclasses.make_dataclass("Codes", ["means", "stds"])(
        stored.means[0] + 99, stored.stds[0]
    )


@pytest.mark.usefixtures("undrawn")
def test_moments_that_are_damaged_are_begun_anew_and_said_so(tmp_path: Path) -> None:
    folder, notes = RunFolder(tmp_path / "run"), list[str]()
    start_runs([config(steps=2)], SOURCE, [folder])
    (folder.previews / "moments.npz").write_bytes(b"torn")
    run = prepare_resumption(folder, {"training.steps": 4})
    resume_runs([run], on_note=notes.append)
    assert [note.partition(": ")[2] for note in notes] == [
        "is damaged; delete it; previews start again"
    ]
    assert read_moments(folder.previews / "moments.npz").steps == (2, 3, 4)


@pytest.mark.usefixtures("undrawn")
def test_replicas_have_their_own(tmp_path: Path) -> None:
    folders = [RunFolder(tmp_path / str(seed)) for seed in range(2)]
    configs = [config(seed=seed) for seed in range(2)]
    start_runs(configs, SOURCE, folders)
    first, second = (read_moments(folder.previews / "moments.npz") for folder in folders)
    assert first.steps == second.steps == (0, 1, 2, 3, 4)
    assert not np.array_equal(first.means, second.means)
    alone = RunFolder(tmp_path / "alone")
    start_runs(configs[1:], SOURCE, [alone])
    own = read_moments(alone.previews / "moments.npz")
    np.testing.assert_allclose(second.means, own.means, atol=1e-4)


def test_without_two_factors_there_are_traversals_alone_and_it_is_said_once(
    tmp_path: Path, source_of_one_factor: Callable[[], Source]
) -> None:
    source, notes = source_of_one_factor(), list[str]()
    own = config(source, checkpoint_every=2)
    own = build_config(merge(own.as_dict(), {"data": {"source": str(source.file.path)}}))
    start_runs([own], source, [RunFolder(tmp_path / "run")], on_note=notes.append)
    assert names(tmp_path / "run") == ["traversal.png"]
    assert len(notes) == 1 and notes[0].startswith(
        "previews show only traversals: geometry needs two factors that vary, this data has x"
    )


def test_a_run_that_diverges_leaves_what_is_there(tmp_path: Path) -> None:
    folder, notes = RunFolder(tmp_path / "run"), list[str]()
    own = config(steps=6, learning_rate=1e39, checkpoint_every=1, log_every=1)
    with pytest.raises(DivergedError):
        start_runs([own], SOURCE, [folder], on_note=notes.append)
    found = read_moments(folder.previews / "moments.npz")
    assert found.steps[0] == 0 and len(found.steps) < 7 and np.isfinite(found.means).all()
    assert notes == [] and "geometry.gif" not in names(tmp_path / "run")


@pytest.mark.parametrize("kind", [SbvaeError, torch.OutOfMemoryError, ValueError])
def test_what_cannot_be_drawn_is_said_once_and_the_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    def refuse(path: Path, unfolding: object) -> None:
        raise kind("no room\nfor more")

    monkeypatch.setattr(previews, "write_moments", refuse)
    folder, notes = RunFolder(tmp_path / "run"), list[str]()
    assert start_runs([config()], SOURCE, [folder], on_note=notes.append) == [4]
    assert len(notes) == 1 and "no more previews; the training continues: no room" in notes[0]


@pytest.mark.usefixtures("undrawn")
def test_a_run_that_is_replaced_leaves_no_previews(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    start_runs([config(steps=1)], SOURCE, [folder])
    folder.checkpoint.unlink()
    start_runs([config(steps=1)], SOURCE, [folder])  # without a checkpoint nothing is lost
    (folder.previews / "own.txt").write_text("mine")
    start_runs([config(steps=1, preview=False)], SOURCE, [folder], force=True)
    assert names(folder.path) == ["own.txt"]
