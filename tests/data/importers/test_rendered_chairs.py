"""Names and pictures of the public renders."""

import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.data.importers.rendered_chairs import find_chairs
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
    assert chairs.chair_ids == ("a1", "b2")
    assert chairs.chair.tolist() == [0, 0, 1]
    assert chairs.elevation_degrees.tolist() == [20, 30, 20]
    assert chairs.azimuth_degrees.tolist() == [34, 337, 11]
    assert chairs.unmatched == 1


@pytest.mark.parametrize("invert", [False, True])
def test_the_margin_is_cropped_and_the_background_kept_or_inverted(
    invert: bool, write_folder: Write
) -> None:
    lines: list[str] = []
    with open_images(write_folder(renders())) as images:
        ((found, pixels),) = find_chairs(images).images(
            (64, 64), threads=1, invert=invert, on_unreadable=lines.append
        )
    assert found.tolist() == [1, 2]  # of the renders, not of the files
    assert pixels.shape == (2, 64, 64, 1) and pixels.dtype == np.uint8
    expected = np.zeros((2, 64, 64, 1))
    expected[0, :, 32:] = 255
    expected = 255 - expected if invert else expected
    np.testing.assert_allclose(
        pixels[:, :, [0, 20, 50, 63]], expected[:, :, [0, 20, 50, 63]], atol=1
    )
    assert len(lines) == 1 and "image_002_p020_t034" in lines[0]


def test_no_render_is_one_line(files: dict[str, bytes], write_folder: Write) -> None:
    with (
        open_images(write_folder(files)) as images,
        pytest.raises(SbvaeError, match=r"none of 3 files is called ID/renders/image_NNN"),
    ):
        find_chairs(images)
