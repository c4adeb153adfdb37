"""Any sequence of commands that a user may give ends well, and so do the commands it names."""

import os
import re
import shlex
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from sbvae_cli.cli.app import main
from sbvae_cli.config.load import to_yaml
from sbvae_cli.config.names import (
    CirclesPreset,
    Coordinates,
    DecoderKind,
    LearningRateSchedule,
    LikelihoodKind,
    ModelKind,
    Shuffle,
)

Draw = Callable[[st.SearchStrategy[Any]], Any]
NARROW = (
    *("--device", "cpu", "--threads", 1),
    *("--set", "model.encoder.hidden_channels=[4, 4]", "--set", "model.encoder.hidden_units=[8]"),
)
# What keeps a command that is named short; all else of it stays as it was printed.
SHORT = {
    "train": ("--dry-run",),
    "eval": ("--metrics", "mig,rates", "--protocol", "quick", "--images", 60),
    "geometry": ("--grid", 5),
}
IMAGES = ("--images", 60, "--protocol", "quick", "--device", "cpu")


@dataclass
class Made:
    """What the commands of a sequence have made so far."""

    data: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    scores: list[str] = field(default_factory=list)
    sweeps: list[str] = field(default_factory=list)
    steps: dict[str, int] = field(default_factory=dict)
    count: int = 0

    def new(self, kind: str, suffix: str = "") -> str:
        """A name that is not in use; some have what a shell takes for something else."""
        self.count += 1
        return f"{('', 'my ', 'a$b-')[self.count % 3]}{kind}{self.count}{suffix}"


def run(*words: object) -> str:
    """Run a command, which must end well; what it printed on stdout."""
    line = [str(word) for word in words]
    note(f"sbvae {shlex.join(line)}")
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(line)
    assert code == 0, (line, err.getvalue())
    return out.getvalue()


def follow(told: str) -> None:
    """Run each command that stands below `Next:`, as it is printed."""
    below = re.search(r"Next:\n((?:  .*\n)+)", told)
    for line in below[1].splitlines() if below else ():
        words = shlex.split(line)
        assert words[0] == "sbvae", line
        run(*words[1:], *SHORT.get(words[1], ()))


def gen_data(draw: Draw, made: Made) -> str:
    path, size = made.new("data", ".h5"), draw(st.sampled_from(["8", "12x8", "16"]))
    kind = draw(st.sampled_from(["circles", "sprites", "room", "chairs"]))
    words = ["gen-data", kind, "--count", draw(st.integers(30, 70)), "--size", size]
    if kind == "circles":
        words += ["--preset", draw(st.sampled_from(get_args(CirclesPreset)))]
    if kind == "sprites" and draw(st.booleans()):
        words += ["--gray"]
    made.data.append(path)
    return run(*words, "--seed", draw(st.integers(0, 9)), "--out", path)


def network(draw: Draw) -> list[object]:
    """Options of a small model."""
    model = draw(st.sampled_from(get_args(ModelKind)))
    decoder = draw(st.sampled_from(get_args(DecoderKind)))
    words: list[object] = ["--model", model, "--decoder", decoder, *NARROW]
    words += ["--likelihood", draw(st.sampled_from(get_args(LikelihoodKind)))]
    words += ["--latent-dim", draw(st.integers(2, 4))]
    if model == "factor-vae":
        words += ["--set", "objective.discriminator_units=[8, 8]"]
    if decoder == "broadcast" and draw(st.booleans()):
        words += ["--coordinates", draw(st.sampled_from(get_args(Coordinates)))]
    if draw(st.booleans()):
        words += ["--depth", draw(st.integers(2, 3)), "--mlp-depth", draw(st.integers(1, 2))]
    return words


