"""Where `sbvae eval --json` writes, and what it never replaces."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import sbvae_cli.runs.evaluate as runs_evaluate

Sbvae = Callable[..., object]
WriteCodes = Callable[..., Path]


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("codes.npz", "--json codes.npz: this option writes JSON; name it codes.json"),
        ("link.json", "--json link.json: the existing file is not a JSON file and is not replaced"),
        ("other.npz", "--json other.npz: this option writes JSON; name it other.json"),
        ("new.png", "--json new.png: this option writes JSON; name it new.json"),
        ("new.h5", "--json new.h5: this option writes JSON; name it new.json"),
        ("log.jsonl", "--json log.jsonl: this option writes JSON; name it log.json"),
        ("binary", "--json binary: the existing file is not a JSON file and is not replaced"),
        ("folder", "--json folder: is a folder; name a file to write"),
        ("text/new.json", "--json text/new.json: cannot be written: Not a directory"),
        ("/proc/none/new.json", "--json /proc/none/new.json: cannot be written: "),
        ("x" * 300 + ".json", "cannot be written: File name too long"),
    ],
)
def test_a_target_of_json_is_refused_before_anything_is_scored(
    sbvae: Sbvae,
    write_codes: WriteCodes,
    target: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes = write_codes(Path("codes.npz"))
    other = write_codes(Path("other.npz"))
    Path("binary").write_bytes(other.read_bytes())
    Path("text").write_text("some")
    Path("folder").mkdir()
    Path("link.json").symlink_to("codes.npz")
    before = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    monkeypatch.setattr(runs_evaluate, "_evaluate_codes", None)
    done = sbvae("eval", codes, "--json", target)
    assert done.code == 1 and len(lines(done.err)) == 1 and message in done.err
    assert {path: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before


def test_a_checkpoint_and_a_dataset_without_an_ending_are_no_targets_of_json(
    sbvae: Sbvae, tiny: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sbvae("train", *tiny, "--steps", 1, "--out", "run").code == 0
    Path("run/ckpt.pt").rename("model")
    assert sbvae("gen-data", "circles", "--count", 4, "--size", 16, "--out", "data").code == 0
    monkeypatch.setattr(runs_evaluate, "evaluate_opened", None)
    for target in ("model", "data"):
        before = Path(target).read_bytes()
        done = sbvae("eval", "model", "--data", "data", "--json", target)
        assert done.code == 1 and len(lines(done.err)) == 1 and "not replaced" in done.err
        assert Path(target).read_bytes() == before


def test_json_goes_into_a_new_folder_or_over_older_json_or_to_a_device(
    sbvae: Sbvae, write_codes: WriteCodes
) -> None:
    codes = write_codes(Path("codes.npz"))
    for target in ("new/deep/s.json", "new/deep/s.json", "without-ending", "/dev/null"):
        assert sbvae("eval", codes, "--metrics", "mig", "--json", target).code == 0, target
    assert "scores" in json.loads(Path("new/deep/s.json").read_text())


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no /dev/full")
def test_the_table_is_printed_though_the_disk_is_full(
    sbvae: Sbvae, write_codes: WriteCodes
) -> None:
    codes = write_codes(Path("codes.npz"))
    done = sbvae("eval", codes, "--metrics", "mig", "--json", "/dev/full")
    assert done.code == 1 and "mig_quantile" in done.out and "wrote" not in done.out
    assert lines(done.err)[-1].startswith("error: /dev/full: cannot be written: No space left")
