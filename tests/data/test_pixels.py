"""Bytes to planes."""

import numpy as np
import pytest
import torch

from sbvae_cli.data.pixels import planes, to_device
from sbvae_cli.data.renderers.sprites import paint


def test_bytes_become_planes_between_0_and_1() -> None:
    images = np.random.default_rng(0).integers(256, size=(2, 5, 6, 10, 3), dtype=np.uint8)
    images[0, 0, 0, 0] = 0, 255, 51
    found = planes(torch.from_numpy(images))

    assert found.dtype == torch.float32
    assert found.is_contiguous()
    np.testing.assert_allclose(found.numpy(), images.transpose(0, 1, 4, 2, 3) / 255, rtol=1e-6)
    assert found[0, 0, :, 0, 0].tolist() == pytest.approx([0, 1, 0.2])


def test_masks_are_painted_in_the_levels_of_a_file() -> None:
    rng = np.random.default_rng(1)
    masks = 255 * rng.integers(2, size=(40, 6, 10, 1), dtype=np.uint8)
    colours = rng.random((40, 3), np.float32)
    found = planes(torch.from_numpy(masks), torch.from_numpy(colours))

    assert found.is_contiguous()
    expected = paint(masks, colours).transpose(0, 3, 1, 2) / 255
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)


def test_images_come_to_a_device_as_planes() -> None:
    images = np.random.default_rng(0).integers(256, size=(5, 6, 10, 3), dtype=np.uint8)
    assert torch.equal(to_device(images, "cpu"), planes(torch.from_numpy(images)))


@pytest.mark.cuda
def test_a_gpu_gets_the_same_planes() -> None:
    images = np.random.default_rng(0).integers(256, size=(5, 6, 10, 3), dtype=np.uint8)
    torch.testing.assert_close(to_device(images, "cuda").cpu(), to_device(images, "cpu"))
