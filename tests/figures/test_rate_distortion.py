"""Figure 4, from made results."""

from collections.abc import Callable

import numpy as np
import pytest

from sbvae_cli.figures.rate_distortion import BetaScores, BetaSweep, draw_rate_distortion
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.primitives import Disc, Region
from sbvae_cli.viz.theme import PAPER, QUIET, SERIES

BETAS = (5.4, 0.4, 1.0, 2.3)


def sweep(name: str, worse: float, replicas: int = 10, mig: bool = True) -> BetaSweep:
    """NLL rises with beta, KL falls and MIG rises, as in the paper."""
    rng = np.random.default_rng(0)
    points = []
    for beta in BETAS:
        nll = 300 + worse + 15 * np.log(beta) + rng.normal(size=replicas)
        kl = 25 - 5 * np.log(beta) + rng.normal(size=replicas)
        values = 0.15 + 0.05 * np.log(beta) + 0.01 * rng.normal(size=replicas)
        points.append(BetaScores(beta, nll, kl, values if mig else np.full(replicas, np.nan)))
    return BetaSweep(name, name, points)


def texts(canvas: Canvas) -> list[str]:
    return [text.text for text in canvas.texts]


def discs(canvas: Canvas, colour: object) -> list[Disc]:
    """Dots in the panels, without the legend's."""
    found = [s for s in canvas.shapes if isinstance(s, Disc) and s.colour == colour]
    return [disc for disc in found if disc.y < canvas.height - 100]


def test_figure_4(legible: Callable[[Canvas], None]) -> None:
    sweeps = [sweep("deconv", 15.0), sweep("broadcast", 0.0)]
    canvas = draw_rate_distortion(sweeps, "sprites: over beta")
    legible(canvas)
    written = texts(canvas)
    assert {"KL (nats an image)", "MIG", "deconv", "broadcast", "beta 1"} <= set(written)
    assert written.count("NLL (nats an image)") == 2
    for number, colour in enumerate(SERIES[:2]):
        dots = discs(canvas, colour)
        assert len(dots) == 8
        points = sorted(sweeps[number].points, key=lambda point: point.beta)
        for panel, name in ((dots[:4], "kl"), (dots[4:], "mig")):
            x = np.array([getattr(point, name).mean() for point in points])
            y = np.array([point.nll.mean() for point in points])
            assert np.corrcoef(x, [dot.x for dot in panel])[0, 1] == pytest.approx(1.0)
            assert np.corrcoef(y, [dot.y for dot in panel])[0, 1] == pytest.approx(-1.0)
    left, right = discs(canvas, SERIES[1])[:4], discs(canvas, SERIES[1])[4:]
    # "Low NLL and high KL (bottom-right of figure)", "low NLL and low MIG regions (bottom-left)".
    assert left[0].x == max(dot.x for dot in left) and left[0].y == max(dot.y for dot in left)
    assert right[0].x == min(dot.x for dot in right) and right[0].y == max(dot.y for dot in right)
    white = discs(canvas, PAPER)
    assert [(dot.x, dot.y) for dot in white] == [
        (dots[1].x, dots[1].y)
        for first in (0, 4)
        for dots in (discs(canvas, colour)[first : first + 4] for colour in SERIES[:2])
    ]
    assert len([shape for shape in canvas.shapes if isinstance(shape, Region)]) == 4


def test_the_hull_reaches_one_standard_deviation_from_the_means() -> None:
    points = [
        BetaScores(0.5, np.array([10.0, 14.0]), np.array([30.0, 33.0]), np.full(2, np.nan)),
        BetaScores(2.0, np.array([50.0, 50.5]), np.array([20.0, 20.1]), np.full(2, np.nan)),
    ]
    canvas = draw_rate_distortion([BetaSweep("deconv", "deconv", points)])
    small, large = discs(canvas, SERIES[0])
    unit_x, unit_y = (small.x - large.x) / 11.45, (small.y - large.y) / -38.25
    (region,) = [shape for shape in canvas.shapes if isinstance(shape, Region)]
    assert region.box.right - small.x == pytest.approx(unit_x * 3 / 2**0.5)
    assert small.y - region.box.bottom == pytest.approx(unit_y * 4 / 2**0.5)


def test_without_factors_there_is_no_mig_and_without_replicas_no_hull() -> None:
    canvas = draw_rate_distortion([sweep("broadcast", 0.0, replicas=1, mig=False)])
    assert "MIG" not in texts(canvas) and "KL (nats an image)" in texts(canvas)
    assert "hull of one standard deviation" not in texts(canvas)
    assert not [shape for shape in canvas.shapes if isinstance(shape, Region)]
    assert any(text.startswith("A dot is 1 run, with one beta") for text in texts(canvas))


def test_a_replica_without_a_mig_counts_in_the_other_panel_alone() -> None:
    nll, kl = np.array([10.0, 20.0]), np.array([1.0, 3.0])
    points = [
        BetaScores(1.0, nll, kl, np.array([0.2, np.nan])),
        BetaScores(2.0, nll + 5, kl, np.array([0.4, np.nan])),
    ]
    dots = discs(draw_rate_distortion([BetaSweep("deconv", "deconv", points)]), SERIES[0])
    assert len(dots) == 4
    assert dots[0].x == dots[1].x  # mean KL of both
    assert dots[2].x < dots[3].x and dots[2].y > dots[3].y


def test_of_many_curves_the_first_is_labelled_and_the_note_says_how_beta_grows() -> None:
    for count, labels in ((1, 2), (2, 4), (3, 2)):
        sweeps = [sweep(name, 5.0) for name in ("deconv", "broadcast", "coordconv")[:count]]
        written = texts(draw_rate_distortion(sweeps))
        assert [written.count(f"beta {beta}") for beta in (0.4, 5.4)] == [labels, labels]
        assert "along a line beta grows from 0.4 to 5.4." in " ".join(written)


def test_curves_past_the_last_colour_are_grey_below_the_others() -> None:
    sweeps = [sweep(f"depth {number}", float(number)) for number in range(11)]
    canvas = draw_rate_distortion(sweeps)
    written = texts(canvas)
    assert "depth 7" in written and "depth 8" not in written and "3 more" in written
    dots = [s for s in canvas.shapes if isinstance(s, Disc) and s.y < canvas.height - 150]
    grey = [number for number, dot in enumerate(dots) if dot.colour == QUIET]
    assert len(grey) == 2 * 3 * len(BETAS)
    half = len(dots) // 2
    assert max(number for number in grey if number < half) < half / 11 * 4


def test_one_beta_is_a_dot_with_its_hull(legible: Callable[[Canvas], None]) -> None:
    whole = sweep("broadcast", 0.0)
    canvas = draw_rate_distortion([BetaSweep("broadcast", "broadcast", whole.points[:1])])
    legible(canvas)
    assert len(discs(canvas, SERIES[1])) == 2
    assert len([shape for shape in canvas.shapes if isinstance(shape, Region)]) == 2


def test_the_same_results_give_the_same_bytes() -> None:
    one, two = (draw_rate_distortion([sweep("deconv", 1.0)]) for _ in range(2))
    assert one.svg() == two.svg()
    assert one.raster().tobytes() == two.raster().tobytes()
