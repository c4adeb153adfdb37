"""What several tests use."""

import itertools
import json
import os
import resource
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from sbvae_cli.cli.app import main
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.primitives import Picture, Text
from sbvae_cli.viz.text import is_in_font
from sbvae_cli.viz.theme import PAPER, RGB, THEMES, resolve

if TYPE_CHECKING:
    from sbvae_cli.config.schema import Config
    from sbvae_cli.runs.replicas import Replica
    from sbvae_cli.sweeps.folder import SweepFolder

# Tests that run side by side have a core each; more threads would wait for one another.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# These fork processes that have loaded PyTorch, limit their memory and read /proc.
collect_ignore = [] if sys.platform == "linux" else ["faults", "fuzz"]

# A run that takes a second: small networks on small images.
TINY = [
    *("--data", "circles:xy-hole", "--size", "16", "--device", "cpu", "--threads", "1"),
    *("--batch-size", "4", "--latent-dim", "3"),
    *("--set", "model.encoder.hidden_channels=[4, 4]", "--set", "model.encoder.hidden_units=[8]"),
    *("--set", "training.log_every=2"),
]

# Settings of an even smaller one, as a tree.
SMALL_TREE: dict[str, dict[str, Any]] = {
    "model": {
        "latent_dim": 2,
        "encoder": {"hidden_channels": [4], "hidden_units": []},
        "decoder": {"hidden_channels": [4]},
    },
    "data": {"source": "circles:xy", "height": 8, "width": 8},
    "training": {"steps": 6, "batch_size": 4, "log_every": 2, "device": "cpu", "threads": 2},
}


@dataclass(frozen=True)
class Result:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def sbvae(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Result]:
    """Run the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Result:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Result(code, *capsys.readouterr())

    return run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the file of the longest test, so that no core waits for it in the end."""
    items.sort(key=lambda item: item.path.name != "test_readme.py")


@pytest.fixture
def tiny() -> list[str]:
    """Options of a run that takes a second; the decoder has its default width."""
    return TINY


@pytest.fixture
def circles_file(sbvae: Callable[..., Result]) -> str:
    """A file of 40 images of 16x16 pixels."""
    made = ["circles", "--preset", "xy", "--count", 40, "--size", 16, "--out", "d.h5"]
    assert sbvae("gen-data", *made).code == 0
    return "d.h5"


@pytest.fixture
def room() -> Callable[[int], AbstractContextManager[None]]:
    """Leave files only so many bytes, as a full disk does; the error is EFBIG."""

    @contextmanager
    def leave(size: int) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return leave


