"""Any scores of groups of runs, from made results."""

from collections.abc import Callable

import numpy as np

from sbvae_cli.figures.scores import GroupScores, draw_scores
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.primitives import Disc, Rectangle
from sbvae_cli.viz.theme import SERIES, Role


def group(name: str, decoder: str, count: int) -> GroupScores:
    rng = np.random.default_rng(count)
    values = {"mig": rng.random(count), "kl": 20 + rng.normal(size=count)}
    return GroupScores(name, decoder, values, {each: list(range(count)) for each in values})


LABELS = {"mig": "MIG", "kl": "KL (nats an image)"}


def dots(canvas: Canvas, series: Role) -> int:
    discs = [shape for shape in canvas.shapes if isinstance(shape, Disc)]
    return len([d for d in discs if isinstance(d.colour, Role) and d.colour.name == series.name])


def test_every_run_is_a_dot_in_each_panel(legible: Callable[[Canvas], None]) -> None:
    groups = [group("deconv", "deconv", 7), group("broadcast", "broadcast", 12)]
    canvas = draw_scores(groups, LABELS, "sprites: scores over seeds")
    legible(canvas)
    assert (dots(canvas, SERIES[0]), dots(canvas, SERIES[1])) == (14, 24)
    written = [text.text for text in canvas.texts]
    assert {"MIG", "KL (nats an image)", "deconv", "broadcast", "median"} <= set(written)
    intervals = [
        shape
        for shape in canvas.shapes
        if isinstance(shape, Rectangle)
        and isinstance(shape.colour, Role)
        and shape.colour.name == SERIES[1].name
    ]
    assert len(intervals) == 2


def test_few_runs_have_no_interval_and_the_note_says_from_how_many_on() -> None:
    canvas = draw_scores([group("a", "deconv", 5)], LABELS)
    written = " ".join(text.text for text in canvas.texts)
    assert "95 %" not in written
    assert "5 runs. A median has an interval from 6 runs on (order statistics)." in written


def test_a_lone_run_is_a_dot_without_a_median() -> None:
    canvas = draw_scores([group("a", "broadcast", 1)], {"mig": "MIG"})
    written = [text.text for text in canvas.texts]
    assert dots(canvas, SERIES[1]) == 1 and "median" not in written
    assert "Runs of a row differ only in the seed: 1 run." in written


def test_groups_of_other_sizes_are_counted() -> None:
    canvas = draw_scores([group("a", "deconv", 6), group("b", "broadcast", 9)], LABELS)
    assert any("6 to 9 runs" in text.text for text in canvas.texts)
