"""The examples of README, commands and reference run, in their order, on few images and steps."""

import re
import runpy
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.cli import demo, demo_runs
from sbvae_cli.cli.app import app, main
from sbvae_cli.cli.gen_data import app as gen_data
from sbvae_cli.cli.side_by_side import Job, TrainingEnd
from sbvae_cli.config.catalogue import RENDERERS
from sbvae_cli.config.load import read_yaml, to_yaml
from sbvae_cli.runs.naming import default_folder
from sbvae_cli.runs.resolve import Request, resolve

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / ".github/COMMANDS.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / ".github/REFERENCE.md").read_text(encoding="utf-8")
PAGES = README + COMMANDS + REFERENCE
SMALLER = {
    "gen-data": ["--count", "64", "--size", "16"],
    "train": ["--set", "training.log_every=2"],
    "eval": ["--metrics", "rates", "--images", "100"],
    "encode": ["--count", "50"],
}
TESTED_ELSEWHERE = ("demo", "bench", "reproduce")


FOLDER = re.search(r"train --resume (\S+)", COMMANDS)[1]


def blocks() -> list[tuple[str, str]]:
    """Language and text of each block that runs."""
    return re.findall(r"```(sh|python)\n(.*?)```", PAGES, re.DOTALL)


def commands() -> list[list[str]]:
    """Words of each command in the blocks, without `sbvae`; one that stands twice, once."""
    lines = [line for kind, text in blocks() if kind == "sh" for line in text.splitlines()]
    return [shlex.split(line)[1:] for line in dict.fromkeys(lines)]


def smaller(command: list[str]) -> list[str]:
    """A command on fewer images and steps, in the folder that it has with all of them."""
    if command[:2] == ["gen-data", "images"]:
        return [*command, "--size", "16"]
    if "--profile" in command:
        folder = [] if "--out" in command else ["--out", FOLDER]  # fewer steps change its name
        size = [] if "--out" not in command or "h5" in command[2] else ["--size", "16"]
        command = [*command, "--steps", "3", *size, *folder]
    elif "--resume" in command:
        return [*command[: command.index("--steps") + 1], "5"]
    command = [*command, *SMALLER.get(command[0], [])]
    if command[:2] == ["eval", "codes.npz"]:
        command[command.index("rates")] = "mig,irs"
    return command


def write_small_sweep() -> None:
    """The sweep that the README runs, with one run of two steps."""
    tree = read_yaml(ROOT / "examples/sweep-small.yaml")
    tree = {**tree, "grid": {"training.steps": 2}, "replicas": 1, "metrics": ["mig"]}
    Path("examples").mkdir()
    Path("examples/sweep-small.yaml").write_text(to_yaml(tree), encoding="utf-8")


def write_photos() -> None:
    """A reader's own images."""
    Path("photos").mkdir()
    for i in range(40):
        pixels = np.random.default_rng(i).integers(0, 256, (20, 30, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(f"photos/{i}.png")


def test_examples_run(
    sbvae: Callable[..., object], capsys: pytest.CaptureFixture[str], jobs_run_here: list[str]
) -> None:
    write_small_sweep()
    write_photos()
    left = commands()
    names: dict[str, Any] = {}
    printed = ""
    for kind, text in blocks():
        if kind == "python":
            exec(compile(text, "README.md", "exec"), names)
            printed += capsys.readouterr().out
            continue
        for command in map(shlex.split, text.splitlines()):
            if command[1:] not in left or command[1] in TESTED_ELSEWHERE:
                continue
            left.remove(command[1:])
            done = sbvae(*smaller(command[1:]))
            assert done.code == 0, (command, done.err)
    assert len(jobs_run_here) == 1
    quick, _ = resolve(Request("quick", options={"data": {"source": "circles-xy-hole.h5"}}))
    assert str(default_folder(quick)) == FOLDER
    for path in (
        "geometry.png",
        "scores.json",
        "traversal.png",
        "photos.png",
        "traversal.gif",
        "large.png",
        "losses.svg",
        "codes.npz",
        "samples.png",
    ):
        assert Path(path).stat().st_size > 0
    vae = load_checkpoint(Path(FOLDER) / "ckpt.pt").build_vae()
    z = torch.randn(3, 10, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(names["decode"](z), vae.decoder(z), atol=1e-5, rtol=1e-4)
    assert "'diameter'" in printed
    assert "5 (1, 3, 16, 16)" in printed
    assert "(5, 4, 48, 64)" in printed
    assert "(5, 18, 48, 64)" in printed


def test_the_slots_of_the_example_make_a_picture(tmp_path: Path) -> None:
    program = ROOT / "examples/slot_attention.py"
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
    """Its trainings in this process; the page is asked for, and another example writes one."""

    def train(jobs: list[Job], *_: object) -> list[TrainingEnd]:
        assert [main(["--quiet", *job.command]) for job in jobs] == [0, 0]
        return [TrainingEnd(job.folder, job.row) for job in jobs]

    def look(command: list[str]) -> None:
        looked.append(command)
        if command[0] != "explore":
            run(command)

    looked: list[list[str]] = []
    run = demo._run
    assert ["demo"] in commands()
    fewer = (*demo.QUICK_EVAL, "--images", "100", "--votes", "10")
    monkeypatch.setattr(demo, "QUICK_EVAL", fewer)
    monkeypatch.setattr(demo, "_run", look)
    monkeypatch.setattr(demo_runs, "run_side_by_side", train)
    assert sbvae("demo", "--steps", "4").code == 0
    for name in ("geometry.png", "traversal.png", "eval.json"):
        assert Path("demo", name).exists()
    runs, page = ("demo/broadcast", "demo/deconv"), "demo/explorer.html"
    assert looked[-1] == ["explore", *runs, "--out", page]
    assert [Path(folder, "ckpt.pt").exists() for folder in runs] == [True, True]


def test_every_command_stands_on_the_pages() -> None:
    shown = {command[0] for command in commands()}
    registered = {c.name for c in app.registered_commands} | {g.name for g in app.registered_groups}
    assert shown == registered


def test_every_dataset_has_a_command_and_a_row() -> None:
    names = [command.callback.__name__ for command in gen_data.registered_commands]
    assert set(RENDERERS) <= set(names)
    assert names == re.findall(r"^\| `gen-data (\w+)[ `]", COMMANDS, re.MULTILINE)


def anchors(text: str) -> set[str]:
    """Names by which the headings of a page are linked."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize(
    "page",
    ["README.md", *(f".github/{name}.md" for name in ("COMMANDS", "REFERENCE", "CONTRIBUTING"))],
)
def test_links_lead_to_files_and_headings(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if ":" in target:
            continue
        file, _, heading = target.partition("#")
        path = (ROOT / page).parent / file if file else ROOT / page
        assert path.exists(), target
        if heading:
            assert heading in anchors(path.read_text(encoding="utf-8")), target
