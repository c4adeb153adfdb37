"""The checkpoint format: what it holds, and what is refused."""

import os
import pickle
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import torch

from sbvae_cli.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from sbvae_cli.config.model import EncoderConfig, ModelConfig
from sbvae_cli.config.schema import Config, DataConfig
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.errors import SbvaeError
from sbvae_cli.models.build import build_vae

Room = Callable[[int], AbstractContextManager[None]]

SPACE = SpaceConfig(
    renderer="circles",
    factors=(FactorConfig(name="x", low=0.2, high=0.8), FactorConfig(name="y", low=0.1, high=0.9)),
    held_out=({"x": (0.3, 0.5)},),
)
CONFIG = Config(
    data=DataConfig(height=8, width=12, channels=1, space=SPACE),
    model=ModelConfig(latent_dim=2, encoder=EncoderConfig(hidden_channels=(4,))),
)


def small_checkpoint() -> Checkpoint:
    vae = build_vae(CONFIG.model, CONFIG.data.image_shape, seed=5)
    return Checkpoint(CONFIG, 7, vae.state_dict(), {}, threads=2)


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    saved = small_checkpoint()
    save_checkpoint(tmp_path / "ckpt.pt", saved)
    loaded = load_checkpoint(tmp_path / "ckpt.pt")
    assert (loaded.config, loaded.step, loaded.threads) == (saved.config, 7, 2)
    assert loaded.space == SPACE
    images = torch.rand(1, 1, 8, 12)
    expected = saved.build_vae().encode(images)
    torch.testing.assert_close(loaded.build_vae().encode(images), expected, rtol=0, atol=0)


@pytest.mark.parametrize(("step", "threads"), [(0, 1), (500_000, 8), (2**63 - 1, 1024)])
def test_a_checkpoint_may_have_any_step_of_64_bits_and_1024_threads(
    tmp_path: Path, step: int, threads: int
) -> None:
    save_checkpoint(tmp_path / "ckpt.pt", replace(small_checkpoint(), step=step, threads=threads))
    loaded = load_checkpoint(tmp_path / "ckpt.pt")
    assert (loaded.step, loaded.threads) == (step, threads)


def test_plain_pytorch_reads_it_without_unpickling_code(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "ckpt.pt", small_checkpoint())
    content = torch.load(tmp_path / "ckpt.pt", weights_only=True)
    assert content["sbvae_format"] == 1
    assert content["space"]["factors"][0]["name"] == "x"
    assert "space" not in content["config"]["data"]


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch hostile-was-here",)


