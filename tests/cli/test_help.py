"""What the help shows: order, defaults, examples, values."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.cli.app import commands
from sbvae_cli.cli.help import EXAMPLES
from sbvae_cli.config.names import DecoderKind, ModelKind
from sbvae_cli.config.presets import paper_preset, profile
from sbvae_cli.runs.resolve import Request, resolve

Sbvae = Callable[..., Any]


def all_commands() -> Iterator[tuple[str, Any]]:
    for name, command in commands().commands.items():
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        else:
            shown = {word: each for word, each in inner.items() if not each.hidden}
            yield from ((f"{name} {word}", each) for word, each in shown.items())


def plain(text: str) -> str:
    """The words of a help, without boxes and line breaks."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", text).split())


def test_commands_stand_in_the_order_of_a_workflow(sbvae: Sbvae) -> None:
    shown = re.findall(r"^│ ([a-z][a-z-]+) +[A-Z]", sbvae("--help").out, re.MULTILINE)
    assert shown[:13] == [
        *("gen-data", "train", "traverse", "geometry", "explore", "eval", "figure", "sweep"),
        *("reproduce", "encode", "export", "info", "demo"),
    ]


def test_every_command_has_an_example_and_no_odd_type(sbvae: Sbvae) -> None:
    assert [name for name, _ in all_commands()] == list(EXAMPLES)
    for words, example in EXAMPLES.items():
        shown = sbvae(*words.split(), "--help").out
        assert f"   {example} " in shown and example.startswith(f"sbvae {words}")
        assert not re.search(r"<\w|\d{8}", shown), words
        assert max(map(len, shown.splitlines())) <= 80
        assert shown == sbvae("help", *words.split()).out
    assert sbvae("help").out == sbvae("--help").out == sbvae().out
    assert sbvae("gen-data").out == sbvae("gen-data", "--help").out


def test_the_examples_run_one_after_the_other(sbvae: Sbvae) -> None:
    smaller = {
        "gen-data": ("--count", 40, "--size", 8),
        "gen-data images": ("--size", 8),
        "train": ("--steps", 2, "--batch-size", 2),
        "encode": ("--count", 20),
        "demo": ("--help",),  # which has a test of its own
        "explore": ("--help",),  # which the README has alike, as its test runs them
        "export": ("--help",),
        "bench": ("--help",),
        "sweep": ("--help",),
        "reproduce": ("--help",),
        "figure unfolding": ("--help",),  # of runs that are trained with --preview
    }
    Path("photos").mkdir()
    rows = ["file,angle"]
    for i, pixels in enumerate(np.random.default_rng(0).integers(0, 255, (4, 8, 8), np.uint8)):
        Image.fromarray(pixels).save(f"photos/{i}.png")
        rows.append(f"{i}.png,{i}")
    Path("photos.csv").write_text("\n".join(rows))
    for words, example in EXAMPLES.items():
        given = example.split()[1:]
        if words == "eval":
            given[given.index("--metrics") + 1] = "rates"
            given += ["--images", "40"]
        extra = smaller.get(words, smaller.get(words.split()[0], ()))
        done = sbvae(*given, *extra)
        assert done.code == 0, (example, done.err)
    assert Path("traversal.png").exists() and Path("geometry.json").exists()


def test_defaults_of_training_are_those_that_the_help_names(sbvae: Sbvae) -> None:
    shown = plain(sbvae("train", "--help").out)
    paper = {d: paper_preset("vae", "circles", d) for d in get_args(DecoderKind)}
    quick = {d: profile("quick", preset)["training"] for d, preset in paper.items()}
    factor = paper_preset("factor-vae", "circles", "broadcast")["training"]
    usual = paper["broadcast"]["training"]
    assert quick["deconv"]["steps"] == quick["coordconv"]["steps"]
    assert (
        f"of Table 4, {usual['steps']:,} for circles (paper); {quick['broadcast']['steps']:,} for "
        f"broadcast, else {quick['deconv']['steps']:,} (quick)"
    ) in shown
    assert f"default: {factor['batch_size']} for factor-vae, else {usual['batch_size']}" in shown
    rates = [plan["learning_rate"] for plan in (factor, usual, quick["broadcast"])]
    assert rates == [1e-4, 3e-4, 2e-3]
    assert "default: 1e-4 for factor-vae, else 3e-4 (paper); 2e-3, falling to 0 (quick)" in shown
    every = quick["broadcast"]["checkpoint_every"]
    assert (
        f"Number of steps between checkpoints; default: 1,000 (paper) or {every} (quick)" in shown
    )
    config, _ = resolve(Request("paper", options={"data": {"source": "circles"}}))
    assert config.training.checkpoint_every == 1_000 and config.training.precision == "fp32"
    assert f"Number of latents; default: {config.model.latent_dim}" in shown
    depths = [len(p["model"]["decoder"]["hidden_channels"]) + 1 for p in paper.values()]
    of_rooms = paper_preset("vae", "room", "broadcast")["model"]["decoder"]["hidden_channels"]
    assert depths == [3, 5, 5] and len(of_rooms) + 1 == 6
    assert "default: 3 for broadcast (6 for room), else 5" in shown


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("beta", "default: {beta-vae} for beta-vae, {beta-tcvae} for beta-tcvae, "
         "else {factor-vae}"),
        ("gamma", "factor-vae, default {factor-vae}, or of |KL - capacity| in annealed-vae, "
         "default {annealed-vae}"),
        ("capacity", "Final KL capacity of annealed-vae in nats; default: {annealed-vae}"),
    ],
)  # fmt: skip
def test_defaults_of_objectives(sbvae: Sbvae, setting: str, text: str) -> None:
    known = {}
    for kind in get_args(ModelKind):
        tree = {"data": {"source": "circles"}, "objective": {"kind": kind}}
        config, _ = resolve(Request("paper", options=tree))
        value = getattr(config.objective, setting, None)
        known[kind] = None if value is None else f"{value:,.0f}"
    assert text.format(**known) in plain(sbvae("train", "--help").out)
