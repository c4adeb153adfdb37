"""Merging, checking and writing configurations."""

from pathlib import Path

import pytest

from sbvae_cli.config.load import (
    build_config,
    flat,
    merge,
    nested,
    parse_settings,
    read_yaml,
    to_yaml,
)
from sbvae_cli.config.model import DeconvDecoderConfig
from sbvae_cli.config.presets import paper_preset, profile
from sbvae_cli.errors import SbvaeError


def test_a_tree_is_flat_and_nested_again_and_numbers_as_names_are_texts() -> None:
    tree = {"training": {"steps": 3, "schedule": {"kind": "linear"}}, "seed": 0}
    assert flat(tree) == {"training.steps": 3, "training.schedule.kind": "linear", "seed": 0}
    assert nested(flat(tree)) == tree
    assert flat({"a": {0.5: 2, True: {1: 3}}}) == {"a.0.5": 2, "a.True.1": 3}


def test_what_stands_further_right_wins() -> None:
    assert merge({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}) == {"a": {"b": 3, "c": 2}}


def test_a_changed_kind_starts_its_section_anew() -> None:
    broadcast = {"decoder": {"kind": "broadcast", "hidden_channels": [8, 8]}}
    assert merge(broadcast, {"decoder": {"kind": "deconv"}}) == {"decoder": {"kind": "deconv"}}
    same = merge(broadcast, {"decoder": {"kind": "broadcast"}})
    assert same["decoder"]["hidden_channels"] == [8, 8]


def test_merging_leaves_its_inputs_alone() -> None:
    first = {"a": {"b": 1}}
    merge(first, {"a": {"b": 2}})
    merge({}, first)["a"]["b"] = 3
    assert first == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("training.steps=true", "training.steps is True; give a number"),
        ("training.seed=no", "training.seed is False; give a number"),
        ("model.encoder.hidden_channels=[8, true]", "hidden_channels is [8, True]; give a number"),
        ("objective.beta=yes", "objective.beta is True; give a number"),
        ("model.decoder.kernel_size=on", "model.decoder.kernel_size is True; give a number"),
        ("data.space.factors=[{name: x, low: no, high: 1}]", "data.space.factors.0.low is False"),
    ],
)
def test_a_boolean_is_no_number(setting: str, line: str) -> None:
    tree = merge(paper_preset("beta-vae", "circles", "broadcast"), parse_settings([setting]))
    with pytest.raises(SbvaeError) as caught:
        build_config(tree)
    assert line in str(caught.value)


def test_a_boolean_is_one_where_it_stands_for_yes() -> None:
    assert build_config({"training": {"preview": True}}).training.preview


def test_settings_are_read_as_yaml() -> None:
    assert parse_settings(["model.decoder.kernel_size=3", "model.latent_dim=4"]) == {
        "model": {"decoder": {"kernel_size": 3}, "latent_dim": 4}
    }
    tree = parse_settings(["training.learning_rate=1e-4", "model.decoder.hidden_channels=[8, 9]"])
    config = build_config(merge(paper_preset("vae", "circles", "broadcast"), tree))
    assert config.training.learning_rate == 1e-4
    assert config.model.decoder.hidden_channels == (8, 9)


@pytest.mark.parametrize("setting", ["training.steps", "=3", "a..b=1", "a.=2"])
def test_a_setting_without_key_or_value_is_refused(setting: str) -> None:
    with pytest.raises(SbvaeError, match=r"write section\.key=value"):
        parse_settings([setting])


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (
            {"model": {"decoder": {"kind": "broadcast", "kernal_size": 3}}},
            "model.decoder.kernal_size is unknown; did you mean kernel_size?",
        ),
        ({"trainig": {}}, "trainig is unknown; did you mean training?"),
        ({"training": {"sepps": 3}}, "training.sepps is unknown; did you mean steps?"),
        (
            {"model": {"likelihood": {"kind": "poisson"}}},
            "model.likelihood.kind is 'poisson'; known: bernoulli, gaussian",
        ),
        (
            {"training": {"steps": 0}},
            "training.steps is 0: input should be greater than 0",
        ),
        (
            {"training": {"device": "tpu"}},
            "training.device: unknown device 'tpu'; use auto, cpu, cuda, cuda:INDEX or mps",
        ),
        (
            {"data": {"source": "d.h5", "count": 40}, "training": {"fixed_set": 9}},
            "training.fixed_set is 9; d.h5 is a file, and so a fixed set already: leave",
        ),
        ({"training": {"in_memory": "some"}}, "training.in_memory is unknown; known: batch_size"),
    ],
)
def test_a_fault_is_one_line_with_its_key(tree: dict[str, object], message: str) -> None:
    with pytest.raises(SbvaeError) as caught:
        build_config(tree)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_unknown_keys_of_a_decoder_name_those_of_its_kind() -> None:
    with pytest.raises(SbvaeError, match="known: hidden_channels, hidden_units, kernel_size, kind"):
        build_config({"model": {"decoder": {"kind": "deconv", "zzzz": 3}}})


def test_config_survives_yaml(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    preset = paper_preset("vae", "circles", "deconv")
    length = {"objective": {"beta_schedule": {"after": 600, "steps": 1_800}}}
    config = build_config(merge(preset, profile("quick", preset), length))
    path.write_text(to_yaml(config.as_dict()), encoding="utf-8")
    assert build_config(read_yaml(path)) == config
    assert isinstance(config.model.decoder, DeconvDecoderConfig)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"- 1\n- 2\n", "found list, a configuration maps"),
        (b"a: [1, 2\n", "not valid YAML"),
        (b"\xff\xfe\x00", "not a text file"),
        (b"1: 2\n", "a configuration maps names"),
    ],
)
def test_a_file_that_is_no_configuration_is_named(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(SbvaeError, match=message) as caught:
        read_yaml(path)
    assert str(caught.value).startswith(str(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SbvaeError, match="there is no such file"):
        read_yaml(tmp_path / "none.yaml")


def test_runs_of_a_former_version_shuffled_what_they_held_in_memory() -> None:
    for held, shuffle in ((True, "all"), (False, "windows")):
        assert build_config({"training": {"in_memory": held}}).training.shuffle == shuffle
    both = {"in_memory": True, "shuffle": "windows"}
    assert build_config({"training": both}).training.shuffle == "windows"


def test_lists_in_settings_have_commas_with_or_without_brackets() -> None:
    key = "model.encoder.hidden_channels"
    assert parse_settings([f"{key}=4,8"]) == parse_settings([f"{key}=[4, 8]"])
    assert parse_settings([f"{key}=4, 8"])["model"]["encoder"]["hidden_channels"] == [4, 8]
    assert parse_settings(["data.name=4,8,x"]) == {"data": {"name": "4,8,x"}}


def test_images_are_grey_or_have_three_channels() -> None:
    assert build_config({"data": {"channels": 1}}).data.channels == 1
    with pytest.raises(SbvaeError, match=r"data\.channels is 2; images have 1 or 3"):
        build_config({"data": {"channels": 2}})


def test_a_model_is_told_by_its_decoder_and_by_what_is_special() -> None:
    assert build_config({"model": {"decoder": {"kind": "deconv"}}}).kinds == ["deconv"]
    special = {
        "objective": {"kind": "beta-vae"},
        "model": {"likelihood": {"kind": "gaussian"}},
    }
    assert build_config(special).kinds == ["beta-vae", "broadcast", "gaussian"]
