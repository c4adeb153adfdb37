"""`sbvae figure rate-distortion`, `mig` and `scores`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.runs import evaluate

Sbvae = Callable[..., Any]


def result(name: str, seed: int, mig: float, **settings: Any) -> dict[str, Any]:
    """What `sbvae eval` writes of a run, as far as figures are concerned."""
    own = {
        "data.name": "sprites",
        "model.decoder.kind": "broadcast",
        "model.likelihood.kind": "bernoulli",
        "objective.kind": "beta-vae",
        "objective.beta": 1.0,
        "training.steps": 9,
        "step": 9,
        **{key.replace("__", "."): value for key, value in settings.items()},
    }
    scores = {"nll": 300 + 10 * own["objective.beta"] + seed, "kl": 20 - seed, "mig": mig}
    return {
        "step": 9,
        "protocol": {"name": "quick", "images": 2000},
        "scores": {score: {"value": value} for score, value in scores.items()},
        "geometry": {"x,y": {"scores": {"affine_r2": 0.5 + mig}}},
        "run": {
            "name": name,
            "group": name.rpartition("/")[0],
            "seed": seed,
            "data": own["data.name"],
            "images": own["data.name"],
            "settings": own,
        },
    }


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """Two decoders with three betas and two seeds each."""
    found = [
        result(
            f"{decoder}-{beta:g}/{seed}",
            seed,
            0.1 * beta + 0.01 * seed,
            objective__beta=beta,
            model__decoder__kind=decoder,
        )
        for decoder in ("deconv", "broadcast")
        for beta in (0.4, 1.0, 4.0)
        for seed in (0, 1)
    ]
    (tmp_path / "scores.json").write_text(json.dumps({"results": found}))
    return tmp_path / "scores.json"


def test_without_a_name_the_figures_are_listed_with_those_of_the_paper(sbvae: Sbvae) -> None:
    shown = " ".join(sbvae("figure").out.replace("│", " ").split())
    assert sbvae("figure").out == sbvae("figure", "--help").out
    for name, figure in (("rate-distortion", "(Figure 4)"), ("mig", "(Figures 2, 3 and 11)")):
        assert name in shown and figure in shown
    assert "(Tables 5 to 10)" in shown


def test_rate_distortion_prints_the_means_that_it_draws(sbvae: Sbvae, scores: Path) -> None:
    done = sbvae("figure", "rate-distortion", scores)
    assert done.code == 0 and done.err == ""
    rows = [line for line in done.out.splitlines() if "deconv" in line]
    assert [row.replace("│", " ").split() for row in rows] == [
        ["deconv", "0.4", "2", "304.5000", "19.5000", "0.0450"],
        ["deconv", "1", "2", "310.5000", "19.5000", "0.1050"],
        ["deconv", "4", "2", "340.5000", "19.5000", "0.4050"],
    ]
    assert done.out.endswith("wrote rate-distortion.png\n")
    with Image.open("rate-distortion.png") as picture:
        about = json.loads(picture.info["sbvae"])
    assert len(about["runs"]) == 12
    assert about["runs"][0] == {
        "run": "deconv-0.4/0",
        "seed": 0,
        "step": 9,
        "scores": {"nll": 304.0, "kl": 20.0, "mig": pytest.approx(0.04)},
    }
    assert about["command"].startswith("sbvae figure rate-distortion")


def test_one_beta_alone_is_drawn_with_a_note(sbvae: Sbvae, tmp_path: Path) -> None:
    Path("one.json").write_text(json.dumps({"results": [result("runs/b", 0, 0.2)]}))
    done = sbvae("figure", "rate-distortion", "one.json", "--scale", 0.5)
    assert done.code == 0 and Path("rate-distortion.png").exists()
    assert done.err.startswith("note: broadcast has only one beta, 1, so it is drawn as a dot;")


def test_mig_says_which_seed_is_the_median(sbvae: Sbvae) -> None:
    runs = [result(f"runs/d/{seed}", seed, mig) for seed, mig in ((4, 0.3), (5, 0.1), (6, 0.2))]
    Path("mig.json").write_text(json.dumps({"results": runs}))
    for kind in ("histogram", "strip"):
        done = sbvae("figure", "mig", "mig.json", "--kind", kind, "--out", f"{kind}.svg")
        assert done.code == 0
        assert "broadcast: median run of 3 has 0.2000, seed 6" in done.out
        assert ">0.200, seed 6</text>" in Path(f"{kind}.svg").read_text()


def test_any_scores_are_drawn_a_panel_each(sbvae: Sbvae, scores: Path) -> None:
    named = ("--scores", "kl,x,y:affine_r2", "--out", "scores.svg", "--theme", "dark")
    done = sbvae("figure", "scores", scores, *named)
    assert done.code == 0, done.err
    assert "median (runs)" in done.out and "0.5450 (2)" in done.out
    drawn = Path("scores.svg").read_text()
    for label in (
        "KL (nats an image)",
        "affine R² (x, y)",
        "deconv, beta 0.4",
        "broadcast, beta 4",
    ):
        assert f">{label}</text>" in drawn


def test_without_names_there_are_the_scores_that_runs_have(
    sbvae: Sbvae, scores: Path, write_codes: Callable[..., Path]
) -> None:
    codes = write_codes(Path("codes.npz"))
    done = sbvae("figure", "scores", codes)
    assert done.code == 0 and "mig" in done.out and "neg_elbo" not in done.out
    found = json.loads(scores.read_text())
    for each in found["results"]:
        del each["scores"]["mig"]
    scores.write_text(json.dumps(found))
    done = sbvae("figure", "scores", scores)
    assert done.code == 1 and done.err == "error: no run has neg_elbo or mig; name other --scores\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mgi", "scores.json"), "command mgi is unknown; did you mean mig?"),
        (("mig",), "Missing argument 'RUNS...'"),
        (("mig", "none.json"), "none.json: there is no such file; write one by"),
        (("mig", "none"), "none: there is no such file; train a model first"),
        (("mig", "empty"), "empty: is an empty folder"),
        (("mig", "begun"), "begun: its runs have saved no checkpoint yet; wait for one"),
        (("scores", "scores.json", "--scores", "mgi"), "score mgi is unknown; did you mean mig?"),
        (("scores", "scores.json", "--scores", ","), "--scores is empty; name scores, as mig,kl"),
        (("scores", "scores.json", "--scores", "tear"), "no run has tear"),
        (("scores", "scores.json", "--scores", "x,hue:affine_r2"), "its pairs are x,y"),
        (("mig", "scores.json", "xh.json"), "xh/0: is scored on data xh, deconv-0.4/0 on sprites"),
        (
            ("rate-distortion", "scores.json", "gaussian.json"),
            "gaussian/0: has the likelihood gaussian, deconv-0.4/0 bernoulli: their NLLs",
        ),
        (("rate-distortion", "annealed.json"), "a/0: is a run of annealed-vae, which has no beta"),
        (("mig", "scores.json", "--out", "mig.pdf"), "this option writes PNG or SVG"),
        (("mig", "scores.json", "--out", "scores.json"), "this option writes PNG or SVG"),
    ],
)
def test_what_cannot_be_drawn_is_one_line_and_leaves_no_file(
    sbvae: Sbvae, scores: Path, arguments: tuple[str, ...], message: str
) -> None:
    Path("empty").mkdir()
    Path("begun/run").mkdir(parents=True)
    Path("begun/run/config.yaml").write_text("")
    others = {
        "xh": result("xh/0", 0, 0.1, data__name="xh"),
        "gaussian": result("gaussian/0", 0, 0.1, model__likelihood__kind="gaussian"),
        "annealed": result("a/0", 0, 0.1, objective__kind="annealed-vae"),
    }
    del others["annealed"]["run"]["settings"]["objective.beta"]
    for name, found in others.items():
        Path(f"{name}.json").write_text(json.dumps({"results": [found]}))
    before = scores.read_text()
    done = sbvae("figure", *arguments)
    assert done.code in (1, 2) and message in done.err
    assert len(done.err.splitlines()) == 1 and done.out == ""
    assert not list(Path().glob("*.png")) and scores.read_text() == before


def test_mig_does_not_mind_other_likelihoods(sbvae: Sbvae, scores: Path) -> None:
    other = result("gaussian/0", 0, 0.1, model__likelihood__kind="gaussian")
    Path("gaussian.json").write_text(json.dumps({"results": [other]}))
    assert sbvae("figure", "mig", scores, "gaussian.json").code == 0


def test_models_are_scored_with_no_more_than_the_figure_needs(
    sbvae: Sbvae, write_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, own = list[Protocol](), evaluate.evaluate_targets

    def keep_protocol(targets: Any, protocol: Protocol, *options: Any) -> Any:
        asked.append(protocol)
        return own(targets, protocol, *options)

    monkeypatch.setattr(evaluate, "evaluate_targets", keep_protocol)
    for name in ("a", "b", "c"):
        Path(f"runs/{name}").mkdir(parents=True)
        write_model(Path(f"runs/{name}/ckpt.pt"), latents=3 + len(name))
    done = sbvae("figure", "mig", "runs", "--protocol", "quick")
    assert done.code == 0, done.err
    assert "broadcast: median run of 3 has" in done.out
    assert [each.metrics for each in asked] == [("mig",)]
    keep = "sbvae eval runs --metrics mig --protocol quick --json scores.json"
    assert f"note: scoring 3 models; `{keep}` would keep the scores" in " ".join(done.err.split())
    assert "the same seed and settings" in done.err


def test_the_command_that_keeps_scores_computes_the_same(
    sbvae: Sbvae, write_model: Callable[..., Path]
) -> None:
    """With the same data; metrics that codes or models may lack are not named."""
    for name in ("a", "b", "c"):
        Path(name).mkdir()
        write_model(Path(f"{name}/ckpt.pt"))
    own = ("--protocol", "quick", "--data", "circles:xy", "--device", "cpu")
    keep = "--data circles:xy --device cpu --protocol quick --json scores.json"
    for figure, metrics in (("rate-distortion", ""), ("mig", "--metrics mig ")):
        done = sbvae("figure", figure, "a", "b", "c", *own)
        assert done.code == 0, done.err
        assert f"`sbvae eval a b c {metrics}{keep}`" in " ".join(done.err.split())


def test_models_of_other_data_are_refused_before_any_is_scored(
    sbvae: Sbvae,
    scores: Path,
    write_model: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for preset in ("xy", "xh"):
        Path(preset).mkdir()
        write_model(Path(f"{preset}/ckpt.pt"), preset=preset)
    monkeypatch.setattr(evaluate, "evaluate_targets", None)
    done = sbvae("figure", "mig", "xy", "xh")
    assert done.err.startswith("error: xh: is scored on data xh, xy on xy: their scores are not")
    for named in ((), ("--data", "circles:xy")):
        done = sbvae("figure", "table", scores, "xy", "--scores", "mig", *named)
        found = "error: xy: is scored on data xy, deconv-0.4/0 on sprites: their"
        assert done.err.startswith(found)


@pytest.mark.usefixtures("scores")
def test_what_cannot_end_well_is_refused_before_any_is_scored(
    sbvae: Sbvae, write_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, kind in (("a", "vae"), ("b", "annealed-vae")):
        Path(name).mkdir()
        write_model(Path(f"{name}/ckpt.pt"), objective=kind)
    monkeypatch.setattr(evaluate, "evaluate_targets", None)
    done = sbvae("figure", "rate-distortion", "a", "b")
    assert done.err.startswith("error: b: is a run of annealed-vae, which has no beta")
    for pair in ("x,zz:affine_r2", "kl,y:tear"):
        for more in ((), ("scores.json",)):
            done = sbvae("figure", "scores", "a", *more, "--scores", pair)
            assert done.err == f"error: no run has {pair}; the factors of a are x and y\n"
    Path("text").write_text("")
    done = sbvae("figure", "mig", "a", "--out", "text/mig.png")
    assert done.err == "error: --out text/mig.png: cannot be written: Not a directory\n"
    done = sbvae("figure", "table", "a", "--out", "/proc/t.md")
    assert done.err.startswith("error: --out /proc/t.md: cannot be written: ")


def test_data_that_are_named_make_models_comparable(
    sbvae: Sbvae, write_model: Callable[..., Path]
) -> None:
    for preset in ("xy", "xy-hole"):
        Path(preset).mkdir()
        write_model(Path(f"{preset}/ckpt.pt"), preset=preset)
    assert sbvae("figure", "mig", "xy", "xy-hole", "--protocol", "quick").code == 1
    named = ("--data", "circles:xy", "--protocol", "quick")
    done = sbvae("figure", "mig", "xy", "xy-hole", *named)
    assert done.code == 0, done.err
