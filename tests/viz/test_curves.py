"""Curves with the hull of one standard deviation."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbvae_cli.viz.axes import Panel
from sbvae_cli.viz.curves import (
    HULL,
    Curve,
    CurvePanel,
    convex_hull,
    draw_curves,
    hull_of_stds,
)
from sbvae_cli.viz.primitives import Disc, Line, Region
from sbvae_cli.viz.theme import FAINT, PAPER, SERIES


def holds(polygon: np.ndarray, point: np.ndarray) -> bool:
    """Whether a convex polygon has a point within it, or nearly."""
    following = np.roll(polygon, -1, axis=0)
    edges, to = following - polygon, point - polygon
    sides = edges[:, 0] * to[:, 1] - edges[:, 1] * to[:, 0]
    scale = np.abs(polygon).max() + 1
    return bool((sides >= -1e-6 * scale**2).all() or (sides <= 1e-6 * scale**2).all())


def curve(means: object, stds: object, labels: tuple[str, ...] = (), ring: int = -1) -> Curve:
    points = np.array(means, dtype=np.float64)
    named = labels or ("",) * len(points)
    white = np.arange(len(points)) == ring
    return Curve(points, np.array(stds, dtype=np.float64), SERIES[0], named, white)


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=3, max_size=30))
def test_a_convex_hull_holds_its_points_and_turns_one_way(points: list[tuple[int, int]]) -> None:
    hull = convex_hull(points)
    assert {tuple(corner) for corner in hull.tolist()} <= {(float(x), float(y)) for x, y in points}
    if len(hull) < 3:  # all on a line
        return
    assert all(holds(hull, np.array(point, dtype=float)) for point in points)
    edges = np.roll(hull, -1, axis=0) - hull
    following = np.roll(edges, -1, axis=0)
    assert (edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0] > 0).all()


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(1, 6))
def test_a_hull_holds_every_mean_one_standard_deviation_either_way(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    means, stds = rng.normal(size=(count, 2)) * 10, rng.exponential(size=(count, 2)) + 0.1
    parts = hull_of_stds(means, stds)
    assert len(parts) == max(1, count - 1)
    for mean, std in zip(means, stds, strict=True):
        for side in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            point = mean + std * np.array(side)
            assert any(holds(part, point) for part in parts)
        far = mean + 40 * (std + 100)
        assert not any(holds(part, far) for part in parts)
    middles = [(one + two) / 2 for one, two in itertools.pairwise(means)]
    assert all(holds(part, middle) for part, middle in zip(parts, middles, strict=False))


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(1, 4))
def test_a_hull_ends_where_values_do_and_loses_nothing_beside(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    means, stds = rng.random((count, 2)), rng.exponential(size=(count, 2)) + 0.1
    parts, whole = hull_of_stds(means, stds, least_x=0.0), hull_of_stds(means, stds)
    assert all((part[:, 0] >= 0).all() for part in parts)
    points = np.stack(np.meshgrid(np.linspace(0.01, 3, 12), np.linspace(-3, 3, 12)), axis=-1)
    for point in points.reshape(-1, 2):
        for part, of in zip(parts, whole, strict=True):
            assert holds(part, point) or not holds(of, point)


def test_runs_alone_have_no_hull() -> None:
    assert hull_of_stds(np.ones((3, 2)), np.zeros((3, 2))) == []


def test_means_stand_at_their_place_on_the_axes_and_white_dots_are_marked() -> None:
    means = [(10.0, 300.0), (20.0, 250.0), (30.0, 240.0)]
    canvas = draw_curves([CurvePanel("t", "KL", "NLL", [curve(means, np.ones((3, 2)), ring=1)])])
    frame = next(s for s in canvas.shapes if isinstance(s, Line) and s.colour == FAINT)
    (left, top), (right, bottom) = frame.points[0], frame.points[2]
    ticks = {text.text: text.box for text in canvas.texts}
    x10 = (ticks["10"].left + ticks["10"].right) / 2
    x30 = (ticks["30"].left + ticks["30"].right) / 2
    y250, y300 = ((ticks[t].top + ticks[t].bottom) / 2 for t in ("250", "300"))
    discs = [shape for shape in canvas.shapes if isinstance(shape, Disc)]
    places = [(disc.x, disc.y) for disc in discs if disc.colour == SERIES[0]]
    expected = [(x10, y300), ((x10 + x30) / 2, y250), (x30, y250 + (y250 - y300) / 5)]
    np.testing.assert_allclose(places, expected, atol=0.6)
    white = [(disc.x, disc.y) for disc in discs if disc.colour == PAPER]
    assert white == [places[1]]
    (region,) = [shape for shape in canvas.shapes if isinstance(shape, Region)]
    assert region.colour == SERIES[0].faded(HULL)
    assert left < region.box.left and region.box.right < right
    assert top < region.box.top and region.box.bottom < bottom


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 8))
def test_labels_stay_in_the_panel_and_apart_from_dots_and_others(
    seed: int, curves: int, count: int
) -> None:
    rng = np.random.default_rng(seed)
    labels = tuple(f"beta {number}" for number in range(count))
    drawn = [
        curve(rng.normal(size=(count, 2)), rng.exponential(size=(count, 2)), labels)
        for _ in range(curves)
    ]
    canvas = draw_curves([CurvePanel("t", "x", "y", drawn)])
    frame = next(s for s in canvas.shapes if isinstance(s, Line) and s.colour == FAINT)
    (left, top), (right, bottom) = frame.points[0], frame.points[2]
    box = Panel(left, top, right - left, bottom - top, (0, 1), (0, 1))
    written = [text.box for text in canvas.texts if text.text.startswith("beta")]
    for place in written:
        assert box.left <= place.left and place.right <= box.left + box.width
        assert box.top <= place.top and place.bottom <= box.top + box.height
    for one, two in itertools.combinations(written, 2):
        assert (
            one.right <= two.left
            or two.right <= one.left
            or one.bottom <= two.top
            or two.bottom <= one.top
        )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_labels_stand_beside_their_dots_and_cover_none(seed: int, count: int) -> None:
    labels = tuple(f"beta {number}" for number in range(count))
    means = np.random.default_rng(seed).normal(size=(count, 2))
    canvas = draw_curves([CurvePanel("t", "x", "y", [curve(means, np.zeros((count, 2)), labels)])])
    discs = [shape for shape in canvas.shapes if isinstance(shape, Disc)]
    assert len(discs) == count
    boxes = {text.text: text.box for text in canvas.texts if text.text in labels}
    assert count > 1 or boxes
    for label, disc in zip(labels, discs, strict=True):
        if label not in boxes:  # no free place
            continue
        box = boxes[label]
        apart = [
            (max(box.left - each.x, each.x - box.right), max(box.top - each.y, each.y - box.bottom))
            for each in discs
        ]
        assert all(max(gap) > 0 for gap in apart), "a dot's centre lies under the text"
        assert max(apart[labels.index(label)]) <= 18 + disc.radius


def test_two_panels_stand_side_by_side() -> None:
    panel = CurvePanel("a title", "x", "y", [curve([(0, 0), (1, 1)], np.zeros((2, 2)))])
    one, two = draw_curves([panel]), draw_curves([panel, panel])
    assert two.width > 1.9 * one.width and two.height == one.height
    titles = [text.box for text in two.texts if text.text == "a title"]
    assert titles[0].right < titles[1].left and titles[0].top == titles[1].top
    assert max(text.box.right for text in two.texts) <= two.width
    assert min(text.box.left for text in two.texts) == pytest.approx(0, abs=0.5)
