"""Images and factors in arrays become dataset files."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

import sbvae_cli as sbvae

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (70, 6, 9, 3), dtype=np.uint8)
FACTORS = np.column_stack([RNG.random(70), np.arange(70) % 5, np.arange(70) / 70])


def test_images_and_factors_come_back_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "own.h5"
    known: dict[str, Any] = {"names": ["x", "shape", "hue"], "circular": ["hue"]}
    data = sbvae.make_dataset(IMAGES, path, factors=FACTORS, kinds={"hue": "range"}, **known)
    images, factors = data.images(0, 70)
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_allclose(factors, FACTORS.astype(np.float32))
    assert data.name == "own" and data.space.names == ("x", "shape", "hue")
    assert [factor.levels for factor in data.space.config.factors] == [None, (0, 1, 2, 3, 4), None]
    assert data.space.config.factors[2].period == 1.0
    with h5py.File(path) as file:
        assert file["images"].dtype == np.uint8 and file["factors"].shape == (70, 3)


@pytest.mark.parametrize(
    "images",
    [
        IMAGES.transpose(0, 3, 1, 2),
        torch.from_numpy(IMAGES).movedim(-1, 1),
        IMAGES / 255,
        torch.from_numpy(IMAGES).movedim(-1, 1).float() / 255,
    ],
)
def test_other_layouts_and_floats_are_the_same_images(images: Any, tmp_path: Path) -> None:
    data = sbvae.make_dataset(images, tmp_path / "own.h5")
    np.testing.assert_array_equal(data.images(0, 70)[0], IMAGES)
    assert data.space.names == ()


def test_grey_images_masks_and_words(tmp_path: Path) -> None:
    masks = IMAGES[..., 0] > 100
    words = ["disc", "ring"] * 35
    data = sbvae.make_dataset(masks, tmp_path / "own.h5", factors={"shape": words, "x": range(70)})
    images, factors = data.images(0, 70)
    np.testing.assert_array_equal(images, masks[..., None] * np.uint8(255))
    np.testing.assert_array_equal(factors, np.column_stack([np.arange(70) % 2, np.arange(70)]))
    assert data.space.config.factors[0].level_names == ("disc", "ring")


def test_a_command_trains_on_such_a_file(tmp_path: Path) -> None:
    sbvae.make_dataset(IMAGES, tmp_path / "own.h5", factors=FACTORS)
    settings = {"training.steps": 1, "training.batch_size": 2, "training.device": "cpu"}
    run = sbvae.train(settings, data=tmp_path / "own.h5", profile="quick")
    assert np.isfinite(next(run).terms["loss"])


def written(data: Any = IMAGES, **given: Any) -> object:
    return sbvae.make_dataset(data, "never.h5", **given)


@pytest.mark.parametrize(
    ("call", "field", "line"),
    [
        (lambda: written(IMAGES.astype(int)), "data", "have dtype int64; scale them to grey"),
        (lambda: written(IMAGES * 1.0), "data", "are floats from 0 to 255; scale them to [0, 1]"),
        (lambda: written(np.full((2, 4, 4), np.nan)), "data", "are floats from nan to nan"),
        (lambda: written(np.zeros((2, 5, 5, 4))), "data", "have 4 channels; give 1 or 3"),
        (lambda: written(IMAGES[0, 0]), "data", "shape (9, 3); give uint8 of shape (N, H, W, C)"),
        (lambda: written(IMAGES[:0]), "data", "shape (0, 6, 9, 3); give"),
        (lambda: written(5), "data", "shape (); give uint8"),
        (lambda: written(None), "data", "dtype object"),
        (lambda: written(size=16), "size", "does not apply to images in an array, which stay"),
        (lambda: written(count=3), "count", "does not apply to images"),
        (lambda: written(table="f.csv"), "table", "does not apply to images"),
        (lambda: written(factors=FACTORS[1:]), "factors", "have factor0 of shape (69,), and there"),
        (lambda: written(factors=FACTORS[:, 0]), "factors", "have shape (70,), not (N, F)"),
        (lambda: written(factors=FACTORS * np.nan), "factors", "column factor0"),
        (lambda: written(factors=FACTORS, names=["a", "b"]), "names", "one for each of 3 factors"),
        (lambda: written(factors=FACTORS, names=["a", "a", "b"]), "names", "each once"),
        (lambda: written(factors={"x": 5}), "factors", "have x of shape (), and there are 70"),
        (lambda: written(factors={"x": FACTORS[:, 0]}, names=["x"]), "names", "leave it out"),
        (lambda: written(factors=FACTORS, circular="hue"), "circular", "hue"),
        (lambda: written(factors=FACTORS, kinds={"hue": "range"}), "kinds", "hue"),
        (lambda: written("circles:xy", names=["x"]), "names", "applies to factors in an array"),
        (lambda: written("circles:xy", factors=FACTORS), "factors", "give ranges by name"),
    ],
)
def test_what_does_not_fit_is_one_line_with_the_argument_s_name(
    call: Any, field: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(sbvae.SbvaeError) as caught:
        call()
    text = str(caught.value)
    assert caught.value.field == field, text
    assert f"`{field}`" in text and line in text and "\n" not in text
    assert not list(tmp_path.iterdir())