@pytest.mark.parametrize("whole", [True, False])
def test_a_pickle_that_would_run_a_command_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "ckpt.pt"
    if whole:
        torch.save({"sbvae_format": 1, "model": Hostile()}, path)
    else:
        path.write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(SbvaeError, match="refused" if whole else "not a checkpoint"):
        load_checkpoint(path)
    assert not (tmp_path / "hostile-was-here").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sbvae_format": 2, "sbvae_version": "9.1"}, "format 2.* reads 1; install sbvae 9.1"),
        ({"sbvae_format": 0}, "format 0.* reads 1; train the model again"),
        ({"step": None}, "its step is None"),
        ({"step": -1}, "its step is -1"),
        ({"config": 3}, "is a damaged sbvae checkpoint .*; train the model again"),
        ({"sbvae_format": None}, "its sbvae_format is None"),
        ({"sbvae_format": torch.ones(2)}, r"its sbvae_format is Tensor of shape \(2,\)"),
    ],
)
def test_content_that_does_not_fit_is_named(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    path = tmp_path / "ckpt.pt"
    save_checkpoint(path, small_checkpoint())
    torch.save({**torch.load(path, weights_only=True), **change}, path)
    with pytest.raises(SbvaeError, match=message) as caught:
        load_checkpoint(path)
    assert "\n" not in str(caught.value)


def test_a_config_that_asks_for_more_than_the_file_holds_is_refused_before_it_is_built(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ckpt.pt"
    save_checkpoint(path, small_checkpoint())
    content = torch.load(path, weights_only=True)
    objective = {"kind": "factor-vae", "discriminator_units": [10**6, 10**6]}
    for section, change in (
        ("data", {"height": 10**6, "width": 10**6}),
        ("model", {"latent_dim": 10**5}),
        ("objective", objective),
    ):
        changed = {**content["config"], section: {**content["config"][section], **change}}
        changed["objective"] = change if section == "objective" else changed["objective"]
        torch.save({**content, "config": changed}, path)
        with pytest.raises(
            SbvaeError, match=r"weights do not fit its config, which has [\d,]{9,} weights"
        ):
            load_checkpoint(path)


def test_an_error_shows_a_short_value_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "ckpt.pt"
    save_checkpoint(path, small_checkpoint())
    content = torch.load(path, weights_only=True)
    content["config"]["training"]["shuffle"] = [torch.zeros(40, 40)]
    torch.save({**content, "step": torch.zeros(40, 40)}, path)
    with pytest.raises(SbvaeError, match=r"training.shuffle is .* \.\.\.") as caught:
        load_checkpoint(path)
    assert len(str(caught.value)) < 300 + len(str(path)) and "\n" not in str(caught.value)


def without_end() -> list[Any]:
    """A list of as many values as no memory holds, in a few bytes."""
    values: list[Any] = [0] * 9
    for _ in range(40):
        values = [values] * 9
    return values


def claim(*shape: int) -> torch.Tensor:
    """A tensor of one number that claims to have many."""
    return torch.zeros(1).expand(shape)


WEIGHT = "encoder.convolutions.0.weight"


@pytest.mark.filterwarnings("ignore:Validating sparse tensor")  # of PyTorch from 2.14 on
@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        ("config.model.latent_dim", -3, "latent_dim is -3: .* greater than or equal to 1"),
        ("config.model.encoder.kernel_size", 0, "kernel_size is 0: "),
        (
            "config.model.encoder.kernel_size",
            10**30,
            "do not fit its config, which has 4,0.* weights",
        ),
        ("config.model.encoder.hidden_channels", [4] * 99_999, "do not fit its config, which has "),
        ("config.model.decoder.cosines", 10**9, "cosines is 10*: .* equal to 1024"),
        ("config.data.height", 10**30, "data.height is 10*: .* equal to 1048576"),
        ("config.data.height", without_end(), r"data.height is \[\[\[\[\.\.\.\].*: "),
        ("step", without_end(), r"its step is \[\[\[\[\.\.\.\]"),
        ("step", 2**63, "its step is 9223372036854775808, not a count"),
        ("threads", 0, "its threads is 0, not a count"),
        ("threads", 1025, "its threads is 1025, not a count"),
        ("threads", 10**9, "its threads is 1000000000, not a count"),
        ("threads", "many", "its threads is 'many', not a count"),
        (f"model.{WEIGHT}", claim(10**6, 10**6), f"its weights do not fit .*{WEIGHT}.*train"),
        (f"model.{WEIGHT}", torch.zeros(3).to_sparse(), f"its weights do not fit .*{WEIGHT}"),
        (f"model.{WEIGHT}", [1.0], f"its weights do not fit .*{WEIGHT}"),
        ("model.other", torch.zeros(3), r'Unexpected key.*"other"\.; copy it again, or train'),
    ],
)
def test_what_is_made_to_fill_memory_or_time_is_refused_before_it_does(
    tmp_path: Path, where: str, value: object, message: str
) -> None:
    path = tmp_path / "ckpt.pt"
    save_checkpoint(path, small_checkpoint())
    content = torch.load(path, weights_only=True)
    inner, (*sections, name) = content, where.split(".", 1 if where.startswith("model") else -1)
    for section in sections:
        inner = inner[section]
    inner[name] = value
    torch.save(content, path)
    with pytest.raises(SbvaeError, match=message) as caught:
        load_checkpoint(path).build_vae()
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value)) < 500 and "\n" not in str(caught.value)


def test_compressed_parts_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, packed = tmp_path / "ckpt.pt", tmp_path / "packed.pt"
    save_checkpoint(path, small_checkpoint())
    with ZipFile(path) as archive, ZipFile(packed, "w", ZIP_DEFLATED) as smaller:
        for name in archive.namelist():
            content = archive.read(name)
            smaller.writestr(name, bytes(10**7) if name.endswith("data/0") else content)
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("was read"))
    with pytest.raises(SbvaeError, match="refused: its parts are compressed"):
        load_checkpoint(packed)


@pytest.mark.parametrize(
    "missing", ["config", "space", "step", "model", "threads", "sbvae_version"]
)
def test_a_missing_part_is_named(tmp_path: Path, missing: str) -> None:
    path = tmp_path / "ckpt.pt"
    save_checkpoint(path, small_checkpoint())
    content = torch.load(path, weights_only=True)
    del content[missing]
    torch.save(content, path)
    lacks = f"is an incomplete sbvae checkpoint: it lacks '{missing}'"
    with pytest.raises(SbvaeError, match="do not fit" if missing == "model" else lacks):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "damaged or truncated"),
        (b"hello", "damaged"),
        (b"\x89HDF\r\n\x1a\n" + bytes(64), "is a dataset"),
    ],
)
def test_foreign_files_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "ckpt.pt"
    path.write_bytes(content)
    with pytest.raises(SbvaeError, match=message):
        load_checkpoint(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_cut_short_is_named(tmp_path: Path, share: float) -> None:
    path = tmp_path / "ckpt.pt"
    save_checkpoint(path, small_checkpoint())
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(SbvaeError, match="damaged or truncated"):
        load_checkpoint(path)


def test_a_missing_file_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(SbvaeError, match="no such file; train a model first"):
        load_checkpoint(tmp_path / "none.pt")


def test_a_full_disk_leaves_the_last_good_checkpoint(tmp_path: Path, room: Room) -> None:
    path = tmp_path / "ckpt.pt"
    save_checkpoint(path, small_checkpoint())
    before = path.read_bytes()
    for limit in (0, len(before) // 2, len(before) - 1):
        with pytest.raises(SbvaeError, match="cannot be written: File too large"), room(limit):
            save_checkpoint(path, small_checkpoint())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
