from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sbvae_cli as sbvae
from sbvae_cli.config.load import to_yaml
from sbvae_cli.config.sweep import SweepConfig, build_sweep
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.naming import group_name
from sbvae_cli.sweeps.plan import name_of, plan_sweep, require_data

Build = Callable[..., SweepConfig]


def test_every_setting_has_its_first_seed_before_any_has_its_second(tmp_path: Path) -> None:
    tree = {
        "settings": {"data": {"source": "circles:xy-hole"}, "preset": {"profile": "quick"}},
        "grid": {"model.decoder.kind": ["broadcast", "deconv"]},
        "replicas": 2,
        "seed": 3,
    }

    plan = plan_sweep(build_sweep(tree), tmp_path)

    assert [name_of(each) for each in plan.replicas] == [
        "xy-hole-broadcast-quick/3",
        "xy-hole-deconv-quick/3",
        "xy-hole-broadcast-quick/4",
        "xy-hole-deconv-quick/4",
    ]
    assert list(plan.groups) == ["xy-hole-broadcast-quick", "xy-hole-deconv-quick"]
    for each in plan.replicas:
        assert each.folder.path == tmp_path / group_name(each.config) / str(each.seed)
        assert each.config.training.seed == each.seed
    steps = [each.config.training.steps for each in plan.replicas]
    assert steps == [1000, 3000, 1000, 3000]  # of the profile


def test_a_count_of_layers_is_a_key_of_the_grid(tiny_sweep: Build, tmp_path: Path) -> None:
    plan = plan_sweep(tiny_sweep(grid={"depth": [2, 4]}), tmp_path)

    widths = [each.config.model.decoder.hidden_channels for each in plan.replicas]
    assert [len(each) for each in widths] == [1, 3]  # and the output layer


@pytest.mark.parametrize(
    ("grid", "line"),
    [
        (
            {"training.steps": [4], "model.decoder.kernal_size": [3]},
            "grid, model.decoder.kernal_size=3, training.steps=4: model.decoder.kernal_size is "
            "unknown; did you mean kernel_size?",
        ),
        (
            {"data.source": ["circles:xy-hle"]},
            "grid, data.source=circles:xy-hle: circles preset xy-hle is unknown; did you mean "
            "xy-hole?",
        ),
        (
            {"data": ["circles:xy"]},
            "grid, data=circles:xy: data is 'circles:xy'; it is a section of names and values",
        ),
        (
            {"objective.beta": [1, 2, 1.0]},
            "grid, objective.beta=1 and objective.beta=1.0 are the same runs, {}: leave one out",
        ),
    ],
)
def test_a_combination_at_fault_is_named(
    tiny_sweep: Build, tmp_path: Path, grid: Any, line: str
) -> None:
    with pytest.raises(SbvaeError) as error:
        plan_sweep(tiny_sweep(grid=grid), tmp_path)

    name = group_name(
        plan_sweep(tiny_sweep(grid={"objective.beta": 1}), tmp_path).replicas[0].config
    )
    assert str(error.value) == line.format(name)


def test_files_of_one_name_in_two_folders_are_told_apart(
    tiny_sweep: Build, tmp_path: Path, sbvae: Callable[..., Any]
) -> None:
    for folder, seed in (("a", 0), ("b", 1)):
        (tmp_path / folder).mkdir()
        made = ["--preset", "xy", "--count", 20, "--size", 16, "--seed", seed]
        assert sbvae("gen-data", "circles", *made, "--out", f"{folder}/d.h5").code == 0

    with pytest.raises(SbvaeError, match=r"are different runs of one name, .*: give their data"):
        plan_sweep(tiny_sweep(grid={"data.source": ["a/d.h5", "b/d.h5"]}), tmp_path)


def test_a_sweep_names_its_data(tmp_path: Path) -> None:
    with pytest.raises(SbvaeError, match="no data; write source: circles:xy-hole under data"):
        plan_sweep(build_sweep({"grid": {"objective.beta": [1]}}), tmp_path)


def test_the_empty_combination_is_called_the_settings_alone(
    tiny_sweep: Build, tmp_path: Path
) -> None:
    sweep = tiny_sweep(grid=[{}, {"training.steps": [8]}])

    with pytest.raises(SbvaeError, match=r"the settings alone and training.steps=8 are the same"):
        plan_sweep(sweep, tmp_path)


@pytest.mark.parametrize("data", ["circles:xy", ["a"]])
def test_data_that_are_no_section_are_told_what_a_section_is(tmp_path: Path, data: Any) -> None:
    with pytest.raises(SbvaeError, match="is a section of names and values"):
        plan_sweep(build_sweep({"settings": {"data": data}}), tmp_path)


@pytest.mark.parametrize("source", ["a" * 5000, "a\0b"])
def test_a_name_that_no_file_can_have_is_one_line(
    tiny_sweep: Build, tmp_path: Path, source: str
) -> None:
    with pytest.raises(SbvaeError) as raised:
        plan_sweep(tiny_sweep(grid={"data.source": [source]}), tmp_path)
    assert "\n" not in raised.value.line and len(raised.value.line) < 6000


def test_a_data_file_that_is_gone_is_known_from_the_runs_on_it(
    tiny_sweep: Build, tmp_path: Path
) -> None:
    file, runs = tmp_path / "data" / "own.h5", tmp_path / "deep" / "sweep" / "runs"
    file.parent.mkdir()
    sbvae.make_dataset("circles:xy", file, count=9, size=16)
    sweep = tiny_sweep(settings={"data": {"source": str(file)}})
    plan = plan_sweep(sweep, runs)
    first = plan.replicas[0]
    require_data(plan.replicas)
    moved = file.rename(tmp_path / "moved.h5")

    with pytest.raises(SbvaeError, match="there is no such file"):  # no run has trained on it
        plan_sweep(sweep, runs)
    first.folder.path.mkdir(parents=True)
    first.folder.config.write_text(to_yaml(first.config.as_dict()))
    again = plan_sweep(sweep, runs)

    assert [each.config for each in again.replicas] == [each.config for each in plan.replicas]
    assert [*map(name_of, again.replicas)] == [*map(name_of, plan.replicas)]
    with pytest.raises(SbvaeError, match=r"own\.h5: no longer exists, and 2 runs need it; put"):
        require_data(again.replicas)
    moved.rename(runs / "own.h5")  # near the runs, where training finds it
    require_data(again.replicas)
