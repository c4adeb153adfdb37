"""SIGKILL in a training: with the printed commands it ends as if it had never been killed."""

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TINY
from tests.faults.comparing import require_equal
from tests.faults.killing import Ended, run, run_to_the_end

SETTINGS = [*TINY[4:], "--steps", "14", "--checkpoint-every", "3"]
DRAWN = ["--data", "circles:xy-hole", "--size", "16"]
STORED = ["--data", "d.h5", "--validation", "0.2"]
FACTOR_VAE = ["--model", "factor-vae", "--set", "objective.discriminator_units=[8]"]
REPLICAS = ["--replicas", "3"]
KINDS = {
    "vae-drawn": DRAWN,
    "vae-stored": [*STORED, "--keep-checkpoints"],
    "factor-vae-drawn": [*DRAWN, *FACTOR_VAE],
    "factor-vae-stored": [*STORED, *FACTOR_VAE],
    "replicas-drawn": [*DRAWN, *REPLICAS],
    "replicas-stored": [*STORED, *REPLICAS],
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A folder with a run of a kind that was never killed, and what it took; made once."""
    made: dict[str, tuple[Path, Ended]] = {}

    def make(kind: str) -> tuple[Path, Ended]:
        if kind not in made:
            folder = tmp_path_factory.mktemp(kind)
            write_data(folder)
            ended = run(command(kind), folder)
            assert ended.code == 0, ended
            made[kind] = folder, ended
        return made[kind]

    return make


def write_data(folder: Path) -> None:
    words = ["gen-data", "circles", "--count", 40, "--size", 16, "--out", "d.h5"]
    assert run(words, folder).code == 0


def command(kind: str) -> list[str]:
    return ["train", *KINDS[kind], *SETTINGS, "--out", "run"]


def kill_and_go_on(kind: str, folder: Path, kills: Sequence[dict[str, Any]]) -> list[Ended]:
    write_data(folder)
    return run_to_the_end(command(kind), ["train", "--resume", "run"], folder, kills)


LOGGED = "open run/ckpt.pt 2"  # the line of the log is there, and the checkpoint is not
WRITTEN = "rename run/ckpt.pt"  # the checkpoint is there, but for its name
BY_CHANCE = None


@pytest.mark.parametrize(
    ("kind", "kills"),
    [
        ("vae-drawn", [WRITTEN, LOGGED]),
        ("factor-vae-stored", ["half run/log.jsonl"]),
        ("replicas-drawn", [BY_CHANCE, "remove run/2/ckpt.pt"]),
    ],
)
def test_a_killed_training_goes_on_as_if_it_had_never_been(
    kind: str, kills: list[str | None], whole: Any, tmp_path: Path
) -> None:
    folder, ended = whole(kind)
    chance = random.Random(kind)
    at = [each or chance.randrange(1, len(ended.operations)) for each in kills]
    found = kill_and_go_on(kind, tmp_path, [{"kill_at": each} for each in at])
    assert [each.code for each in found].count(-9) == len(kills)
    require_equal(folder / "run", tmp_path / "run")


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("kind", KINDS)
def test_fifty_kills_change_nothing(kind: str, whole: Any, tmp_path: Path) -> None:
    began = time.monotonic()
    folder, ended = whole(kind)
    seconds = time.monotonic() - began
    chance, killed, runs = random.Random(kind), 0, 0
    while killed < 50:
        runs += 1
        kills = [
            {"kill_at": chance.randrange(1, len(ended.operations) + 1)}
            if chance.random() < 0.5
            else {"kill_after": chance.uniform(0, seconds)}
            for _ in range(chance.randrange(1, 6))
        ]
        place = tmp_path / str(runs)
        place.mkdir()
        found = kill_and_go_on(kind, place, kills)
        killed += sum(each.code == -9 for each in found)
        require_equal(folder / "run", place / "run")
