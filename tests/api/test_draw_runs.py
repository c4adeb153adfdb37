"""Figures of many runs in Python are those that `sbvae figure` writes."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageSequence

from sbvae_cli import draw

Sbvae = Callable[..., Any]
SCORES = {"neg_elbo": 40.0, "nll": 30.0, "kl": 10.0, "mig": 0.3}


@pytest.fixture
def scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Scores of two decoders, two betas and two seeds, as `sbvae eval` writes them."""
    monkeypatch.chdir(tmp_path)
    found = [
        _result(decoder, beta, seed)
        for decoder in ("broadcast", "deconv")
        for beta in (0.5, 4.0)
        for seed in (0, 1)
    ]
    Path("scores.json").write_text(json.dumps({"results": found}))
    return Path("scores.json")


def _result(decoder: str, beta: float, seed: int) -> dict[str, Any]:
    settings = {
        "data.name": "xy",
        "model.decoder.kind": decoder,
        "model.likelihood.kind": "bernoulli",
        "objective.kind": "beta-vae",
        "objective.beta": beta,
        "training.steps": 100,
        "step": 100,
    }
    run = {"name": f"{decoder}-{beta:g}/{seed}", "group": f"{decoder}-{beta:g}", "seed": seed}
    return {
        "step": 100,
        "protocol": {"name": "paper", "images": 10_000},
        "scores": {name: {"value": value + seed / beta} for name, value in SCORES.items()},
        "geometry": {"x,y": {"scores": {"affine_r2": 0.9 - seed / 10}}},
        "run": {**run, "data": "xy", "images": "a1", "settings": settings},
    }


@pytest.mark.parametrize(
    ("name", "words", "given"),
    [
        ("rate-distortion", (), {"scale": 0.5}),
        ("mig", ("--kind", "strip", "--theme", "dark"), {"kind": "strip", "theme": "dark"}),
        ("scores", (), {}),
        ("scores", ("--scores", "nll,x,y:affine_r2"), {"scores": ["nll", "x,y:affine_r2"]}),
    ],
)
def test_a_figure_of_scores_has_the_pixels_of_the_command_s(
    name: str, words: Sequence[str], given: dict[str, Any], scored: Path, sbvae: Sbvae
) -> None:
    found = getattr(draw, name.replace("-", "_"))(scored, **{"scale": 0.5, **given})
    done = sbvae("figure", name, scored, "--out", "f.png", "--scale", "0.5", *words)
    assert done.code == 0, done.err
    with Image.open("f.png") as wanted:
        assert (found.size, found.tobytes()) == (wanted.size, wanted.convert("RGB").tobytes())


def test_a_table_has_the_texts_of_the_command_s(scored: Path, sbvae: Sbvae) -> None:
    found = draw.table(scored, scores=["mig", "kl"])
    for written in ("markdown", "latex", "csv"):
        done = sbvae("figure", "table", scored, "--scores", "mig,kl", "--format", written)
        assert done.out == found.text(written)  # type: ignore[arg-type]
    assert found._repr_markdown_() == found.text("markdown")


def test_an_animation_has_the_frames_of_the_command_s(run: Path, sbvae: Sbvae) -> None:
    found = draw.unfolding(run, scale=0.4)
    assert sbvae("figure", "unfolding", run, "--out", "wanted.gif", "--scale", "0.4").code == 0
    found.save("found.gif", save_all=True)
    with Image.open("wanted.gif") as wanted, Image.open("found.gif") as kept:
        assert wanted.n_frames == kept.n_frames  # type: ignore[attr-defined]
        for one, two in zip(
            ImageSequence.Iterator(wanted), ImageSequence.Iterator(kept), strict=True
        ):
            assert one.info["duration"] == two.info["duration"]
            assert one.convert("RGB").tobytes() == two.convert("RGB").tobytes()
