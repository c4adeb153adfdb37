"""Replicas in one process, as on a GPU; here the CPU stands in for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.cli import replicas as command
from sbvae_cli.cli import resume_replicas, stacked
from sbvae_cli.cli.several_runs import Row
from sbvae_cli.cli.stacked import Stackable, train_stacked
from sbvae_cli.config.schema import Config
from sbvae_cli.data.source import open_source
from sbvae_cli.errors import DivergedError, StoppedError
from sbvae_cli.runs.memory import count_fitting, processes_that_fit, replicas_that_fit, update_once
from sbvae_cli.runs.replicas import plan_replicas
from sbvae_cli.runs.resolve import Request, resolve
from sbvae_cli.training.loop import Report

Sbvae = Callable[..., Any]


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Take the CPU for a GPU that two replicas fit on; the numbers of those at once."""
    found: list[int] = []
    for module in (command, resume_replicas):
        monkeypatch.setattr(module, "resolve_device", lambda name: torch.device("cuda"))
        monkeypatch.setattr(module, "replicas_that_fit", lambda config, count: min(2, count))
    for name in ("start_runs", "resume_runs"):
        real = getattr(stacked, name)

        def run(some: Any, *arguments: Any, real: Any = real, **options: Any) -> Any:
            found.append(len(some))
            return real(some, *arguments, **options)

        monkeypatch.setattr(stacked, name, run)
    return found


def steps(group: str = "g") -> list[int]:
    return [load_checkpoint(path).step for path in sorted(Path(group).glob("*/ckpt.pt"))]


def test_groups_of_as_many_as_fit_begin_and_go_on_like_solo_runs(
    sbvae: Sbvae, tiny: list[str], groups: list[int]
) -> None:
    done = sbvae("train", *tiny, "--steps", 4, "--replicas", 3, "--seed", 5, "--out", "g")
    assert done.code == 0, done.err
    assert groups == [2, 1] and steps() == [4, 4, 4]
    assert "note: 2 of 3 replicas fit at once; the others come after them" in done.err
    assert "training 12/12  3 finished  loss " in done.err
    assert sbvae("train", "--resume", "g", "--steps", 6).code == 0
    assert groups[2:] == [2, 1] and steps() == [6, 6, 6]
    assert sbvae("train", *tiny, "--steps", 6, "--seed", 6, "--out", "solo").code == 0
    one, other = (load_checkpoint(Path(run) / "ckpt.pt").model for run in ("solo", "g/6"))
    for name in one:
        torch.testing.assert_close(one[name], other[name], atol=1e-5, rtol=1e-4)


