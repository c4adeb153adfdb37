import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.sweeps.activity import (
    Activity,
    note_failure,
    read_activity,
    remove_activity,
    remove_ended_activity,
    report_activity,
)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run")


def test_a_process_is_alive_while_it_works_and_is_not_afterwards(folder: RunFolder) -> None:
    assert read_activity(folder) is None
    with report_activity([folder], "scoring"):
        remove_ended_activity(folder)
        assert read_activity(folder) == Activity("scoring", alive=True)
    assert read_activity(folder) == Activity("scoring", alive=False)
    note_failure(folder, "no room")
    assert read_activity(folder) == Activity("failed", "no room")
    for forgets in (remove_activity, remove_ended_activity):
        note_failure(folder, "no room")
        (folder.path / "..job.json.12345-0123abcd.tmp").touch()  # of a process that was killed
        forgets(folder)
        assert read_activity(folder) is None and not [*folder.path.iterdir()]


def test_a_process_that_was_killed_is_not_alive(folder: RunFolder) -> None:
    with report_activity([folder], "training"):
        told = json.loads(folder.job.read_text())
        other = subprocess.Popen([sys.executable, "-SEc", "input()"], stdin=subprocess.PIPE)
        told["process"] = [other.pid, psutil.Process(other.pid).create_time()]
        folder.job.write_text(json.dumps(told))
        assert read_activity(folder) == Activity("training", alive=True)
        other.kill()
        other.communicate()
        assert read_activity(folder) == Activity("training", alive=False)


def test_a_process_elsewhere_is_alive_while_it_gives_signs_of_life(folder: RunFolder) -> None:
    with report_activity([folder], "training"):
        told = {**json.loads(folder.job.read_text()), "host": "another"}
        folder.job.write_text(json.dumps(told))
        assert read_activity(folder) == Activity("training", alive=True)
        for away in (-90, 90):  # the latter where a clock was put back
            os.utime(folder.job, (time.time() + away,) * 2)
            assert read_activity(folder) == Activity("training", alive=False)


def test_signs_of_life_are_given(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sbvae_cli.sweeps.activity._HEARTBEAT_SECONDS", 0.01)
    with report_activity([folder], "training"):
        os.utime(folder.job, (1, 1))
        end = time.monotonic() + 30
        while folder.job.stat().st_mtime < 2 and time.monotonic() < end:
            time.sleep(0.01)
        assert time.time() - folder.job.stat().st_mtime < 60


def test_where_nothing_can_be_written_the_work_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with report_activity([RunFolder(tmp_path / "file" / "run")], "training"):
        pass
