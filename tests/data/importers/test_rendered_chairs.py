"""Names and pictures of the public renders."""

import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.data.importers.rendered_chairs import ChairCropping, find_chairs
from sbvae_cli.errors import SbvaeError

Write = Callable[[dict[str, bytes]], Path]


def render(left: int, top: int, right: int, bottom: int) -> bytes:
    """White, with a black box."""
    image = Image.new("RGB", (600, 600), "white")
    image.paste((0, 0, 0), (left, top, right, bottom))
    data = BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def renders() -> dict[str, bytes]:
    root = "rendered_chairs/"
    return {
        root + "b2/renders/image_000_p020_t011_r096.png": render(100, 100, 500, 500),
        root + "a1/renders/image_031_p030_t337_r096.png": render(100, 100, 300, 500),
        root + "a1/renders/image_002_p020_t034_r096.png": b"broken",
        root + "a1/overview.png": b"x",
        root + "all_chair_names.mat": b"x",
    }


@pytest.mark.parametrize("kind", ["folder", "tar"])
def test_names_tell_chair_elevation_and_azimuth(
    kind: str, write_folder: Write, tmp_path: Path
) -> None:
    path = tmp_path / "chairs.tar"
    if kind == "folder":
        path = write_folder(renders())
    else:
        with tarfile.open(path, "w") as tar:
            for name, data in renders().items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, BytesIO(data))
    with open_images(path) as images:
        chairs = find_chairs(images)
    assert len(chairs) == 3
    assert chairs.chair.tolist() == [0, 0, 1]
    assert chairs.elevation_degrees.tolist() == [20, 30, 20]
    assert chairs.azimuth_degrees.tolist() == [34, 337, 11]
    assert chairs.unmatched == 1


SIDE = 120  # pixels; what reaches 40 from the centre is shown in a square of 84


def view(top: int, bottom: int, left: int, right: int, grey: int = 40) -> np.ndarray:
    """White, with a grey box."""
    image = np.full((SIDE, SIDE), 255, np.uint8)
    image[top:bottom, left:right] = grey
    return image


BLANK = view(0, 0, 0, 0)
WIDE = view(50, 90, 20, 60)  # 40 to the left, 30 down
NARROW = view(55, 70, 58, 66)
UP = view(20, 60, 50, 70)  # 40 up
RIGHT = view(50, 70, 50, 100)  # 40 to the right
SMALL = [view(50, 70, 40, 50), view(55, 65, 50, 70)]  # 20 to the left, and 10


def save_chairs(folder: Path, chairs: dict[str, list[np.ndarray | bytes]]) -> Path:
    for chair, views in chairs.items():
        (folder / chair / "renders").mkdir(parents=True)
        for number, image in enumerate(views):
            path = folder / chair / "renders" / f"image_{number:03}_p020_t{number:03}_r096.png"
            if isinstance(image, bytes):
                path.write_bytes(image)
            else:
                Image.fromarray(image).save(path)
    return folder


def crop(path: Path, size: tuple[int, int] = (84, 84), **options: object) -> np.ndarray:
    with open_images(path) as images:
        batches = list(find_chairs(images).images(size, **{"workers": 1, **options}))
    numbers = np.concatenate([numbers for numbers, _ in batches])
    assert (np.diff(numbers) > 0).all()
    pixels = np.concatenate([pixels for _, pixels in batches])
    assert pixels.shape == (len(numbers), *size, 1) and pixels.dtype == np.uint8
    return pixels[..., 0]


@pytest.mark.parametrize(
    "views", [[WIDE, NARROW], [NARROW, UP], [RIGHT], [NARROW, BLANK, WIDE, UP]]
)
@pytest.mark.parametrize("kept", [0, 64 << 20])
def test_all_views_of_a_chair_are_cut_by_the_square_of_the_widest(
    views: list[np.ndarray], kept: int, tmp_path: Path
) -> None:
    expected = np.stack([image[18:102, 18:102] for image in views])
    with open_images(save_chairs(tmp_path, {"a": views})) as images:
        cropping = ChairCropping(images, (84, 84), False, kept_pixels=kept)
        found = cropping(range(len(images))).images
    np.testing.assert_array_equal(found[..., 0], expected)


def test_the_background_is_kept_or_inverted(tmp_path: Path) -> None:
    path = save_chairs(tmp_path, {"a": [WIDE, NARROW]})
    np.testing.assert_array_equal(crop(path, invert=True), 255 - crop(path))


