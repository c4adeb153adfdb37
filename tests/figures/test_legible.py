"""Every figure can be read, whatever its sizes, labels, ranges and numbers of rows."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbvae_cli.errors import SbvaeError
from sbvae_cli.figures.losses import Curve, RunLog, draw_losses
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.samples import draw_noted_images

Legible = Callable[[Canvas], None]

LABEL = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=60)
DECODER = st.sampled_from(["broadcast", "deconv", "coordconv", ""])
TERMS = [
    "loss",
    "nll",
    "kl",
    "total_correlation",
    "discriminator_accuracy",
    "covariance_diagonal",
    "nll_validation",
    "kl_validation",
    "images_per_second",
]
NUMBER = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))


def some(examples: int) -> Callable[..., object]:
    return settings(max_examples=examples, deadline=None)


@some(25)
@given(st.data())
def test_samples(legible: Legible, data: st.DataObject) -> None:
    count, height, width = (data.draw(st.integers(1, most)) for most in (20, 200, 200))
    channels = data.draw(st.sampled_from([1, 3]))
    names = data.draw(st.lists(LABEL, max_size=6))
    texts = st.lists(LABEL, min_size=len(names), max_size=len(names))
    notes = data.draw(st.lists(texts | st.just(["blank"]), min_size=count, max_size=count))
    images = np.zeros((count, height, width, channels), np.uint8)
    legible(draw_noted_images(images, notes, names, data.draw(LABEL)))


@st.composite
def run_logs(draw: st.DrawFn) -> list[RunLog]:
    """Logs of a few runs, some cut short, diverged, or with terms of their own."""
    groups = draw(st.lists(LABEL, min_size=1, max_size=4, unique=True))
    logs = []
    for number in range(draw(st.integers(1, 6))):
        planned = draw(st.sampled_from([3, 1_000, 500_000]))
        steps = np.linspace(1, planned, draw(st.integers(1, 40)))
        terms = ["loss", *draw(st.lists(st.sampled_from(TERMS), max_size=8, unique=True))]
        size = 10.0 ** draw(st.integers(-6, 8))
        sign = draw(st.sampled_from([-1, 0, 1]))
        curves = {
            term: Curve(steps, sign * size * (1 + np.cos(steps) / 3 + 99 / steps)) for term in terms
        }
        diverged = draw(st.none() | st.just(planned))
        group = draw(st.sampled_from(groups))
        logs.append(RunLog(f"run {number}", group, draw(DECODER), planned, curves, diverged))
    return logs


@some(25)
@given(logs=run_logs())
def test_losses(legible: Legible, logs: list[RunLog]) -> None:
    legible(draw_losses(logs))


def test_losses_of_runs_that_logged_nothing_are_told_of() -> None:
    speed = {"images_per_second": Curve(np.ones(1), np.ones(1))}
    for curves in ({}, speed):
        with pytest.raises(SbvaeError, match="run a: no run has logged a term yet"):
            draw_losses([RunLog("run a", "a", "broadcast", 10, curves)])
