"""Headers of safetensors files, without their library, against the library."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from sbvae_cli.errors import SbvaeError
from sbvae_cli.export import facts
from sbvae_cli.export.facts import safetensors_facts


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
