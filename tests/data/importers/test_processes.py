"""Work in other processes: order, bounds, and how it ends."""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from sbvae_cli.data.importers.processes import MOST_WORKERS, in_processes
from sbvae_cli.errors import SbvaeError

RUN = partial(map, eval)  # a unit is a list of expressions
HERE = Path("photos")
PID = "__import__('os').getpid()"
KILL = f"__import__('os').kill({PID}, 9)"


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def is_gone(pid: int) -> bool:
    """Ended; perhaps nobody has asked for its code yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("workers", [1, 2, 3, 50])
def test_results_come_in_the_order_of_the_units(workers: int) -> None:
    units = [[-i, i, 2 * i][: i % 4] for i in range(20)]
    found = list(in_processes(HERE, partial(map, abs), units, workers))
    assert found == [abs(i) for unit in units for i in unit]


def test_workers_share_the_units_and_are_not_too_many() -> None:
    pids = list(in_processes(HERE, RUN, [[PID]] * 20, 20))
    assert len(set(pids)) == MOST_WORKERS
    assert os.getpid() not in pids


def test_this_process_works_while_the_others_load() -> None:
    units = [[f"(__import__('time').sleep(0.02), {PID}, {i})"] for i in range(100)]
    found = list(in_processes(HERE, RUN, units, 2, meanwhile_seconds=0.1))
    assert [number for _, _, number in found] == list(range(100))
    pids = [pid for _, pid, _ in found]
    own = pids.count(os.getpid())
    assert 1 <= own <= 6 and pids[:own] == [os.getpid()] * own
    assert len(set(pids)) == 3
    assert len(list(in_processes(HERE, RUN, units[:2], 2, meanwhile_seconds=9))) == 2


def test_large_units_and_results_do_not_block_each_other() -> None:
    units = [[f"bytes({1 << 20}) or '{'x' * 200_000}'"]] * 12
    assert [len(r) for r in in_processes(HERE, RUN, units, 2)] == [1 << 20] * 12


def test_only_a_few_units_are_done_ahead(tmp_path: Path) -> None:
    units = [[f"(open({str(tmp_path / str(i))!r}, 'w').close(), {i})"] for i in range(30)]
    results = in_processes(HERE, RUN, units, 2)
    assert next(results) == (None, 0)
    assert wait_until(lambda: len(list(tmp_path.iterdir())) == 4)
    time.sleep(0.1)  # enough for all of them
    assert len(list(tmp_path.iterdir())) == 4
    results.close()


def test_no_process_is_left_when_the_reader_stops() -> None:
    results = in_processes(HERE, RUN, [[PID], [PID], ["__import__('time').sleep(99)"]], 2)
    pids = [next(results), next(results)]
    results.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.parametrize("at", [0, 1, 5])
def test_a_worker_that_ends_is_one_line(at: int) -> None:
    units = [[KILL if i == at else str(i)] for i in range(8)]
    found = []
    with pytest.raises(SbvaeError) as caught:
        for result in in_processes(HERE, RUN, units, 2):
            found.append(result)
    assert str(caught.value) == (
        "photos: a process that reads images was ended by SIGKILL; "
        "close other programs if memory is short"
    )
    assert found == list(range(len(found))) and len(found) <= at


def test_a_worker_killed_from_outside_is_one_line() -> None:
    results = in_processes(HERE, RUN, [[PID]] * 8, 2)
    os.kill(next(results), signal.SIGTERM)
    with pytest.raises(SbvaeError, match="was ended by SIGTERM"):
        list(results)


def test_what_the_work_raises_is_raised_here() -> None:
    with pytest.raises(RuntimeError, match="ValueError: math domain error"):
        list(in_processes(HERE, partial(map, math.sqrt), [[4.0], [-1.0]], 2))
    expression = "(_ for _ in ()).throw(__import__('sbvae_cli.errors').errors.SbvaeError('a: b'))"
    with pytest.raises(SbvaeError, match=r"^a: b$"):
        list(in_processes(HERE, RUN, [[expression]], 1))


def test_what_is_printed_does_not_get_between_the_results() -> None:
    assert list(in_processes(HERE, RUN, [["print('x', flush=True) or 3"]], 1)) == [3]


def test_a_program_that_cannot_be_started_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(SbvaeError, match=r"can be started \(No such file or directory\); end"):
        list(in_processes(HERE, RUN, [["1"]], 1))


SCRIPT = """
from functools import partial
from pathlib import Path
from sbvae_cli.data.importers.processes import in_processes
print("main", flush=True)
units = [["__import__('os').getpid()"]] * 2 + [["bytes(1 << 20)"]] * 4
results = in_processes(Path("x"), partial(map, eval), units, 2)
print(next(results), next(results), flush=True)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks /proc who is alive")
@pytest.mark.parametrize("end", ["", "import time; time.sleep(99)"])
def test_no_process_outlives_the_program_nor_runs_its_main_module(end: str, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(SCRIPT + end)
    program = subprocess.Popen(
        [sys.executable, tmp_path / "main.py"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with program:
        assert program.stdout and program.stderr
        assert program.stdout.readline() == b"main\n"
        pids = list(map(int, program.stdout.readline().split()))
        assert len(pids) == 2
        if end:
            program.kill()
        assert wait_until(lambda: all(map(is_gone, pids)))
        assert (program.stdout.read(), program.stderr.read()) == (b"", b"")
