import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.sweeps.doing import (
    Doing,
    doing,
    forget,
    forget_if_ended,
    note_failure,
    read_doing,
)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run")


def test_a_process_is_alive_while_it_works_and_is_not_afterwards(folder: RunFolder) -> None:
    assert read_doing(folder) is None
    with doing([folder], "scoring"):
        forget_if_ended(folder)
        assert read_doing(folder) == Doing("scoring", alive=True)
    assert read_doing(folder) == Doing("scoring", alive=False)
    note_failure(folder, "no room")
    assert read_doing(folder) == Doing("failed", "no room")
    for forgets in (forget, forget_if_ended):
        note_failure(folder, "no room")
        (folder.path / "..job.json.12345-0123abcd.tmp").touch()  # of a process that was killed
        forgets(folder)
        assert read_doing(folder) is None and not [*folder.path.iterdir()]


def test_a_process_that_was_killed_is_not_alive(folder: RunFolder) -> None:
    with doing([folder], "training"):
        told = json.loads(folder.job.read_text())
        other = subprocess.Popen([sys.executable, "-SEc", "input()"], stdin=subprocess.PIPE)
        told["process"] = [other.pid, psutil.Process(other.pid).create_time()]
        folder.job.write_text(json.dumps(told))
        assert read_doing(folder) == Doing("training", alive=True)
        other.kill()
        other.communicate()
        assert read_doing(folder) == Doing("training", alive=False)


def test_a_process_elsewhere_is_alive_while_it_gives_signs_of_life(folder: RunFolder) -> None:
    with doing([folder], "training"):
        told = {**json.loads(folder.job.read_text()), "host": "another"}
        folder.job.write_text(json.dumps(told))
        assert read_doing(folder) == Doing("training", alive=True)
        for away in (-90, 90):  # the latter where a clock was put back
            os.utime(folder.job, (time.time() + away,) * 2)
            assert read_doing(folder) == Doing("training", alive=False)


def test_signs_of_life_are_given(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sbvae_cli.sweeps.doing._BEAT", 0.01)
    with doing([folder], "training"):
        os.utime(folder.job, (1, 1))
        end = time.monotonic() + 30
        while folder.job.stat().st_mtime < 2 and time.monotonic() < end:
            time.sleep(0.01)
        assert time.time() - folder.job.stat().st_mtime < 60


def test_where_nothing_can_be_written_the_work_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with doing([RunFolder(tmp_path / "file" / "run")], "training"):
        pass