def train(draw: Draw, made: Made) -> str:
    out, steps = made.new("run"), draw(st.integers(1, 4))
    from_file = bool(made.data) and draw(st.booleans())
    words = network(draw)
    if from_file:
        words += ["--data", draw(st.sampled_from(made.data))]
        words += ["--shuffle", draw(st.sampled_from(get_args(Shuffle)))]
        words += draw(st.sampled_from([[], ["--validation", 0.2]]))
    else:
        presets = [f"circles:{preset}" for preset in get_args(CirclesPreset)]
        names = [*presets, "sprites", "room", "chairs"]
        words += ["--data", draw(st.sampled_from(names)), "--size", 16]
        words += draw(st.sampled_from([[], ["--fixed-set", 40]]))
    words += draw(st.sampled_from([[], ["--profile", "quick"], ["--keep-checkpoints"]]))
    schedule = draw(st.sampled_from(get_args(LearningRateSchedule)))
    words += ["--set", f"training.learning_rate_schedule={schedule}"]
    words += ["--batch-size", draw(st.integers(2, 5)), "--seed", draw(st.integers(0, 99))]
    told = run("train", *words, "--steps", steps, "--out", out)
    made.runs.append(out)
    made.steps[out] = steps
    return told


def resume(draw: Draw, made: Made) -> str:
    path = draw(st.sampled_from(made.runs))
    made.steps[path] += draw(st.integers(1, 3))
    return run("train", "--resume", path, "--steps", made.steps[path])


def train_replicas(draw: Draw, made: Made) -> str:
    """Replicas of a small setting, also on data of one factor, which have no geometry."""
    out, count = made.new("group"), draw(st.integers(1, 3))
    data = ["--data", draw(st.sampled_from(["circles:xy", "room", *made.data]))]
    data += [] if data[1] in made.data else ["--size", 8]
    of_one_factor = draw(st.booleans())
    if of_one_factor:
        data = ["--data", made.new("line", ".h5")]
        words = ("--preset", "xy", "--factor", "y=0.5", "--count", 30, "--size", 8)
        run("gen-data", "circles", *words, "--out", data[1])
    told = run("train", *network(draw), *data, "--steps", 2, "--replicas", count, "--out", out)
    members = sorted(str(path.parent) for path in Path(out).glob("*/ckpt.pt"))
    assert len(members) == count
    assert ("sbvae geometry" in told) == (not of_one_factor)
    if not of_one_factor:
        made.runs += members
        made.steps |= dict.fromkeys(members, 2)
    return told


def some_runs(draw: Draw, made: Made, most: int = 3) -> list[str]:
    return draw(st.lists(st.sampled_from(made.runs), min_size=1, max_size=most, unique=True))


def info(draw: Draw, made: Made) -> str:
    target = draw(st.sampled_from([*made.data, *made.runs]))
    sheet = ["--sheet", made.new("sheet", ".svg")] if draw(st.booleans()) else []
    return run("info", target, *sheet, *draw(st.sampled_from([[], ["--json", "-"]])))


def evaluate(draw: Draw, made: Made) -> str:
    metrics = draw(st.sampled_from(["mig", "rates", "geometry", "mig,sap,modularity,rates"]))
    path = made.new("scores", ".json")
    told = run("eval", *some_runs(draw, made), "--metrics", metrics, *IMAGES, "--json", path)
    made.scores += [path] * ("rates" in metrics)
    return told


def traverse(draw: Draw, made: Made) -> str:
    animated = draw(st.booleans())  # which only traversals can be
    others = [] if animated else [["--samples", 3], ["--reconstructions", 2]]
    words = draw(st.sampled_from([["--columns", 3], ["--columns", 4, "--top", 2], *others]))
    out = made.new("traversal", ".gif" if animated else draw(st.sampled_from([".svg", ".png"])))
    run("traverse", draw(st.sampled_from(made.runs)), *words, "--out", out)
    return run("info", out)


def encode(draw: Draw, made: Made) -> str:
    out = made.new("codes", ".npz")
    told = run("encode", draw(st.sampled_from(made.runs)), "--count", 30, "--out", out)
    made.codes.append(out)
    return told


