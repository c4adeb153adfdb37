"""The traversal picture: which pixels stand where, and in which frame."""

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.viz.theme import LIGHT
from sbvae_cli.viz.traversal import FRAME, draw_sweeps
from sbvae_cli.viz.traversal_layout import (
    Examples,
    Sweep,
    SweepLayout,
    nearest_column,
    row_note,
    value_names,
)

VALUES = np.linspace(-2, 2, 11)


def noise(*shape: int) -> np.ndarray:
    """Pixels that occur nowhere else in the picture: no white, no greys but dark ones."""
    return np.random.default_rng(sum(shape)).integers(0, 140, shape, dtype=np.uint8)


def made(
    height: int = 16, width: int = 16, channels: int = 3, examples: int = 9, latents: int = 2
) -> tuple[Examples, list[Sweep]]:
    held_out = np.arange(examples) >= examples - 2
    inputs, outputs = noise(2, examples, height, width, channels)
    images = noise(latents, len(VALUES), height, width, channels)
    sweeps = [Sweep(k, 0.2 + 0.6 * (k % 2), k % 2 == 0, 0.41, images[k]) for k in range(latents)]
    return Examples(inputs, outputs, held_out), sweeps


def packed(picture: Image.Image) -> np.ndarray:
    """One number for each pixel, (H, W), which compares faster than three."""
    return np.asarray(picture.convert("RGBA")).view(np.uint32)[..., 0]


def find(picture: Image.Image, image: np.ndarray, zoom: int) -> tuple[int, int]:
    """Top and left of the one place where an image stands, each pixel a square of `zoom`."""
    colours = np.ascontiguousarray(np.broadcast_to(image, (*image.shape[:2], 3)))
    tile = np.kron(packed(Image.fromarray(colours)), np.ones((zoom, zoom), np.uint32))
    pixels, (height, width) = packed(picture), tile.shape
    corners = (pixels[:, :-width] == tile[0, 0]) & (pixels[:, width - 1 : -1] == tile[0, -1])
    found = [
        (top, left)
        for top, left in np.argwhere(corners).tolist()
        if np.array_equal(pixels[top : top + height, left : left + width], tile)
    ]
    assert len(found) == 1, found
    return found[0]


