"""The paper's tables, typed again."""

from typing import get_args

import pytest

from sbvae_cli.config.load import build_config, merge
from sbvae_cli.config.model import BroadcastDecoderConfig
from sbvae_cli.config.names import DecoderKind, ModelKind, PaperDataset
from sbvae_cli.config.presets import paper_dataset, paper_preset, profile
from sbvae_cli.config.schema import Config

MODELS: tuple[ModelKind, ...] = get_args(ModelKind)
DATASETS: tuple[PaperDataset, ...] = get_args(PaperDataset)
DECODERS: tuple[DecoderKind, ...] = get_args(DecoderKind)

TABLE_4 = {
    ("sprites", "vae"): 1_500_000,
    ("sprites", "factor-vae"): 1_000_000,
    ("chairs", "vae"): 700_000,
    ("room", "vae"): 2_500_000,
    ("circles", "vae"): 500_000,
    ("circles", "factor-vae"): 500_000,
}


def preset(model: ModelKind, dataset: PaperDataset, decoder: DecoderKind = "broadcast") -> Config:
    tree = paper_preset(model, dataset, decoder)
    schedule = {"objective": {"capacity_schedule": {"steps": 1}}}
    return build_config(merge(tree, schedule if model == "annealed-vae" else {}))


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("model", ["vae", "beta-vae", "factor-vae"])
def test_steps_are_those_of_table_4_or_said_not_to_be(
    model: ModelKind, dataset: PaperDataset
) -> None:
    config = preset(model, dataset)
    column = "factor-vae" if model == "factor-vae" else "vae"
    assert config.training.steps == TABLE_4.get((dataset, column), TABLE_4[dataset, "vae"])
    if (dataset, column) not in TABLE_4:
        assert config.preset.source.startswith("not in the paper")
    assert config.preset.dataset == dataset


def test_a_vae_has_the_settings_of_section_a1() -> None:
    for decoder in DECODERS:
        config = preset("vae", "sprites", decoder)
        assert config.training.batch_size == 16
        assert config.training.learning_rate == 3e-4
        assert config.training.learning_rate_schedule == "constant"
        assert config.model.latent_dim == 10
        assert config.model.likelihood.kind == "bernoulli"
        assert config.model.encoder.hidden_channels == (64,) * 4
        assert config.model.encoder.hidden_units == (256,)
        assert not config.preset.source.startswith("not in the paper")


def test_a_factor_vae_has_the_settings_of_section_a2() -> None:
    config = preset("factor-vae", "circles", "deconv")
    assert config.training.batch_size == 32
    assert config.training.learning_rate == 1e-4
    assert config.objective.gamma == 35
    assert config.objective.beta == 1
    assert config.objective.discriminator_learning_rate == 2e-5
    assert config.objective.discriminator_units == (1000,) * 6
    assert config.model.encoder.hidden_channels == (32, 32, 64, 64)  # from the image on
    assert config.model.decoder.hidden_channels == (64, 64, 32, 32)  # from the latents on
    assert config.preset.source == "Section A.2, Tables 2 and 4"


@pytest.mark.parametrize("model", MODELS)
def test_3d_rooms_take_three_more_layers_in_the_broadcast_decoder(model: ModelKind) -> None:
    for dataset in DATASETS:
        decoder = preset(model, dataset).model.decoder
        assert decoder == BroadcastDecoderConfig(
            hidden_channels=(64,) * (5 if dataset == "room" else 2)
        )


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("model", ["annealed-vae", "beta-tcvae", "dip-vae-i", "dip-vae-ii"])
def test_models_that_the_paper_does_not_have_are_said_not_to_be_in_it(
    model: ModelKind, decoder: DecoderKind
) -> None:
    assert preset(model, "sprites", decoder).preset.source.startswith("not in the paper")


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("model", MODELS)
def test_the_quick_profile_halves_every_width(model: ModelKind, decoder: DecoderKind) -> None:
    tree = paper_preset(model, "room", decoder)
    schedule = {"vae": "beta_schedule", "annealed-vae": "capacity_schedule"}.get(model)
    lengths = {"steps": 2} | ({"after": 1} if model == "vae" else {})
    length = {"objective": {schedule: lengths}} if schedule else {}
    quick = merge(tree, profile("quick", tree), length)
    config, whole = build_config(quick), preset(model, "room", decoder)
    assert config.preset.profile == "quick"
    for part in ("encoder", "decoder"):
        halves = getattr(config.model, part).hidden_channels
        assert tuple(2 * w for w in halves) == getattr(whole.model, part).hidden_channels
    assert profile("paper", tree) == {}


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("model", MODELS)
def test_data_that_the_paper_has_not_get_what_circles_have_and_say_so(
    model: ModelKind, decoder: DecoderKind
) -> None:
    tree, circles = paper_preset(model, None, decoder), paper_preset(model, "circles", decoder)
    said = tree.pop("preset")
    assert said["dataset"] is None
    assert said["source"] == "not in the paper; the settings for circles"
    circles.pop("preset")
    assert tree == circles


def test_data_are_told_by_their_name() -> None:
    names = {"xy-hole": "circles", "dsprites": "sprites", "3dshapes": "room", "mine": "circles"}
    assert {name: paper_dataset(None, name) for name in names} == names
