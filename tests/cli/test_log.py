"""`log.jsonl`: the reference names every key that runs write, and no other; relations hold."""

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from sbvae_cli.config.names import ModelKind

Sbvae = Callable[..., object]
REFERENCE = (Path(__file__).parents[2] / ".github/REFERENCE.md").read_text(encoding="utf-8")
WEIGHTS = {  # of the terms beside NLL and KL, as `--set` has them
    "factor-vae": {"total_correlation": ("gamma", 3)},
    "dip-vae-i": {
        "covariance_off_diagonal": ("off_diagonal", 5),
        "covariance_diagonal": ("diagonal", 7),
    },
}


def documented() -> dict[str, str]:
    """Units by key, of the table below the paragraph on log.jsonl."""
    table = REFERENCE.split("\n`log.jsonl` has")[1].split("| key | unit |")[1].split("\n\n")[0]
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", table, re.MULTILINE))


def log_of(run: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in Path(run, "log.jsonl").read_text().splitlines()]


def test_the_readme_names_every_key_that_is_written(sbvae: Sbvae, tiny: list[str]) -> None:
    sbvae("gen-data", "circles", "--count", 12, "--size", 16, "--out", "d.h5")
    stored = ["--data", "d.h5", "--validation", 0.5, *tiny[4:]]
    small = ["--set", "objective.discriminator_units=[8, 8]"]
    runs = {"stored": stored, "diverged": [*tiny, "--lr", "1e39"]}
    runs |= {f"run-{model}": [*tiny, "--model", model] for model in get_args(ModelKind)}
    runs["run-factor-vae"] += small
    runs["diverged-too"] = [*runs["run-factor-vae"], "--lr", "1e39"]
    written: set[str] = set()
    for name, options in runs.items():
        kinds = ["--likelihood", "learned-gaussian"]
        done = sbvae("train", *options, *kinds, "--steps", 4, "--out", name)
        assert done.code == (3 if "1e39" in options else 0), done.err
        for line in log_of(name):
            written |= line.keys()
    assert written == documented().keys()


@pytest.mark.parametrize("model", ["vae", *WEIGHTS])
def test_the_loss_is_what_the_table_says_of_its_terms(
    sbvae: Sbvae, tiny: list[str], model: str
) -> None:
    weights = WEIGHTS.get(model, {})
    settings = [f"objective.{name}={value}" for name, value in weights.values()]
    settings += ["objective.discriminator_units=[8, 8]"] if model == "factor-vae" else []
    options = [word for setting in settings for word in ("--set", setting)]
    assert sbvae("train", *tiny, *options, "--model", model, "--steps", 4, "--out", "run").code == 0
    for line in log_of("run"):
        parts = [weight * line[term] for term, (_, weight) in weights.items()]
        assert line["loss"] == pytest.approx(line["nll"] + line["kl"] + sum(parts), rel=1e-5)
        pixels = 16 * 16 * 3
        assert 0.1 * pixels * math.log(2) < line["nll"] < 2 * pixels * math.log(2)  # nats an image
        assert line["images_per_second"] > 0
