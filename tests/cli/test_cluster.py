import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sbvae_cli.cli.cluster import ClusterOptions
from sbvae_cli.errors import SbvaeError
from sbvae_cli.sweeps.folder import SweepFolder

PLAN = "settings: {data: {source: circles:xy}}\ngrid: {training.batch_size: [4, 8]}\n"


@pytest.fixture
def plan(tmp_path: Path) -> str:
    """A plan of which nothing is to be trained."""
    (tmp_path / "plan.yaml").write_text(PLAN)
    return "plan.yaml"


def test_without_ray_nothing_is_made_and_the_command_that_installs_it_is_told(
    sbvae: Callable[..., object], plan: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)

    found = sbvae("sweep", "run", plan, "--engine", "ray", "--out", "d")

    assert (found.code, found.out) == (1, "")
    assert found.err == 'error: the engine ray needs Ray: python -m pip install "ray>=2.40"\n'
    assert not (tmp_path / "d").exists()


def test_options_of_a_cluster_are_for_the_engine_ray_alone(
    sbvae: Callable[..., object], plan: str, tmp_path: Path
) -> None:
    for option in ("--address=10.0.0.1:6379", "--cpus-per-run=2", "--gpus-per-run=0.5"):
        found = sbvae("sweep", "run", plan, option, "--out", "d")
        name = option.partition("=")[0]
        assert (found.code, found.err) == (
            1,
            f"error: {name} applies to clusters; add --engine ray\n",
        )
    assert not (tmp_path / "d").exists()


def test_a_share_of_a_gpu_says_which_device_computes_and_how_many_runs_train_together() -> None:
    none, quarter, third, whole, two = (
        ClusterOptions(gpus_per_run=share) for share in (None, 0.25, 1 / 3, 1.0, 2.0)
    )

    assert [each.most_per_gpu for each in (none, quarter, third, whole, two)] == [None, 4, 3, 1, 1]
    assert (none.device("auto"), none.device("cpu")) == ("cpu", "cpu")
    assert (quarter.device("auto"), quarter.device("cuda")) == ("cuda", "cuda")
    for options, device in ((none, "cuda"), (quarter, "cpu"), (quarter, "cuda:1")):
        with pytest.raises(SbvaeError, match="`gpus_per_run") as error:
            options.device(device)
        assert error.value.field == "device"


def test_the_engine_has_the_options_and_so_has_the_command_that_goes_on(tmp_path: Path) -> None:
    options = ClusterOptions("10.0.0.1:6379", gpus_per_run=0.25)

    engine = options.engine(SweepFolder(tmp_path, runs=tmp_path / "runs"), 3)

    assert engine.storage == tmp_path / "runs"
    assert (engine.address, engine.cpus_per_run) == ("10.0.0.1:6379", None)
    assert (engine.gpus_per_run, engine.at_once) == (0.25, 3)
    assert options.arguments("ray") == {
        "engine": "ray",
        "address": "10.0.0.1:6379",
        "gpus_per_run": "0.25",
    }
    assert ClusterOptions().arguments("local") == {}
