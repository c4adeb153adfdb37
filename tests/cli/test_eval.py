"""`sbvae eval` from the command line, on a small model that nobody trained."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest

import sbvae_cli.cli.evaluation_progress as evaluation_progress
import sbvae_cli.runs.evaluate as runs_evaluate
from sbvae_cli.checkpoint import Checkpoint, save_checkpoint
from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.edit_space import customise
from sbvae_cli.config.metrics import CODE_METRICS
from sbvae_cli.config.model import (
    BernoulliConfig,
    BroadcastDecoderConfig,
    EncoderConfig,
    GaussianConfig,
    ModelConfig,
)
from sbvae_cli.config.schema import Config, DataConfig
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.evaluation.cost import Cost
from sbvae_cli.metrics import protocol
from sbvae_cli.models.build import build_vae

Sbvae = Callable[..., object]
WriteCodes = Callable[..., Path]
SIZE = 16
RATES = ["neg_elbo", "nll", "kl", "latents_used", "latents_used_by_mean"]
SCORES = [*RATES, "nll_heldout", "kl_heldout", "mig", "mig_quantile", "mig_subspace", "factor_vae"]


@dataclass(frozen=True)
class FewImages(protocol.Protocol):
    images: int = 300
    test_images: int = 150
    votes_train: int = 30
    votes_eval: int = 30
    vote_images: int = 8
    grid: int = 6


def save_model(
    folder: Path,
    latents: int = 3,
    weight: float = 1.0,
    preset: str = "xy-hole",
    likelihood: str = "bernoulli",
    full_hue: bool = False,
) -> Path:
    model = ModelConfig(
        likelihood=BernoulliConfig() if likelihood == "bernoulli" else GaussianConfig(),
        latent_dim=latents,
        encoder=EncoderConfig(hidden_channels=(4, 4), hidden_units=(8,)),
        decoder=BroadcastDecoderConfig(hidden_channels=(4,)),
    )
    space = named_space(f"circles:{preset}")  # type: ignore[arg-type]
    if full_hue:
        space = customise(space, ranges={"hue": (0.0, 1.0)})
    data = DataConfig(source=f"circles:{preset}", name=preset, height=SIZE, width=SIZE, space=space)
    vae = build_vae(model, data.image_shape, seed=1)
    vae.encoder.output.weight.data *= weight
    folder.mkdir(parents=True)
    save_checkpoint(
        folder / "ckpt.pt", Checkpoint(Config(data=data, model=model), 7, vae.state_dict(), {}, 1)
    )
    return folder


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    return save_model(tmp_path / "run")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same protocol on fewer images."""
    monkeypatch.setattr(protocol, "Protocol", FewImages)


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def test_json_on_stdout_is_the_whole_output_and_has_the_documented_keys(
    sbvae: Sbvae, run_folder: Path, few: None
) -> None:
    done = sbvae("eval", run_folder, "--json", "-", "--seed", 3)
    assert done.code == 0
    found = json.loads(done.out)
    keys = ["checkpoint", "step", "data", "model", "protocol", "scores", "geometry", "diagnosis"]
    (alone,) = found.pop("results")
    assert list(alone) == [*keys, "findings", "run"] and found == alone
    assert list(found["run"]) == ["name", "group", "seed", "data", "images", "settings"]
    assert found["findings"][-1]["code"] == "no-kl"
    assert found["diagnosis"][-1].endswith("train longer, or with --model beta-vae --beta 0.5")
    assert (found["checkpoint"], found["step"]) == (str(run_folder), 7)
    assert (found["data"], found["model"]) == ("circles:xy-hole", "broadcast")
    assert found["scores"]["nll"]["likelihood"] == "bernoulli"
    assert list(found["scores"]) == SCORES
    for name, score in found["scores"].items():
        assert {"value", "low", "high", "population"} <= score.keys()
        assert (score["low"] is None) == (score["high"] is None)
        if score["low"] is not None:
            assert score["low"] <= score["value"] <= score["high"], name
    assert found["scores"]["factor_vae"]["chance"] == 0.5
    assert found["scores"]["factor_vae"]["low"] is not None
    assert found["geometry"]["x,y"]["factors"] == ["x", "y"]
    assert 0 <= found["geometry"]["x,y"]["scores"]["affine_r2"] <= 1
    assert (found["protocol"]["seed"], found["protocol"]["population"]) == (3, "full")


