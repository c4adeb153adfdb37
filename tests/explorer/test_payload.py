"""The page's JSON is read back as it was meant."""

import base64
import io

import numpy as np
from PIL import Image

from sbvae_cli.config.space import FactorConfig
from sbvae_cli.explorer.atlas import atlas_of
from sbvae_cli.explorer.payload import Model, Payload, Probes, Slice


def test_numbers_and_images_are_read_back() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 5, 7, 3)).astype(np.uint8)
    codes = rng.normal(size=(6, 4))
    held_out = np.array([[0, 1, 0], [0, 0, 1]], bool)
    present = np.array([[1, 1, 0], [1, 1, 1]], bool)
    values = np.array([0.0, 1.0]), np.array([0.1, 0.2, 0.4])
    grid = Slice(("x", "y"), {"hue": 0.5}, values, (False, True), held_out, present,
                 atlas_of(images, 3))  # fmt: skip
    probes = Probes(codes[:2], images[:2].transpose(0, 3, 1, 2))
    model = Model("m", 4, [codes], [(1, 3)], [[]], decoder=b"graph", probes=probes)
    factors = [FactorConfig(name="x", low=0, high=1)]
    found = Payload("title", (3, 5, 7), factors, [grid], None, [model]).as_json("sbvae explore")

    assert found["image"] == {"channels": 3, "height": 5, "width": 7}
    assert found["factors"][0]["name"] == "x"
    shown = found["slices"][0]
    assert shown["shape"] == [2, 3]
    assert shown["values"] == [[0, 1], [0.1, 0.2, 0.4]]
    assert base64.b64decode(shown["held_out"]) == bytes([0, 1, 0, 0, 0, 1])
    assert base64.b64decode(shown["present"]) == bytes([1, 1, 0, 1, 1, 1])
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(shown["images"]))))
    assert sheet.shape == (10, 21, 3)
    for n in range(6):
        row, column = divmod(n, shown["columns"])
        cell = sheet[row * 5 : row * 5 + 5, column * 7 : column * 7 + 7]
        assert np.array_equal(cell, images[n])
    (read,) = found["models"]
    floats = np.frombuffer(base64.b64decode(read["codes"][0]), "<f4")
    assert np.array_equal(floats.reshape(6, 4), codes.astype("<f4"))
    assert read["decoder"] == "decoder-0"
    assert read["encoder"] is None
    of_probe = np.frombuffer(base64.b64decode(read["probes"]["images"]), np.uint8)
    assert np.array_equal(of_probe.reshape(2, 3, 5, 7), images[:2].transpose(0, 3, 1, 2))


def test_grey_images_and_a_last_row_that_is_not_full() -> None:
    images = np.arange(7, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 4, 1), np.uint8)
    atlas = atlas_of(images, 3)
    sheet = Image.open(io.BytesIO(atlas.png))

    assert sheet.mode == "L"
    assert sheet.size == (12, 6)
    assert sheet.getpixel((0, 4)) == 6
    assert sheet.getpixel((4, 4)) == 0
