"""Which setting wins, and what the data decides."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sbvae_cli.config.load import merge
from sbvae_cli.config.names import ModelKind
from sbvae_cli.config.objective import (
    ConstantConfig,
    CyclicConfig,
    LinearConfig,
    PulseConfig,
    ScheduleConfig,
)
from sbvae_cli.config.schema import Config
from sbvae_cli.data.generate import DatasetPlan, write_plan
from sbvae_cli.data.source import open_source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.own_data import open_own_data
from sbvae_cli.runs.resolve import Request, resolve

CIRCLES = {"data": {"source": "circles:xy-hole"}}


def test_without_more_the_paper_is_trained() -> None:
    config, source = resolve(Request(options=CIRCLES))
    assert config.training.steps == 500_000
    assert config.data.image_shape == (3, 64, 64)
    assert config.data.space == source.space.config


def test_precedence_is_preset_profile_file_settings_options(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    training = {"steps": 3, "batch_size": 4, "seed": 5}
    path.write_text(yaml.safe_dump({**CIRCLES, "training": training}))
    request = Request(
        profile="quick",
        config=path,
        settings=["training.batch_size=6", "training.seed=7"],
        options={"training": {"seed": 8}},
    )
    config, _ = resolve(request)
    assert config.training.learning_rate == 2e-3  # the profile's
    assert config.training.steps == 3  # the file's
    assert config.training.batch_size == 6  # the setting's
    assert config.training.seed == 8  # the option's
    assert config.data.image_shape == (3, 32, 32)


def test_an_option_replaces_the_decoder_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    config, _ = resolve(Request(options=CIRCLES))
    path.write_text(yaml.safe_dump(config.as_dict()))
    other, _ = resolve(Request(config=path, options={"model": {"decoder": {"kind": "deconv"}}}))
    assert other.model.decoder.kind == "deconv"
    assert other.model.decoder.hidden_channels == (64, 64, 64, 64)


def test_a_complete_config_gives_the_same_run_again(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    options = {"data": {"source": "circles:xh-blank", "height": 16, "width": 24}}
    config, _ = resolve(Request(profile="quick", options=options))
    path.write_text(yaml.safe_dump(config.as_dict()))
    again, source = resolve(Request(config=path))
    assert again == config
    assert (source.height, source.width) == (16, 24)
    assert open_own_data(config.data, None).space.config == config.data.space


def test_numbers_that_were_written_as_words_are_numbers() -> None:
    data = {"source": "circles:xy", "height": "8", "width": 16.0}
    _, source = resolve(Request(options={"data": data}))
    assert (source.height, source.width) == (8, 16)


def test_a_changed_space_is_drawn_from() -> None:
    config, _ = resolve(Request(options=CIRCLES))
    space = config.data.space.model_dump(mode="json")
    space["held_out"] = [{"x": [0.2, 0.4]}]
    _, source = resolve(Request(options={"data": {**CIRCLES["data"], "space": space}}))
    assert source.space.config.held_out == ({"x": (0.2, 0.4)},)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(), "no data; give `source=circles:xy-hole`"),
        (Request(settings=["data=3"]), "data is 3; it is a section"),
        (Request(options={"data": {"source": "circles:xy-hle"}}), "did you mean xy-hole"),
        (
            Request(options={**CIRCLES, "model": {"decoder": {"kind": "resnet"}}}),
            "model.decoder.kind is 'resnet'; known: broadcast, deconv",
        ),
        (
            Request(settings=["data.space={factors: 3}"], options=CIRCLES),
            "data.space",
        ),
    ],
)
def test_what_cannot_be_resolved_is_one_line(request_: Request, message: str) -> None:
    with pytest.raises(SbvaeError) as caught:
        resolve(request_)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_data_on_the_command_line_replaces_all_that_a_file_says_of_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "config.yaml"
    config, _ = resolve(
        Request(options={"data": {"source": "circles:xy", "height": 16, "width": 8}})
    )
    path.write_text(yaml.safe_dump(config.as_dict()))
    other, source = resolve(Request(config=path, options={"data": {"source": "circles:xh"}}))
    assert other.data.name == source.name == "xh"
    assert "hue" in source.space.varying
    assert (source.height, source.width) == (64, 64)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("data.hieght=32", "data.hieght is unknown; did you mean height?"),
        ("data.height=abc", "data.height is 'abc'"),
    ],
)
def test_faults_in_the_data_section_are_named(setting: str, message: str) -> None:
    with pytest.raises(SbvaeError, match=message.replace("?", r"\?")):
        resolve(Request(settings=[setting], options=CIRCLES))


def resolved(model: str = "vae", decoder: str = "broadcast", **more: Any) -> Config:
    parts = {"objective": {"kind": model}, "model": {"decoder": {"kind": decoder}}}
    options = merge(CIRCLES, parts, more.pop("options", {}))
    return resolve(Request(options=options, **more))[0]


def test_the_preset_stands_in_the_configuration() -> None:
    config = resolved("factor-vae", "deconv")
    assert config.preset.source == "Section A.2, Tables 2 and 4"
    assert config.preset.dataset == "circles"
    assert config.training.batch_size == 32
    assert config.model.encoder.hidden_channels == (32, 32, 64, 64)


def test_the_preset_of_another_dataset_may_be_asked_for() -> None:
    config = resolved("factor-vae", options={"preset": {"dataset": "room"}})
    assert config.model.decoder.hidden_channels == (64,) * 5
    assert config.training.steps == 2_500_000
    assert config.preset.source.startswith("not in the paper")


def test_a_complete_quick_configuration_keeps_its_profile(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    config = resolved("factor-vae", profile="quick")
    path.write_text(yaml.safe_dump(config.as_dict()))
    assert resolve(Request(config=path))[0] == config
    assert config.preset.profile == "quick"


def test_another_model_for_a_complete_configuration_gets_its_own_preset(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(resolved().as_dict()))
    options = {"objective": {"kind": "factor-vae"}}
    config, _ = resolve(Request(config=path, options=options))
    assert config.preset.source == "Section A.2, Tables 2 and 4"
    assert config.objective.gamma == 35
    assert set(config.preset.changed) == {  # the file's, which win
        "model.encoder.hidden_channels",
        "training.batch_size",
        "training.learning_rate",
    }


@pytest.mark.parametrize(("decoder", "depth"), [("broadcast", 2), ("broadcast", 8), ("deconv", 3)])
def test_depth_counts_the_output_layer(decoder: str, depth: int) -> None:
    config = resolved(decoder=decoder, depth=depth)
    assert config.model.decoder.hidden_channels == (64,) * (depth - 1)


def test_layers_come_and_go_next_to_the_latents() -> None:
    channels = [
        resolved("factor-vae", "deconv", depth=depth).model.decoder.hidden_channels
        for depth in (4, 5, 6)
    ]
    assert channels == [(64, 32, 32), (64, 64, 32, 32), (64, 64, 64, 32, 32)]


@pytest.mark.parametrize(
    ("decoder", "mlp_depth", "units"),
    [
        ("broadcast", 0, ()),
        ("broadcast", 3, (256, 256, 256)),
        ("deconv", 1, ()),
        ("deconv", 3, (256, 256)),
        ("coordconv", 2, (256,)),
    ],
)
def test_mlp_depth_counts_as_tables_7_and_8_do(
    decoder: str, mlp_depth: int, units: tuple[int, ...]
) -> None:
    config = resolved(decoder=decoder, mlp_depth=mlp_depth)
    assert config.model.decoder.hidden_units == units
    quick = resolved(decoder=decoder, mlp_depth=mlp_depth, profile="quick")
    assert quick.model.decoder.hidden_units == (128,) * len(units)


def test_a_deconv_decoder_has_a_layer_to_reshape() -> None:
    with pytest.raises(SbvaeError, match=r"^0: a deconv decoder has at least"):
        resolved(decoder="deconv", mlp_depth=0)


def test_what_differs_from_the_paper_is_listed() -> None:
    assert resolved().preset.changed == ()
    options = {"training": {"steps": 7}}
    assert resolved(options=options).preset.changed == ("training.steps",)
    assert "model.encoder.hidden_channels" in resolved(profile="quick").preset.changed


def test_depth_comes_before_upscales() -> None:
    options = {"model": {"decoder": {"upscales": 4}}}
    config = resolved(depth=4, options=options)
    assert config.model.decoder.upscales == 4


@pytest.mark.parametrize("name", ["training", "objective", "model"])
def test_an_empty_section_says_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump({**CIRCLES, name: None}))
    assert resolve(Request(config=path))[0] == resolved()


def test_other_data_have_another_size(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    tree = resolved("beta-tcvae").as_dict()
    tree["objective"]["dataset_size"] = 40
    path.write_text(yaml.safe_dump(tree))
    assert resolve(Request(config=path))[0].objective.dataset_size == 40
    other = Request(config=path, options={"data": {"source": "circles:xh"}})
    assert resolve(other)[0].objective.dataset_size == 500_000


def test_a_fixed_set_has_as_many_images_as_it_renders(tmp_path: Path) -> None:
    options = {"objective": {"kind": "beta-tcvae"}, "training": {"fixed_set": 70}}
    config = resolved("beta-tcvae", options=options)
    assert config.objective.dataset_size == 70
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(config.as_dict()))
    options["training"] = {"fixed_set": 90}
    again = resolved("beta-tcvae", config=tmp_path / "run.yaml", options=options)
    assert again.objective.dataset_size == 90


def test_schedules_get_a_length_from_the_run() -> None:
    def schedule(kind: str, steps: int) -> ScheduleConfig:
        training = {"steps": steps}
        objective = {"beta_schedule": {"kind": kind}}
        options = {"objective": objective, "training": training}
        return resolved("beta-vae", options=options).objective.beta_schedule

    assert schedule("linear", 1_000) == LinearConfig(steps=500)
    assert schedule("linear", 500_000) == LinearConfig(steps=100_000)
    assert schedule("cyclic", 1_000) == CyclicConfig(steps=250)
    assert schedule("cyclic", 1) == CyclicConfig(steps=1)
    assert schedule("pulse", 1_000) == PulseConfig(after=200, steps=600)
    assert schedule("pulse", 1) == PulseConfig(after=0, steps=1)
    assert schedule("constant", 1_000) == ConstantConfig()
    assert resolved("annealed-vae", profile="quick").objective.capacity_schedule.steps == 500


def test_the_kl_of_a_quick_vae_has_a_pulse() -> None:
    def schedule(model: ModelKind = "vae", **objective: object) -> ScheduleConfig:
        options = {"objective": objective, "training": {"steps": 40}}
        return resolved(model, profile="quick", options=options).objective.beta_schedule

    assert schedule() == PulseConfig(after=8, steps=24)
    assert schedule(beta_schedule={"peak": 4.0}) == PulseConfig(peak=4.0, after=8, steps=24)
    assert schedule(beta_schedule={"kind": "linear"}) == LinearConfig(steps=20)
    assert schedule(beta_schedule={"kind": "constant"}) == ConstantConfig()
    assert all(schedule(model) == ConstantConfig() for model in ("beta-vae", "beta-tcvae"))
    assert resolved("vae").objective.beta_schedule == ConstantConfig()  # the paper's
    gaussian = {"model": {"likelihood": {"kind": "gaussian"}}}
    config = resolved("vae", profile="quick", options=gaussian)
    assert config.objective.beta_schedule == ConstantConfig()
    with pytest.raises(SbvaeError, match="schedule: after is 24; give less than steps, which is"):
        schedule(beta_schedule={"after": 24})


def test_a_length_that_is_given_stays() -> None:
    schedule = {"kind": "linear", "steps": 7, "start": 0.5}
    options = {"objective": {"beta_schedule": schedule}}
    config = resolved("beta-vae", options=options)
    assert config.objective.beta_schedule == LinearConfig(steps=7, start=0.5)


def test_endless_data_count_as_500_000_images_and_a_file_as_its_own(tmp_path: Path) -> None:
    assert resolved("beta-tcvae").objective.dataset_size == 500_000
    path = tmp_path / "few.h5"
    source = open_source("circles:xy", 8, 8)
    write_plan(path, DatasetPlan(source.space, 40, 8, 8, source.render), name="xy", seed=0)
    options = {"data": {"source": str(path)}, "objective": {"kind": "beta-tcvae"}}
    config, _ = resolve(Request(options=options))
    assert config.objective.dataset_size == 40
    options["training"] = {"validation": 0.25}
    kept, _ = resolve(Request(options=options))
    assert kept.objective.dataset_size == 30  # the rows that are left to train on
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(kept.as_dict()))
    options["training"] = {"validation": 0.5}
    again, _ = resolve(Request(config=tmp_path / "run.yaml", options=options))
    assert again.objective.dataset_size == 20
    options["training"] = {"batch_size": 41}
    with pytest.raises(SbvaeError, match="dataset_size is 40, smaller than"):
        resolve(Request(options=options))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["objective.beta=4"], "objective.beta: it is 4, but a vae has beta 1; choose the model"),
        (["objective.gamma=4"], "objective.gamma belongs to annealed-vae, factor-vae, not to vae"),
        (["objective.zzz=4"], "objective.zzz is unknown to vae; known: beta, beta_schedule, kind"),
        (["objective.bta=4"], "objective.bta is unknown; did you mean beta?"),
        (["model.decoder=deconv"], "model.decoder is 'deconv'; it is a section"),
        (
            ["objective.kind=annealed-vae", "training.steps=many"],
            "training.steps is 'many'",
        ),
        (["objective.kind=vea"], "objective.kind is 'vea'; did you mean vae?"),
        (["objective.kind=beta-vae", "objective.beta=.nan"], "objective.beta is nan"),
        (
            ["objective.kind=beta-vae", "objective.beta_schedule.start=1"],
            "objective.beta_schedule has no kind; give objective.beta_schedule.kind too",
        ),
        (["objective=3"], "objective is 3; it is a section"),
        (["training=3"], "training is 3; it is a section"),
        (["preset=3"], "preset is 3; it is a section"),
        (["preset.dataset=moons"], "preset.dataset is 'moons'"),
        (["model.decoder.upscales=4"], "upscales is 4; there are 3 layers to replace"),
        (
            ["model.decoder.upscales=1", "model.decoder.kernel_size=1"],
            "kernel_size is 1; upscales need 2",
        ),
        (["model.decoder.coordinates=polar"], "model.decoder.coordinates is 'polar'"),
        (
            ["model.likelihood={kind: learned-gaussian, variance: 1.0e-9}"],
            "start above the floor",
        ),
        (["objective.kind=dip-vae-i", "training.batch_size=1"], "dip-vae-i compares images"),
    ],
)
def test_settings_of_a_model_that_do_not_fit_are_one_line(
    settings: list[str], message: str
) -> None:
    with pytest.raises(SbvaeError) as caught:
        resolve(Request(settings=settings, options=CIRCLES))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("annealed-vae", "capacity"),
        ("annealed-vae", "gamma"),
        ("beta-vae", "beta"),
        ("factor-vae", "gamma"),
        ("factor-vae", "beta"),
        ("beta-tcvae", "beta"),
        ("dip-vae-i", "diagonal"),
        ("dip-vae-ii", "off_diagonal"),
    ],
)
def test_weights_beyond_reason_are_refused(model: str, name: str) -> None:
    assert getattr(resolved(model, options={"objective": {name: 1e6}}).objective, name) == 1e6
    with pytest.raises(SbvaeError, match=rf"^objective.{name} is 1000001.0: .* equal to 1000000$"):
        resolved(model, options={"objective": {name: 1_000_001.0}})