def test_the_default_protocol_is_that_of_the_papers() -> None:
    found = protocol.Protocol()
    assert (found.images, found.bins, found.vote_images) == (10_000, 20, 64)
    assert (found.votes_train, found.votes_eval, found.grid) == (800, 800, 32)


def test_the_table_has_every_score_its_interval_its_population_and_the_chance_level(
    sbvae: Sbvae, run_folder: Path, few: None
) -> None:
    done = sbvae("eval", run_folder, "--json", "scores.json")
    assert done.code == 0
    assert "xy-hole, broadcast, step 7" in done.out
    found = json.loads(Path("scores.json").read_text())["scores"]
    for name, score in found.items():
        row = next(line for line in done.out.splitlines() if f" {name} " in line)
        assert f"{score['value']:.4f}" in row and score["population"] in row
        if score["low"] is not None:
            assert f"{score['low']:.4f}..{score['high']:.4f}" in row
    assert "factor_vae (chance 0.50)" in done.out
    assert "affine_r2" in done.out and "wrote scores.json" in done.out


def test_the_same_seed_gives_the_same_json(sbvae: Sbvae, run_folder: Path, few: None) -> None:
    first, again = (sbvae("eval", run_folder, "--json", "-").out for _ in range(2))
    assert first == again
    assert sbvae("eval", run_folder, "--json", "-", "--seed", 1).out != first


def test_only_the_groups_that_are_named_are_computed(
    sbvae: Sbvae, run_folder: Path, few: None
) -> None:
    found = json.loads(sbvae("eval", run_folder, "--json", "-", "--metrics", "mig, rates").out)
    assert list(found["scores"]) == SCORES[:-1] and found["geometry"] == {}
    found = json.loads(sbvae("eval", run_folder, "--json", "-", "--metrics", "geometry").out)
    assert found["scores"] == {} and list(found["geometry"]) == ["x,y"]


def test_population_train_leaves_the_hole_out(sbvae: Sbvae, run_folder: Path, few: None) -> None:
    options = ["--json", "-", "--metrics", "mig,factor-vae"]
    full, train = (
        json.loads(sbvae("eval", run_folder, *options, "--population", population).out)
        for population in ("full", "train")
    )
    assert train["scores"]["mig"]["population"] == "train"
    assert train["scores"]["mig"]["value"] != full["scores"]["mig"]["value"]


def test_other_data_is_used_and_said_to_differ(sbvae: Sbvae, run_folder: Path, few: None) -> None:
    done = sbvae("eval", run_folder, "--data", "circles:xh", "--json", "-")
    assert done.code == 0
    assert "note: this data varies in x, hue, the model's own in x, y" in done.err
    assert json.loads(done.out)["data"] == "circles:xh"
    assert list(json.loads(done.out)["geometry"]) == ["x,hue"]


def test_data_without_factors_gets_rates_and_one_line(
    sbvae: Sbvae, run_folder: Path, few: None
) -> None:
    write_file("plain.h5", SpaceConfig())
    done = sbvae("eval", run_folder, "--data", "plain.h5", "--metrics", "rates")
    assert done.code == 0
    done = sbvae("eval", run_folder, "--data", "plain.h5", "--json", "-")
    assert list(json.loads(done.out)["scores"]) == SCORES[:7]
    assert len([line for line in lines(done.err) if "no factors that vary" in line]) == 1


def write_file(name: str, space: SpaceConfig, size: int = SIZE, channels: int = 3) -> None:
    with h5py.File(name, "w") as file:
        file["images"] = np.zeros((9, size, size, channels), np.uint8)
        file["factors"] = np.zeros((9, len(space.factors)), np.float32)
        file.attrs.update(
            sbvae_format=1, name="plain", seed=0, space=space.model_dump_json(), complete=True
        )


