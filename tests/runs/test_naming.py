"""Names of run folders: short, valid, and different where the model is."""

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sbvae_cli.config.load import build_config, merge
from sbvae_cli.config.schema import Config
from sbvae_cli.data.generate import DatasetPlan, write_plan
from sbvae_cli.data.source import open_source
from sbvae_cli.runs.naming import LONGEST, default_folder, run_name
from sbvae_cli.runs.resolve import Request, resolve

# What a user may ask for besides, and what the name then says; the keys are those of `Request`.
CHOICES: dict[str, dict[str, Any]] = {
    "beta-vae-broadcast": {"options": {"objective": {"kind": "beta-vae"}}},
    "beta-vae-broadcast-beta2": {"options": {"objective": {"kind": "beta-vae", "beta": 2.0}}},
    "beta-vae-broadcast-beta8": {"options": {"objective": {"kind": "beta-vae", "beta": 8.0}}},
    "beta-vae-broadcast-beta_linear": {
        "options": {"objective": {"kind": "beta-vae", "beta_schedule": {"kind": "linear"}}}
    },
    "annealed-vae-broadcast-capacity_constant": {
        "options": {
            "objective": {"kind": "annealed-vae", "capacity_schedule": {"kind": "constant"}}
        }
    },
    "annealed-vae-broadcast-capacity_schedule_steps9": {
        "options": {"objective": {"kind": "annealed-vae", "capacity_schedule": {"kind": "linear"}}},
        "settings": ["objective.capacity_schedule.steps=9"],
    },
    "beta-tcvae-broadcast-dataset_size1000": {
        "options": {"objective": {"kind": "beta-tcvae", "dataset_size": 1000}}
    },
    "deconv": {"options": {"model": {"decoder": {"kind": "deconv"}}}},
    "deconv-decoder64.64.64": {
        "options": {"model": {"decoder": {"kind": "deconv"}}},
        "depth": 4,
    },
    "broadcast": {},
    "broadcast-beta_linear": {"options": {"objective": {"beta_schedule": {"kind": "linear"}}}},
    "broadcast-gaussian": {"options": {"model": {"likelihood": {"kind": "gaussian"}}}},
    "broadcast-gaussian-variance0.1": {
        "options": {"model": {"likelihood": {"kind": "gaussian", "variance": 0.1}}}
    },
    "broadcast-quick": {"profile": "quick"},
    "broadcast-gaussian-quick": {
        "profile": "quick",
        "options": {"model": {"likelihood": {"kind": "gaussian"}}},
    },
    "broadcast-quick-steps100": {"profile": "quick", "options": {"training": {"steps": 100}}},
    "broadcast-quick-beta_constant": {
        "profile": "quick",
        "options": {"objective": {"beta_schedule": {"kind": "constant"}}},
    },
    "broadcast-quick-beta_schedule_peak4": {
        "profile": "quick",
        "settings": ["objective.beta_schedule.peak=4"],
    },
    "broadcast-quick-beta_linear": {
        "profile": "quick",
        "options": {"objective": {"beta_schedule": {"kind": "linear"}}},
    },
    "broadcast-quick-size64": {
        "profile": "quick",
        "options": {"data": {"height": 64, "width": 64}},
    },
    "broadcast-size32x48": {"options": {"data": {"height": 32, "width": 48}}},
    "broadcast-preset_sprites": {"options": {"preset": {"dataset": "sprites"}}},
    "broadcast-latent_dim5": {"options": {"model": {"latent_dim": 5}}},
    "broadcast-decoder64.64.64": {"depth": 4},
    "broadcast-mlp256": {"mlp_depth": 1},
    "broadcast-upscales2": {"options": {"model": {"decoder": {"upscales": 2}}}},
    "broadcast-coordinates_none": {"options": {"model": {"decoder": {"coordinates": "none"}}}},
    "broadcast-kernel_size3": {"settings": ["model.decoder.kernel_size=3"]},
    "broadcast-encoder_kernel_size3": {"settings": ["model.encoder.kernel_size=3"]},
    "broadcast-encoder_mlp8": {"settings": ["model.encoder.hidden_units=[8]"]},
    "broadcast-lr0.001": {"options": {"training": {"learning_rate": 1e-3}}},
    "broadcast-lr1e-05": {"options": {"training": {"learning_rate": 1e-5}}},
    "broadcast-lr_cosine": {"options": {"training": {"learning_rate_schedule": "cosine"}}},
    "broadcast-batch8-lr0.01": {"options": {"training": {"batch_size": 8, "learning_rate": 0.01}}},
    "broadcast-clip1": {"options": {"training": {"clip_grad": 1.0}}},
    "broadcast-precision_bf16": {"options": {"training": {"precision": "bf16"}}},
    "broadcast-precision_auto": {"options": {"training": {"precision": "auto"}}},
    "broadcast-shuffle_all": {"options": {"training": {"shuffle": "all"}}},
    "broadcast-fixed_set64": {"options": {"training": {"fixed_set": 64}}},
}


