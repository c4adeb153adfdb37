"""Which setting wins, and what the data decides."""

from pathlib import Path

import pytest
import yaml

from sbvae_cli.config.files import build_config
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.resolve import Request, default_folder, reopen_source, resolve

CIRCLES = {"data": {"source": "circles:xy-hole"}}


def test_without_more_the_paper_is_trained() -> None:
    config, source = resolve(Request(options=CIRCLES))
    assert config.training.steps == 500_000
    assert config.data.image_shape == (3, 64, 64)
    assert config.data.space == source.space.config
    assert default_folder(config) == Path("runs/xy-hole-broadcast-0")


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
    assert reopen_source(config.data).space.config == config.data.space


def test_a_changed_space_is_drawn_from() -> None:
    config, _ = resolve(Request(options=CIRCLES))
    space = config.data.space.model_dump(mode="json")
    space["held_out"] = [{"x": [0.2, 0.4]}]
    _, source = resolve(Request(options={"data": {**CIRCLES["data"], "space": space}}))
    assert source.space.config.held_out == ({"x": (0.2, 0.4)},)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(), "no data; give --data"),
        (Request(settings=["data=3"]), "data is 3; it is a section"),
        (Request(options={"data": {"source": "circles:xy-hle"}}), "did you mean xy-hole"),
        (
            Request(options={**CIRCLES, "model": {"decoder": {"kind": "resnet"}}}),
            "model.decoder.kind is 'resnet'; known: 'broadcast', 'deconv'",
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


def test_every_example_configuration_builds() -> None:
    examples = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
    assert examples
    for path in examples:
        config, _ = resolve(Request(config=path))
        assert build_config(config.as_dict()) == config
