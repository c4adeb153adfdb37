"""What a notebook or a server calls in several threads at once gives what it gives alone."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import torch

import sbvae_cli as sbvae
from sbvae_cli.config.load import merge
from tests.conftest import SMALL_TREE


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Results of functions, each called in a thread of its own; all begin together."""
    ready = Barrier(len(works))

    def call(work: Callable[[], Any]) -> Any:
        ready.wait(60)
        return work()

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(call, works))


def train(source: Any = "circles:xy", **training: Any) -> list[Any]:
    """Terms of all reports, then the weights."""
    run = sbvae.train(merge(SMALL_TREE, {"training": training}), data=source)
    terms = [report.terms for report in run]
    return [*terms, *(value.tolist() for value in run.model.module.state_dict().values())]


def test_trainings_side_by_side_are_those_that_run_alone(tmp_path: Path) -> None:
    file = tmp_path / "d.h5"
    sbvae.make_dataset("circles:xy", file, count=40, size=8)
    works = [
        lambda: train(seed=0, threads=1, steps=12),
        lambda: train(seed=1, threads=2, steps=12),
        lambda: train(file, seed=1, threads=None, steps=12),
        lambda: train(file, seed=1, threads=None, steps=12, data_on="stream", validation=0.2),
    ]
    state = torch.random.get_rng_state()
    alone = [work() for work in works]
    assert at_once(works) == alone and alone[0] != alone[1]
    assert torch.equal(torch.random.get_rng_state(), state)


def test_evaluations_side_by_side_give_what_they_give_alone(trained: Path) -> None:
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 3, (200, 2))
    codes = factors + 0.3 * rng.normal(size=(200, 2))
    model = sbvae.load(trained, device="cpu")
    images, _ = model.data.images(0, 40)

    def scored(what: Any, *arguments: Any, **options: Any) -> Callable[[], Any]:
        def work() -> Any:
            found = sbvae.evaluate(what, *arguments, protocol="quick", **options)
            return {name: score.value for name, score in found.scores.items()}

        return work

    fitted = ["mig", "sap", "explicitness"]
    works: list[Callable[[], Any]] = [
        scored(codes, factors, metrics=fitted, seed=0),
        scored(codes, factors, metrics=fitted, seed=1),
        scored(model, metrics="rates", seed=0),
        lambda: [part.tolist() for part in model.encode(images)],
        lambda: sbvae.draw.geometry(sbvae.geometry(model, grid=4), model.data).tobytes(),
    ]
    alone = [work() for work in works]
    assert at_once(works) == alone
