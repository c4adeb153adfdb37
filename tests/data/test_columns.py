"""Colours against the standard library."""

import colorsys

import numpy as np

from sbvae_cli.data.columns import hsv_to_rgb


def test_hsv_is_converted_as_by_colorsys() -> None:
    corners = np.stack(np.meshgrid(np.arange(13) / 12, [0, 0.5, 1], [0, 0.3, 1]), -1)
    hsv = np.concatenate([np.random.default_rng(0).random((500, 3)), corners.reshape(-1, 3)])
    expected = [colorsys.hsv_to_rgb(*row) for row in hsv]
    np.testing.assert_allclose(hsv_to_rgb(hsv), expected, atol=1e-12)


def test_hue_wraps_around() -> None:
    hues = np.array([[-0.3, 1, 1], [0.7, 1, 1], [1.7, 1, 1]])
    rgb = hsv_to_rgb(hues)
    np.testing.assert_allclose(rgb, rgb[[1, 1, 1]], atol=1e-12)
