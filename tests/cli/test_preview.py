"""`train --preview`, and `figure unfolding` of what it left."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from sbvae_cli.runs.moments_file import read_moments
from sbvae_cli.runs.previews import Previews
from sbvae_cli.viz.metadata import about_image

Sbvae = Callable[..., object]


def test_a_run_is_drawn_while_it_trains_and_animated_at_its_end(
    sbvae: Sbvae, tiny: list[str]
) -> None:
    options = [*tiny, "--preview", "--steps", 3, "--set", "model.decoder.hidden_channels=[4]"]
    assert sbvae("train", *options, "--out", "run").code == 0
    folder = Path("run/previews")
    assert sorted(path.name for path in folder.iterdir()) == [
        *("geometry.gif", "geometry.png", "moments.npz", "traversal.png"),
    ]
    commands = {
        "geometry.png": "sbvae geometry run",
        "traversal.png": "sbvae traverse run",
        "geometry.gif": "sbvae figure unfolding run",
    }
    for name, command in commands.items():
        with Image.open(folder / name) as picture:
            about = about_image(picture) or {}
        assert (about["command"], about["seed"], about["step"]) == (command, 0, 3)
    done = sbvae("figure", "unfolding", "run", "--out", "own.webp", "--scale", 0.25)
    assert (done.code, done.out) == (0, "wrote own.webp: 4 frames\n"), done.err
    with Image.open("own.webp") as moving:
        assert moving.n_frames >= 2  # those that are alike are one


def test_a_run_that_goes_on_may_begin_to_be_drawn(
    sbvae: Sbvae, tiny: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Previews, "_draw", lambda *arguments, **options: None)
    assert sbvae("train", *tiny, "--steps", 2, "--out", "run").code == 0
    done = sbvae("figure", "unfolding", "run")
    assert done.code == 1
    assert done.err.startswith("error: run: has stored no moments of its training; train a run ")
    assert "--preview" in done.err
    assert sbvae("train", "--resume", "run", "--steps", 4, "--preview").code == 0
    assert read_moments(Path("run/previews/moments.npz")).steps == (2, 3, 4)
    assert sbvae("train", "--resume", "run", "--steps", 5).code == 0  # it stays so
    assert read_moments(Path("run/previews/moments.npz")).steps == (2, 3, 4, 5)
    assert json.loads(Path("run/log.jsonl").read_text().splitlines()[-1])["step"] == 5


def test_an_animation_is_no_png(sbvae: Sbvae) -> None:
    done = sbvae("figure", "unfolding", "run", "--out", "x.png")
    assert done.code == 1 and "this option writes GIF or WebP; name it x.gif" in done.err
