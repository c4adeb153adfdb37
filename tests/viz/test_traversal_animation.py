"""Sweeps that move: which image and which value are shown in which frame."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from sbvae_cli.viz.animation import Animation
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.primitives import Disc, Picture, Polygon, Rectangle
from sbvae_cli.viz.theme import MARK, UNUSED
from sbvae_cli.viz.traversal_animation import Cells, animate_sweeps, position
from sbvae_cli.viz.traversal_layout import Block, Examples, ModelPanel, Sweep

VALUES = -2.0 * np.cos(np.pi * np.arange(7) / 6)
RNG = np.random.default_rng(0)


def made(
    latents: int = 4, starts: tuple[str, ...] = ("0",), title: tuple[str, ...] = ()
) -> ModelPanel:
    shape = (16, 16, 3)
    inputs, outputs = RNG.integers(0, 256, (2, len(starts), *shape), np.uint8)
    blocks = [
        Block(
            name,
            [
                Sweep(
                    k,
                    0.1,
                    k % 2 == 0,
                    0.8,
                    VALUES,
                    RNG.integers(0, 256, (7, *shape), np.uint8),
                    ("hue", "80 %") if k % 2 == 0 else ("non-coding",),
                )
                for k in range(latents)
            ],
        )
        for name in starts
    ]
    return ModelPanel(title, Examples(inputs, outputs, np.zeros(len(starts), bool)), blocks)


def place_of(canvas: Canvas, image: np.ndarray) -> Picture | None:
    found = [
        shape
        for shape in canvas.shapes
        if isinstance(shape, Picture) and shape.image.tobytes() == image.tobytes()
    ]
    return found[0] if found else None


def test_there_are_twice_as_many_frames_as_values_less_two_each_as_long() -> None:
    animation = animate_sweeps([made()])

    assert isinstance(animation, Animation)
    assert len(animation.frames) == 12
    assert set(animation.durations) == {60}


def test_each_frame_shows_each_latent_at_the_value_that_its_dot_marks() -> None:
    panel = made()
    shown: list[list[int]] = []
    for frame in animate_sweeps([panel]).frames:
        dots = [shape for shape in frame.shapes if isinstance(shape, Disc)]
        assert len(dots) == 4
        columns = []
        for sweep in panel.blocks[0].sweeps:
            (at,) = [i for i in range(7) if place_of(frame, sweep.images[i])]
            place = place_of(frame, sweep.images[at])
            assert place is not None and place.width == 128
            x = place.left + place.width * (VALUES[at] + 2) / 4
            (dot,) = [
                dot for dot in dots if dot.x == pytest.approx(x) and 128 < dot.y - place.top < 160
            ]
            assert (dot.colour == UNUSED) == (not sweep.codes)
            columns.append(at)
        shown.append(columns)
    for own in zip(*shown, strict=True):
        assert sorted(own) == sorted([0, *2 * list(range(1, 6)), 6])  # there and back
        steps = [abs(a - b) for a, b in itertools.pairwise([*own, own[0]])]
        assert set(steps) == {1}  # without a jump, at the end too
    assert len(set(zip(*shown, strict=True))) == 4  # each ahead of the last


def test_a_tick_stands_at_the_starts_own_value() -> None:
    panel = made(latents=1)
    (frame, *_) = animate_sweeps([panel]).frames
    place = place_of(frame, panel.blocks[0].sweeps[0].images[0])
    ticks = [s for s in frame.shapes if isinstance(s, Rectangle) and s.colour == MARK]

    assert place is not None
    (tick,) = ticks
    assert tick.left + tick.width / 2 == pytest.approx(place.left + 128 * 2.8 / 4, abs=1)


def test_what_stands_still_is_the_same_in_all_frames() -> None:
    panels = [made(title=("one", "of a kind")), made(title=("other", "of a kind"))]
    frames = animate_sweeps(panels, "a caption", "-2 to 2").frames

    texts = [[(box.text, box.box) for box in frame.texts] for frame in frames]
    assert all(text == texts[0] for text in texts)
    written = [text for text, _ in texts[0]]
    assert {"a caption", "one", "other", "input", "output", "hue", "latent 1"} <= set(written)
    assert "dot: the latent's value, -2 to 2" in written
    for panel in panels:
        assert all(place_of(frame, panel.examples.inputs[0]) for frame in frames)


@pytest.mark.parametrize("latents", [1, 2, 3, 4, 8, 10, 17, 40])
@pytest.mark.parametrize("starts", [1, 3])
def test_tiles_and_texts_stand_apart_and_on_the_canvas(latents: int, starts: int) -> None:
    panel = made(latents, tuple("abc")[:starts])
    frame = animate_sweeps([panel], "caption " * 40).frames[3]

    pictures = [shape for shape in frame.shapes if isinstance(shape, Picture)]
    assert len(pictures) == starts * (2 + latents)
    boxes = [shape.box for shape in pictures] + [box.box for box in frame.texts]
    for box in boxes:
        assert box.left >= 0 and box.right <= frame.width
        assert box.top >= 0 and box.bottom <= frame.height
    for a, b in itertools.combinations(boxes, 2):
        apart = a.right <= b.left + 0.5 or b.right <= a.left + 0.5
        assert apart or a.bottom <= b.top + 3 or b.bottom <= a.top + 3


def test_a_latent_whose_values_are_all_one_moves_nowhere() -> None:
    images = RNG.integers(0, 256, (3, 8, 8, 3), np.uint8)
    sweep = Sweep(0, 0.9, False, 0.1, np.full(3, 0.1), images)
    examples = Examples(images[:1], images[:1], np.zeros(1, bool))

    animation = animate_sweeps([ModelPanel((), examples, [Block("0", [sweep])])])

    dots = [shape for f in animation.frames for shape in f.shapes if isinstance(shape, Disc)]
    assert len({dot.x for dot in dots}) == 1


@pytest.mark.parametrize("number", range(5))
def test_positions_go_there_and_back(number: int) -> None:
    own = [position(frame, 8, number, 5) for frame in range(8)]
    assert sorted(own) == [0, 1, 1, 2, 2, 3, 3, 4]
    assert position(0, 1, number, 5) == 0


@pytest.mark.parametrize(
    ("latents", "stacked", "columns", "rows"),
    [(8, True, 5, 2), (8, False, 10, 1), (3, True, 3, 2), (10, True, 6, 2), (20, True, 9, 3)],
)
def test_cells_fill_rows_beside_the_start(
    latents: int, stacked: bool, columns: int, rows: int
) -> None:
    cells = Cells.of(latents, stacked)
    assert (cells.columns, cells.rows) == (columns, rows)
    assert len({*cells.start, *cells.latents}) == latents + 2


@pytest.mark.parametrize(("start", "side"), [(-2.6, -1), (-2.0, 0), (2.0, 0), (3.5, 1)])
def test_an_arrow_points_to_a_start_beyond_the_values(start: float, side: int) -> None:
    panel = made(1)
    sweep = replace(panel.blocks[0].sweeps[0], start=start)
    canvas = animate_sweeps([replace(panel, blocks=[Block("0", [sweep])])]).frames[0]

    image = place_of(canvas, sweep.images[0])
    arrows = [s for s in canvas.shapes if isinstance(s, Polygon) and s.colour == MARK]
    ticks = [s for s in canvas.shapes if isinstance(s, Rectangle) and s.colour == MARK]

    assert (len(arrows), len(ticks)) == ((1, 0) if side else (0, 1)) and image
    assert any("arrow" in text.text for text in canvas.texts) == bool(side)
    if side:
        xs = [x for x, _ in arrows[0].points]
        tip = min(xs) if side < 0 else max(xs)
        assert tip == image.left - 9 if side < 0 else tip == image.left + image.width + 9
