"""The animation of a training: frames, durations, axes that stay, and how far each model is."""

import io
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.point_codes import FactorPoints, PointCodes
from sbvae_cli.evaluation.unfolding import Unfolding
from sbvae_cli.figures.unfolding import draw_unfolding
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.primitives import Disc, Line, Rectangle
from sbvae_cli.viz.save import encode
from sbvae_cli.viz.theme import HELD_OUT, QUIET
from sbvae_cli.viz.unfolding import LAST, MOVING, STILL

AXIS = np.linspace(0.0, 1.0, 5)
SQUARE = np.stack(np.meshgrid(AXIS, AXIS, indexing="ij"), axis=-1)
HOLE = np.zeros((5, 5), np.bool_)
HOLE[2, 2] = True
POINTS = FactorPoints(("x", "y"), SQUARE, SQUARE, HOLE)


def growing(sizes: Sequence[float], steps: Sequence[int], swapped: bool = False) -> Unfolding:
    """A sheet of so large a side at each step, in latents 0 and 1; 2 knows nothing."""
    found = Unfolding(POINTS)
    for step, size in zip(steps, sizes, strict=True):
        means = np.zeros((5, 5, 3))
        means[..., :2] = size * (SQUARE[..., ::-1] if swapped else SQUARE) - size / 2
        stds = np.broadcast_to([0.1, 0.1, 1.0], means.shape).copy()
        found = found.add(step, PointCodes(means, stds))
    return found


def frames_of(canvas: Canvas) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of each panel, by its frame."""
    lines = [s for s in canvas.shapes if isinstance(s, Line) and len(s.points) == 6]
    corners = [np.array(line.points) for line in lines]
    return [(*c.min(axis=0).tolist(), *c.max(axis=0).tolist()) for c in corners]


def discs(canvas: Canvas, box: tuple[float, float, float, float]) -> list[Disc]:
    found = [s for s in canvas.shapes if isinstance(s, Disc)]
    return [d for d in found if box[0] <= d.x <= box[2] and box[1] <= d.y <= box[3]]


def test_points_grow_on_axes_that_stay() -> None:
    moving = draw_unfolding({"model": growing([0.1, 2.0, 4.0], [0, 10, 40])})
    assert len(moving.frames) == 3
    for frame, size in zip(moving.frames, (0.1, 2.0, 4.0), strict=True):
        factors, latents = frames_of(frame)
        assert len(discs(frame, factors)) == len(discs(frame, latents)) == 25
        places = np.array([(d.x, d.y) for d in discs(frame, latents)])
        # The last moment spans 4, and has a margin of 7 % on each side.
        spans = np.ptp(places, axis=0) / (latents[2] - latents[0])
        np.testing.assert_allclose(spans, size / (4 * 1.14), atol=1e-6)
        middle = places.mean(axis=0)
        np.testing.assert_allclose(middle, np.reshape(latents, (2, 2)).mean(axis=0), atol=1e-6)
        assert [d.colour for d in discs(frame, latents)].count(HELD_OUT) == 1


def test_frames_say_how_far_each_model_is_and_what_its_grid_is_like() -> None:
    models = {"one": growing([0.01, 2.0], [0, 100]), "two": growing([1.0, 2.0, 2.0], [0, 150, 300])}
    planned = {"one": 100, "two": 300}
    moving = draw_unfolding(models, caption="x and y", planned=planned)
    told = [{box.text for box in frame.texts} for frame in moving.frames]
    assert all({"one", "two", "x and y", "factor space"} <= texts for texts in told)
    steps = ("step 0 of 100", "step 0 of 300"), ("step 0 of 100", "step 150 of 300")
    for texts, expected in zip(told, (*steps, ("step 100 of 100", "step 300 of 300")), strict=True):
        assert set(expected) <= texts
    assert "collapsed to a point" in told[0] and "collapsed to a point" not in told[2]
    bars = [s for s in moving.frames[1].shapes if isinstance(s, Rectangle) and s.colour == QUIET]
    _, first, second = frames_of(moving.frames[1])
    widths = [0.0, 0.5 * (second[2] - second[0])]
    assert [bar.width for bar in bars] == pytest.approx(widths) and first[0] < second[0]


def test_a_gif_has_these_frames_and_durations() -> None:
    moving = draw_unfolding({"model": growing([1.0, 1.0, 3.0, 3.0], [0, 1, 2, 3])})
    assert moving.durations == [STILL, MOVING, STILL, LAST]
    with Image.open(io.BytesIO(encode(moving, ".gif", scale=0.5))) as found:
        durations = []
        for number in range(found.n_frames):
            found.seek(number)
            durations.append(found.info["duration"])
        assert sum(durations) == sum(moving.durations) and durations[-1] == LAST
        assert found.info["loop"] == 0


def test_what_reaches_far_beyond_the_last_moment_lies_on_the_frame() -> None:
    moving = draw_unfolding({"model": growing([40.0, 2.0], [0, 1])})
    (_, latents) = frames_of(moving.frames[0])
    all_discs = [s for s in moving.frames[0].shapes if isinstance(s, Disc)]
    places = np.array([(d.x, d.y) for d in all_discs[-25:]])  # the last are the codes
    edges = np.reshape(latents, (2, 2))
    on_the_frame = np.isclose(places, edges[0]) | np.isclose(places, edges[1])
    assert (on_the_frame | ((places > edges[0]) & (places < edges[1]))).all()
    assert on_the_frame.any(axis=1).sum() == 24
    last = np.array([(d.x, d.y) for d in discs(moving.frames[1], latents)])
    assert np.ptp(last, axis=0).min() > 0.5 * (latents[2] - latents[0])


def test_a_model_that_was_not_trained_is_at_step_0() -> None:
    (frame,) = draw_unfolding({"model": growing([1.0], [0])}).frames
    assert "step 0 of 1" in {box.text for box in frame.texts}


def test_models_of_other_points_are_refused() -> None:
    other = Unfolding(FactorPoints(("x", "y"), SQUARE, SQUARE, ~HOLE))
    with pytest.raises(SbvaeError, match="its points or held-out regions are not those of one"):
        draw_unfolding({"one": growing([1.0], [0]), "two": other})
