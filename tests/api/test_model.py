"""A loaded model on arrays of several kinds, and what it refuses."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import sbvae_cli as sbvae


@pytest.fixture(scope="module")
def model(trained: Path) -> sbvae.Model:
    return sbvae.load(trained, device="cpu")


@pytest.fixture(scope="module")
def images(model: sbvae.Model) -> Any:
    return model.data.images(0, 6)[0]


def test_it_computes_what_the_network_does(model: sbvae.Model, images: Any) -> None:
    x = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        mean, logvar = model.module.encode(x)
        z = torch.linspace(-2, 2, 6)[:, None].expand(6, 3)
        logits = model.module.decoder(z)
    found = model.encode(images)
    np.testing.assert_allclose(found[0], mean, atol=1e-6)
    np.testing.assert_allclose(found[1], logvar, atol=1e-6)
    np.testing.assert_allclose(model.decode(z.numpy()), logits, atol=1e-6)
    torch.testing.assert_close(model.render(z), logits.sigmoid(), atol=1e-6, rtol=0)
    assert (model.image_shape, model.latent_dim, model.step) == ((3, 16, 16), 3, 6)


def test_layouts_ranges_and_libraries_say_the_same(model: sbvae.Model, images: Any) -> None:
    wanted = model.encode(images)[0]
    floats = images / 255
    read_only = np.flip(images[::-1], 0)  # neither writeable nor of positive strides
    read_only.flags.writeable = False
    for other in (images.transpose(0, 3, 1, 2), floats, floats.transpose(0, 3, 1, 2), read_only):
        np.testing.assert_allclose(model.encode(other)[0], wanted, atol=1e-6)
        np.testing.assert_allclose(
            model.encode(torch.tensor(other.copy()))[0].numpy(), wanted, atol=1e-6
        )
    half = model.encode((floats).astype(">f4"))[0]
    np.testing.assert_allclose(half, wanted, atol=1e-6)


def test_reconstructions_come_in_the_form_of_the_images(model: sbvae.Model, images: Any) -> None:
    levels = model.reconstruct(images)
    floats = model.reconstruct(torch.tensor(images.transpose(0, 3, 1, 2) / 255))
    assert isinstance(levels, np.ndarray) and levels.dtype == np.uint8
    assert isinstance(floats, torch.Tensor) and tuple(floats.shape) == (6, 3, 16, 16)
    np.testing.assert_allclose(levels, floats.permute(0, 2, 3, 1) * 255, atol=0.5001)


def test_gradients_flow_where_a_tensor_asks_for_them(model: sbvae.Model) -> None:
    z = torch.zeros(2, 3, requires_grad=True)
    model.render(z).sum().backward()
    assert z.grad is not None and z.grad.abs().sum() > 0
    assert not model.render(torch.zeros(2, 3)).requires_grad


def test_threads_get_what_one_gets(model: sbvae.Model, images: Any) -> None:
    many = np.tile(images, (8, 1, 1, 1))
    wanted = model.reconstruct(many)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: model.reconstruct(many), range(16)))
    assert all((each == wanted).all() for each in found)


REFUSED = [
    (lambda x: x[0], "one image without the axis of the batch; give images[None]"),
    (lambda x: x[:, :8], "the model takes (N, 16, 16, 3) or (N, 3, 16, 16)"),
    (lambda x: x[:0], "no image; give one or more"),
    (lambda x: x.astype(float), "floats from 0 to 255, not in [0, 1]; divide them by 255"),
    (lambda x: x / 127.5 - 1, "floats from -1 to 1, not in [0, 1]; add 1 and halve them"),
    (lambda x: x.astype(int), "have dtype int64; give grey levels as uint8, or floats in [0, 1]"),
    (lambda x: x * np.nan, "pixels that are NaN"),
    (lambda x: x.astype(object), "have dtype object; give numbers"),
    (lambda x: x.tolist(), "are of type list; give a NumPy array or a tensor"),
]


@pytest.mark.parametrize(("change", "line"), REFUSED)
def test_other_images_are_refused_in_one_line(
    change: Any, line: str, model: sbvae.Model, images: Any
) -> None:
    for call in (model.encode, model.reconstruct):
        with pytest.raises(sbvae.SbvaeError) as caught:
            call(change(images))
        assert caught.value.field == "images"
        text = str(caught.value)
        assert text.startswith("`images` ") and line in text and "\n" not in text


@pytest.mark.parametrize(
    ("z", "line"),
    [
        (np.zeros(3), "one code without the axis of the batch; give z[None]"),
        (np.zeros((2, 4)), "has shape (2, 4); the model takes (N, 3)"),
        (torch.full((1, 3), torch.inf), "NaN or infinite"),
        ([[0.0, 0.0, 0.0]], "is of type list; give a NumPy array or a tensor"),
    ],
)
def test_other_latents_are_refused_in_one_line(z: Any, line: str, model: sbvae.Model) -> None:
    with pytest.raises(sbvae.SbvaeError) as caught:
        model.render(z)
    assert caught.value.field == "z"
    assert str(caught.value).startswith("`z` ") and line in str(caught.value)


def test_what_is_no_run_is_refused_with_a_command_that_works(tmp_path: Path) -> None:
    data = sbvae.make_dataset("circles:xy", tmp_path / "d.h5", count=10, size=16)
    with pytest.raises(sbvae.SbvaeError) as caught:
        sbvae.load(data.label)
    assert caught.value.field == "run"
    assert f"`sbvae train --data {tmp_path}/d.h5`" in str(caught.value)


def test_a_device_that_is_none_is_told(trained: Path) -> None:
    with pytest.raises(sbvae.SbvaeError, match="use auto, cpu, cuda") as caught:
        sbvae.load(trained, device="gpu")
    assert caught.value.field == "device"
    assert str(caught.value).startswith("`device`: ")
