from pathlib import Path
from typing import Any

import pytest

from sbvae_cli.config.load import to_yaml
from sbvae_cli.config.metrics import ALL_METRICS
from sbvae_cli.config.sweep import build_sweep, cells, read_sweep, settings_of_cell
from sbvae_cli.errors import SbvaeError

DATA = {"data": {"source": "circles:xy"}}


def test_cells_are_every_combination_of_each_map_in_order() -> None:
    sweep = build_sweep(
        {"grid": [{"training.steps": [1, 2], "depth": [3, 4]}, {"objective.beta": 5}]}
    )

    assert cells(sweep) == [
        {"training.steps": 1, "depth": 3},
        {"training.steps": 1, "depth": 4},
        {"training.steps": 2, "depth": 3},
        {"training.steps": 2, "depth": 4},
        {"objective.beta": 5},
    ]


def test_a_sweep_without_a_grid_has_its_settings_alone() -> None:
    assert cells(build_sweep({"settings": DATA})) == [{}]


def test_values_may_be_lists_and_sections() -> None:
    widths = {"model.encoder.hidden_channels": [[4, 4], [8]]}
    objectives = {"objective": [{"kind": "factor-vae", "gamma": 35}, {"kind": "vae"}]}
    sweep = build_sweep({"grid": [widths, objectives]})

    trees = [settings_of_cell(sweep, cell) for cell in cells(sweep)]

    assert trees[0] == {"model": {"encoder": {"hidden_channels": [4, 4]}}}
    assert trees[2:] == [
        {"objective": {"kind": "factor-vae", "gamma": 35}},
        {"objective": {"kind": "vae"}},
    ]


def test_another_kind_in_the_grid_drops_what_fits_the_first_one_alone() -> None:
    settings = {"objective": {"kind": "factor-vae", "gamma": 35}}
    sweep = build_sweep({"settings": settings, "grid": {"objective.kind": ["factor-vae", "vae"]}})

    assert [settings_of_cell(sweep, cell)["objective"] for cell in cells(sweep)] == [
        {"kind": "factor-vae", "gamma": 35},
        {"kind": "vae"},
    ]


def test_metrics_are_named_as_on_the_command_line() -> None:
    assert build_sweep({"metrics": "MIG, affine_r2"}).metrics == ("mig", "geometry")
    assert build_sweep({"metrics": ["all"]}).metrics == tuple(
        name for name in ALL_METRICS if name != "udr"
    )
    assert build_sweep({}).metrics is None


def test_what_is_written_is_read_again_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.h5").touch()
    tree = {
        "settings": {"data": {"source": "d.h5"}, "objective": {}},
        "grid": [{"data.source": ["d.h5", "circles:xy"], "depth": 2}],
        "metrics": ["mig"],
    }
    (tmp_path / "sweep.yaml").write_text(to_yaml(build_sweep(tree).as_dict()), encoding="utf-8")

    found = read_sweep(tmp_path / "sweep.yaml")

    file = str(tmp_path.resolve() / "d.h5")
    assert found.settings == {"data": {"source": file}, "objective": {}}
    assert found.grid == ({"data.source": (file, "circles:xy"), "depth": (2,)},)
    assert read_sweep(tmp_path / "sweep.yaml") == build_sweep(found.as_dict())


def test_the_example_is_four_runs_and_says_how_it_is_run() -> None:
    path = Path(__file__).parents[2] / "examples/sweep-small.yaml"
    sweep = read_sweep(path)

    assert len(cells(sweep)) * sweep.replicas == 4
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ") and "sbvae sweep run examples/sweep-small.yaml" in first


@pytest.mark.parametrize(
    ("tree", "line"),
    [
        ({"grd": {}}, "grd is unknown; did you mean grid?"),
        ({"grid": {}}, "grid: is empty; name a setting and its values, or leave it out"),
        ({"grid": []}, "grid: is empty; name a setting and its values, or leave it out"),
        ({"grid": {"a.b": []}}, "grid: a.b has no values; give it some, or leave it out"),
        ({"grid": 3}, "grid: found 3; write a map of settings to lists of values"),
        ({"grid": {"depth": [1]}}, "depth is 1; give a number of layers from 2"),
        ({"grid": {"mlp_depth": ["a"]}}, "mlp_depth is 'a'; give a number of layers from 0"),
        ({"metrics": ["mgi"]}, "metrics: metric mgi is unknown; did you mean mig?"),
        ({"metrics": []}, "metrics: found []; write a list of names, or leave it out"),
        (
            {"metrics": "udr"},
            "metrics: udr compares models, and each run is scored alone; leave it out",
        ),
        (
            {"settings": {"training": {"seed": 3}}},
            "seeds are set by seed and replicas; leave training.seed out",
        ),
        (
            {"grid": {"training.steps": [*range(1, 600)], "objective.beta": [*range(600)]}},
            "359,400 runs are more than 100,000; make several sweeps",
        ),
        ({"replicas": 0}, "replicas is 0: input should be greater than or equal to 1"),
        ({"protocol": "quik"}, "protocol is 'quik'; did you mean quick?"),
    ],
)
def test_a_fault_is_told_in_one_line(tree: dict[str, Any], line: str) -> None:
    with pytest.raises(SbvaeError) as error:
        build_sweep(tree, "sweep.yaml")

    assert str(error.value) == f"sweep.yaml: {line}"


@pytest.mark.parametrize("metrics", ["ALL", ["ALL"], "mig, all"])
def test_all_metrics_are_those_of_one_run(metrics: Any) -> None:
    assert "udr" not in (build_sweep({"metrics": metrics}).metrics or ("udr",))


@pytest.mark.parametrize(
    ("tree", "line"),
    [
        ({"grid": {"training": [{"seed": 3, "batch_size": 8}]}}, "leave training.seed out"),
        ({"replicas": True}, "replicas is True"),
    ],
)
def test_no_check_is_walked_round(tree: dict[str, Any], line: str) -> None:
    with pytest.raises(SbvaeError, match=line):
        build_sweep(tree)