def test_each_chair_fills_the_frame_by_itself(tmp_path: Path) -> None:
    images = crop(save_chairs(tmp_path, {"a": SMALL, "b": [WIDE, NARROW]}), (63, 63))
    first, second = ((255 - images).astype(float) / 215).sum((1, 2)).reshape(2, 2)
    np.testing.assert_allclose(first, 200 * (63 / 42) ** 2, rtol=0.03)
    np.testing.assert_allclose(second, np.array([1600, 120]) * (63 / 84) ** 2, rtol=0.03)
    for image in images[[0, 2]]:  # the widest views reach to the margin
        assert np.flatnonzero((image < 250).any(0))[0] in (1, 2)


def test_a_chair_of_a_few_pixels_fills_the_frame_too(tmp_path: Path) -> None:
    (image,) = crop(save_chairs(tmp_path, {"a": [view(56, 64, 56, 64)]}))
    dark = np.flatnonzero((image < 147).any(0))
    assert dark[-1] + 1 - dark[0] >= 0.9 * 84


def test_a_frame_that_is_not_square_shows_more_beside_the_square(tmp_path: Path) -> None:
    (image,) = crop(save_chairs(tmp_path, {"a": [WIDE]}), (84, 168))
    expected = np.full((84, 168), 255)
    expected[:, 24:144] = WIDE[18:102]
    np.testing.assert_array_equal(image, expected)


def test_a_chair_that_reaches_the_border_keeps_the_whole_image_and_no_more(tmp_path: Path) -> None:
    views = [view(0, SIDE, 0, SIDE), NARROW]
    np.testing.assert_array_equal(crop(save_chairs(tmp_path, {"a": views}), (120, 120)), views)


def test_the_axis_of_an_image_that_is_not_square_stays_in_the_middle(tmp_path: Path) -> None:
    (image,) = crop(save_chairs(tmp_path, {"a": [WIDE[10:110]]}))
    np.testing.assert_array_equal(image, WIDE[18:102, 18:102])


def test_blank_chairs_stay_blank(tmp_path: Path) -> None:
    images = crop(save_chairs(tmp_path, {"a": [BLANK, BLANK], "b": [WIDE]}))
    assert (images[:2] == 255).all() and (images[2] < 255).any()


def test_an_unreadable_view_is_told_and_leaves_the_others_alone(tmp_path: Path) -> None:
    lines: list[str] = []
    path = save_chairs(tmp_path, {"a": [NARROW, b"broken", WIDE], "b": [b"", WIDE]})
    images = crop(path, on_unreadable=lines.append)
    np.testing.assert_array_equal(
        images, np.stack([image[18:102, 18:102] for image in (NARROW, WIDE, WIDE)])
    )
    assert [line.partition(": ")[0] for line in lines] == [
        "a/renders/image_001_p020_t001_r096.png",
        "b/renders/image_000_p020_t000_r096.png",
    ]


def test_chairs_come_in_order_from_several_threads(tmp_path: Path) -> None:
    chairs = {f"c{i}": [view(60 - i, 60 + i, 50, 70, 9 * i), NARROW] for i in range(1, 9)}
    path = save_chairs(tmp_path / "chairs", {**chairs, "c5": [b"broken", *chairs["c5"]]})
    expected = crop(path)
    with tarfile.open(tmp_path / "c.tar", "w") as tar:
        tar.add(path, "chairs")
    np.testing.assert_array_equal(crop(tmp_path / "c.tar", workers=3), expected)


def test_no_render_is_one_line(files: dict[str, bytes], write_folder: Write) -> None:
    with (
        open_images(write_folder(files)) as images,
        pytest.raises(SbvaeError, match=r"none of 3 files is called ID/renders/image_NNN"),
    ):
        find_chairs(images)


def test_transparent_renders_stand_on_white(tmp_path: Path) -> None:
    shape = np.array([0, 255], np.uint8)[(WIDE < 250).astype(int)]
    clear = np.stack([np.full_like(shape, 40), shape], -1)
    (tmp_path / "solid").mkdir()
    (tmp_path / "clear").mkdir()
    solid = crop(save_chairs(tmp_path / "solid", {"a": [WIDE]}))
    np.testing.assert_array_equal(crop(save_chairs(tmp_path / "clear", {"a": [clear]})), solid)


def test_renders_of_16_bits_need_levels(tmp_path: Path) -> None:
    (tmp_path / "solid").mkdir()
    (tmp_path / "deep").mkdir()
    solid = crop(save_chairs(tmp_path / "solid", {"a": [WIDE, NARROW]}))
    deep = save_chairs(tmp_path / "deep", {"a": [v.astype(np.uint16) * 16 for v in (WIDE, NARROW)]})
    with pytest.raises(SbvaeError, match=r"16-bit grey, with values 640\.\.4080; .*`levels="):
        crop(deep)
    np.testing.assert_array_equal(crop(deep, levels=(0, 4080)), solid)
