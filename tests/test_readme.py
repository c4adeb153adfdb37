"""The README's examples run, in the order in which they stand, on fewer images and steps."""

import re
import runpy
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.cli import demo
from sbvae_cli.cli.app import app
from sbvae_cli.cli.gen_data import app as gen_data
from sbvae_cli.config.catalogue import RENDERERS
from sbvae_cli.config.load import read_yaml, to_yaml
from sbvae_cli.runs.naming import default_folder
from sbvae_cli.runs.resolve import Request, resolve

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
REFERENCE = (Path(__file__).parents[1] / ".github/REFERENCE.md").read_text(encoding="utf-8")
SMALLER = {
    "gen-data": ["--count", "64", "--size", "16"],
    "train": ["--set", "training.log_every=2"],
    "eval": ["--metrics", "rates", "--images", "100"],
    "encode": ["--count", "50"],
}


FOLDER = re.search(r"train --resume (\S+)", README)[1]


def commands() -> list[list[str]]:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    return [shlex.split(line)[1:] for block in blocks for line in block.splitlines()]


def write_small_sweep() -> None:
    """The sweep that the README runs, with one run of two steps."""
    path = Path(__file__).parents[1] / "examples/sweep-small.yaml"
    tree = {**read_yaml(path), "grid": {"training.steps": 2}, "replicas": 1, "metrics": ["mig"]}
    Path("examples").mkdir()
    Path("examples/sweep-small.yaml").write_text(to_yaml(tree), encoding="utf-8")


def test_examples_run(
    sbvae: Callable[..., object], capsys: pytest.CaptureFixture[str], jobs_run_here: list[str]
) -> None:
    write_small_sweep()
    for command in commands():
        if command[0] in ("demo", "bench", "reproduce"):  # which have tests of their own
            continue
        if "--profile" in command:
            folder = [] if "--out" in command else ["--out", FOLDER]  # fewer steps change its name
            command = [*command, "--steps", "3", *folder]
        elif "--resume" in command:
            command[command.index("--steps") + 1] = "5"
        if "--resume" not in command:
            command = [*command, *SMALLER.get(command[0], [])]
        if command[:2] == ["eval", "codes.npz"]:
            command[command.index("rates")] = "mig,irs"
        done = sbvae(*command)
        assert done.code == 0, (command, done.err)
    assert len(jobs_run_here) == 1
    quick, _ = resolve(Request("quick", options={"data": {"source": "circles-xy-hole.h5"}}))
    assert str(default_folder(quick)) == FOLDER
    for path in (
        "geometry.png",
        "scores.json",
        "traversal.png",
        "traversal.gif",
        "large.png",
        "codes.npz",
        "samples.png",
    ):
        assert Path(path).stat().st_size > 0
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", REFERENCE + README, re.DOTALL):
        exec(compile(block, "README.md", "exec"), names)
    vae = load_checkpoint(Path(FOLDER) / "ckpt.pt").build_vae()
    z = torch.randn(3, 10, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(names["decode"](z), vae.decoder(z), atol=1e-5, rtol=1e-4)
    printed = capsys.readouterr().out
    assert "'diameter'" in printed
    assert "5 (1, 3, 16, 16)" in printed
    assert "(5, 4, 48, 64)" in printed
    assert "(5, 18, 48, 64)" in printed


def test_the_slots_of_the_example_make_a_picture(tmp_path: Path) -> None:
    program = Path(__file__).parents[1] / "examples/slot_attention.py"
    names = runpy.run_path(str(program))
    random_state = torch.get_rng_state()
    picture = names["draw"](names["train"](steps=2), count=3)
    torch.set_rng_state(random_state)
    slots = names["SLOTS"]
    assert picture.size == (72 * (2 + slots), 72 * 3)
    model = names["Slots"]()
    rgb, masks = model(torch.zeros(2, 3, 16, 16), torch.randn(2, slots, names["WIDTH"]))
    assert (tuple(rgb.shape), tuple(masks.shape)) == ((2, slots, 3, 16, 16), (2, slots, 1, 16, 16))
    torch.testing.assert_close(masks.sum(1), torch.ones(2, 1, 16, 16))


def test_the_demo_runs(sbvae: Callable[..., object], monkeypatch: pytest.MonkeyPatch) -> None:
    assert ["demo"] in commands()
    fewer = (*demo.QUICK_EVAL, "--images", "100", "--votes", "10")
    monkeypatch.setattr(demo, "QUICK_EVAL", fewer)
    assert sbvae("demo", "--steps", "4").code == 0
    for name in ("geometry.png", "traversal.png", "eval.json"):
        assert Path("demo", name).exists()


def test_every_command_stands_in_the_readme() -> None:
    shown = {command[0] for command in commands()}
    registered = {c.name for c in app.registered_commands} | {g.name for g in app.registered_groups}
    assert shown == registered


def test_every_dataset_has_a_command_and_a_row_in_the_readme() -> None:
    names = [command.callback.__name__ for command in gen_data.registered_commands]
    assert set(RENDERERS) <= set(names)
    assert names == re.findall(r"^\| `gen-data (\w+)[ `]", README, re.MULTILINE)
