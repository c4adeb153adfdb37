"""Logs as they lie in folders: resumed, torn, still written, in folders of replicas."""

import json
import math
import time
from pathlib import Path
from typing import Any

import pytest

from sbvae_cli.config.load import build_config, to_yaml
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.logs import read_logs


def write(folder: Path, records: list[Any], seed: int = 0, **training: Any) -> Path:
    """A run without a checkpoint; a record that is text is a line as it stands."""
    folder.mkdir(parents=True)
    own = {"steps": 100, **training, "seed": seed}
    decoder = {"kind": training.pop("decoder", "broadcast")}
    own.pop("decoder", None)
    config = build_config({"training": own, "model": {"decoder": decoder}})
    (folder / "config.yaml").write_text(to_yaml(config.as_dict()))
    lines = [each if isinstance(each, str) else json.dumps(each) for each in records]
    (folder / "log.jsonl").write_text("\n".join(lines))
    return folder


def line(step: int, value: float) -> dict[str, float]:
    return {"step": step, "loss": value, "images_per_second": 9.5}


def test_of_a_step_that_was_made_twice_the_later_line_counts(tmp_path: Path) -> None:
    records = [line(10, 1.0), line(20, 2.0), line(30, 3.0), line(20, 2.5), line(40, 4.0)]
    (log,) = read_logs([write(tmp_path / "run", records)])
    assert log.curves["loss"].steps.tolist() == [10, 20, 40]
    assert log.curves["loss"].values.tolist() == [1.0, 2.5, 4.0]
    assert (log.step, log.planned, log.diverged) == (40, 100, None)


def test_a_log_of_many_lines_is_read_at_once(tmp_path: Path) -> None:
    run = write(tmp_path / "run", [line(step, 1.0) for step in range(10_000)])
    began = time.perf_counter()
    (log,) = read_logs([run])
    assert len(log.curves["loss"].steps) == 10_000
    assert time.perf_counter() - began < 4  # in quadratic time it is four times that


def test_a_last_line_that_is_torn_is_left_out(tmp_path: Path) -> None:
    run = write(tmp_path / "run", [line(10, 1.0), line(20, 2.0), '{"step": 30, "los'])
    (log,) = read_logs([run / "log.jsonl"])
    assert log.curves["loss"].steps.tolist() == [10, 20] and log.name == str(run)


def test_numbers_that_no_run_logs_are_left_out(tmp_path: Path) -> None:
    wrong = [line(step, 1.0) for step in (math.inf, math.nan, -1, 10**400)]
    values = [line(20 + i, value) for i, value in enumerate((10**400, 1e300, math.inf))]
    (log,) = read_logs([write(tmp_path / "run", [line(10, 1.0), *wrong, *values])])
    assert log.curves["loss"].steps.tolist() == [10]
    assert log.curves["images_per_second"].steps.tolist() == [10, 20, 21, 22]


def test_a_run_that_diverged_has_its_step_and_the_lines_before(tmp_path: Path) -> None:
    gone = {"step": 23, "diverged": ["loss"], "loss": "inf", "nll": 3.0}
    (log,) = read_logs([write(tmp_path / "run", [line(10, 1.0), line(20, 1e30), gone])])
    assert log.diverged == 23
    assert log.curves["loss"].values.tolist() == [1.0, 1e30] and "nll" not in log.curves


def test_replicas_and_folders_of_groups_are_found_and_called_by_what_differs(
    tmp_path: Path,
) -> None:
    for decoder in ("broadcast", "deconv"):
        for seed in range(2):
            folder = tmp_path / decoder / str(seed)
            write(folder, [line(10, 1.0)], seed, decoder=decoder)
    logs = read_logs([tmp_path, tmp_path / "deconv/1"])
    assert [(Path(log.name).parts[-2:], log.group) for log in logs] == [
        (("broadcast", "0"), "broadcast"),
        (("broadcast", "1"), "broadcast"),
        (("deconv", "0"), "deconv"),
        (("deconv", "1"), "deconv"),
    ]


def test_what_has_no_log_is_told_of(tmp_path: Path) -> None:
    notes: list[str] = []
    full, empty = write(tmp_path / "a/0", [line(10, 1.0)]), write(tmp_path / "a/1", [], 1)
    assert len(read_logs([tmp_path / "a"], notes.append)) == 1
    assert notes == [f"{empty} has logged nothing yet and is left out"]
    with pytest.raises(SbvaeError, match="no run there has logged anything yet"):
        read_logs([empty])
    (tmp_path / "b").mkdir()
    with pytest.raises(SbvaeError, match="is not a run folder and holds none"):
        read_logs([full, tmp_path / "b"])
    with pytest.raises(SbvaeError, match="there is no such folder"):
        read_logs([tmp_path / "c"])