def frame_of(picture: Image.Image, place: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """Colours of the ring of FRAME pixels around a tile, (n, 3)."""
    top, left = place
    ring = np.zeros((size[0] + 2 * FRAME, size[1] + 2 * FRAME), dtype=bool)
    ring[:] = True
    ring[FRAME:-FRAME, FRAME:-FRAME] = False
    around = np.asarray(picture)[
        top - FRAME : top + size[0] + FRAME, left - FRAME : left + size[1] + FRAME
    ]
    return around[ring]


@pytest.mark.parametrize(
    ("height", "width", "channels", "zoom"),
    [
        (16, 16, 3, 8),
        (48, 32, 3, 2),
        (32, 48, 1, 2),
        (64, 64, 3, 2),
        (100, 80, 3, 1),
        (28, 28, 1, 4),
    ],
)
def test_every_image_stands_in_its_row_and_column_in_sharp_pixels(
    height: int, width: int, channels: int, zoom: int
) -> None:
    examples, sweeps = made(height, width, channels)

    picture = draw_sweeps(examples, sweeps, VALUES).raster()

    rows = [examples.inputs, examples.reconstructions, *(swept.images for swept in sweeps)]
    places = [[find(picture, image, zoom) for image in row] for row in rows]
    tops = [{top for top, _ in row} for row in places]
    lefts = [[left for _, left in row] for row in places]
    assert [len(row) for row in tops] == [1, 1, 1, 1]
    assert sorted(tops, key=min) == tops
    assert lefts[0] == lefts[1] == lefts[2][:9] and lefts[2] == lefts[3]
    assert len(set(np.diff(lefts[2]))) == 1 and np.diff(lefts[2])[0] > width * zoom + 2 * FRAME


def test_held_out_inputs_and_their_reconstructions_have_an_orange_frame() -> None:
    examples, sweeps = made()

    picture = draw_sweeps(examples, sweeps, VALUES).raster()

    for images in (examples.inputs, examples.reconstructions):
        for image, held_out in zip(images, examples.held_out, strict=True):
            ring = frame_of(picture, find(picture, image, 8), (128, 128))
            assert (
                (ring == LIGHT["warn"]).all()
                if held_out
                else not (ring == LIGHT["warn"]).all(-1).any()
            )


def test_the_nearest_column_has_a_blue_frame_where_the_seed_is_in_range() -> None:
    examples, sweeps = made()
    sweeps[1] = Sweep(1, 0.9, False, 2.21, sweeps[1].images)

    picture = draw_sweeps(examples, sweeps, VALUES).raster()

    framed = [
        [
            (frame_of(picture, find(picture, image, 8), (128, 128)) == LIGHT["mark"]).all()
            for image in swept.images
        ]
        for swept in sweeps
    ]
    assert np.flatnonzero(framed[0]).tolist() == [6]  # 0.4 is nearest to 0.41
    assert not any(framed[1])


@pytest.mark.parametrize(
    ("start", "column"), [(0.0, 5), (0.19, 5), (0.21, 6), (-2.19, 0), (-2.21, None), (9.0, None)]
)
def test_nearest_means_within_half_a_step(start: float, column: int | None) -> None:
    assert nearest_column(start, VALUES) == column


def labels(picture: Image.Image, top: int, bottom: int) -> np.ndarray:
    """Colours at the left of a row of images."""
    return np.asarray(picture)[top:bottom, :140].reshape(-1, 3)


def test_non_coding_latents_have_grey_labels() -> None:
    examples, sweeps = made()
    picture = draw_sweeps(examples, sweeps, VALUES).raster()

    for swept in sweeps:
        top, _ = find(picture, swept.images[0], 8)
        colours = labels(picture, top, top + 128)
        darkest = colours[colours.sum(axis=1).argmin()]
        assert (
            np.abs(darkest.astype(int) - (LIGHT["ink"] if swept.codes else LIGHT["unused"])).max()
            < 12
        )


def test_large_images_are_reduced_and_flat_ones_leave_room_for_labels() -> None:
    examples, sweeps = made(300, 200, latents=1)
    large = draw_sweeps(examples, sweeps, VALUES).raster()
    examples, sweeps = made(4, 64, latents=3)
    flat = draw_sweeps(examples, sweeps, VALUES).raster()
    tops = [find(flat, swept.images[0], 2)[0] for swept in sweeps]

    assert large.width < 1700 and large.height < 800
    assert min(np.diff(tops)) >= 50


def test_what_is_drawn_larger_is_shown_as_it_is_and_inputs_as_large() -> None:
    inputs, drawn = noise(3, 16, 16, 3), noise(3, 200, 200, 3)
    swept = Sweep(0, 0.1, True, 0.0, noise(11, 200, 200, 3))

    picture = draw_sweeps(Examples(inputs, drawn, np.zeros(3, bool)), [swept], VALUES).raster()

    for image in (*drawn, *swept.images):
        find(picture, image, 1)
    # 16 pixels fill 200 by repeating, each 12 or 13 times
    tile = np.repeat(np.repeat(inputs[0], 12, axis=0), 12, axis=1)
    grown = np.asarray(Image.fromarray(tile).resize((200, 200), 0))
    find(picture, grown, 1)


@pytest.mark.parametrize(("examples", "latents", "values"), [(1, 1, 2), (12, 40, 51), (8, 3, 3)])
def test_any_number_of_rows_and_columns_fits_within_white_margins(
    examples: int, latents: int, values: int
) -> None:
    inputs, outputs = noise(2, examples, 16, 16, 1)
    images = noise(latents, values, 16, 16, 1)
    sweeps = [Sweep(k, 0.1, False, 0.0, images[k]) for k in range(latents)]
    picture = draw_sweeps(
        Examples(inputs, outputs, np.ones(examples, bool)),
        sweeps,
        np.linspace(-1.2345, 1.2345, values),
        "a caption that is long " * 20,
    ).raster()

    pixels = np.asarray(picture)

    for edge in (pixels[:8], pixels[-8:], pixels[:, :8], pixels[:, -8:]):
        assert (edge == 255).all()


def test_shapes_that_do_not_fit_are_refused() -> None:
    examples, sweeps = made()

    with pytest.raises(ValueError, match="inputs must have shape"):
        draw_sweeps(
            Examples(noise(2, 4, 4, 2), noise(2, 4, 4, 2), np.ones(2, bool)), [], VALUES
        ).raster()
    with pytest.raises(ValueError, match="do not fit inputs"):
        short = Examples(examples.inputs, examples.reconstructions[1:], examples.held_out)
        draw_sweeps(short, sweeps, VALUES).raster()
    with pytest.raises(ValueError, match="one sweep or more"):
        draw_sweeps(examples, [], VALUES).raster()
    with pytest.raises(ValueError, match="latent 0: images"):
        draw_sweeps(examples, sweeps, VALUES[1:]).raster()


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


def test_a_start_that_no_column_shows_is_written_beside_its_row() -> None:
    _, sweeps = made()
    assert row_note(sweeps[0], VALUES) == "std 0.20"
    assert (
        row_note(Sweep(0, 0.2, True, -2.714, sweeps[0].images), VALUES) == "std 0.20, start -2.71"
    )
    near = Sweep(0, 0.2, True, 2.19, sweeps[0].images)
    assert row_note(near, VALUES) == "std 0.20"  # its nearest column has a frame


def test_type_and_margins_grow_with_images_that_are_drawn_larger() -> None:
    inputs, drawn, values = noise(8, 16, 16, 1), noise(8, 512, 512, 1), VALUES[::5]
    sweeps = [Sweep(0, 0.1, True, 0.0, noise(3, 512, 512, 1))]
    examples = Examples(inputs, drawn, np.zeros(8, bool))

    layout = SweepLayout.of(examples, sweeps, values, "caption")

    assert layout.scale == pytest.approx(8 * 522 / 1520)
    assert layout.margin == round(24 * layout.scale)
    small = [Sweep(0, 0.1, True, 0.0, noise(3, 16, 16, 1))]
    same = Examples(inputs, inputs, np.zeros(8, bool))
    assert SweepLayout.of(same, small, values, "caption").scale == 1


def test_a_long_caption_has_several_lines_and_pushes_the_rest_down() -> None:
    examples, sweeps = made()
    caption = "a caption that is long " * 12
    layout = SweepLayout.of(examples, sweeps, VALUES, caption)
    assert " ".join(layout.caption) == caption.strip() and len(layout.caption) > 1
    one = draw_sweeps(examples, sweeps, VALUES, "short").raster()
    assert draw_sweeps(examples, sweeps, VALUES, caption).raster().height > one.height + 20


def test_the_legend_names_what_is_there() -> None:
    examples, sweeps = made()
    out_of_range = [Sweep(0, 0.2, True, 9.0, sweeps[0].images)]

    def blue(swept: list[Sweep]) -> bool:
        picture = np.asarray(draw_sweeps(examples, swept, VALUES).raster())
        return bool((picture[-48:] == LIGHT["mark"]).all(axis=-1).any())

    assert blue(sweeps[:1]) and not blue(out_of_range)
