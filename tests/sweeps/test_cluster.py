import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sbvae_cli.errors import SbvaeError
from sbvae_cli.sweeps.cluster import (
    connected,
    machines_for,
    marker_file,
    refuse_other_installation,
    too_small,
)
from sbvae_cli.sweeps.worker import Installation, describe_installation

HERE = Installation("here", True, "0.1.0", "abc", "2.13.0")
MISMATCH = """Version mismatch: The cluster was started with:
    Ray: 2.59.0
    Python: 3.12.1
This process on node 10.0.0.2 was started with:
    Ray: 2.60.0
    Python: 3.11.7
"""


class Ray:
    """Stands for the module: what it is asked for is kept."""

    def __init__(self, error: Exception | None = None, *nodes: dict[str, Any]) -> None:
        self.error, self._nodes = error, nodes
        self.options: dict[str, Any] = {}
        self.is_left = False

    def init(self, **options: Any) -> None:
        self.options = options
        if self.error:
            raise self.error

    def shutdown(self) -> None:
        self.is_left = True

    def nodes(self) -> list[dict[str, Any]]:
        return list(self._nodes)


def node(name: str, *, alive: bool = True, **resources: float) -> dict[str, Any]:
    return {"NodeID": name, "NodeManagerHostname": name, "Alive": alive, "Resources": resources}


def refused(ray: Ray, address: str | None) -> str:
    with pytest.raises(SbvaeError) as error, connected(ray, address):
        pass
    assert error.value.field == (None if address is None else "address")
    return str(error.value)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> str:
    """An address where something listens."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_an_address_where_nothing_answers_is_told_before_ray_waits_for_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = f"127.0.0.1:{server.getsockname()[1]}"
    ray = Ray()

    assert f"is {free}, where no Ray cluster answers (Connection refused)" in refused(ray, free)
    assert "give HOST:PORT" in refused(ray, "ray://10.0.0.1:10001")
    assert "give HOST:PORT" in refused(ray, "10.0.0.1")
    assert ray.options == {}


def test_another_version_at_the_address_is_told_in_one_line(port: str) -> None:
    message = refused(Ray(RuntimeError(MISMATCH)), port)

    assert message == (
        f"is {port}, a cluster of Ray 2.59.0 and Python 3.12.1; here it is Ray 2.60.0 and Python "
        "3.11.7; install the same on all machines"
    )
    assert "this machine must belong" in refused(Ray(ValueError("no\n node here")), port)
    assert "no node here" in refused(Ray(ValueError("no\n node here")), port)
    assert "belongs to no Ray cluster" in refused(Ray(ConnectionError("none")), "auto")


def test_without_an_address_a_cluster_of_this_machine_alone_is_begun(
    port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, named = Ray(), Ray()

    with connected(own, None):
        assert not own.is_left
    monkeypatch.setenv("RAY_ADDRESS", port)
    with connected(named, None):
        pass

    assert own.is_left
    assert own.options["address"] == "local"
    assert own.options["num_cpus"] >= 1
    assert named.options["address"] == port
    assert "num_cpus" not in named.options


def test_machines_take_as_many_jobs_as_each_resource_allows() -> None:
    large = node("a", CPU=8.0, GPU=1.0)
    ray = Ray(None, large, node("b", CPU=4.0), node("c", alive=False, CPU=64.0, GPU=8.0))

    assert machines_for(ray, {"CPU": 1, "GPU": 0.25}) == {"a": ("a", 4)}
    assert machines_for(ray, {"CPU": 2, "GPU": 0}) == {"a": ("a", 4), "b": ("b", 2)}
    assert machines_for(ray, {"CPU": 16, "GPU": 0}) == {}


def test_the_resource_that_no_machine_has_is_named() -> None:
    ray = Ray(None, node("a", CPU=8.0), node("b", CPU=4.0, GPU=1.0))

    cores, gpus = (too_small(ray, needs) for needs in ({"CPU": 9, "GPU": 0}, {"CPU": 1, "GPU": 2}))

    assert (cores.field, gpus.field) == ("cpus_per_run", "gpus_per_run")
    assert str(cores).endswith("the largest machine of the cluster has 8")
    assert str(gpus).endswith("the largest machine of the cluster has 1")


def test_a_machine_must_see_the_folder_and_have_the_same_sbvae(tmp_path: Path) -> None:
    notes: list[str] = []

    there = replace(HERE, host="b")

    def ask(there: Installation | str) -> str:
        with pytest.raises(SbvaeError) as error:
            refuse_other_installation("b", there, HERE, tmp_path, notes.append)
        return str(error.value)

    assert ask("No module named 'sbvae_cli'").startswith("b: cannot load sbvae (No module")
    assert ask(replace(there, sees_folder=False)).startswith(
        f"{tmp_path}: the machine b does not see"
    )
    assert ask(replace(there, sbvae="0.2.0")).startswith("b: has sbvae 0.2.0, here it is 0.1.0")
    assert ask(replace(there, files="def")).startswith("b: has sbvae 0.1.0 with other files")
    assert notes == []
    refuse_other_installation("b", replace(HERE, host="b"), HERE, tmp_path, notes.append)
    assert notes == []
    refuse_other_installation("b", replace(HERE, torch="2.12.0"), HERE, tmp_path, notes.append)
    assert [note.startswith("b: has PyTorch 2.12.0") for note in notes] == [True]


def test_a_folder_is_known_by_a_file_that_goes_with_the_block(tmp_path: Path) -> None:
    with marker_file(tmp_path / "runs") as mark:
        assert describe_installation(str(mark)).sees_folder

    assert not describe_installation(str(mark)).sees_folder
    assert list((tmp_path / "runs").iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(SbvaeError, match="cannot be used"), marker_file(tmp_path / "file"):
        pass