def test_a_long_evaluation_says_first_what_it_costs(
    sbvae: Sbvae, run_folder: Path, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = lines(sbvae("eval", run_folder, "--json", "-").err)
    assert all(line.startswith("note: ") for line in short)
    monkeypatch.setattr(evaluation_progress, "ANNOUNCED_SECONDS", 0.0)
    done = sbvae("eval", run_folder, "--json", "-")
    assert lines(done.err)[0].startswith(
        "evaluation: 1,416 images to encode, 600 to decode, about under 1 s"
    )
    assert any("1,416/1,416" in line for line in lines(done.err))
    json.loads(done.out)


def test_a_long_evaluation_says_what_takes_less_and_what_reading_takes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for cost, said in [
        (
            Cost(900, 50, 700, 60, 65),
            "about 11 min 40 s on this cpu, 1 min 0 s of it to read scattered "
            "rows of the file; with --protocol quick about 1 min 5 s\n",
        ),
        (Cost(900, 50, 30, 1, 29), "900 images to encode, 50 to decode, about 30 s on this cpu\n"),
        (Cost(900, 50, 3, 1, 1), ""),
    ]:
        with evaluation_progress.EvaluationProgress().images(cost, "cpu"):
            assert capsys.readouterr().err.endswith(said)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--metrics", "migg"], "metric migg is unknown; did you mean mig?"),
        (["run", "--metrics", ","], "is empty; choose from rates, mig, factor-vae, beta-vae"),
        (["run", "--population", "test"], "--population test is unknown; there are full, train"),
        (["run", "--seed", "-1"], "--seed -1: must be 0 or more"),
        (["run", "--data", "run"], "--data run: is a run folder, not data; give it as the first"),
        (["run", "--data", "run/ckpt.pt"], "is a checkpoint, not data; give it as the first"),
        (["small.h5"], "small.h5: is a dataset, not a checkpoint; train a model"),
        (["run", "--data", "small.h5"], "small.h5: its images are 8x8x3"),
        (["run", "--data", "grey.h5"], "grey.h5: its images are 16x16x1"),
        (["run", "--data", "circles:zz"], "circles preset zz is unknown"),
        (["run", "--data", "none.h5"], "none.h5: there is no such file"),
        (["run", "--data", "plain.h5", "--metrics", "mig"], "mig cannot be computed: plain has no"),
        (["nan"], "posterior means are not finite on 16 of 16 images"),
        (["one", "--metrics", "mig"], "two latents are needed, the model has 1"),
        (["none"], "none: there is no such file; train"),
        (["run", "--device", "tpu"], "tpu"),
    ],
)
def test_what_cannot_be_used_is_one_line(
    sbvae: Sbvae, run_folder: Path, few: None, arguments: list[str], message: str
) -> None:
    save_model(Path("nan"), weight=float("nan"))
    save_model(Path("one"), latents=1)
    write_file("small.h5", SpaceConfig(), size=8)
    write_file("grey.h5", SpaceConfig(), channels=1)
    write_file("plain.h5", SpaceConfig())
    done = sbvae("eval", *arguments, "--json", "-")
    assert done.code in (1, 2)
    assert len(lines(done.err)) == 1 and done.err.startswith("error: ")
    assert message in done.err
    assert done.out == ""


def test_one_latent_gets_the_scores_that_need_no_second(sbvae: Sbvae, few: None) -> None:
    done = sbvae("eval", save_model(Path("one"), latents=1), "--json", "-")
    assert done.code == 0
    assert list(json.loads(done.out)["scores"]) == [
        *RATES,
        "nll_heldout",
        "kl_heldout",
        "factor_vae",
    ]
    assert "without mig and geometry: two latents are needed" in done.err


def test_codes_from_elsewhere_load_no_torch(write_codes: WriteCodes, tmp_path: Path) -> None:
    path = write_codes(tmp_path / "codes.npz")
    code = (
        f"import sys; from sbvae_cli.cli.app import main; main(['eval', {str(path)!r}, "
        "'--metrics', 'mig,geometry,factor-vae']); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "mig" in done.stdout


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys; from sbvae_cli.cli.app import main; main(['eval', '--help']); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'numpy', 'h5py', 'PIL')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "--population" in done.stdout


def test_sample_sizes_are_options(sbvae: Sbvae, run_folder: Path, few: None) -> None:
    done = sbvae("eval", run_folder, "--json", "-", "--images", 40, "--votes", 9)
    found = json.loads(done.out)["protocol"]
    assert (found["images"], found["votes_train"], found["votes_eval"]) == (40, 9, 9)


def test_codes_of_anybody_are_scored(
    sbvae: Sbvae, write_codes: WriteCodes, few: None, tmp_path: Path
) -> None:
    path = write_codes(tmp_path / "codes.npz")
    done = sbvae("eval", path, "--metrics", "mig,sap,factor-vae,geometry", "--json", "scores.json")
    assert done.code == 0
    assert "codes.npz, 300 rows, 3 latents" in done.out and "x and y, 3x3" in done.out
    found = json.loads(Path("scores.json").read_text())
    assert found["codes"] == str(path)
    assert found["scores"]["mig"]["value"] > 0.9
    assert found["scores"]["factor_vae"]["population"] == "file"
    assert found["protocol"]["settings"]["sap"]["C"] == 0.01
    assert any("x in latent 0" in line for line in found["diagnosis"])


