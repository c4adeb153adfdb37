"""Commands that are printed, as what comes next or as a way out, work as they are printed."""

import re
import shlex
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.cli.flags import with_flags
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.findings.sentences import sentences
from sbvae_cli.evaluation.findings.words import DIAGNOSIS

Sbvae = Callable[..., Any]

# Fewer images and steps, so that what is printed takes a second.
SMALLER = {
    "train": ["--size", "8", "--steps", "1", "--batch-size", "2", "--device", "cpu"],
    "resume": ["--steps", "4"],
    "eval": ["--images", "40", "--metrics", "rates"],
    "geometry": ["--grid", "4"],
    "gen-data": ["--count", "4", "--size", "8", "--out", "made.h5", "--force"],
    "imports": ["--size", "8", "--out", "made.h5", "--force"],
}
ODD = "a b's [1] $x"  # a name that each shell would take for something else


def printed(done: Any) -> list[list[str]]:
    """Commands among what was printed: a line of their own, or in backticks."""
    text = done.out + done.err
    found = re.findall(r"^  (sbvae .*)$|`(sbvae [^`]*)`", text, re.MULTILINE)
    return [shlex.split(line or quoted)[1:] for line, quoted in found]


def shortened(words: list[str]) -> list[str]:
    """The same command on less."""
    if "--help" in words:
        return words
    if words[0] == "gen-data":
        return words + SMALLER["imports" if "--from" in words else "gen-data"]
    if "--resume" in words:
        return words + ([] if "--steps" in words else SMALLER["resume"])
    if words[0] == "eval" and words[-1].endswith(".npz"):
        return [*words, "--metrics", "mig"]
    if "--config" in words:
        return [*words, "--steps", "1"]
    if words[0] == "train" and Path(words[words.index("--data") + 1]).exists():
        return words + SMALLER["train"][2:]
    return words + SMALLER.get(words[0], [])


@pytest.fixture
def run_hints(sbvae: Sbvae) -> Callable[..., list[str]]:
    """Run each command that a command prints; their first words, for what comes next."""

    def run(*command: object, code: int = 0) -> list[str]:
        done = sbvae(*command)
        assert done.code == code, done.err
        hints = printed(done)
        for words in hints:
            again = sbvae(*shortened(words))
            assert again.code == 0, (words, again.err)
        return [" ".join(words[:2] if words[0] == "gen-data" else words[:1]) for words in hints]

    return run


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sbvae: Sbvae) -> Path:
    """A folder with an odd name, by its name from where we stand."""
    Path(ODD).mkdir()
    return Path(ODD)


def small_run(sbvae: Sbvae, out: object) -> None:
    options = ["--data", "circles:xy-hole", "--size", 8, "--batch-size", 2, "--steps", 2]
    narrow = ["--latent-dim", 3, "--set", "model.encoder.hidden_channels=[4]"]
    assert sbvae("train", *options, *narrow, "--device", "cpu", "--out", out).code == 0


def test_what_comes_next_after_data_and_training(
    sbvae: Sbvae, run_hints: Callable[..., list[str]], odd: Path
) -> None:
    data = odd / "-d.h5"
    small = ("--count", 8, "--size", 8)
    assert run_hints("gen-data", "circles", *small, "--out", data) == ["train"]
    trained = run_hints(
        *("train", "--data", data, "--steps", 2, "--batch-size", 2, "--device", "cpu"),
        *("--profile", "quick", "--out", odd / "run"),
    )
    assert trained == ["geometry", "traverse", "eval"]
    assert (odd / "run" / "traversal.png").exists()


def test_what_comes_next_after_an_import(
    sbvae: Sbvae, run_hints: Callable[..., list[str]], odd: Path
) -> None:
    for i, pixels in enumerate(np.random.default_rng(0).integers(0, 255, (9, 8, 8, 3), np.uint8)):
        Image.fromarray(pixels).save(odd / f"{i}.png")
    found = run_hints("gen-data", "images", "--from", odd, "--size", 8, "--out", odd / "i.h5")
    assert found[0] == "info" and found[-1] == "train"


def test_ways_on_from_a_run(sbvae: Sbvae, run_hints: Callable[..., list[str]], odd: Path) -> None:
    small_run(sbvae, odd / "run")
    exists = sbvae("train", "--data", "circles", "--size", 8, "--steps", 1, "--out", odd / "run")
    assert [words[:2] for words in printed(exists)] == [["train", "--resume"]]
    assert run_hints("train", "--resume", odd / "run", code=1) == ["train"]
    assert "train" in run_hints("train", "--resume", odd, code=1)
    (odd / "run" / "ckpt.pt").rename(odd / "kept.pt")
    assert run_hints("train", "--resume", odd / "run", code=1) == ["train"]


def test_other_files_name_the_command_that_takes_them(
    sbvae: Sbvae, run_hints: Callable[..., list[str]], odd: Path, write_codes: Callable[..., Path]
) -> None:
    images = np.random.default_rng(0).integers(0, 255, (6, 8, 8), np.uint8)
    small_run(sbvae, odd / "run")
    np.savez(odd / "x=1.npz", images=images)
    (odd / "photos").mkdir()
    for i, pixels in enumerate(images):
        Image.fromarray(pixels).save(odd / "photos" / f"{i}.png")
    with zipfile.ZipFile(odd / "photos.zip", "w") as archive:
        for path in (odd / "photos").iterdir():
            archive.write(path, path.name)
    write_codes(odd / "codes.npz")
    taken = {}
    for name in ("x=1.npz", "photos", "photos.zip", "codes.npz", "run"):
        taken[name] = [
            run_hints("train", "--data", odd / name, code=1),
            run_hints("traverse", odd / name, code=1) if name != "run" else [],
            run_hints("info", odd / name, code=1) if name not in ("run", "codes.npz") else [],
        ]
    assert taken["codes.npz"][0] == ["eval"] and taken["run"][0] == ["info"]
    for name in ("x=1.npz", "photos", "photos.zip"):
        assert taken[name][0] == ["gen-data images"], name
    space = odd / "space.json"
    assert sbvae("info", "circles:xy", "--json", space).code == 0
    assert run_hints("train", "--data", space, code=1) == ["gen-data circles"]
    settings = odd / "run" / "config.yaml"
    assert run_hints("info", settings, code=1) == ["train"]


def test_findings_name_commands_that_work_on_the_model(sbvae: Sbvae, odd: Path) -> None:
    small_run(sbvae, odd / "run")
    assert sbvae("gen-data", "circles", "--count", 9, "--size", 8, "--out", odd / "d.h5").code == 0
    model = [odd / "run", "--data", str(odd / "d.h5")]
    run = 0
    for code, words in DIAGNOSIS.items():
        if "`sbvae" not in words.text + words.advice[0]:
            continue
        names = re.findall(r"\{(\w+):", words.text)
        finding = Finding(code, ("x", "y"), (2, 0), dict.fromkeys(names, 0.5))
        (line,) = sentences([finding], DIAGNOSIS)
        for quoted in re.findall(r"`sbvae ([^`]*)`", with_flags(line, model)):
            done = sbvae(*shlex.split(quoted))
            assert done.code == 0, (quoted, done.err)
            run += 1
    assert run >= 3


@pytest.mark.parametrize("line", ["trian", "train --modle x", "eval", "gen-data images", "info"])
def test_help_is_where_an_error_says(
    sbvae: Sbvae, run_hints: Callable[..., list[str]], line: str
) -> None:
    assert run_hints(*line.split(), code=2) != []
