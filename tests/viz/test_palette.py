"""The 256 colours of an animation."""

import numpy as np

from sbvae_cli.viz.palette import Palette


def colours_of(palette: Palette, frame: np.ndarray) -> np.ndarray:
    return np.asarray(palette.image(frame).convert("RGB"))


def test_few_colours_are_kept_as_they_are() -> None:
    wanted = np.random.default_rng(0).integers(0, 256, (30, 3)).astype(np.uint8)
    frame = wanted[np.arange(900).reshape(30, 30) % 30]
    palette = Palette.of([frame, frame[::-1]])
    np.testing.assert_array_equal(colours_of(palette, frame), frame)


def test_each_colour_becomes_about_the_nearest_one_of_the_palette() -> None:
    x, y = np.mgrid[:256:4, :256:4]
    frame = np.stack([x, y, (x + y) // 2], axis=-1).astype(np.uint8)
    palette = Palette.of([frame])
    assert palette.colours.shape == (256, 3)
    found = np.linalg.norm(colours_of(palette, frame).astype(float) - frame, axis=-1)
    every = palette.colours.astype(float)
    nearest = np.linalg.norm(frame[:, :, None].astype(float) - every, axis=-1).min(axis=-1)
    # Colours of one cell of 8 levels a channel are looked up together.
    assert (found <= nearest + 2 * np.linalg.norm([4, 4, 4])).all()
    assert found.mean() < nearest.mean() + 1