def score_codes(draw: Draw, made: Made) -> str:
    return run("eval", draw(st.sampled_from(made.codes)), "--metrics", "mig", *IMAGES)


def draw_losses(draw: Draw, made: Made) -> str:
    return run("figure", "losses", *some_runs(draw, made), "--out", made.new("losses", ".svg"))


def draw_scores(draw: Draw, made: Made) -> str:
    path, out = draw(st.sampled_from(made.scores)), made.new("drawn", ".svg")
    run("figure", "scores", path, "--scores", "nll,kl", "--out", out)
    return run("figure", "table", path, "--scores", "nll")


def train_as(draw: Draw, made: Made) -> str:
    """The settings of a run again, by the file that it wrote of them."""
    out, path = made.new("run"), draw(st.sampled_from(made.runs))
    told = run("train", "--config", Path(path, "config.yaml"), "--steps", 1, "--out", out)
    made.runs.append(out)
    made.steps[out] = 1
    return told


def sweep(draw: Draw, made: Made) -> str:
    path, out = made.new("plan", ".yaml"), made.new("sweep")
    decoders = draw(st.sampled_from([["broadcast"], ["broadcast", "deconv"]]))
    tree = {
        "settings": {
            "data": {"source": "circles:xy-hole", "height": 8, "width": 8},
            "model": {"latent_dim": 2, "encoder": {"hidden_channels": [4], "hidden_units": []}},
            "training": {"steps": draw(st.integers(1, 2)), "batch_size": 4, "device": "cpu"},
        },
        "grid": {"model.decoder.kind": decoders},
        "replicas": draw(st.integers(1, 2)),
        "metrics": ["rates"],
        "protocol": "quick",
    }  # fmt: skip
    Path(path).write_text(to_yaml(tree))
    run("sweep", "run", path, "--out", out, "--dry-run")
    told = run("sweep", "run", path, "--out", out, "--jobs", 1)
    run("sweep", "status", out)
    made.sweeps.append(out)
    return told


def export(draw: Draw, made: Made) -> str:
    path = draw(st.sampled_from(made.runs))
    folder, weights = made.new("graphs"), made.new("weights", ".safetensors")
    told = run("export", path, "--onnx", folder, "--safetensors", weights)
    run("info", weights)
    return told + run("info", Path(folder, "decoder.onnx"))


def explore(draw: Draw, made: Made) -> str:
    return run("explore", draw(st.sampled_from(made.runs)), "--out", made.new("page", ".html"))


def possible(made: Made) -> Iterator[Callable[[Draw, Made], str]]:
    """What a user may do next."""
    yield from (gen_data, train, train_replicas)
    if made.data or made.runs:
        yield info
    if made.runs:
        yield from (resume, evaluate, traverse, encode, draw_losses, train_as)
    if made.codes:
        yield score_codes
    if made.scores:
        yield draw_scores


@contextmanager
def empty_folder() -> Iterator[None]:
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(here)


CALM = partial(
    settings,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@CALM(max_examples=3)
@given(data=st.data())
def test_any_sequence_of_commands_ends_well_and_so_do_those_that_it_names(data: Any) -> None:
    with empty_folder():
        made = Made()
        train(data.draw, made)
        for _ in range(6):
            follow(data.draw(st.sampled_from([*possible(made)]))(data.draw, made))


@pytest.mark.slow
@pytest.mark.timeout(3600)
@CALM(max_examples=60)
@given(data=st.data())
def test_long_sequences_end_well(data: Any, jobs_run_here: list[str]) -> None:
    with empty_folder():
        made = Made()
        follow(train(data.draw, made))
        for _ in range(12):
            more = [sweep, export, explore] if made.runs else [sweep]
            follow(data.draw(st.sampled_from([*possible(made), *more]))(data.draw, made))
