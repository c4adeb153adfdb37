"""`sbvae train` with every model, decoder and likelihood, and what becomes of their runs."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
import yaml
from numpy.typing import NDArray

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.cli.choices import CHOICES
from sbvae_cli.config.catalogue import RENDERERS
from sbvae_cli.config.names import DecoderKind, LikelihoodKind, ModelKind
from sbvae_cli.config.renderer import Limit, Renderer
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.renderers import RENDER

Sbvae = Callable[..., object]
SMALL_DISCRIMINATOR = ("--set", "objective.discriminator_units=[8, 8]")


def small(model: str) -> tuple[str, ...]:
    return SMALL_DISCRIMINATOR if model == "factor-vae" else ()


def log_of(run: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in Path(run, "log.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("likelihood", get_args(LikelihoodKind))
@pytest.mark.parametrize("decoder", get_args(DecoderKind))
@pytest.mark.parametrize("model", get_args(ModelKind))
def test_every_model_trains_with_every_decoder_and_likelihood(
    sbvae: Sbvae, tiny: list[str], model: str, decoder: str, likelihood: str
) -> None:
    kinds = ("--model", model, "--decoder", decoder, "--likelihood", likelihood)
    done = sbvae("train", *tiny, *small(model), *kinds, "--steps", 2, "--out", "run")
    assert done.code == 0, done.err
    assert load_checkpoint(Path("run/ckpt.pt")).step == 2
    (line,) = log_of("run")
    assert {"loss", "nll", "kl"} < line.keys()
    assert ("variance" in line) == (likelihood == "learned-gaussian")
    assert ("discriminator_accuracy" in line) == (model == "factor-vae")


def test_what_the_paper_does_not_have_is_said_once(sbvae: Sbvae, tiny: list[str]) -> None:
    done = sbvae("train", *tiny, "--model", "dip-vae-i", "--steps", 2, "--out", "run")
    assert done.err.startswith("note: dip-vae-i on xy-hole: not in the paper; Section A.1")
    assert "not in the paper" not in sbvae("train", *tiny, "--steps", 2, "--out", "other").err


@pytest.fixture
def squares(monkeypatch: pytest.MonkeyPatch) -> None:
    """A renderer that the paper does not have: squares, as bright as their one factor says."""

    def render(
        factors: np.ndarray, names: Sequence[str], height: int, width: int
    ) -> NDArray[np.uint8]:
        assert names == ("brightness",)
        levels = (255 * factors[:, :, None, None]).astype(np.uint8)
        return np.broadcast_to(levels, (len(factors), height, width, 1)).copy()

    factor = FactorConfig(name="brightness", low=0.2, high=1.0)
    space = SpaceConfig(renderer="squares", factors=(factor,))
    record = Renderer("squares", {"squares": space}, {"brightness": Limit(0.0, 1.0)}, channels=1)
    monkeypatch.setitem(RENDERERS, "squares", record)  # type: ignore[arg-type]
    monkeypatch.setitem(RENDER, "squares", render)  # type: ignore[arg-type]


@pytest.mark.usefixtures("squares")
def test_data_that_the_paper_does_not_have_do_not_pass_for_its_own(
    sbvae: Sbvae, tiny: list[str]
) -> None:
    words = ("train", *tiny, "--data", "squares", "--steps", 1)
    said = "not in the paper; the settings for circles"
    done = sbvae(*words)
    assert done.code == 0, done.err
    assert done.err.startswith(f"note: vae on squares: {said}\n")
    (folder,) = Path("runs").iterdir()
    assert folder.name.startswith("squares-broadcast-size16-")
    assert "preset" not in folder.name
    assert f"none, paper: {said}; changed: " in sbvae("info", folder).out
    again = sbvae("train", "--config", folder / "config.yaml", "--out", "again")
    assert said in again.err
    assert sbvae(*words, "--preset", "room", "--out", "room").err.count(said) == 0
    config = yaml.safe_load(Path("room/config.yaml").read_text())
    assert config["preset"]["dataset"] == "room"
    assert "room, chairs or squares" in sbvae("train", "--data", "none.h5").err


def test_the_resolved_configuration_is_written_in_full(sbvae: Sbvae, tiny: list[str]) -> None:
    options = ("--model", "factor-vae", "--set", "objective.discriminator_units=[4]")
    assert sbvae("train", *tiny, *options, "--steps", 1, "--out", "run").code == 0
    config = yaml.safe_load(Path("run/config.yaml").read_text())
    assert config["objective"] == {
        "kind": "factor-vae",
        "gamma": 35.0,
        "beta": 1.0,
        "beta_schedule": {"kind": "constant"},
        "discriminator_units": [4],
        "discriminator_learning_rate": 2e-5,
    }
    assert config["training"]["learning_rate"] == 1e-4
    assert config["preset"]["source"] == "Section A.2, Tables 2 and 4"


@pytest.mark.parametrize("model", ["factor-vae", "annealed-vae"])
def test_a_resumed_run_has_the_weights_of_the_run_that_was_not_stopped(
    sbvae: Sbvae, tiny: list[str], model: str
) -> None:
    options = [*tiny, *small(model), "--model", model, "--likelihood", "learned-gaussian"]
    assert sbvae("train", *options, "--steps", 7, "--out", "whole").code == 0
    # the schedule's length follows from the first plan, so give it
    if model == "annealed-vae":
        options += ["--set", "objective.capacity_schedule={kind: linear, steps: 3}"]
    assert sbvae("train", *options, "--steps", 3, "--out", "part").code == 0
    assert sbvae("train", "--resume", "part", "--steps", 7).code == 0
    whole, part = (load_checkpoint(Path(run, "ckpt.pt")) for run in ("whole", "part"))
    assert all(torch.equal(whole.model[name], part.model[name]) for name in whole.model)
    assert (whole.discriminator is None) == (model != "factor-vae")
    if whole.discriminator and part.discriminator:
        weights = whole.discriminator["model"], part.discriminator["model"]
        assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_shuffled_coordinates_come_back_from_the_checkpoint(sbvae: Sbvae, tiny: list[str]) -> None:
    options = [*tiny, "--coordinates", "shuffled"]
    assert sbvae("train", *options, "--steps", 4, "--out", "whole").code == 0
    assert sbvae("train", *options, "--steps", 2, "--out", "part").code == 0
    assert sbvae("train", "--resume", "part", "--steps", 4).code == 0
    whole, part = (load_checkpoint(Path(run, "ckpt.pt")) for run in ("whole", "part"))
    assert all(torch.equal(whole.model[name], part.model[name]) for name in whole.model)
    z = torch.randn(2, 3)
    torch.testing.assert_close(whole.build_vae().decode(z), part.build_vae().decode(z))
    assert sbvae("traverse", "whole", "--out", "a.png").code == 0
    refused = sbvae("traverse", "whole", "--size", 32, "--out", "b.png")
    assert refused.code == 1
    assert "shuffled coordinates exist for 16x16 images only" in refused.err


def test_a_discriminator_that_diverges_stops_both_and_is_named(
    sbvae: Sbvae, tiny: list[str]
) -> None:
    rate = ("--set", "objective.discriminator_learning_rate=1e30")
    options = ("--model", "factor-vae", *SMALL_DISCRIMINATOR, *rate)
    done = sbvae("train", *tiny, *options, "--steps", 50, "--out", "run")
    assert done.code == 3
    last = done.err.strip().splitlines()[-1]
    assert last.startswith("error: diverged in step 2: total_correlation is")
    assert not Path("run/ckpt.pt").exists()
    record = log_of("run")[-1]
    assert record["step"] == 2
    assert "total_correlation" in record["diverged"]
    assert "nll" not in record["diverged"]
    assert isinstance(record["nll"], float)
    assert record["loss"] in ("nan", "inf", "-inf")


def test_a_run_with_clipped_gradients_goes_another_way(sbvae: Sbvae, tiny: list[str]) -> None:
    for name, options in (("free", ()), ("clipped", ("--clip-grad", "1e-12"))):
        assert sbvae("train", *tiny, *options, "--steps", 3, "--out", name).code == 0
    free, clipped = (load_checkpoint(Path(run, "ckpt.pt")).model for run in ("free", "clipped"))
    assert not all(torch.equal(free[name], clipped[name]) for name in free)


def test_dry_run_counts_the_discriminator(sbvae: Sbvae) -> None:
    few = ("--batch-size", 2)
    done = sbvae("train", "--data", "circles:xy", "--model", "factor-vae", *few, "--dry-run")
    assert "# encoder: 383,956 parameters" in done.out
    assert "# decoder: 81,027 parameters" in done.out
    assert "# discriminator: 5,018,002 parameters, 5.0 M multiply-adds" in done.out


def test_info_tells_of_the_objective_and_the_discriminator(sbvae: Sbvae, tiny: list[str]) -> None:
    schedule = ("--beta", "2", "--beta-schedule", "linear")
    options = ("--model", "factor-vae", *SMALL_DISCRIMINATOR, *schedule, "--upscales", 1)
    assert sbvae("train", *tiny, *options, "--steps", 4, "--out", "run").code == 0
    told = sbvae("info", "run").out
    assert "factor-vae, gamma 35, beta 0 to 2 in 2 steps, discriminator units 8 8" in told
    assert "broadcast, channels 64 64, upscales 1" in told
    assert "discriminator 122" in told  # 3 * 8 + 8, 8 * 8 + 8, 8 * 2 + 2


def test_info_shows_the_record_of_a_divergence(sbvae: Sbvae, tiny: list[str]) -> None:
    assert sbvae("train", *tiny, "--steps", 2, "--out", "run").code == 0
    with Path("run/log.jsonl").open("a") as file:
        file.write(json.dumps({"step": 3, "diverged": ["nll"], "nll": "nan", "kl": 1.5}) + "\n")
    told = sbvae("info", "run")
    assert told.code == 0
    assert "step 3: diverged nll, nll nan, kl 1.5" in told.out


def test_every_choice_is_explained_in_a_line_of_the_help(sbvae: Sbvae) -> None:
    help_text = sbvae("train", "--help").out
    kinds = {
        "models": get_args(ModelKind),
        "decoders": get_args(DecoderKind),
        "likelihoods": get_args(LikelihoodKind),
    }
    assert {what: set(choices) for what, choices in CHOICES.items()} == {
        what: set(names) for what, names in kinds.items()
    }
    for choices in CHOICES.values():
        for name, text in choices.items():
            lines = [line for line in help_text.splitlines() if line.split()[:1] == [name]]
            assert len(lines) == 1, name
            assert lines[0].strip().endswith(text), name
            assert "(" in text or name == "learned-gaussian"


def test_a_schedule_moves_while_training(sbvae: Sbvae, tiny: list[str]) -> None:
    schedule = ("--set", "objective.capacity_schedule={kind: linear, steps: 8}")
    options = ("--model", "annealed-vae", "--capacity", "8", *schedule)
    assert sbvae("train", *tiny, *options, "--steps", 6, "--out", "run").code == 0
    assert [line["capacity"] for line in log_of("run")] == [0.5, 2.5, 4.5]  # means of two steps


def test_a_schedule_longer_than_the_run_is_remarked(sbvae: Sbvae, tiny: list[str]) -> None:
    schedule = ("--set", "objective.beta_schedule={kind: linear, steps: 100}")
    options = ("--model", "beta-vae", *schedule, "--steps", 2, "--out", "run")
    assert (
        "objective.beta_schedule takes 100 steps, and the run has only 2"
        in sbvae("train", *tiny, *options).err
    )


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"discriminator": None}, "the discriminator's part is missing or damaged"),
        ({"discriminator": 3}, "discriminator's? .*damaged"),
        ({"discriminator": {}}, "discriminator's? .*damaged"),
        ({"optimizer": {}}, "a part is missing"),
        ({"optimizer": 3}, "its optimizer state does not fit"),
        ({"model": {}}, "weights do not fit its config"),
    ],
)
def test_damaged_training_state_is_one_line(
    sbvae: Sbvae, tiny: list[str], damage: dict[str, object], message: str
) -> None:
    options = ("--model", "factor-vae", *SMALL_DISCRIMINATOR, "--steps", 2, "--out", "run")
    assert sbvae("train", *tiny, *options).code == 0
    content = torch.load("run/ckpt.pt", weights_only=True)
    torch.save({**content, **damage}, "run/ckpt.pt")
    before = Path("run/ckpt.pt").read_bytes()
    done = sbvae("train", "--resume", "run", "--steps", 4)
    assert done.code == 1
    assert re.search(message, done.err)
    assert len(done.err.splitlines()) == 1
    assert Path("run/ckpt.pt").read_bytes() == before
    info = sbvae("info", "run")
    assert info.code in (0, 1)
    assert "bug of sbvae" not in info.err


def test_info_tells_the_variance_that_was_learned(sbvae: Sbvae, tiny: list[str]) -> None:
    options = ("--likelihood", "learned-gaussian", "--lr", "0.1", "--steps", 4, "--out", "run")
    assert sbvae("train", *tiny, *options).code == 0
    variance = load_checkpoint(Path("run/ckpt.pt")).build_vae().likelihood.variance.item()
    assert abs(variance - 0.3) > 0.01
    assert f"learned-gaussian, variance {variance:.4g}" in sbvae("info", "run").out
    evaluated = sbvae("eval", "run", "--metrics", "rates", "--images", 8, "--json", "-")
    nll = json.loads(evaluated.out)["scores"]["nll"]
    assert nll["likelihood"] == "learned-gaussian"
    assert nll["variance"] == pytest.approx(variance)


def test_a_checkpoint_does_where_a_run_folder_does(sbvae: Sbvae, tiny: list[str]) -> None:
    assert sbvae("train", *tiny, "--steps", 2, "--out", "run").code == 0
    assert sbvae("train", "--resume", "run/ckpt.pt", "--steps", 3).code == 0
    assert load_checkpoint(Path("run/ckpt.pt")).step == 3


@pytest.mark.parametrize("threads", ["5000", "1000000"])
def test_threads_have_a_bound(sbvae: Sbvae, tiny: list[str], threads: str) -> None:
    done = sbvae("train", *tiny, "--threads", threads, "--steps", 1)
    assert done.code == 2
    assert f"--threads {threads}: must be 1,024 or less" in done.err


def test_info_tells_of_a_run_that_diverged_at_once(sbvae: Sbvae, tiny: list[str]) -> None:
    assert sbvae("train", *tiny, "--lr", "1e30", "--steps", 50, "--out", "run").code == 3
    assert "diverged in step 2, before its first checkpoint" in sbvae("info", "run").err


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("model.likelihood=gaussian", "model.likelihood is 'gaussian'; it is a section"),
        ("model.decoder.hidden_channels=32", "model.decoder.hidden_channels is 32; write a list"),
        ("model.decoder.hidden_channels=[]", "it needs one entry or more"),
        ("training.batch_size=1e30", "training.batch_size is"),
        ("model.latent_dim=2000000000", "model.latent_dim is 2000000000"),
    ],
)
def test_settings_of_another_shape_say_which_one_they_need(
    sbvae: Sbvae, settings: str, message: str
) -> None:
    done = sbvae("train", "--data", "circles:xy", "--set", settings, "--steps", 1)
    assert done.code == 1
    assert message in done.err
