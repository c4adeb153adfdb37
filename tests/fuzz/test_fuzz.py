"""Files that were cut, flipped and spliced: each is read, or refused in one line."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

SERVER = Path(__file__).with_name("server.py")
READERS = (
    *("dataset", "3dshapes", "hdf5 of images", "npz of images", "mat", "codes", "image"),
    *("picture", "zip", "zip of chairs", "tar", "csv", "settings", "space", "sweep", "log"),
    *("scores", "checkpoint", "onnx", "onnx decoder", "safetensors", "moments"),
)


class Server:
    """The process that has cases read."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, reader: str, case: bytes) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        print(json.dumps({"reader": reader, "case": case.hex()}), file=self.process.stdin)
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.process.communicate(timeout=60)


def search(server: Server, reader: str, cases: int) -> None:
    """Cases of a reader, none of which may end otherwise; the shortest that does is shown."""

    @settings(max_examples=cases, derandomize=True, database=None, deadline=None)
    @given(st.binary(max_size=48))
    def holds(case: bytes) -> None:
        answer = server.ask(reader, case)
        assert answer["outcome"] in ("read", "refused", "unmade"), answer

    holds()


@pytest.mark.parametrize("reader", READERS)
def test_a_changed_file_is_read_or_refused_in_one_line(server: Server, reader: str) -> None:
    assert server.ask(reader, b"")["outcome"] == "read"
    search(server, reader, 200)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("reader", READERS)
def test_many_changed_files_are_read_or_refused_in_one_line(server: Server, reader: str) -> None:
    search(server, reader, 2000)


@pytest.mark.parametrize(
    ("case", "outcome", "told"),
    [
        (b"\0", "read", ""),
        (b"\1", "refused", "no"),
        (b"\2", "failed", "KeyError"),
        (b"\3", "noisy", "a library's"),
        (b"\4", "crashed", "SIGSEGV"),
        (b"\5", "failed", "MemoryError"),
        (b"\xff", "unmade", ""),
    ],
)
def test_what_goes_wrong_is_told_apart_and_the_next_case_is_read(
    server: Server, case: bytes, outcome: str, told: str
) -> None:
    answer = server.ask("self-test", case)
    assert answer["outcome"] == outcome and told in answer.get("told", "")
    assert server.ask("self-test", b"\0")["outcome"] == "read"


@pytest.mark.slow
def test_a_reader_that_hangs_is_stopped(server: Server) -> None:
    assert server.ask("self-test", b"\6")["outcome"] == "hung"
    assert server.ask("self-test", b"\0")["outcome"] == "read"


@pytest.mark.slow
def test_guided_cases_are_counted_and_a_child_that_dies_is_replaced() -> None:
    pytest.importorskip("atheris")
    script = SERVER.with_name("fuzz.py")
    words = ("--guided", "--readers", "self-test,csv", "--cases", "60", "--seed", "1")
    made = subprocess.run(
        [sys.executable, script, *words], capture_output=True, text=True, timeout=300
    )
    rows = [line.split("|")[1:-1] for line in made.stdout.splitlines()[2:]]
    found = {row[0].strip(): [int(cell) for cell in row[1:9]] for row in rows}
    assert found["csv"][0] == found["self-test"][0] == 60
    names = ("read", "refused", "unmade", "failed", "noisy", "crashed", "hung")
    counts = dict(zip(names, found["self-test"][1:], strict=True))
    assert min(counts[name] for name in ("read", "refused", "failed", "noisy", "crashed")) > 0
    assert sum(found["csv"][4:]) == 0
