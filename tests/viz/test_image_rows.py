"""Rows of images: where each stands, what is written, in which frame."""

import itertools

import numpy as np

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.image_rows import ImageRow, Section, draw_image_rows
from sbvae_cli.viz.legend import Entry
from sbvae_cli.viz.primitives import Picture, Rectangle
from sbvae_cli.viz.theme import MARK, WARN
from sbvae_cli.viz.tiles import draw_tile

RNG = np.random.default_rng(0)


def noise(count: int, height: int = 16, width: int = 16) -> list[np.ndarray]:
    return list(RNG.integers(0, 256, (count, height, width, 3), np.uint8))


def places(canvas: Canvas, images: list[np.ndarray]) -> list[Picture]:
    pictures = [shape for shape in canvas.shapes if isinstance(shape, Picture)]
    found = []
    for image in images:
        (place,) = [p for p in pictures if p.image.tobytes() == image.tobytes()]
        found.append(place)
    return found


def test_columns_of_all_sections_are_aligned_and_rows_stand_below_each_other() -> None:
    rows = [noise(5), noise(5), noise(3)]
    canvas = draw_image_rows(
        [
            Section([ImageRow(("input",), rows[0]), ImageRow(("a", "b"), rows[1])]),
            Section([ImageRow(("input",), rows[2])]),
        ],
        "caption",
    )

    found = [places(canvas, row) for row in rows]
    assert [[p.left for p in row] for row in found[:2]] == [[p.left for p in found[0]]] * 2
    assert [p.left for p in found[2]] == [p.left for p in found[0][:3]]
    tops = [{p.top for p in row} for row in found]
    assert [len(top) for top in tops] == [1, 1, 1] and sorted(tops, key=min) == tops
    steps = np.diff([min(top) for top in tops])
    assert steps[1] > steps[0] >= 16 * 6  # sections stand further apart


def test_frames_are_where_they_are_asked_for() -> None:
    images = noise(3)
    canvas = draw_image_rows([Section([ImageRow((), images, {0: MARK, 2: WARN})])])

    colours = []
    for place in places(canvas, images):
        (frame,) = [
            before
            for before, shape in itertools.pairwise(canvas.shapes)
            if shape is place and isinstance(before, Rectangle)
        ]
        colours.append(frame.colour)
    assert colours[0] == MARK and colours[2] == WARN and colours[1] not in (MARK, WARN)


def test_names_stand_above_their_columns() -> None:
    images = noise(3)
    canvas = draw_image_rows([Section([ImageRow((), images)], ["a", "b", "c"], title="model")])

    for name, place in zip("abc", places(canvas, images), strict=True):
        (line,) = [line for line in canvas.lines if line.text == name]
        assert line.x == place.left + place.width / 2 and line.y < place.top
    (title,) = [box for box in canvas.texts if box.text == "model"]
    assert title.box.bottom <= min(box.box.top for box in canvas.texts if box.text == "a") + 3


def test_images_of_two_sizes_are_drawn_as_large() -> None:
    small, large = noise(1, 16, 16), noise(2, 200, 200)
    canvas = draw_image_rows([Section([ImageRow((), [*small, *large])])])

    assert {place.width for place in places(canvas, [*small, *large])} == {200}


def test_long_texts_are_broken_or_shortened() -> None:
    canvas = draw_image_rows(
        [Section([ImageRow(("a label " * 20, "note " * 30), noise(1))], ["a long name " * 9])],
        "a long caption " * 30,
        [Entry("an entry that is long " * 9, WARN), Entry("another")],
    )

    boxes = [box.box for box in canvas.texts]
    for box in boxes:
        assert box.left >= 0 and box.right <= canvas.width
        assert box.top >= 0 and box.bottom <= canvas.height
    for a, b in itertools.combinations(boxes, 2):
        apart = a.right <= b.left + 0.5 or b.right <= a.left + 0.5
        assert apart or a.bottom <= b.top + 3 or b.bottom <= a.top + 3


def test_an_image_of_another_aspect_is_whole_and_in_the_middle_of_its_tile() -> None:
    canvas = Canvas(200, 200)
    image = np.zeros((10, 20, 3), np.uint8)
    draw_tile(canvas, image, (30, 40), (90, 60))
    draw_tile(canvas, image.transpose(1, 0, 2), (30, 40), (60, 90))
    draw_tile(canvas, image, (30, 40), (33, 64))  # rounded: not another aspect
    boxes = [shape.box for shape in canvas.shapes if isinstance(shape, Picture)]
    assert boxes[0] == (30, 70, 90, 100)
    assert boxes[1] == (60, 40, 90, 100)
    assert boxes[2][:3] == (30, 40, 94)