def configured(**request: Any) -> Config:
    options = merge({"data": {"source": "circles:xy-hole"}}, request.pop("options", {}))
    return resolve(Request(options=options, **request))[0]


@pytest.mark.parametrize("said", CHOICES)
def test_a_name_says_what_was_chosen(said: str) -> None:
    assert run_name(configured(**CHOICES[said])) == f"xy-hole-{said}-0"


def test_runs_of_different_models_have_different_names() -> None:
    names = [run_name(configured(**choice)) for choice in CHOICES.values()]
    assert len(set(names)) == len(names)


def test_what_leaves_the_model_alone_is_not_named() -> None:
    training = {
        "device": "cpu",
        "threads": 3,
        "data_on": "memory",
        "checkpoint_every": 5,
        "log_every": 7,
    }
    config = configured(options={"training": training})
    assert default_folder(config) == Path("runs/xy-hole-broadcast-0")


def test_the_seed_stands_at_the_end() -> None:
    assert run_name(configured(options={"training": {"seed": 12}})) == "xy-hole-broadcast-12"


def test_a_complete_configuration_has_the_name_that_it_was_made_with(tmp_path: Path) -> None:
    config = configured(**CHOICES["broadcast-quick-steps100"])
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config.as_dict()))
    again, _ = resolve(Request(config=tmp_path / "config.yaml"))
    assert run_name(again) == run_name(config) == "xy-hole-broadcast-quick-steps100-0"


def test_a_space_of_ones_own_is_told_from_that_of_the_preset() -> None:
    tree = configured().as_dict()
    names = {run_name(configured())}
    for edge in (0.3, 0.4):
        tree["data"]["space"]["held_out"] = [{"x": [0.2, edge]}]
        names.add(run_name(build_config(tree)))
    assert len(names) == 3
    assert all(re.fullmatch(r"xy-hole-broadcast(-space[0-9a-f]{8})?-0", name) for name in names)


def test_a_file_is_named_by_its_own_name(tmp_path: Path) -> None:
    names = []
    for file in ("xy.h5", "circles-xy.h5"):
        source = open_source("circles:xy", 8, 8)
        plan = DatasetPlan(source.space, 4, 8, 8, source.render)
        write_plan(tmp_path / file, plan, name="xy", seed=0)
        options = {"data": {"source": str(tmp_path / file)}}
        names.append(run_name(configured(options=options)))
    drawn = run_name(configured(options={"data": {"source": "circles:xy"}}))
    assert [*names, drawn] == ["xy.h5-broadcast-0", "circles-xy-broadcast-0", "xy-broadcast-0"]


@pytest.mark.parametrize("name", ["a/b", "ä b", "..", "x" * 300, "a\nb", "a:b"])
def test_any_data_gives_a_file_name_of_bounded_length(tmp_path: Path, name: str) -> None:
    tree = configured().as_dict()
    tree["training"]["seed"] = 2**63 - 1
    tree["data"]["name"] = name
    found = run_name(build_config(tree))
    assert len(found.encode()) <= LONGEST
    assert found.endswith(f"-{2**63 - 1}")
    (tmp_path / found).mkdir()
    assert [path.name for path in tmp_path.iterdir()] == [found]


def test_names_that_were_cut_stay_apart() -> None:
    tree = configured().as_dict()
    names = set()
    for first, last in itertools.product("ab", repeat=2):
        tree["data"]["name"] = f"{first}{'x' * 300}{last}/"
        names.add(run_name(build_config(tree)))
    assert len(names) == 4
