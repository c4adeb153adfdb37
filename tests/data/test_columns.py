"""Colours against the standard library."""

import colorsys

import numpy as np

from sbvae_cli.data.columns import colours_of, hsv_to_rgb


def test_hsv_is_converted_as_by_colorsys() -> None:
    corners = np.stack(np.meshgrid(np.arange(13) / 12, [0, 0.5, 1], [0, 0.3, 1]), -1)
    hsv = np.concatenate([np.random.default_rng(0).random((500, 3)), corners.reshape(-1, 3)])
    expected = [colorsys.hsv_to_rgb(*row) for row in hsv]
    np.testing.assert_allclose(hsv_to_rgb(hsv), expected, atol=1e-12)


def test_hue_wraps_around() -> None:
    hues = np.array([[-0.3, 1, 1], [0.7, 1, 1], [1.7, 1, 1]])
    rgb = hsv_to_rgb(hues)
    np.testing.assert_allclose(rgb, rgb[[1, 1, 1]], atol=1e-12)


def test_colours_are_found_by_the_names_of_their_factors_and_kept_in_range() -> None:
    rgb = np.array([[0.2, 0.5, 0.8], [-0.1, 1.2, 0.4]])
    found = colours_of(rgb[:, [2, 0, 1]], ("blue", "red", "green"))
    np.testing.assert_allclose(found, [[0.2, 0.5, 0.8], [0, 1, 0.4]], rtol=1e-6)
    hsv = np.array([[9.0, 1 / 3, 1.0, 0.5]])
    found = colours_of(hsv, ("x", "hue", "saturation", "value"))
    np.testing.assert_allclose(found, [[0, 0.5, 0]], atol=1e-6)
