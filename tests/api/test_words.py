"""Warnings, which Python shows with the line of code that they are of."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import sbvae_cli as sbvae


def black_images(folder: Path) -> object:
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder / "black.png")
    return sbvae.make_dataset(folder, folder.with_suffix(".h5"), size=8)


def images_with_channels_last(_: Path) -> object:
    return sbvae.SpatialBroadcastDecoder((16, 8, 3), 2)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (black_images, "1 of 1 images are nearly of one colour"),
        (images_with_channels_last, "is read as 16 channels of 8x3 pixels"),
    ],
)
def test_a_warning_is_of_the_line_that_called_the_package(
    tmp_path: Path, call: Callable[[Path], object], told: str
) -> None:
    with pytest.warns(sbvae.SbvaeWarning, match=told) as found:
        call(tmp_path)

    code = call.__code__
    assert {each.filename for each in found} == {code.co_filename}
    assert {each.lineno for each in found} <= {line for *_, line in code.co_lines()}