def test_codes_get_every_metric_that_needs_no_model(
    sbvae: Sbvae, write_codes: WriteCodes, few: None, tmp_path: Path
) -> None:
    done = sbvae("eval", write_codes(tmp_path / "codes.npz"), "--json", "-")
    assert done.code == 0
    found = json.loads(done.out)
    assert found["protocol"]["metrics"] == list(CODE_METRICS)
    assert {"mig", "beta_vae", "sap", "modularity", "irs"} <= found["scores"].keys()
    assert not {"nll", "dci_disentanglement", "dci_fast_disentanglement"} & found["scores"].keys()
    assert "without dci, whose gradient boosting may take minutes: --metrics dci" in done.err
    done = sbvae("eval", tmp_path / "codes.npz", "--metrics", "all", "--json", "-")
    assert "dci_disentanglement" in done.out and "without dci" not in done.err


def test_metrics_that_take_a_while_are_named_before_they_are_computed(
    sbvae: Sbvae, write_codes: WriteCodes, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = write_codes(Path("codes.npz"))
    command = ("eval", codes, "--metrics", "mig,sap,dci,irs")
    monkeypatch.setattr(evaluation_progress, "SILENT_SECONDS", 1e9)
    assert "of 4 metrics ..." not in sbvae(*command).err
    monkeypatch.setattr(evaluation_progress, "SILENT_SECONDS", 0.0)
    said = [line for line in lines(sbvae(*command).err) if "of 4 metrics" in line]
    assert [line.split()[0].rstrip(",") for line in said] == ["mig", "dci", "sap", "irs"]
    assert [line.split()[1] for line in said] == ["1", "2", "3", "4"]


def test_what_encode_writes_can_be_scored(sbvae: Sbvae, run_folder: Path, few: None) -> None:
    assert sbvae("encode", run_folder, "--count", 200, "--out", "own.npz").code == 0
    done = sbvae("eval", "own.npz", "--metrics", "mig")
    assert done.code == 0
    assert "left out because they are constant here: diameter" in done.err
    blank = save_model(Path("blank"), preset="xh-blank")
    assert sbvae("encode", blank, "--count", 200, "--out", "blank.npz").code == 0
    done = sbvae("eval", "blank.npz", "--metrics", "mig")
    assert done.code == 0 and "present_information" in done.out


def test_a_hue_that_encode_wrote_stays_circular(sbvae: Sbvae, few: None) -> None:
    model = save_model(Path("hue"), preset="xh", latents=4, full_hue=True)
    assert sbvae("encode", model, "--count", 200, "--out", "hue.npz").code == 0
    done = sbvae("eval", "hue.npz", "--metrics", "mig", "--json", "-")
    assert json.loads(done.out)["scores"]["mig_subspace"]["latents"].keys() == {"x", "hue"}
    assert len(json.loads(done.out)["scores"]["mig_subspace"]["latents"]["hue"]) == 2


def test_several_make_one_table_with_a_column_for_each(
    sbvae: Sbvae, write_codes: WriteCodes, run_folder: Path, few: None
) -> None:
    other = save_model(Path("other"), latents=4)
    codes = write_codes(Path("codes.npz"))
    done = sbvae("eval", other, codes, "--metrics", "rates,mig,modularity,geometry")
    assert done.code == 1 and "rates cannot be computed: a model is needed" in done.err
    metrics = "mig,modularity,geometry"
    done = sbvae("eval", run_folder, other, codes, "--metrics", metrics, "--json", "all.json")
    assert done.code == 0
    results = json.loads(Path("all.json").read_text())["results"]
    assert [each.get("checkpoint", each.get("codes")) for each in results] == [
        str(run_folder), "other", "codes.npz",
    ]  # fmt: skip
    heading = next(line for line in done.out.splitlines() if line.startswith("┃"))
    columns = [cell.strip() for cell in heading.strip("┃").split("┃")]
    assert columns == ["score", str(run_folder), "other", "codes.npz"]
    rows = [line.split("│") for line in done.out.splitlines() if line.startswith("│")]
    found = {row[1].strip(): row[2:] for row in rows}
    assert {"mig", "modularity", "affine_r2"} <= found.keys()
    assert f"{results[1]['scores']['mig']['value']:.4f}" in found["mig"][1]


def test_figures_of_different_likelihoods_stand_in_different_rows(
    sbvae: Sbvae, run_folder: Path, few: None
) -> None:
    other = save_model(Path("other"), likelihood="gaussian")
    done = sbvae("eval", run_folder, other, "--metrics", "rates")
    rows = [line.split("│")[1:-1] for line in done.out.splitlines() if line.startswith("│")]
    found = {name.strip(): [cell.strip() for cell in cells] for name, *cells in rows}
    own, gaussian = found["nll (bernoulli)"], found["nll (gaussian, variance 0.3)"]
    assert own[1] == gaussian[0] == "-" and "-" not in (own[0], gaussian[1], *found["kl"])


def test_models_of_one_dataset_are_ranked_by_agreement(
    sbvae: Sbvae, run_folder: Path, few: None
) -> None:
    save_model(Path("again"))
    done = sbvae("eval", run_folder, "again", "--metrics", "udr,mig", "--json", "-")
    assert done.code == 0
    for each in json.loads(done.out)["results"]:
        assert each["scores"]["udr_spearman"]["models"] == 2
        assert 0 <= each["scores"]["udr_spearman"]["low"] <= each["scores"]["udr_spearman"]["high"]
        assert each["protocol"]["metrics"] == ["mig", "udr"]
    alone = sbvae("eval", run_folder, "--metrics", "udr")
    assert alone.code == 1 and "two checkpoints or more" in alone.err


def test_a_model_without_informative_latents_is_told_where_it_agrees_with_none(
    sbvae: Sbvae, run_folder: Path, few: None
) -> None:
    save_model(Path("still"), weight=1e-6)
    done = sbvae("eval", run_folder, "still", "--metrics", "udr")
    assert "note: still: udr is 0: no latent is informative, the largest KL is" in done.err
    twice = [line for line in done.err.splitlines() if line.startswith("note: still: udr is 0")]
    assert len(twice) == 1  # one line for both kinds of the score


def test_udr_alone_computes_nothing_else(sbvae: Sbvae, run_folder: Path, few: None) -> None:
    save_model(Path("again"))
    done = sbvae("eval", run_folder, "again", "--metrics", "udr", "--json", "all.json")
    assert done.code == 0
    for each in json.loads(Path("all.json").read_text())["results"]:
        assert list(each["scores"]) == ["udr_spearman", "udr_lasso"]
        assert each["geometry"] == {} and each["protocol"]["metrics"] == ["udr"]
    assert re.findall(r"^│ (\w+)", done.out, re.MULTILINE) == ["udr_spearman", "udr_lasso"]


def test_udr_where_it_cannot_be_had_is_refused_before_anything_is_scored(
    sbvae: Sbvae,
    write_codes: WriteCodes,
    run_folder: Path,
    few: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes = write_codes(Path("codes.npz"))
    save_model(Path("other"), preset="xh")
    monkeypatch.setattr(runs_evaluate, "evaluate_opened", None)
    monkeypatch.setattr(runs_evaluate, "_evaluate_codes", None)
    for targets in ([codes], [run_folder, codes]):
        done = sbvae("eval", *targets, "--metrics", "mig,udr")
        assert (done.code, done.out) == (1, "")
        assert done.err == "error: udr compares models; codes.npz has only codes; leave udr out\n"
    done = sbvae("eval", run_folder, "other", "--metrics", "udr")
    assert done.code == 1 and len(lines(done.err)) == 1
    assert f"the data of other are not those of {run_folder}; name one dataset" in done.err


def test_all_metrics_of_codes_leave_udr_out_with_a_note(
    sbvae: Sbvae, write_codes: WriteCodes, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheap = ("mig", "udr")
    monkeypatch.setattr("sbvae_cli.config.score_names.ALL_METRICS", cheap)
    codes = write_codes(Path("codes.npz"))
    done = sbvae("eval", codes, "--metrics", "all", "--json", "-")
    assert done.code == 0
    assert "note: without udr: it compares models; codes.npz has only codes" in done.err
    assert json.loads(done.out)["results"][0]["protocol"]["metrics"] == ["mig"]


@pytest.mark.parametrize("faulty", ["none", "none.npz", "text.csv"])
def test_a_faulty_target_is_refused_before_those_before_it_are_scored(
    sbvae: Sbvae, run_folder: Path, faulty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("text.csv").write_text("1,2\n")
    monkeypatch.setattr(runs_evaluate, "evaluate_opened", None)
    done = sbvae("eval", run_folder, faulty)
    assert done.code == 1 and done.err.startswith(f"error: {faulty}: ")


def test_other_files_are_told_how_codes_come(sbvae: Sbvae, tmp_path: Path) -> None:
    Path("x.csv").write_text("1,2\n")
    np.save("x.npy", np.zeros((4, 2)))
    for name, found in (("x.csv", "a table (CSV)"), ("x.npy", "a single array (NPY)")):
        done = sbvae("eval", name)
        assert done.code == 1 and len(lines(done.err)) == 1
        assert f"{name}: is {found}, not a checkpoint; " in done.err
        assert "if it has codes, write numpy.savez(path, codes=..., factors=...)" in done.err
    Path("ckpt.pt").write_text("no")
    assert "savez" not in sbvae("eval", "ckpt.pt").err


@pytest.mark.parametrize("command", [["--metrics", "dci-fast"], ["--metrics", "mig"]])
def test_the_largest_seed_is_that_of_every_metric(
    sbvae: Sbvae, write_codes: WriteCodes, few: None, command: list[str]
) -> None:
    codes = write_codes(Path("codes.npz"))
    assert sbvae("eval", codes, *command, "--seed", 2**32 - 1).code == 0
    done = sbvae("eval", codes, *command, "--seed", 2**32)
    assert done.code == 2
    assert "--seed 4294967296: must be 4,294,967,295 or less" in done.err


def test_a_protocol_sets_sizes_and_options_override_it(
    sbvae: Sbvae, run_folder: Path, few: None
) -> None:
    options = ["--metrics", "mig", "--json", "-"]
    quick = json.loads(sbvae("eval", run_folder, *options, "--protocol", "quick").out)["protocol"]
    assert (quick["name"], quick["images"], quick["votes_eval"]) == ("quick", 2000, 200)
    done = sbvae("eval", run_folder, *options, "--protocol", "dlib", "--images", 50, "--votes", 9)
    dlib = json.loads(done.out)["protocol"]
    assert (dlib["name"], dlib["images"], dlib["votes_train"]) == ("dlib", 50, 9)
    assert dlib["test_images"] == 25


def test_groups_are_named_by_factors(sbvae: Sbvae, run_folder: Path, few: None) -> None:
    done = sbvae("eval", run_folder, "--metrics", "mig", "--group", "x,y", "--json", "-")
    found = json.loads(done.out)
    assert found["protocol"]["groups"] == [["x", "y"]]
    assert list(found["scores"]["mig_subspace"]["latents"]) == ["x,y"]
    for text, message in [("x", "names 1 factors"), ("x,hue", "hue does not vary here")]:
        done = sbvae("eval", run_folder, "--metrics", "mig", "--group", text)
        assert done.code == 1 and message in done.err and len(lines(done.err)) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["codes.npz", "--data", "circles:xy"], "has codes, not images: --data"),
        (["codes.npz", "--metrics", "rates"], "rates cannot be computed: a model is needed"),
        (["short.npz"], "codes have 300 rows and factors 200"),
        (["none.npz"], "there is no such file"),
        (["run", "none"], "none: there is no such file; train"),
    ],
)
def test_codes_that_cannot_be_used_are_one_line(
    sbvae: Sbvae,
    write_codes: WriteCodes,
    run_folder: Path,
    few: None,
    arguments: list[str],
    message: str,
) -> None:
    write_codes(Path("codes.npz"))
    write_codes(Path("short.npz"), factors=np.zeros((200, 2)))
    done = sbvae("eval", *arguments)
    assert done.code == 1
    assert len(lines(done.err)) == 1 and message in done.err


def test_images_that_validation_kept_out_are_measured_where_data_names_their_file(
    sbvae: Sbvae, tiny: list[str], few: None
) -> None:
    make = ("gen-data", "circles", "--count", 60, "--size", 16, "--out")
    assert sbvae(*make, "own.h5").code == 0
    assert sbvae(*make, "other.h5", "--seed", 1).code == 0
    options = ["--data", "own.h5", *tiny[4:], "--steps", 1, "--validation", 0.2, "--out", "run"]
    assert sbvae("train", *options).code == 0
    Path("link.h5").symlink_to("own.h5")

    def measured(*data: str) -> bool:
        done = sbvae("eval", "run", "--metrics", "rates", "--json", "-", *data)
        assert done.code == 0
        return "nll_validation" in json.loads(done.out)["scores"]

    assert measured("--data", "own.h5") and measured("--data", "link.h5")
    assert not measured("--data", "other.h5") and not measured()
    Path("other.h5").replace("own.h5")  # other images under the same name
    assert not measured("--data", "own.h5")
