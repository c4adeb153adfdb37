"""Samples, reconstructions and interpolations: every image is there, beside what it belongs to."""

from itertools import chain

import numpy as np
import pytest

from sbvae_cli.evaluation.decoded import Interpolation, Reconstructions
from sbvae_cli.figures.decoded import (
    animate_interpolations,
    animate_samples,
    draw_interpolations,
    draw_prior_samples,
    draw_reconstructions,
)
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.primitives import Picture

RNG = np.random.default_rng(0)


def noise(*count: int) -> np.ndarray:
    return RNG.integers(0, 256, (*count, 8, 8, 3), np.uint8)


def grid(canvas: Canvas) -> list[list[bytes]]:
    """Images in reading order, by rows."""
    rows: dict[float, list[Picture]] = {}
    for shape in canvas.shapes:
        if isinstance(shape, Picture):
            rows.setdefault(shape.top, []).append(shape)
    return [
        [p.image.tobytes() for p in sorted(rows[top], key=lambda p: p.left)] for top in sorted(rows)
    ]


def as_bytes(*rows: np.ndarray) -> list[list[bytes]]:
    return [[image.tobytes() for image in row] for row in rows]


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (7, 4), (24, 6), (100, 12)])
def test_samples_fill_rows_of_even_length(count: int, columns: int) -> None:
    images = noise(count)

    rows = grid(draw_prior_samples({"": images}))

    assert [*chain(*rows)] == [image.tobytes() for image in images]
    assert max(map(len, rows)) == columns


def test_samples_of_each_model_stand_below_its_title() -> None:
    a, b = noise(2, 3)
    canvas = draw_prior_samples({"deconv\nstep 1": a, "broadcast\nstep 2": b})

    assert [*chain(*grid(canvas))] == [image.tobytes() for image in (*a, *b)]
    assert {"deconv: step 1", "broadcast: step 2"} <= {box.text for box in canvas.texts}


def test_moving_samples_have_a_frame_for_each_place() -> None:
    images = noise(5, 4)
    animation = animate_samples({"": images})

    assert [[*chain(*grid(f))] for f in animation.frames] == [
        [i.tobytes() for i in r] for r in images
    ]


def test_originals_stand_above_their_reconstructions_of_every_model() -> None:
    inputs, one, other = noise(3, 14)
    held_out = np.arange(14) >= 10
    canvas = draw_reconstructions(
        {
            "a\nx": Reconstructions(inputs, one, held_out),
            "b\nx": Reconstructions(inputs, other, held_out),
        }
    )

    first, rest = slice(7), slice(7, 14)
    assert grid(canvas) == as_bytes(
        inputs[first], one[first], other[first], inputs[rest], one[rest], other[rest]
    )
    texts = [box.text for box in canvas.texts]
    assert texts.count("input") == texts.count("a") == texts.count("b") == 2
    assert "held out of training" in texts


def test_between_two_images_stands_what_lies_between_their_codes() -> None:
    ends, images = noise(2), noise(3)
    found = Interpolation(("12", "cat.png"), ends, np.array([0, 0.5, 1]), images)

    canvas = draw_interpolations({"": found})

    assert grid(canvas) == as_bytes(np.stack([ends[0], *images, ends[1]]))
    texts = [box.text for box in canvas.texts]
    assert {"image 12", "0 %", "50 %", "100 %", "cat.png"} <= set(texts)


@pytest.mark.parametrize(("name", "label"), [("7", "image 7"), ("7.png", "7.png"), ("cat", "cat")])
def test_only_a_number_of_an_image_is_said_to_be_an_image(name: str, label: str) -> None:
    found = Interpolation((name, name), noise(2), np.array([0, 1]), noise(2))
    (frame, *_) = animate_interpolations({"": found}).frames

    for canvas in (draw_interpolations({"": found}), frame):
        assert [box.text for box in canvas.texts].count(label) == 2


def test_a_moving_one_goes_there_and_back() -> None:
    ends, images = noise(2), noise(3)
    found = Interpolation(("1", "2"), ends, np.array([0, 0.5, 1]), images)

    frames = animate_interpolations({"": found}).frames

    middle = [grid(frame)[0][1] for frame in frames]
    assert middle == [images[i].tobytes() for i in (0, 1, 2, 1)]
    assert all(grid(frame)[0][::2] == as_bytes(ends)[0] for frame in frames)
