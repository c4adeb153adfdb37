"""Frames that begin alike are drawn as each would be by itself."""

import pytest
from PIL import ImageChops

from sbvae_cli.viz import raster
from sbvae_cli.viz.animation import Animation
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.theme import SERIES


def moving() -> Animation:
    ground = Canvas(120, 90)
    ground.rectangle(10, 10, 60, 40, SERIES[0])
    ground.line([(0, 0), (120, 90)], SERIES[1].faded(120), 3.0)
    frames = []
    for number in range(3):
        frame = Canvas(120, 90, [*ground.shapes], [*ground.lines])
        frame.disc(30 + 20 * number, 45, 12, SERIES[2].faded(120))
        frame.text(60, 80, f"step {number}", anchor="mm")
        frames.append(frame)
    return Animation(frames, [50] * 3)


@pytest.mark.parametrize("most", [raster.MAX_PIXELS, 30_000])  # in one band, and in several
@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_shared_shapes_change_nothing(
    scale: float, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raster, "MAX_PIXELS", most)
    animation = moving()
    found = animation.rasters(scale, "dark")
    assert len(found) == 3
    for image, frame in zip(found, animation.frames, strict=True):
        assert ImageChops.difference(image, frame.raster(scale, "dark")).getbbox() is None
    assert ImageChops.difference(found[0], found[1]).getbbox() is not None


def test_shared_shapes_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    plain = raster._Pen.draw_all

    def count(pen: raster._Pen, shapes: list[object]) -> None:
        drawn.append(len(shapes))
        plain(pen, shapes)  # type: ignore[arg-type]

    monkeypatch.setattr(raster._Pen, "draw_all", count)
    moving().rasters()
    assert drawn == [2, 1, 1, 1]
