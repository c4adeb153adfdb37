"""Curves of logs: where their points lie, which axis they have, and what is marked."""

import numpy as np
import pytest

from sbvae_cli.errors import SbvaeError
from sbvae_cli.figures.losses import Curve, RunLog, draw_losses, smooth
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.losses import HEIGHT, WIDTH, log_ticks, step_names
from sbvae_cli.viz.primitives import Disc, Line
from sbvae_cli.viz.theme import BAD, SERIES, Role

STEPS = np.arange(10.0, 1001.0, 10.0)


def log(name: str = "r", decoder: str = "broadcast", **changes: object) -> RunLog:
    curves = {"loss": Curve(STEPS, 40 + 1e4 / STEPS), "kl": Curve(STEPS, STEPS / 100)}
    group = str(changes.pop("group", decoder))
    return RunLog(
        name, group, "xy", decoder, 1000, {**curves, **changes.pop("more", {})}, **changes
    )


def boxes(canvas: Canvas) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of each panel, by its frame."""
    frames = [s for s in canvas.shapes if isinstance(s, Line) and len(s.points) == 6]
    corners = [np.array(frame.points) for frame in frames]
    return [(*c.min(axis=0).tolist(), *c.max(axis=0).tolist()) for c in corners]


def curves(canvas: Canvas) -> list[Line]:
    return [s for s in canvas.shapes if isinstance(s, Line) and len(s.points) > 50]


def test_raw_and_smoothed_lines_are_where_their_values_are() -> None:
    canvas = draw_losses([log()], ["kl"])
    ((left, top, right, bottom),) = boxes(canvas)
    assert (right - left, bottom - top) == pytest.approx((WIDTH, HEIGHT))
    raw, smoothed = curves(canvas)
    low, high = 0.1 - 0.05 * 9.9, 10 + 0.05 * 9.9  # a margin of 5 % around 0.1 to 10
    for step, (x, y) in zip(STEPS, raw.points, strict=True):
        assert x == pytest.approx(left + step / 1000 * WIDTH)
        assert y == pytest.approx(bottom - (step / 100 - low) / (high - low) * HEIGHT)
    np.testing.assert_allclose(smoothed.points, raw.points, atol=1e-6)  # a straight line stays
    assert isinstance(raw.colour, Role) and raw.colour.opacity < 255 == smoothed.colour.opacity
    assert raw.width < smoothed.width


def test_a_term_that_falls_steeply_has_a_logarithmic_axis() -> None:
    canvas = draw_losses([log()])
    first, second = boxes(canvas)
    raw = curves(canvas)[0]
    values = 40 + 1e4 / STEPS
    places = [(first[3] - y) / HEIGHT for _, y in raw.points]
    slope, start = np.polyfit(np.log10(values), places, 1)
    np.testing.assert_allclose(places, slope * np.log10(values) + start, atol=1e-9)
    assert places[0] == pytest.approx(1.05 / 1.1) and places[-1] == pytest.approx(0.05 / 1.1)
    names = {box.text for box in canvas.texts if box.box.right < first[0]}
    assert {"100", "1,000"} <= names  # ticks of the logarithmic axis
    y = next(box for box in canvas.texts if box.text == "100").box
    assert (first[3] - (y.top + y.bottom) / 2) / HEIGHT == pytest.approx(
        slope * 2 + start, abs=0.01
    )
    assert second[0] > first[2]


def test_smoothing_tames_noise_and_leaves_what_is_straight_or_steep() -> None:
    rng = np.random.default_rng(0)
    steps = np.arange(1.0, 2001.0)
    noisy = 5 + rng.normal(size=2000)
    found = smooth(steps, noisy, 2000)
    assert found[1000:1900].std() < 0.3 * noisy[1000:1900].std()
    assert found[1000:1900].mean() == pytest.approx(5, abs=0.1)
    np.testing.assert_allclose(smooth(steps, 3 - steps / 7, 2000), 3 - steps / 7, atol=1e-6)
    step = np.where(steps < 20, 100.0, 1.0)
    np.testing.assert_allclose(smooth(steps, step, 2000)[30:], 1.0, atol=1e-9)
    assert smooth(steps[:1], steps[:1], 2000).tolist() == [1.0]


def test_the_end_of_a_run_is_hardly_less_smooth_than_its_middle() -> None:
    rng = np.random.default_rng(0)
    steps = np.arange(1.0, 801.0)
    found = np.array([smooth(steps, rng.normal(size=800), 800) for _ in range(400)])
    spread = found.std(axis=0)
    middle = spread[300:600].mean()
    assert spread[-10:].max() < 1.8 * middle < 0.4


def test_a_run_that_logged_at_step_0_alone_has_its_value() -> None:
    assert smooth(np.zeros(1), np.array([3.0]), 10).tolist() == [3.0]
    alone = RunLog("r", "r", "xy", "deconv", 10, {"kl": Curve(np.zeros(1), np.array([3.0]))})
    canvas = draw_losses([alone])
    (dot,) = [s for s in canvas.shapes if isinstance(s, Disc)]
    assert dot.x == boxes(canvas)[0][0]


def test_replicas_share_a_colour_and_decoders_have_their_own() -> None:
    logs = [log("a/0"), log("a/1"), log("b/0", "deconv")]
    canvas = draw_losses(logs, ["kl"])
    names = [line.colour.name for line in curves(canvas)[3:]]
    assert names == [SERIES[1].name, SERIES[1].name, SERIES[0].name]
    written = {box.text for box in canvas.texts}
    assert {"broadcast", "deconv", "xy: 3 runs of 2 groups"} <= written


def test_a_few_groups_of_one_decoder_have_its_colour_and_a_dash_each() -> None:
    kinds = ("broadcast", "deconv", "broadcast", "deconv", "broadcast")
    logs = [log(f"{i}", kind, group=f"group {i}") for i, kind in enumerate(kinds)]
    lines = [line for line in curves(draw_losses(logs, ["kl"])) if line.width > 2]
    colours = {"broadcast": SERIES[1].name, "deconv": SERIES[0].name}
    assert [line.colour.name for line in lines] == [colours[kind] for kind in kinds]
    assert len({(line.colour.name, line.dash) for line in lines}) == 5


def test_groups_that_share_a_colour_differ_in_their_dashes() -> None:
    logs = [log(f"{i}", "coordconv", group=f"group {i}") for i in range(20)]
    lines = [line for line in curves(draw_losses(logs, ["kl"])) if line.width > 2]
    assert len({(line.colour.name, line.dash) for line in lines}) == len(lines) == 20


def test_a_run_that_diverged_is_marked_at_its_end_and_one_that_trains_is_named() -> None:
    short = {"kl": Curve(STEPS[:60], np.append(STEPS[:58] / 100, [1e9, 1e30]))}
    canvas = draw_losses([log("gone", more=short, diverged=605)], ["kl"])
    ((_, top, right, _),) = boxes(canvas)
    crosses = [s for s in canvas.shapes if isinstance(s, Line) and s.colour == BAD]
    assert len(crosses) == 2
    middle = np.mean([s.points for s in crosses], axis=(0, 1))
    assert middle == pytest.approx([right, top])  # beyond the axis, which the others keep
    note = " ".join(box.text for box in canvas.texts)
    assert "Diverged: gone in step 605." in note
    training = log("young", more={"loss": Curve(STEPS[:3], STEPS[:3])}, group="x")
    training = RunLog("young", "x", "xy", "deconv", 1000, {"loss": training.curves["loss"]})
    note = " ".join(box.text for box in draw_losses([training]).texts)
    assert "Not finished: young at step 30 of 1,000." in note


def test_terms_of_validation_images_are_dots_beside_their_like() -> None:
    every = np.array([200.0, 1000.0])
    own = log(more={"kl_validation": Curve(every, np.array([2.0, 9.0]))})
    canvas = draw_losses([own])
    (_, second) = boxes(canvas)
    dots = [s for s in canvas.shapes if isinstance(s, Disc)]
    xs = [second[0] + step / 1000 * WIDTH for step in every]
    assert [dot.x for dot in dots] == pytest.approx(xs)
    raw = curves(canvas)[2].points  # of kl, which is step / 100
    assert dots[0].y == pytest.approx(raw[19][1])
    assert len(boxes(draw_losses([own], ["kl_validation"]))) == 1


def test_values_that_are_not_finite_are_left_out() -> None:
    odd = {
        "kl": Curve(STEPS, np.where(STEPS < 500, STEPS / 100, np.nan)),
        "nll": Curve(STEPS[:2], np.array([np.inf, np.nan])),
    }
    canvas = draw_losses([log(more=odd)])
    assert len(boxes(canvas)) == 2  # of loss and kl
    assert [len(line.points) for line in curves(canvas)] == [100, 100]
    assert len([s for s in canvas.shapes if isinstance(s, Line) and len(s.points) == 49]) == 2


def test_ticks_are_all_in_thousands_or_none_is() -> None:
    assert step_names([0, 5e4, 1e5]) == ["0", "50k", "100k"]
    assert step_names([0, 20_000, 40_000]) == ["0", "20,000", "40,000"]
    assert step_names([99_900, 100_000]) == ["99,900", "100,000"]


def test_a_term_that_nobody_logged_is_refused() -> None:
    with pytest.raises(SbvaeError, match="term lss: no run has logged it; did you mean loss"):
        draw_losses([log()], ["lss"])


@pytest.mark.parametrize("low", [-3.0, -0.2, 0.0, 1.4])
@pytest.mark.parametrize("span", [0.33, 0.8, 2.0, 7.5])
def test_logarithmic_ticks_are_few_and_within(low: float, span: float) -> None:
    ticks = log_ticks(low, low + span)
    assert 2 <= len(ticks) <= 7
    assert all(low - 1e-9 <= np.log10(tick) <= low + span + 1e-9 for tick in ticks)
    assert all(np.diff(ticks) > 0)
