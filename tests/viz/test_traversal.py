"""The traversal picture: which images stand where, in which frame, and what is written."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.primitives import Picture, Rectangle
from sbvae_cli.viz.theme import INK, MARK, UNUSED, WARN
from sbvae_cli.viz.traversal import draw_sweeps
from sbvae_cli.viz.traversal_layout import (
    Block,
    Examples,
    ModelPanel,
    Sweep,
    SweepLayout,
    nearest_column,
    percent_names,
    row_note,
    value_names,
)

VALUES = np.linspace(-2, 2, 11)
NAMES = value_names(VALUES)


def noise(*shape: int) -> np.ndarray:
    """Pixels that occur nowhere else in the picture: no white, no greys but dark ones."""
    return np.random.default_rng(sum(shape)).integers(0, 140, shape, dtype=np.uint8)


def made(
    height: int = 16,
    width: int = 16,
    channels: int = 3,
    examples: int = 9,
    latents: int = 2,
    starts: tuple[str, ...] = ("0",),
    follows: tuple[str, ...] = ("x", "74 %"),
    title: tuple[str, ...] = (),
) -> ModelPanel:
    held_out = np.arange(examples) >= max(len(starts), examples - 2)
    inputs, outputs = noise(2, examples, height, width, channels)
    images = noise(len(starts), latents, len(VALUES), height, width, channels)
    blocks = [
        Block(
            name,
            [
                Sweep(k, 0.2 + 0.6 * (k % 2), k % 2 == 0, 0.41, VALUES, images[b, k], follows)
                for k in range(latents)
            ],
        )
        for b, name in enumerate(starts)
    ]
    return ModelPanel(title, Examples(inputs, outputs, held_out), blocks)


def rows_of(panel: ModelPanel) -> list[np.ndarray]:
    sweeps = [sweep.images for block in panel.blocks for sweep in block.sweeps]
    return [panel.examples.inputs, panel.examples.reconstructions, *sweeps]


def place_of(canvas: Canvas, image: np.ndarray) -> Picture:
    """The one place where an image stands."""
    wanted = np.broadcast_to(image, (*image.shape[:2], 3)).tobytes()
    pictures = [shape for shape in canvas.shapes if isinstance(shape, Picture)]
    (found,) = [p for p in pictures if p.image.tobytes() == wanted]
    return found


def frame_of(canvas: Canvas, place: Picture) -> Rectangle:
    """The rectangle that an image lies on."""
    return next(
        before
        for before, shape in itertools.pairwise(canvas.shapes)
        if shape is place and isinstance(before, Rectangle)
    )


@pytest.mark.parametrize(
    ("height", "width", "channels", "zoom"),
    [(16, 16, 3, 5), (48, 32, 3, 1), (32, 40, 1, 2), (64, 64, 3, 1), (28, 28, 1, 3)],
)
def test_every_image_stands_in_its_row_and_column_enlarged_by_a_whole_factor(
    height: int, width: int, channels: int, zoom: int
) -> None:
    panel = made(height, width, channels)

    canvas = draw_sweeps([panel], NAMES)

    places = [[place_of(canvas, image) for image in row] for row in rows_of(panel)]
    assert {place.width for row in places for place in row} == {zoom * width}
    tops = [{place.top for place in row} for row in places]
    lefts = [[place.left for place in row] for row in places]
    assert [len(row) for row in tops] == [1, 1, 1, 1]
    assert sorted(tops, key=min) == tops
    assert lefts[0] == lefts[1] == lefts[2][:9] and lefts[2] == lefts[3]
    steps = set(np.diff(lefts[2]).tolist())
    assert len(steps) == 1 and min(steps) >= width * zoom + 6


def test_the_names_of_all_rows_begin_at_the_same_left_edge() -> None:
    canvas = draw_sweeps([made()], NAMES, heading="quantile")

    names = ("input", "reconstruction", "quantile", "latent 0", "latent 1")
    starts = {name: box.box.left for name in names for box in canvas.texts if box.text == name}
    assert starts.keys() == {*names} and len({*starts.values()}) == 1


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_pixels_are_sharp_squares_at_the_place_that_is_asked_for(scale: float) -> None:
    panel = made()
    canvas = draw_sweeps([panel], NAMES)
    picture = np.asarray(canvas.raster(scale))

    for image in (panel.examples.inputs[3], panel.blocks[0].sweeps[1].images[10]):
        place = place_of(canvas, image)
        side = round(place.width * scale)
        zoom = side // 16
        top, left = round(place.top * scale), round(place.left * scale)
        tile = np.kron(image, np.ones((zoom, zoom, 1), np.uint8))
        np.testing.assert_array_equal(picture[top : top + side, left : left + side], tile)


def test_held_out_inputs_and_their_reconstructions_have_an_orange_frame() -> None:
    panel = made()
    canvas = draw_sweeps([panel], NAMES)

    for images in (panel.examples.inputs, panel.examples.reconstructions):
        for image, held_out in zip(images, panel.examples.held_out, strict=True):
            place = place_of(canvas, image)
            frame = frame_of(canvas, place)
            assert (frame.colour == WARN) == held_out
            assert frame.width - place.width == (6 if held_out else 2)


def test_a_bracket_stands_over_each_run_of_held_out_inputs_and_over_no_other() -> None:
    panel = made()
    held_out = np.array([0, 1, 0, 0, 1, 1, 1, 0, 1], np.bool_)
    examples = Examples(panel.examples.inputs, panel.examples.reconstructions, held_out)

    canvas = draw_sweeps([ModelPanel((), examples, panel.blocks)], NAMES)

    columns = [place_of(canvas, image) for image in examples.inputs]
    brackets = [s for s in canvas.shapes if isinstance(s, Rectangle) and s.height == 2]
    over = [
        any(b.left <= place.left and place.left + place.width <= b.left + b.width for b in brackets)
        for place in columns[1:]
    ]
    assert over == held_out[1:].tolist()
    (said,) = [box.box for box in canvas.texts if box.text == "held out of training"]
    assert (said.left + said.right) / 2 == pytest.approx(columns[5].left + columns[5].width / 2)


def test_the_nearest_column_has_a_blue_frame_where_the_start_is_in_range() -> None:
    panel = made(latents=1)
    far = Sweep(1, 0.9, False, 2.21, VALUES, 200 + noise(11, 16, 16, 3) // 3)
    panel = ModelPanel((), panel.examples, [Block("0", [*panel.blocks[0].sweeps, far])])

    canvas = draw_sweeps([panel], NAMES)

    framed = [
        [frame_of(canvas, place_of(canvas, image)).colour == MARK for image in sweep.images]
        for sweep in panel.blocks[0].sweeps
    ]
    assert np.flatnonzero(framed[0]).tolist() == [6]  # 0.4 is nearest to 0.41
    assert not any(framed[1])
    assert any(text.startswith("start: the start image's") for text in texts(canvas))


@pytest.mark.parametrize(
    ("start", "column"), [(0.0, 5), (0.19, 5), (0.21, 6), (-2.19, 0), (-2.21, None), (9.0, None)]
)
def test_nearest_means_within_half_a_step(start: float, column: int | None) -> None:
    assert nearest_column(start, VALUES) == column


def test_nearest_among_quantiles_goes_by_the_distance() -> None:
    values = np.array([-3.0, -0.5, 0.0, 0.1, 2.0])

    assert nearest_column(-1.8, values) == 0 and nearest_column(-1.7, values) == 1
    assert nearest_column(2.9, values) == 4 and nearest_column(3.0, values) is None


def texts(canvas: Canvas) -> list[str]:
    return [box.text for box in canvas.texts]


def test_rows_end_with_what_their_latent_follows_and_unused_ones_are_grey() -> None:
    canvas = draw_sweeps([made()], NAMES)

    for latent, colour in ((0, INK), (1, UNUSED)):
        (name,) = [line for line in canvas.lines if line.text == f"latent {latent}"]
        (end,) = [line for line in canvas.lines if line.text == "x" and line.y == name.y]
        assert name.colour == end.colour == colour
        last = max(place.left for place in canvas.shapes if isinstance(place, Picture))
        assert end.x > last > name.x
    assert texts(canvas).count("74 %") == 2
    assert [text for text in texts(canvas) if text.startswith("right: the factor")]


def test_a_row_of_few_values_ends_where_its_images_do() -> None:
    pixels = noise(12, 16, 16, 3)
    sweep = Sweep(0, 0.1, True, 0.0, VALUES[:3], pixels[:3], ("x", "74 %"))
    panel = ModelPanel((), Examples(pixels, pixels, np.zeros(12, bool)), [Block("0", [sweep])])

    canvas = draw_sweeps([panel], NAMES[:3])

    tiles = sorted({shape.left for shape in canvas.shapes if isinstance(shape, Picture)})
    (end,) = [line for line in canvas.lines if line.text == "x"]
    assert len(tiles) == 12 and tiles[2] < end.x < tiles[3] + 30


def test_columns_have_their_values_above_them() -> None:
    panel = made()
    canvas = draw_sweeps([panel], NAMES, heading="quantile")

    assert "quantile" in texts(canvas)
    for column, name in enumerate(NAMES):
        (line,) = [line for line in canvas.lines if line.text == name]
        place = place_of(canvas, panel.blocks[0].sweeps[0].images[column])
        assert line.x == place.left + place.width / 2 and line.y < place.top


def test_several_starts_have_a_block_each_below_the_other() -> None:
    panel = made(starts=("0", "17", "cat.png"))

    canvas = draw_sweeps([panel], NAMES)

    tops = [place_of(canvas, block.sweeps[0].images[0]).top for block in panel.blocks]
    assert tops == sorted(tops)
    for block, top in zip(panel.blocks, tops, strict=True):
        (line,) = [
            line for line in canvas.lines if line.text == f"start {block.start}" and line.size == 18
        ]
        assert line.x == 0 + 24 and top - 20 < line.y < top
    # Above the inputs each stands over its own image.
    above = place_of(canvas, panel.examples.inputs[1])
    (box,) = [box.box for box in canvas.texts if box.text == "start 17" and box.box.top < 80]
    assert (box.left + box.right) / 2 == pytest.approx(above.left + above.width / 2)
    assert [box.box.top < 80 for box in canvas.texts if box.text == "cat.png"] == [True]


def test_models_stand_side_by_side_with_their_rows_aligned() -> None:
    left, right = made(title=("deconv", "step 3")), made(latents=3, title=("broadcast", "step 9"))
    right = ModelPanel(
        right.title,
        Examples(
            255 - right.examples.inputs, right.examples.reconstructions + 1, right.examples.held_out
        ),
        [
            Block(
                "0",
                [
                    Sweep(s.latent, s.std, s.codes, s.start, s.values, s.images + 1)
                    for s in right.blocks[0].sweeps
                ],
            )
        ],
    )

    canvas = draw_sweeps([left, right], NAMES, "both")

    for one, other in zip(rows_of(left), rows_of(right), strict=False):
        a, b = place_of(canvas, one[0]), place_of(canvas, other[0])
        assert a.top == b.top and a.left < b.left
    (title,) = [line for line in canvas.lines if line.text == "broadcast"]
    (names,) = {line.x for line in canvas.lines if line.text == "latent 2"}
    assert title.x == names > place_of(canvas, left.examples.inputs[8]).left


@pytest.mark.parametrize(("models", "in_row"), [(3, 3), (4, 2), (5, 3), (6, 3)])
def test_many_models_stand_in_two_rows(models: int, in_row: int) -> None:
    panels = [made(latents=1, title=(f"model {number}", "kind")) for number in range(models)]

    canvas = draw_sweeps(panels, NAMES)

    places = [(box.box.top, box.box.left) for box in canvas.texts if "model" in box.text]
    tops = sorted({top for top, _ in places})
    assert sum(top == tops[0] for top, _ in places) == in_row
    assert len(tops) == (1 if models <= 3 else 2)
    assert len({left for _, left in places}) == in_row
    assert overlaps(canvas) == []


def test_large_images_are_reduced_and_flat_ones_leave_room_for_labels() -> None:
    large = draw_sweeps([made(300, 200, latents=1)], NAMES)
    flat_panel = made(4, 48, latents=3)
    flat = draw_sweeps([flat_panel], NAMES)
    tops = [place_of(flat, sweep.images[0]).top for sweep in flat_panel.blocks[0].sweeps]

    assert large.width < 1400 and large.height < 700
    assert min(np.diff(tops)) >= 50


def test_what_is_drawn_larger_is_shown_as_it_is_and_inputs_as_large() -> None:
    inputs, drawn = noise(3, 16, 16, 3), noise(3, 200, 200, 3)
    sweep = Sweep(0, 0.1, True, 0.0, VALUES, noise(11, 200, 200, 3))
    panel = ModelPanel((), Examples(inputs, drawn, np.zeros(3, bool)), [Block("0", [sweep])])

    canvas = draw_sweeps([panel], NAMES)

    for image in (*inputs, *drawn, *sweep.images):
        assert place_of(canvas, image).width == 200
    assert SweepLayout.of([panel], 11).scale == pytest.approx(200 / 96)


def overlaps(canvas: Canvas) -> list[tuple[str, str]]:
    """Texts that stand over another."""
    found = []
    for a, b in itertools.combinations(canvas.texts, 2):
        (left, top, right, bottom), (l2, t2, r2, b2) = a.box, b.box
        if left < r2 - 0.5 and l2 < right - 0.5 and top < b2 - 3 and t2 < bottom - 3:
            found.append((a.text, b.text))
    return found


WORDS = st.text("abc xyz,.", min_size=1, max_size=40).map(str.strip).filter(bool)


@settings(max_examples=15, deadline=None)
@example(2, 1, 2, (60, 9), ["a", "a" * 12], ("a", "a"), 1, "", 0.0, 0.03125)
@given(
    examples=st.integers(1, 12),
    latents=st.integers(1, 3),
    columns=st.integers(2, 51),
    shape=st.sampled_from([(16, 16), (64, 64), (4, 60), (60, 9), (128, 128)]),
    starts=st.lists(WORDS, min_size=1, max_size=3, unique=True),
    follows=st.tuples(WORDS, WORDS),
    models=st.integers(1, 2),
    caption=st.sampled_from(["", "short", "a caption that is long " * 15]),
    start=st.floats(-50, 50),
    wide=st.floats(1e-3, 1e3),
)
def test_no_text_stands_over_another_or_beyond_the_canvas(
    examples: int,
    latents: int,
    columns: int,
    shape: tuple[int, int],
    starts: list[str],
    follows: tuple[str, str],
    models: int,
    caption: str,
    start: float,
    wide: float,
) -> None:
    examples = max(examples, len(starts))
    values = np.linspace(-wide, wide, columns)
    pixels = np.zeros((max(examples, columns), *shape, 1), np.uint8)
    held_out = np.arange(examples) >= examples // 2
    sweeps = [
        Sweep(k, 0.1, k % 2 == 0, start, values, pixels[:columns], follows, k % 3 == 0)
        for k in range(latents)
    ]
    panel = ModelPanel(
        ("a name", "a model of some kind, seed 0") if models > 1 else (),
        Examples(pixels[:examples], pixels[:examples], held_out),
        [Block(name, sweeps) for name in starts],
    )

    canvas = draw_sweeps([panel] * models, value_names(values), caption)

    assert overlaps(canvas) == []
    for box in canvas.texts:
        assert box.box.left >= 0 and box.box.right <= canvas.width, box
        assert box.box.top >= 0 and box.box.bottom <= canvas.height, box
    for shape_ in canvas.shapes:
        assert shape_.box.left >= 0 and shape_.box.right <= canvas.width
        assert shape_.box.top >= 0 and shape_.box.bottom <= canvas.height


def test_shapes_that_do_not_fit_are_refused() -> None:
    panel = made()
    examples, blocks = panel.examples, panel.blocks

    def refused(examples: Examples, blocks: list[Block], columns: int, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            draw_sweeps([ModelPanel((), examples, blocks)], NAMES[:columns])

    odd = Examples(noise(2, 4, 4, 2), noise(2, 4, 4, 2), np.ones(2, bool))
    refused(odd, list(blocks), 11, "inputs must have shape")
    short = Examples(examples.inputs, examples.reconstructions[1:], examples.held_out)
    refused(short, list(blocks), 11, "do not fit inputs")
    refused(examples, [], 11, "one sweep or more")
    refused(examples, [Block("0", [])], 11, "one sweep or more")
    refused(examples, list(blocks), 10, "latent 0: images")


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (np.linspace(-2, 2, 5), ["-2", "-1", "0", "1", "2"]),
        (np.linspace(-0.4, 0.4, 3) - 1e-17, ["-0.4", "0", "0.4"]),
        (np.linspace(0, 1, 4), ["0", "0.33", "0.67", "1"]),
        (np.linspace(0, 0.001, 3), ["0", "0.0005", "0.001"]),
        (np.linspace(-1000, 1000, 2), ["-1000", "1000"]),
    ],
)
def test_values_have_short_names(values: np.ndarray, names: list[str]) -> None:
    assert value_names(values) == names


def test_quantiles_are_whole_percents_but_next_to_none_and_all() -> None:
    assert percent_names(np.linspace(0.01, 0.99, 5)) == ["1 %", "26 %", "50 %", "74 %", "99 %"]
    ends = np.array([0.0, 0.0004, 0.005, 0.995, 0.9996, 1.0])
    named = ["0 %", "0.04 %", "0.5 %", "99.5 %", "99.96 %", "100 %"]
    assert percent_names(ends) == named


def test_a_start_that_no_column_shows_is_written_beside_its_row() -> None:
    images = noise(11, 4, 4, 1)
    assert row_note(Sweep(0, 0.2, True, 0.41, VALUES, images)) == "std 0.20"
    far = Sweep(0, 0.2, True, -2.714, VALUES, images)
    assert row_note(far) == "std 0.20, start -2.71"
    near = Sweep(0, 0.2, True, 2.19, VALUES, images)
    assert row_note(near) == "std 0.20"  # its nearest column has a frame
    own = Sweep(0, 0.2, True, 0.0, VALUES * 0.71, images, (), True)
    assert row_note(own) == "std 0.20, -1.4..1.4"
    narrow = Sweep(0, 0.2, True, 0.0, VALUES * 0.01, images, (), True)
    assert row_note(narrow) == "std 0.20, -0.02..0.02"
    constant = Sweep(0, 0.2, True, 0.0, VALUES * 0, images, (), True)
    assert row_note(constant) == "std 0.20, 0..0"


def test_a_long_caption_has_several_lines_and_pushes_the_rest_down() -> None:
    panel = made()
    caption = "a caption that is long " * 12
    canvas = draw_sweeps([panel], NAMES, caption)
    lines = [line.text for line in canvas.lines if line.size == 24]
    assert len(lines) > 1 and " ".join(lines) == caption.strip()
    assert canvas.height > draw_sweeps([panel], NAMES, "short").height + 20


def test_a_raster_is_as_large_as_the_canvas_says() -> None:
    canvas = draw_sweeps([made(latents=1)], NAMES)
    assert isinstance(canvas.raster(), Image.Image)
    assert canvas.raster(0.5).size == (round(canvas.width / 2), round(canvas.height / 2))