@pytest.fixture
def no_more_files() -> Callable[[int], AbstractContextManager[None]]:
    """Let so many more files be opened and then no other; the error is EMFILE."""

    @contextmanager
    def leave(more: int = 0) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        first = os.open(os.devnull, os.O_RDONLY)
        os.close(first)
        resource.setrlimit(resource.RLIMIT_NOFILE, (first + more, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    return leave


@pytest.fixture(scope="session")
def legible() -> Callable[[Canvas], None]:
    """Look whether a picture can be read, whatever it shows.

    No text leaves the canvas, runs into another or lies on an image, all have contrast on either
    paper, and the SVG says what the pixels say, in letters as wide.
    """
    return _require_legible


def _require_legible(canvas: Canvas) -> None:
    boxes = [(line.text, _ink(line)) for line in canvas.lines if line.text.strip()]
    for text, (left, top, right, bottom) in boxes:
        inside = left >= -0.5 and top >= -0.5
        inside &= right <= canvas.width + 0.5 and bottom <= canvas.height + 0.5
        assert inside, (
            f"{text!r} leaves {canvas.width}x{canvas.height}: {(left, top, right, bottom)}"
        )
    for (one, box), (other, second) in itertools.combinations(boxes, 2):
        assert not _meet(box, second), f"{one!r} {box} meets {other!r} {second}"
    pictures = [shape.box for shape in canvas.shapes if isinstance(shape, Picture)]
    for (text, box), picture in itertools.product(boxes, pictures):
        assert not _meet(box, picture), f"{text!r} {box} lies on an image {picture}"
    for theme, line in itertools.product(THEMES, canvas.lines):
        ratio = _contrast(resolve(line.colour, theme)[:3], THEMES[theme][PAPER.name])
        assert ratio >= 4.5, f"{line.text!r} in {line.colour} has {ratio:.2f} to 1 on {theme} paper"
    written = [*ElementTree.fromstring(canvas.svg()).iter("{http://www.w3.org/2000/svg}text")]
    lines = [line for line in canvas.lines if line.text]
    wanted = [line.text.replace("\r\n", "\n") for line in lines]
    assert [element.text for element in written] == wanted
    for element, line in zip(written, lines, strict=True):
        length = element.get("textLength")
        assert (length is not None) == is_in_font(line.text), line.text
        left, top, right, bottom = line.box
        wide = bottom - top if line.upright else right - left
        assert length is None or abs(float(length) - wide) < 0.01, line.text


def _ink(line: Text) -> tuple[float, float, float, float]:
    """A line's box without the room above and below its letters."""
    left, top, right, bottom = line.box
    above, below = 0.2 * line.size, 0.1 * line.size
    if line.upright:
        return left + above, top, right - below, bottom
    return left, top + above, right, bottom - below


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two boxes (left, top, right, bottom) overlap."""
    return max(one[0], other[0]) < min(one[2], other[2]) and max(one[1], other[1]) < min(
        one[3], other[3]
    )


def _contrast(one: RGB, other: RGB) -> float:
    """Contrast ratio of WCAG 2."""
    light = []
    for colour in (one, other):
        parts = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in (channel / 255 for channel in colour)
        ]
        light.append(0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2])
    return (max(light) + 0.05) / (min(light) + 0.05)


@pytest.fixture
def jobs_run_here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have the local engine run jobs in this process; the names of the runs that began."""
    from sbvae_cli.cli import sweep_runner
    from sbvae_cli.sweeps.engine import JobEnd
    from sbvae_cli.sweeps.job import Job, run_job

    begun: list[str] = []

    def run(jobs: Sequence[Job], *, stop: Any, on_poll: Any, on_end: Any) -> list[JobEnd]:
        for job in jobs:
            begun.extend(job.names)
            run_job(job)
            on_end(JobEnd(job))
        return [JobEnd(job) for job in jobs]

    monkeypatch.setattr(sweep_runner, "LocalEngine", lambda folder, at_once: run)
    return begun


Written = dict[str, float] | Literal["diverged", "trained", "training"] | None


@pytest.fixture
def written_sweep() -> Callable[..., "SweepFolder"]:
    """Write a sweep's folder whose runs have the scores that a function gives, untrained.

    The function takes a run's configuration and gives its scores by name, of a pair of factors as
    `x,y:affine_r2`, or the state of a run without any; None has not begun.
    """

    def write(
        path: Path, tree: dict[str, Any], scores: Callable[["Config"], Written]
    ) -> "SweepFolder":
        from sbvae_cli.config.sweep import build_sweep
        from sbvae_cli.sweeps.folder import SweepFolder
        from sbvae_cli.sweeps.plan import plan_sweep

        folder = SweepFolder(path)
        plan = plan_sweep(build_sweep(tree), folder.runs)
        path.mkdir(parents=True, exist_ok=True)
        folder.write_plan(plan)
        for replica in plan.replicas:
            found = scores(replica.config)
            if found is not None:
                _write_run(replica, found, plan.sweep.protocol)
        return folder

    return write


def _write_run(replica: "Replica", found: Written, protocol: str) -> None:
    from sbvae_cli.config.metrics import PAPER_METRICS
    from sbvae_cli.runs.naming import flat_settings

    config, folder, steps = replica.config, replica.folder, replica.config.training.steps
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.write_config(config)
    losses = {"loss": 50.0, "nll": 40.0, "kl": 10.0}
    for step in range(steps // 10, steps + 1, max(1, steps // 10)):
        folder.append_log({"step": step, **losses})
    if found == "training":
        return
    if found == "diverged":
        folder.append_log({"step": steps // 2, "diverged": ["loss"]})
        return
    folder.checkpoint.write_bytes(b"")
    if isinstance(found, str):
        return
    geometry: dict[str, Any] = {}
    for name, value in found.items():
        pair, _, score = name.rpartition(":")
        if pair:
            of_pair = geometry.setdefault(pair, {"scores": {}, "verdict": "flat"})
            of_pair["scores"][score] = value
    result = {
        "checkpoint": str(folder.checkpoint),
        "step": steps,
        "protocol": {"name": protocol, "images": 10_000},
        "scores": {name: {"value": v} for name, v in found.items() if ":" not in name},
        "geometry": geometry,
        "run": {
            "name": str(folder.path),
            "group": folder.path.parent.name,
            "seed": replica.seed,
            "data": config.data.name,
            "images": config.data.name,
            "settings": flat_settings(config, steps),
        },
    }
    folder.scores.write_text(
        json.dumps({**result, "asked": list(PAPER_METRICS), "results": [result]}), encoding="utf-8"
    )
