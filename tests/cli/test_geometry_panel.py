"""`sbvae geometry` of replicas."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

import sbvae_cli.runs.open  # noqa: F401
from sbvae_cli import runs
from sbvae_cli.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from sbvae_cli.cli import evaluation_progress
from sbvae_cli.config.load import build_config, merge
from sbvae_cli.runs.folder import RunFolder

Write = Callable[..., Path]


@pytest.fixture
def write_replicas(write_model: Write, tmp_path: Path) -> Write:
    """Write a folder of replicas of a model that nobody trained, each with weights of its own."""
    made = iter(range(1000))

    def write(
        group: str, seeds: tuple[int, ...] = (0, 1, 2), likelihood: str = "bernoulli", **data: str
    ) -> Path:
        for seed in seeds:
            first = load_checkpoint(write_model(tmp_path / f"{next(made)}.pt", **data))
            model = {"likelihood": {"kind": likelihood}}
            changes = {"training": {"seed": seed}, "model": model}
            config = build_config(merge(first.config.as_dict(), changes))
            folder = RunFolder(tmp_path / group / str(seed))
            folder.path.mkdir(parents=True)
            folder.write_config(config)
            noise = torch.Generator().manual_seed(seed)
            weights = {
                name: weight + 0.3 * torch.randn(weight.shape, generator=noise)
                for name, weight in first.model.items()
            }
            save_checkpoint(folder.checkpoint, Checkpoint(config, 7, weights, {}, threads=1))
        return tmp_path / group

    return write


def size(path: str) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def test_a_folder_of_replicas_makes_a_panel(
    sbvae: Callable[..., object], write_replicas: Write
) -> None:
    write_replicas("runs", (0, 1, 5))
    options = ("--protocol", "quick", "--json", "g.json")
    done = sbvae("geometry", "runs", "--grid", 5, *options)
    assert done.code == 0
    content = json.loads(Path("g.json").read_text())
    (group,) = content["groups"]
    assert (group["group"], group["by"]) == ("broadcast", "mig")
    scores = {replica["seed"]: replica["mig"] for replica in group["replicas"]}
    assert list(scores) == [0, 1, 5] and len(set(scores.values())) == 3
    worst, best = content["models"]
    assert (worst["replica"], best["replica"]) == ("worst", "best")
    assert worst["checkpoint"] == f"runs/{min(scores, key=scores.__getitem__)}"
    assert best["checkpoint"] == f"runs/{max(scores, key=scores.__getitem__)}"
    assert worst["mig"] == min(scores.values()) and best["grid"] == [5, 5]
    assert "broadcast: 3 replicas, mig " in done.out and "broadcast, worst (seed " in done.out
    width, height = size("geometry.png")
    assert 1_200 < width < 1_350 and height > 900
    told = sbvae("info", "geometry.png").out
    assert "runs/5" in told and "mig" in told


def test_by_affine_r2_is_the_score_of_the_picture_and_seeds_are_drawn_in_order(
    sbvae: Callable[..., object], write_replicas: Write
) -> None:
    write_replicas("runs")
    options = ("--by", "affine_r2", "--replica", "best,2,0", "--latents", "1,3")
    done = sbvae("geometry", "runs", "--grid", 5, *options, "--json", "-")
    content = json.loads(done.out)
    models = content["models"]
    best = max(content["groups"][0]["replicas"], key=lambda each: each["affine_r2"])
    assert models[0]["checkpoint"] == best["run"]
    assert {m["checkpoint"] for m in models} == {best["run"], "runs/2", "runs/0"}
    assert all(m["scores"]["affine_r2"] == m["affine_r2"] for m in models)
    assert all(m["latents"] == [1, 3] for m in models)


def test_a_model_without_the_seed_that_is_named_has_its_histogram_alone(
    sbvae: Callable[..., object], write_replicas: Write
) -> None:
    write_replicas("a", (0, 1))
    write_replicas("b", (0, 3), likelihood="gaussian")
    done = sbvae("geometry", "a", "b", "--by", "affine_r2", "--replica", "3", "--grid", 4)
    assert done.code == 0
    alone = "note: bernoulli has no replica of 3: only its histogram is drawn\n"
    assert done.err.count("histogram") == 1 and alone in done.err


def test_a_seed_whose_run_lacks_the_score_is_told_of(
    sbvae: Callable[..., object], write_replicas: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_replicas("a", (0, 1))
    first = [SimpleNamespace(path=Path("a/0"), values={"mig": 0.5})]
    monkeypatch.setattr("sbvae_cli.runs.replica_geometry.score_runs", lambda *a, **o: first)
    done = sbvae("geometry", "a", "--replica", "1", "--grid", 4)
    assert done.err == "error: no replica of 1 has mig; choose another --replica\n"
    assert done.code == 1 and not Path("geometry.png").exists()


def test_what_is_drawn_and_scored_is_told_of_once_and_slow_scores_are_counted(
    sbvae: Callable[..., object], write_replicas: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_replicas("a", (0, 1))
    own = runs.open.open_data

    def moved(checkpoint: Checkpoint, data: str | None, on_note: Callable[[str], None]) -> object:
        on_note("xy.h5 has moved")
        return own(checkpoint, data)

    monkeypatch.setattr(runs.open, "open_data", moved)
    monkeypatch.setattr(evaluation_progress, "SILENT_RUNS_SECONDS", 0.0)
    for options in (("--by", "affine_r2"), ("--protocol", "quick")):
        done = sbvae("geometry", "a", "--grid", 4, *options)
        assert done.code == 0
        assert done.err.count("note: xy.h5 has moved") == 1
        assert done.err.count("scoring ") == done.err.count("scoring a/1, 2 of 2 ...") == 1


def test_a_replica_that_has_no_checkpoint_yet_is_told_of_and_left_out(
    sbvae: Callable[..., object], write_replicas: Write
) -> None:
    (write_replicas("runs") / "1" / "ckpt.pt").unlink()
    done = sbvae("geometry", "runs", "--grid", 4, "--by", "affine_r2")
    assert done.code == 0
    assert "note: runs/1 has no checkpoint yet and is left out" in done.err
    assert "broadcast: 2 replicas, affine_r2 " in done.out


def test_several_files_of_codes_in_a_folder_make_a_panel(
    sbvae: Callable[..., object], write_codes: Write
) -> None:
    for number, noise in enumerate((0.0, 0.5, 2.0)):
        rng = np.random.default_rng(number)
        factors = rng.integers(0, 3, (300, 2))
        codes = factors + noise * rng.normal(size=(300, 2))
        write_codes(Path(f"{number}.npz"), codes=codes, factors=factors)
    done = sbvae("geometry", "0.npz", "1.npz", "2.npz", "--json", "g.json", "--out", "g.svg")
    assert done.code == 0
    worst, best = json.loads(Path("g.json").read_text())["models"]
    assert (worst["codes"], best["codes"]) == ("2.npz", "0.npz")
    assert best["mig"] > 0.9 > 0.3 > worst["mig"]
    assert "codes: 3 replicas, mig" in done.out
    assert Path("g.svg").read_text().startswith("<")


def test_one_run_has_no_use_for_a_choice_among_replicas(
    sbvae: Callable[..., object], write_model: Write
) -> None:
    write_model(Path("ckpt.pt"))
    done = sbvae("geometry", "ckpt.pt", "--grid", 4, "--replica", "best")
    assert done.code == 0 and "--by and --replica do not apply to a single run" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a", "--replica", "9"], "--replica 9: no run has this seed; there are 0, 1, 2"),
        (["a", "--replica", "bst"], "--replica bst: is not a replica; did you mean best?"),
        (["a", "--replica", "-1"], "is not a replica; name worst, median, best or seeds, as 3"),
        (["a", "--replica", "1,2,3,4,5,6,7"], "a row has room for 6 at most"),
        (["a", "--by", "magic"], "--by magic is unknown; there are mig, affine_r2, neg_elbo"),
        (["a", "--factors", "x,z"], "factor z is unknown"),
        (["a", "--latents", "0,77"], "name two different ones from 0 to 3"),
        (["a", "rg"], "rg/0: was trained on data rg-hole, a/0 on xy-hole: they are not comparable"),
        (["a", "g", "--by", "neg_elbo"], "their ELBOs are not comparable; order replicas --by mig"),
        (["a", "xy", "--data", "circles:xy"], "held-out regions are not those of a/0"),
        (["empty"], "empty: is an empty folder"),
        (["a", "scores.json"], "scores.json: has no codes to be drawn; name the runs themselves"),
    ],
)
def test_what_a_user_can_get_wrong_is_one_line_before_anything_is_scored(
    sbvae: Callable[..., object],
    write_replicas: Write,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    write_replicas("a")
    write_replicas("rg", (0,), preset="rg-hole")
    write_replicas("xy", (0,), preset="xy")
    write_replicas("g", (0,), likelihood="gaussian")
    Path("empty").mkdir()
    monkeypatch.setattr("sbvae_cli.runs.replica_geometry.score_runs", None)  # never called
    done = sbvae("geometry", *arguments, "--grid", "4")
    assert (done.code, done.err.count("\n")) == (2 if "magic" in arguments else 1, 1)
    assert message in done.err
    assert not Path("geometry.png").exists()