def test_images_without_room_are_refused_before_replicas_are_replaced(
    sbvae: Sbvae, tiny: list[str], groups: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = [*tiny, "--fixed-set", 9, "--steps", 2, "--replicas", 2, "--out", "g"]
    assert sbvae("train", *options).code == 0
    monkeypatch.setattr("sbvae_cli.data.placement.free_bytes", lambda device: 100)
    refused = sbvae("train", *options, "--steps", 3, "--force")
    assert refused.code == 1 and len(refused.err.splitlines()) == 1
    assert refused.err.startswith("error: --fixed-set 9: the images need 0.0 GB")
    assert steps() == [2, 2]


def test_replicas_go_on_with_a_file_that_moved_and_in_their_own_precision(
    sbvae: Sbvae, tiny: list[str], groups: list[int]
) -> None:
    made = ["circles", "--preset", "xy", "--count", 12, "--size", 16, "--out", "d.h5"]
    assert sbvae("gen-data", *made).code == 0
    words = ["--data", "d.h5", *tiny[4:], "--steps", 1, "--replicas", 2, "--out", "g"]
    assert sbvae("train", *words).code == 0
    Path("d.h5").rename("moved.h5")
    more = ["--steps", 2, "--data", "moved.h5", "--precision", "auto"]
    done = sbvae("train", "--resume", "g", *more)
    assert done.code == 0, done.err
    assert steps() == [2, 2]


def test_as_many_processes_at_once_as_have_room_for_their_images(
    tiny: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = {"data": {"source": "circles:xy", "height": 10, "width": 10}}
    training = {"training": {"device": "cpu", "fixed_set": 50}}
    config, source = resolve(Request(options={**data, **training}))
    needed = 50 * 10 * 10 * 3
    for free, number in ((10 * needed, 4), (2.5 * needed, 2), (1.2 * needed, 1)):
        for module in ("data.placement", "runs.memory"):
            monkeypatch.setattr(f"sbvae_cli.{module}.free_bytes", lambda device, f=free: int(f))
        assert processes_that_fit(config, source, 4) == number


def test_replicas_at_different_steps_are_refused_with_the_way_to_bring_them_level(
    sbvae: Sbvae, tiny: list[str], groups: list[int]
) -> None:
    for seed, number in ((0, 4), (1, 2), (2, 4)):
        words = [*tiny, "--steps", number, "--seed", seed, "--out", f"g/{seed}"]
        assert sbvae("train", *words).code == 0
    refused = sbvae("train", "--resume", "g", "--steps", 6)
    assert refused.code == 1 and len(refused.err.splitlines()) == 1
    assert "g: its replicas are at different steps (1 at 2; 0, 2 at 4), but are" in refused.err
    first, then = refused.err.split("`")[1::2]
    assert (first, then) == (
        "sbvae train --resume g/1 --steps 4",
        "sbvae train --resume g --steps 6",
    )
    for line in (first, then):
        assert sbvae(*line.split()[1:]).code == 0
    assert steps() == [6, 6, 6] and groups == [2, 1]
    Path("g/1/ckpt.pt").unlink()  # one that never came so far begins after those that go on
    assert sbvae("train", "--resume", "g", "--steps", 7).code == 0
    assert steps() == [7, 7, 7] and groups[2:] == [2, 1]
    assert (
        sbvae("train", "--resume", "g/1", "--steps", 8, "--set", "training.log_every=1").code == 0
    )
    Path("g/1/ckpt.pt").unlink()
    refused = sbvae("train", "--resume", "g", "--steps", 8)
    assert "g: its replicas differ in training.log_every, but are trained together" in refused.err


@pytest.fixture
def three(tmp_path: Path) -> list[Stackable]:
    """Replicas of the seeds 0 to 2."""
    found = plan_replicas(Config(), 3, tmp_path)
    return [Stackable(each, Row(str(each.seed), 9, 4)) for each in found]


def report(replica: int, step: int, error: DivergedError | None = None) -> Report:
    return Report(replica, step, 9, {} if error else {"loss": 1.0}, 8.0, 1.0, False, error)


def test_one_that_diverged_is_named_and_the_next_group_is_trained(
    three: list[Stackable], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    groups: list[list[int]] = []
    said: list[str] = []

    def start(configs: list[Config], *_: object, observers: Any, **options: object) -> None:
        groups.append([config.training.seed for config in configs])
        for number, seed in enumerate(groups[-1]):
            if seed != 1:
                observers[0](report(number, 9))
        if 1 in groups[-1]:
            error = DivergedError("diverged in step 3: kl is nan", 3)
            observers[0](report(1, 3, error))
            heard = capsys.readouterr().err.splitlines()
            said.extend(line for line in heard if "kl is nan" in line)
            raise error

    monkeypatch.setattr(stacked, "start_runs", start)
    with pytest.raises(DivergedError, match=r"1 of 3 replicas diverged \(1\), see above; "):
        train_stacked(three, open_source("circles:xy"), Path("g"), 2)
    assert groups == [[0, 1], [2]]
    assert [each.row.state for each in three] == ["finished", "diverged", "finished"]
    assert said == [f"{three[1].replica.folder.path}: diverged in step 3: kl is nan"]
    assert "kl is nan" not in capsys.readouterr().err  # once, when it happened


def test_a_signal_ends_a_group_and_begins_no_other(
    three: list[Stackable], monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(*_: object, observers: Any, stop: Any, **options: object) -> None:
        for number in range(2):
            observers[0](report(number, 5))
        stop.number = 15

    monkeypatch.setattr(stacked, "start_runs", start)
    with pytest.raises(StoppedError, match="0 of 3 replicas finished") as raised:
        train_stacked(three, open_source("circles:xy"), Path("g"), 2)
    assert raised.value.exit_code == 143
    assert [each.row.state for each in three] == ["stopped", "stopped", "waiting"]


def test_half_of_the_free_memory_is_for_replicas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [count_fitting(1_000, taken) for taken in (100, 101, 500, 501, 10**9)] == [5, 4, 1, 1, 1]
    config, _ = resolve(Request("quick", options={"data": {"source": "circles:xy"}}))
    on_cpu = config.training.model_copy(update={"device": "cpu"})
    assert replicas_that_fit(config.model_copy(update={"training": on_cpu}), 99) == 99


@pytest.mark.parametrize("kind", ["vae", "factor-vae", "annealed-vae", "dip-vae-i", "beta-tcvae"])
def test_what_is_measured_is_an_update_of_any_objective(kind: str) -> None:
    options = {
        "data": {"source": "circles:xy", "height": 8, "width": 8},
        "objective": {"kind": kind},
        "training": {"device": "cpu", "batch_size": 2},
    }
    update_once(resolve(Request("quick", options=options))[0])
