"""SIGKILL in commands that write files: done again they give what they would have given."""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from tests.cli.test_reproduce import recipe
from tests.cli.test_sweep import SMALL
from tests.faults.comparing import require_equal
from tests.faults.killing import Ended, run

GEN_DATA = ["gen-data", "circles", "--count", "200", "--size", "16", "--out", "d.h5"]
TIMES = ("images_per_second", "seconds", "scoring_seconds")


def take_few_images() -> None:
    """Have recipes of the folder that one stands in, and scores by few images."""
    from sbvae_cli.metrics import protocol
    from sbvae_cli.recipes import load

    few = protocol.Protocol(name="quick", images=64, test_images=32, votes_train=8, votes_eval=8)
    protocol.named_protocol = lambda name: few
    load._definitions = lambda: Path("definitions").resolve()  # type: ignore[assignment]


def contents(folder: Path) -> dict[str, bytes]:
    """The files in a folder, by their paths."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items()}


def test_a_dataset_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    whole, folder = tmp_path / "whole", tmp_path / "killed"
    for each in (whole, folder):
        each.mkdir()
    assert run(GEN_DATA, whole).code == 0
    for at in ("half d.h5", "sync d.h5", "rename d.h5"):
        assert run(GEN_DATA, folder, at).code == -9
        (left,) = contents(folder)  # what the one before left is gone
        assert left.startswith(".d.h5.")
    assert run(GEN_DATA, folder).code == 0
    assert contents(folder) == contents(whole)


def test_a_dataset_that_is_replaced_stays_until_the_other_is_whole(tmp_path: Path) -> None:
    assert run(GEN_DATA, tmp_path).code == 0
    before = contents(tmp_path)["d.h5"]
    words = [*GEN_DATA, "--seed", "1", "--force"]
    assert run(words, tmp_path, "rename d.h5").code == -9
    assert contents(tmp_path)["d.h5"] == before
    assert run(words, tmp_path).code == 0
    assert contents(tmp_path).keys() == {"d.h5"} and contents(tmp_path)["d.h5"] != before


COMMANDS = {
    "sweep": ["sweep", "run", "sweep.yaml", "--out", "out/sweep", "--jobs", "1"],
    "reproduce": ["reproduce", "figure-8", "--tier", "smoke", "--out", "out", "--jobs", "1"],
    "export": [
        "export",
        "run/ckpt.pt",
        "--onnx",
        "out/graphs",
        "--safetensors",
        "out/w.safetensors",
    ],
    "explore": ["explore", "run/ckpt.pt", "--out", "out/page.html"],
    "traverse": ["traverse", "run/ckpt.pt", "--out", "out/picture.png"],
}


def prepare(folder: Path, write_model: Callable[..., Path], runs: int = 2) -> None:
    """Write what the commands read."""
    folder.mkdir()
    betas = list(range(1, runs + 1))
    small = {**SMALL, "grid": {"objective.kind": "beta-vae", "objective.beta": betas}}
    (folder / "sweep.yaml").write_text(yaml.safe_dump(small))
    (folder / "definitions").mkdir()
    (folder / "definitions" / "figure-8.yaml").write_text(yaml.safe_dump(recipe()))
    torch.manual_seed(0)
    write_model(folder / "run" / "ckpt.pt")


def kill_and_do_again(words: list[str], folder: Path, kills: list[int | str]) -> Ended:
    """Do a command as often as it is killed, and once more."""
    for at in kills:
        assert run(words, folder, at, setup=take_few_images).code in (-9, 0)
    ended = run(words, folder, setup=take_few_images)
    assert ended.code == 0, ended
    return ended


def require_same(one: Path, other: Path) -> None:
    """Compare what commands wrote: runs, scores, pictures and pages."""
    require_equal(one, other)
    for name, content in contents(one).items():
        if not name.endswith((".jsonl", ".pt")):
            found = (other / name).read_bytes()
            assert without_times(name, found) == without_times(name, content), name


def without_times(name: str, content: bytes) -> Any:
    """What a file has whatever the time that it took, in the same order each time."""
    if name.endswith(".json"):
        return without_seconds(json.loads(content))
    if name.endswith("README.md"):
        return re.sub(rb"training took [^,]*,", b"", content)
    if name.endswith(".safetensors"):  # the library writes the header in any order
        size = int.from_bytes(content[:8], "little")
        return json.loads(content[8 : 8 + size]), content[8 + size :]
    return content


def without_seconds(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {k: without_seconds(v) for k, v in tree.items() if k not in TIMES}
    return [without_seconds(each) for each in tree] if isinstance(tree, list) else tree


def test_a_killed_sweep_gives_what_it_would_have_given(
    tmp_path: Path, write_model: Callable[..., Path]
) -> None:
    for name, kills in (("whole", []), ("killed", [60])):
        prepare(tmp_path / name, write_model, runs=1)
        kill_and_do_again(COMMANDS["sweep"], tmp_path / name, [*kills])
    require_same(tmp_path / "whole" / "out", tmp_path / "killed" / "out")


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("name", COMMANDS)
def test_ten_kills_change_nothing(
    name: str, tmp_path: Path, write_model: Callable[..., Path]
) -> None:
    whole, killed, chance = tmp_path / "whole", 0, random.Random(name)
    prepare(whole, write_model)
    operations = kill_and_do_again(COMMANDS[name], whole, []).operations
    while killed < 10:
        folder = tmp_path / str(killed)
        prepare(folder, write_model)
        kills = [chance.randrange(1, len(operations) + 1) for _ in range(2)]
        kill_and_do_again(COMMANDS[name], folder, [*kills])
        killed += len(kills)
        require_same(whole / "out", folder / "out")
