"""The MIG of Figures 2, 3 and 11, from made results."""

from collections.abc import Callable

import numpy as np
import pytest

from sbvae_cli.figures.mig import draw_mig, median_run
from sbvae_cli.figures.scores import GroupScores
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.primitives import Polygon, Rectangle
from sbvae_cli.viz.theme import SERIES, Role


def group(name: str, decoder: str, middle: float, count: int = 15) -> GroupScores:
    """Seeds from 100 on, of which the one in the middle is the median run."""
    values = middle + 0.01 * (np.arange(count) - count // 2)
    return GroupScores(name, decoder, {"mig": values}, {"mig": list(range(100, 100 + count))})


def of_series(canvas: Canvas, kind: type, series: Role) -> list[object]:
    return [
        shape
        for shape in canvas.shapes
        if isinstance(shape, kind)
        and isinstance(shape.colour, Role)  # type: ignore[attr-defined]
        and shape.colour.name == series.name  # type: ignore[attr-defined]
    ]


def _of_one_run(canvas: Canvas) -> float:
    """Height of one run on the axis of counts, by the first tick above the foot of its bars."""
    tick = next(box for box in canvas.texts if box.text.isdigit())
    foot = min(s.box.bottom for s in canvas.shapes if isinstance(s, Rectangle) and s.height > 9)
    return (foot - (tick.box.top + tick.box.bottom) / 2) / int(tick.text)


@pytest.mark.parametrize(
    ("groups", "colours"),
    [
        pytest.param(
            [group("deconv", "deconv", 0.12), group("broadcast", "broadcast", 0.31)],
            SERIES[:2],
            id="figure 2",
        ),
        pytest.param(
            [
                group("factor-vae, deconv", "deconv", 0.1),
                group("factor-vae, broadcast", "broadcast", 0.4),
            ],
            SERIES[:2],
            id="figure 3",
        ),
        pytest.param([group("coordconv", "coordconv", 0.2)], SERIES[2:3], id="figure 11"),
    ],
)
@pytest.mark.parametrize("kind", ["histogram", "strip"])
def test_figures_2_3_and_11(
    legible: Callable[[Canvas], None],
    groups: list[GroupScores],
    colours: list[Role],
    kind: str,
) -> None:
    canvas = draw_mig(groups, "sprites: MIG over seeds", kind)  # type: ignore[arg-type]
    legible(canvas)
    written = [text.text for text in canvas.texts]
    medians = [group.of("mig")[7] for group in groups]
    assert [text for text in written if "seed 107" in text] == [
        f"{median:.3f}, seed 107" for median in medians
    ]
    assert written.count("15 runs") == len(groups) and "MIG" in written
    for group_, colour in zip(groups, colours, strict=True):
        assert of_series(canvas, Polygon, colour)
        if kind == "histogram":
            bars = of_series(canvas, Rectangle, colour)
            area = sum(bar.height for bar in bars)  # type: ignore[attr-defined]
            assert area / _of_one_run(canvas) == pytest.approx(15)
        assert group_.name in written


def test_the_median_run_is_the_lower_of_two_in_the_middle() -> None:
    assert median_run(np.array([0.5, 0.1, 0.3])) == 2
    assert median_run(np.array([0.4, 0.1, 0.3, 0.2])) == 3
    assert median_run(np.array([0.7])) == 0


def test_small_values_have_bins_of_their_size() -> None:
    values = np.linspace(0.0302, 0.0391, 8)
    canvas = draw_mig([GroupScores("d", "deconv", {"mig": values}, {"mig": list(range(8))})])
    assert len(of_series(canvas, Rectangle, SERIES[0])) >= 4
    assert "0.0340, seed 3" in [text.text for text in canvas.texts]


def test_a_lone_run_stands_in_a_bin_that_is_not_narrow_on_an_axis_from_0() -> None:
    lone = GroupScores("deconv", "deconv", {"mig": np.array([0.3047])}, {"mig": [0]})
    canvas = draw_mig([lone])
    assert "0.00" in [text.text for text in canvas.texts]
    (bar,) = of_series(canvas, Rectangle, SERIES[0])
    assert 5 < bar.width < 40  # type: ignore[attr-defined]


def test_runs_without_disentangling_have_an_axis_from_0_on() -> None:
    none = GroupScores("deconv", "deconv", {"mig": np.zeros(3)}, {"mig": [0, 1, 2]})
    written = [text.text for text in draw_mig([none], kind="strip").texts]
    assert "0.0" in written and "1.0" in written and "-0.4" not in written


def test_codes_have_no_seed_and_a_group_without_the_score_a_row_that_says_so() -> None:
    codes = GroupScores("codes", "", {"mig": np.array([0.25])}, {"mig": [None]})
    none = GroupScores("other", "", {"mig": np.array([])}, {"mig": []})
    written = [text.text for text in draw_mig([codes, none]).texts]
    assert "0.25" in written and "1 run" in written
    assert "no run has it" in written and "0 runs" in written
