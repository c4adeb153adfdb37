"""Pictures as files: pixels, frames and durations as asked for, and always the same bytes."""

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.config.names import ThemeName
from sbvae_cli.errors import SbvaeError
from sbvae_cli.viz.animation import Animation
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.save import encode
from sbvae_cli.viz.theme import THEMES


def noisy(count: int, seed: int = 0) -> list[Canvas]:
    """Frames of some hundred colours, one of them moving."""
    rng = np.random.default_rng(seed)
    canvases = [Canvas(60, 40) for _ in range(count)]
    for number, canvas in enumerate(canvases):
        canvas.image(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8), 30, 5, 24)
        canvas.rectangle(2 + 4 * number, 4, 3, 10, (10, 20, 30))
        canvas.text(2, 30, f"{number}", 12)
    return canvases


def opened(content: bytes) -> list[tuple[np.ndarray, int]]:
    """Frames, RGB, and their durations in milliseconds."""
    image, frames = Image.open(io.BytesIO(content)), []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        frame = np.asarray(image.convert("RGB"))
        frames.append((frame, image.info.get("duration", 0)))
    return frames


def durations(frames: Sequence[tuple[np.ndarray, int]]) -> list[int]:
    return [duration for _, duration in frames]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_png_has_the_pixels_and_says_their_density(theme: ThemeName, scale: float) -> None:
    (canvas,) = noisy(1)
    content = encode(canvas, ".PNG", scale=scale, theme=theme)
    image = Image.open(io.BytesIO(content))
    assert image.size == (60 * scale, 40 * scale)
    assert image.tobytes() == canvas.raster(scale, theme).tobytes()
    assert image.info["dpi"] == pytest.approx((96 * scale, 96 * scale), rel=1e-3)


@pytest.mark.parametrize("ending", [".gif", ".webp"])
def test_an_animation_has_its_frames_each_as_long_as_asked(ending: str) -> None:
    wanted = [100, 40, 250, 1000]
    frames = opened(encode(Animation(noisy(4), wanted), ending))
    assert len(frames) == 4
    assert durations(frames) == wanted
    for (found, _), canvas in zip(frames, noisy(4), strict=True):
        drawn = np.asarray(canvas.raster()).astype(int)
        difference = np.abs(found.astype(int) - drawn)
        assert difference.max() <= (0 if ending == ".webp" else 60)
        assert difference.mean() < 4


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_paper_and_ink_keep_their_colour_in_a_gif(theme: ThemeName) -> None:
    frames = opened(encode(Animation(noisy(9), [50] * 9), ".gif", theme=theme))
    for number, (found, _) in enumerate(frames):
        assert tuple(found[-1, -1]) == THEMES[theme]["paper"]
        assert tuple(found[8, 3 + 4 * number]) == (10, 20, 30)


def test_animations_repeat_for_ever() -> None:
    for ending in (".gif", ".webp"):
        image = Image.open(io.BytesIO(encode(Animation(noisy(2), [50, 50]), ending)))
        assert image.info["loop"] == 0


def test_frames_that_do_not_change_last_as_long_together() -> None:
    still = [noisy(1)[0]] * 3
    frames = opened(encode(Animation(still, [100, 50, 50]), ".gif"))
    assert sum(durations(frames)) == 200


@pytest.mark.parametrize(
    ("moves", "ending", "said"),
    [
        (False, ".jpg", r".jpg: a figure is written as .png or .svg"),
        (False, ".gif", r".gif: a figure is written as"),
        (False, "", "no ending: a figure is written as"),
        (True, ".svg", r".svg: an animation is written as .gif or .webp"),
        (True, ".png", r".png: an animation is"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(moves: bool, ending: str, said: str) -> None:
    (canvas,) = noisy(1)
    with pytest.raises(SbvaeError, match=said):
        encode(Animation([canvas], [100]) if moves else canvas, ending)


def digests() -> list[str]:
    """Of every format's bytes."""
    still, moving = noisy(1)[0], Animation(noisy(3), [50] * 3)
    pictures = [(still, ".png"), (still, ".svg"), (moving, ".gif"), (moving, ".webp")]
    about = {"seed": 0, "scores": {"mig": 0.1}}
    return [hashlib.sha256(encode(*each, about=about)).hexdigest() for each in pictures]


def test_another_process_writes_the_same_bytes() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_save; print(test_save.digests())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, Path(__file__).parent],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert done.stdout.strip() == str(digests())
