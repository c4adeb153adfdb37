"""Every figure can be read, whatever its sizes, labels, ranges and numbers of rows."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from sbvae_cli.config.score_names import score_style
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.traversal import Traversal
from sbvae_cli.figures import decoded
from sbvae_cli.figures.losses import Curve, RunLog, draw_losses
from sbvae_cli.figures.mig import draw_mig
from sbvae_cli.figures.rate_distortion import BetaScores, BetaSweep, draw_rate_distortion
from sbvae_cli.figures.scores import GroupScores, draw_scores
from sbvae_cli.figures.traversal import animate_traversal, draw_traversal
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.embedding import Embedding, FactorPanel
from sbvae_cli.viz.geometry import SCORES, draw_embedding, draw_embeddings
from sbvae_cli.viz.replica_panel import ReplicaRow, ReplicaStar, ReplicaTexts, draw_replicas
from sbvae_cli.viz.samples import draw_noted_images
from sbvae_cli.viz.theme import SERIES
from sbvae_cli.viz.unfolding import Course, draw_courses

Space = tuple[FactorPanel, list[Embedding]]
Legible = Callable[[Canvas], None]

LABEL = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=60)
SIZE = st.tuples(st.integers(16, 90), st.integers(16, 90)).filter(lambda s: max(s) <= 3 * min(s))
TITLES = st.lists(LABEL, min_size=1, max_size=3, unique=True) | st.just([""])
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
FLAG = st.booleans()
LINES = st.lists(LABEL, max_size=3).map("\n".join) | st.just("")
VERDICT = st.sampled_from(["", "flat", "collapsed to a line, with copies"])
VALUE = st.floats(-1e4, 1e4)
NUMBER = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))
VALUES = {"": NUMBER, "%": st.floats(0, 1), "#": st.integers(0, 512)}


def some(examples: int) -> Callable[..., object]:
    return settings(max_examples=examples, deadline=None, phases=[Phase.explicit, Phase.generate])


@some(12)
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
        logs.append(
            RunLog(f"run {number}", group, draw(LABEL), draw(DECODER), planned, curves, diverged)
        )
    return logs


@some(12)
@given(logs=run_logs())
def test_losses(legible: Legible, logs: list[RunLog]) -> None:
    legible(draw_losses(logs))


def test_losses_of_runs_that_logged_nothing_are_told_of() -> None:
    speed = {"images_per_second": Curve(np.ones(1), np.ones(1))}
    for curves in ({}, speed):
        with pytest.raises(SbvaeError, match="run a: no run has logged a term yet"):
            draw_losses([RunLog("run a", "a", "xy", "broadcast", 10, curves)])


@st.composite
def spaces(draw: st.DrawFn) -> tuple[FactorPanel, list[Embedding]]:
    """Points of two factors, on a grid or scattered, and where some models put them."""
    shape = draw(st.sampled_from([(2, 2), (5, 3), (1, 4), (7,), (1,)]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    axes = [np.sort(rng.normal(size=n)) for n in shape] if len(shape) == 2 else []
    points = rng.normal(size=(*shape, 2))
    if axes:
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    low = draw(NUMBER)
    size = max(10.0 ** draw(st.integers(-4, 6)), 1e-4 * abs(low))
    held_out = rng.random(shape) < draw(st.sampled_from([0.0, 0.5]))
    labels = draw(LABEL), draw(LABEL)
    factors = FactorPanel(low + size * points, labels, held_out, draw(st.tuples(FLAG, FLAG)))
    models = []
    for _ in range(draw(st.integers(1, 5))):
        codes = 10.0 ** draw(st.integers(-3, 2)) * rng.normal(size=points.shape)
        if draw(FLAG):
            codes[0] = np.nan if len(points) > 1 else codes[0]
        scores = {name: draw(VALUES[score_style(name).unit] | st.none()) for name in SCORES}
        blank = rng.normal(size=2) if draw(FLAG) else None
        latents = draw(st.tuples(LABEL, LABEL))
        models.append(Embedding(codes, latents, draw(LINES), scores, draw(VERDICT), blank))
    return factors, models


def tallest_sidebar() -> Space:
    """Every score, and a verdict of several lines."""
    points = np.stack(np.meshgrid(np.arange(3.0), np.arange(3.0)), axis=-1)
    scores = dict.fromkeys(SCORES, 0.5)
    model = Embedding(points, ("0", "1"), "", scores, "collapsed to a line, with copies")
    return FactorPanel(points, ("x", "y"), np.zeros((3, 3), bool)), [model]


@some(12)
@example(space=tallest_sidebar(), caption="", note="word " * 100, samples=16)
@given(space=spaces(), caption=LINES, note=LINES, samples=st.integers(0, 20))
def test_one_model(legible: Legible, space: Space, caption: str, note: str, samples: int) -> None:
    factors, models = space
    images = np.zeros((samples, 9, 7, 3), np.uint8) if samples else None
    legible(draw_embedding(factors, models[0], caption, images, note))


@some(12)
@given(space=spaces(), caption=LINES, note=LINES)
def test_several_models(legible: Legible, space: Space, caption: str, note: str) -> None:
    legible(draw_embeddings(*space, caption, note))


@some(12)
@given(space=spaces(), texts=st.lists(LINES, min_size=6, max_size=6), data=st.data())
def test_replicas(legible: Legible, space: Space, texts: list[str], data: st.DataObject) -> None:
    factors, models = space
    rows = []
    for model in models:
        count = data.draw(st.integers(1, 30))
        low = data.draw(VALUE)
        span = max(10.0 ** data.draw(st.integers(-3, 4)), 1e-4 * abs(low))
        scores = (low + span * np.random.default_rng(count).random(count)).tolist()
        stars = [
            ReplicaStar(score, colour, data.draw(LABEL), data.draw(LABEL), model)
            for score, colour in zip(scores, SERIES[: data.draw(st.integers(0, 4))], strict=False)
        ]
        rows.append(ReplicaRow(data.draw(LABEL), data.draw(LABEL), scores, SERIES[0], stars))
    trained = np.asarray(factors.points, dtype=np.float64).reshape(-1, 2)
    images = np.zeros((16, 9, 7, 1), np.uint8) if data.draw(FLAG) else None
    legible(draw_replicas(factors, trained, rows, ReplicaTexts(*texts), images))


@st.composite
def traversals(draw: st.DrawFn) -> Traversal | dict[str, Traversal]:
    """One model, or several by their titles, from one start image or several."""
    starts = draw(st.lists(LABEL, min_size=1, max_size=3))
    examples, latents = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    count = max(examples, len(starts))
    columns, own, drawn = draw(st.integers(2, 20)), draw(SIZE), draw(SIZE)
    quantiles = np.linspace(0.01, 0.99, columns) if draw(FLAG) else None
    shared = sorted([draw(st.floats(-9, 9)), draw(st.floats(-9, 9))])

    def one() -> Traversal:
        order = draw(st.permutations(range(latents)))[: draw(st.integers(1, latents))]
        ends = shared
        if quantiles is not None:
            ends = sorted([draw(st.floats(-9, 9)), draw(st.floats(-9, 9))])
        values = np.tile(np.linspace(ends[0], ends[1] + 0.1, columns), (len(order), 1))
        told = st.lists(st.tuples(LABEL, st.floats(0, 1)), max_size=2).map(tuple)
        each = st.lists(told, min_size=latents, max_size=latents).map(tuple)
        return Traversal(
            starts=tuple(starts),
            inputs=np.zeros((count, *own, 3), np.uint8),
            reconstructions=np.zeros((count, *drawn, 3), np.uint8),
            held_out=np.array(draw(st.lists(FLAG, min_size=count, max_size=count))),
            codes=draw(st.floats(-20, 20)) * np.ones((len(starts), latents)),
            stds=np.linspace(draw(st.floats(0, 1)), 1, latents),
            followed=draw(st.none() | each),
            latents=tuple(order),
            values=values,
            quantiles=quantiles,
            sweeps=np.zeros((len(starts), len(order), columns, *drawn, 3), np.uint8),
        )

    titles = draw(st.lists(LINES, min_size=1, max_size=3, unique=True))
    return {title: one() for title in titles} if draw(FLAG) else one()


@some(12)
@given(models=traversals(), caption=LINES)
def test_traversals(legible: Legible, models: Any, caption: str) -> None:
    legible(draw_traversal(models, caption))


@some(8)
@given(models=traversals(), caption=LINES)
def test_traversals_that_move(legible: Legible, models: Any, caption: str) -> None:
    for frame in animate_traversal(models, caption).frames[:2]:
        legible(frame)


@some(12)
@given(titles=TITLES, count=st.integers(1, 40), size=SIZE, caption=LINES)
def test_samples_of_models(
    legible: Legible, titles: list[str], count: int, size: tuple[int, int], caption: str
) -> None:
    images = np.zeros((2, count, *size, 1), np.uint8)
    legible(decoded.draw_prior_samples(dict.fromkeys(titles, images[0]), caption))
    legible(decoded.animate_samples(dict.fromkeys(titles, images), caption).frames[0])


@some(12)
@given(titles=TITLES, names=st.tuples(LABEL, LABEL), count=st.integers(2, 15), size=SIZE,
       caption=LINES)  # fmt: skip
def test_interpolations(
    legible: Legible,
    titles: list[str],
    names: tuple[str, str],
    count: int,
    size: tuple[int, int],
    caption: str,
) -> None:
    images = np.zeros((count, *size, 3), np.uint8)
    found = decoded.Interpolation(names, images[:2], np.linspace(0, 1, count), images)
    legible(decoded.draw_interpolations(dict.fromkeys(titles, found), caption))
    legible(decoded.animate_interpolations(dict.fromkeys(titles, found), caption).frames[1])


@some(12)
@given(titles=TITLES, count=st.integers(1, 30), size=SIZE, caption=LINES)
def test_reconstructions(
    legible: Legible, titles: list[str], count: int, size: tuple[int, int], caption: str
) -> None:
    images = np.zeros((count, *size, 3), np.uint8)
    found = decoded.Reconstructions(images, images, np.arange(count) % 3 == 0)
    legible(decoded.draw_reconstructions(dict.fromkeys(titles, found), caption))


@some(8)
@given(space=spaces(), moments=st.integers(1, 3), caption=LINES, note=LINES)
def test_unfolding(legible: Legible, space: Space, moments: int, caption: str, note: str) -> None:
    factors, models = space
    courses = [
        Course(
            np.stack([model.codes] * moments),
            [10 ** (2 * n) for n in range(moments)],
            10 ** (2 * moments),
            model.labels,
            model.name,
            [model.verdict] * moments,
        )
        for model in models
    ]
    for frame in draw_courses(factors, courses, caption, note).frames[:2]:
        legible(frame)


@st.composite
def groups(draw: st.DrawFn) -> list[GroupScores]:
    """Groups of runs, some without a score."""
    low = draw(VALUE)
    span = max(10.0 ** draw(st.integers(-3, 4)), 1e-4 * abs(low))
    found = []
    for name in draw(st.lists(LABEL, min_size=1, max_size=6, unique=True)):
        counts = {score: draw(st.integers(0, 30)) for score in ("mig", "elbo")}
        rng = np.random.default_rng(draw(st.integers(0, 99)))
        values = {score: low + span * rng.random(count) for score, count in counts.items()}
        seeds = {
            score: [None if draw(FLAG) else seed for seed in range(count)]
            for score, count in counts.items()
        }
        found.append(GroupScores(name, draw(DECODER), values, seeds))
    if not any(len(group.of("mig")) for group in found):
        found.append(GroupScores("last", "", {"mig": np.ones(1)}, {"mig": [0]}))
    return found


@some(12)
@given(groups=groups(), caption=LINES, label=LABEL)
def test_scores(legible: Legible, groups: list[GroupScores], caption: str, label: str) -> None:
    legible(draw_scores(groups, {"mig": label, "elbo": "ELBO"}, caption))


@some(12)
@given(groups=groups(), caption=LINES)
def test_mig(legible: Legible, groups: list[GroupScores], caption: str) -> None:
    legible(draw_mig(groups, caption, "histogram"))
    legible(draw_mig(groups, caption, "strip"))


@some(12)
@given(data=st.data(), caption=LINES)
def test_rate_distortion(legible: Legible, data: st.DataObject, caption: str) -> None:
    sweeps = []
    for name in data.draw(st.lists(LABEL, min_size=1, max_size=5)):
        points = []
        for beta in data.draw(st.lists(st.floats(0.01, 500), min_size=1, max_size=7, unique=True)):
            rng = np.random.default_rng(data.draw(st.integers(0, 99)))
            nll, kl, mig = rng.random((3, data.draw(st.integers(1, 5))))
            size = 10.0 ** data.draw(st.integers(-2, 4))
            mig[data.draw(st.integers(0, len(mig))) :] = np.nan  # of replicas that have none
            points.append(BetaScores(beta, size * nll, size * kl, mig))
        sweeps.append(BetaSweep(name, data.draw(DECODER), points))
    legible(draw_rate_distortion(sweeps, caption))
