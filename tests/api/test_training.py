"""Training report by report: the runs of the command line, and nothing left changed."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from filelock import FileLock

import sbvae_cli as sbvae
from sbvae_cli.checkpoint import load_checkpoint
from tests.conftest import SMALL_TREE

TREE = SMALL_TREE


def weights(model: sbvae.Model) -> list[Any]:
    return [weight.detach().numpy() for weight in model.module.parameters()]


def test_a_run_is_that_of_the_command_line_and_of_a_training_without_a_folder(
    sbvae: Callable[..., Any], tmp_path: Path
) -> None:
    import sbvae_cli as api

    (tmp_path / "c.yaml").write_text(json.dumps(TREE))
    assert sbvae("train", "--config", "c.yaml", "--out", "a").code == 0
    inline = api.train(TREE)
    reports = [report.terms for report in inline]
    stored = api.train("c.yaml", out="b").finish()
    wanted = load_checkpoint(tmp_path / "a/ckpt.pt")
    logged = [json.loads(line) for line in (tmp_path / "a/log.jsonl").read_text().splitlines()]
    assert [{k: line[k] for k in terms} for line, terms in zip(logged, reports, strict=True)] == (
        reports
    )
    for model in (inline.model, stored, api.load("b")):
        state = model.module.state_dict()
        assert all((state[name] == value).all() for name, value in wanted.model.items())
    assert load_checkpoint(tmp_path / "b/ckpt.pt").threads == wanted.threads
    again = api.train(inline.config, out="c").finish()
    assert all((a == b).all() for a, b in zip(weights(again), weights(stored), strict=True))


def test_a_run_that_is_left_is_saved_and_goes_on_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    whole = sbvae.train(TREE).finish()
    with sbvae.train(TREE, out=tmp_path / "run") as run:
        assert next(run).step == 2
        early = weights(run.model)
        with pytest.raises(sbvae.SbvaeError, match="another process trains here"):
            sbvae.train(TREE, out=tmp_path / "run", force=True)
    assert load_checkpoint(tmp_path / "run/ckpt.pt").step == 2
    assert next(run, None) is None
    lock = FileLock(tmp_path / "run/.lock", timeout=0)
    lock.acquire()
    lock.release()
    on = sbvae.resume(tmp_path / "run", {"training.threads": 2})
    assert [report.step for report in on] == [4, 6]
    found = weights(sbvae.load(tmp_path / "run"))
    assert all((a == b).all() for a, b in zip(found, weights(whole), strict=True))
    assert any((a != b).any() for a, b in zip(found, early, strict=True))  # weights of its own
    lines = (tmp_path / "run/log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [2, 4, 6]
    with pytest.raises(
        sbvae.SbvaeError, match="has made 6 steps, all of the 6 requested"
    ) as caught:
        sbvae.resume(tmp_path / "run")
    assert "`sbvae train --resume" in str(caught.value)


def state() -> tuple[Any, ...]:
    return (
        torch.get_num_threads(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_default_dtype(),
        torch.get_rng_state().tolist(),
        np.random.get_state()[1].tolist(),  # noqa: NPY002
        list(warnings.filters),
    )


def call_all(trained: Path, before: tuple[Any, ...] | None = None) -> None:
    run = sbvae.train({**TREE, "training": {**TREE["training"], "threads": 3}})
    assert before is None or state() == before
    for _ in run:
        assert before is None or state() == before
    model = sbvae.load(trained)
    images, _ = model.data.images(0, 4)
    model.reconstruct(images)
    sbvae.draw.geometry(sbvae.geometry(model, grid=4), model.data)
    sbvae.evaluate(run.model, metrics="mig", protocol="quick")


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_calls_leave_threads_gradients_warnings_and_random_states(mode: Any, trained: Path) -> None:
    call_all(trained)  # SciPy sets filters of its own when it is loaded
    before_all = state()
    with mode():
        before = state()
        call_all(trained, before)
        assert state() == before
    assert state() == before_all


def test_a_run_that_diverges_says_so_and_has_its_last_checkpoint(tmp_path: Path) -> None:
    tree = {**TREE, "training": {**TREE["training"], "learning_rate": 1e30, "log_every": 1}}
    run = sbvae.train(tree, out=tmp_path / "run")
    with pytest.raises(sbvae.DivergedError, match="diverged in step") as caught:
        run.finish()
    assert caught.value.step >= 1
    assert "diverged" in (tmp_path / "run/log.jsonl").read_text()
    with pytest.raises(sbvae.DivergedError, match="diverged in step"):
        sbvae.train(tree).finish()


@pytest.mark.parametrize(
    ("call", "field", "line"),
    [
        (lambda: sbvae.train(), "data", "`data` is missing; give it, as data='circles:xy-hole'"),
        (lambda: sbvae.train(data=3), "data", "`data` is 3; give a path"),  # type: ignore[arg-type]
        (lambda: sbvae.train(data="circels:xy"), "data", "did you mean circles:xy?"),
        (lambda: sbvae.train({"training.step": 3}, data="circles:xy"), "config", "mean steps?"),
        (lambda: sbvae.train({"data": "circles:xy"}), "config", "give it as `data`"),
        (
            lambda: sbvae.train({"data": "a"}, data="circles:xy"),
            "config",
            "has data 'a', not",
        ),
        (lambda: sbvae.train("training.steps=3"), "config", "give {'section.key': value}"),
        (lambda: sbvae.train("no.yaml"), "config", "no.yaml: there is no such file"),
        (lambda: sbvae.train(TREE, profile="quik"), "profile", "did you mean 'quick'?"),  # type: ignore[arg-type]
        (lambda: sbvae.train({**TREE, "training.preview": True}), "config", "give `out`"),
        (lambda: sbvae.train(TREE, out="."), "out", "holds other files"),
        (lambda: sbvae.resume("nothing"), "run", "there is no such folder"),
    ],
)
def test_faults_are_one_line_and_name_the_argument(
    call: Callable[[], object],
    field: str,
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.txt").touch()
    with pytest.raises(sbvae.SbvaeError) as caught:
        call()
    assert caught.value.field == field
    assert line in str(caught.value) and "\n" not in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} <= {"mine.txt", ".lock"}
