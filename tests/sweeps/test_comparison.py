"""Which runs are held against which, and that the numbers are those of these runs alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sbvae_cli.config.schema import Config
from sbvae_cli.metrics.superiority import probability_of_rise, probability_of_superiority
from sbvae_cli.sweeps.collect import Collected, collect
from sbvae_cli.sweeps.comparison import (
    compare,
    compare_along,
    compare_values,
    levels_of,
    strata_of,
    values_of_key,
)
from sbvae_cli.sweeps.folder import SweepFolder

Write = Callable[..., SweepFolder]
DATA = {"preset": {"profile": "quick"}, "data": {"source": "circles:xy"}}
BETAS: dict[str, Any] = {
    "settings": {**DATA, "objective": {"kind": "beta-vae"}},
    "grid": {"model.decoder.kind": ["deconv", "broadcast"], "objective.beta": [1, 4]},
    "replicas": 2,
}


def of_beta(config: Config) -> dict[str, float]:
    """MIG rises with beta by ten, and is higher by one for broadcast; so is the KL."""
    beta = getattr(config.objective, "beta", 1.0)
    higher = config.model.decoder.kind == "broadcast"
    value = 10 * beta + higher + config.training.seed * 1.5
    return {"mig": value, "neg_elbo": -value, "kl": value}


@pytest.fixture
def betas(tmp_path: Path, written_sweep: Write) -> Collected:
    folder = written_sweep(tmp_path / "sweep", BETAS, of_beta)
    return collect(folder, folder.open_plan())


def test_runs_are_compared_within_the_settings_that_both_sides_have(betas: Collected) -> None:
    sides = [betas.select({"model.decoder.kind": kind}) for kind in ("broadcast", "deconv")]

    found = compare(*sides, "mig", ["objective.beta"])

    within = [([11, 12.5], [10, 11.5]), ([41, 42.5], [40, 41.5])]
    assert found is not None
    assert found.superiority == probability_of_superiority(within)
    assert found.superiority.probability == 0.75
    assert (found.counts, found.strata) == ((4, 4), 2)
    assert found.replicas == "4 and 4 runs, 2 settings"
    assert found.parts == (("beta 1", 0.75), ("beta 4", 0.75))


def test_a_trend_is_looked_for_within_each_decoder(betas: Collected) -> None:
    levels = [groups for _, groups in levels_of(betas.groups, "objective.beta")]

    found = compare_along(levels, "mig", ["model.decoder.kind"])

    assert found is not None
    assert found.superiority == probability_of_rise(
        [[[10, 11.5], [40, 41.5]], [[11, 12.5], [41, 42.5]]]
    )
    assert (found.counts, found.strata) == ((4, 4), 2)
    assert found.parts == (("deconv", 1.0), ("broadcast", 1.0))


def test_a_setting_that_comes_along_with_a_side_parts_nothing(
    tmp_path: Path, written_sweep: Write
) -> None:
    """Quick broadcast runs are of 1,000 steps and the others of 3,000, but for some longer ones."""
    tree = {
        "settings": DATA,
        "grid": [
            {"model.decoder.kind": ["deconv", "broadcast"]},
            {"model.decoder.kind": "deconv", "training.steps": 500},
        ],
    }
    folder = written_sweep(tmp_path / "sweep", tree, of_beta)
    found = collect(folder, folder.open_plan())
    assert found.keys == ("model.decoder.kind", "training.steps")

    sides = [found.select({"model.decoder.kind": kind}) for kind in ("broadcast", "deconv")]

    ((_, stratum),) = strata_of(sides, found.keys[1:])
    assert [len(side) for side in stratum] == [1, 2]


def test_settings_of_one_side_alone_are_left_out(tmp_path: Path, written_sweep: Write) -> None:
    grid = [
        {"model.decoder.kind": "broadcast", "objective.beta": [1, 4], "data.source": "circles:xy"},
        {"model.decoder.kind": "broadcast", "objective.beta": 2, "data.source": "circles:xh"},
        {"model.decoder.kind": "deconv", "objective.beta": [2, 4], "data.source": "circles:xh"},
        {"model.decoder.kind": "deconv", "objective.beta": 1, "data.source": "circles:xy"},
    ]
    folder = written_sweep(tmp_path / "sweep", {**BETAS, "grid": grid}, of_beta)
    found = collect(folder, folder.open_plan())

    sides = [found.select({"model.decoder.kind": kind}) for kind in ("broadcast", "deconv")]
    strata = strata_of(sides, ["objective.beta", "data.source"])

    names = [name for name, _ in strata]  # 4 is of other data on either side
    assert names == ["beta 1, circles:xy", "beta 2, circles:xh"]
    assert all(len(side) == 1 for _, stratum in strata for side in stratum)


def test_images_of_other_sizes_are_not_compared(tmp_path: Path, written_sweep: Write) -> None:
    grid = [
        {"model.decoder.kind": "broadcast", "data.height": [16, 32]},
        {"model.decoder.kind": "deconv", "data.height": 32},
    ]
    folder = written_sweep(tmp_path / "sweep", {**BETAS, "grid": grid}, lambda config: {})
    found = collect(folder, folder.open_plan())
    sides = [found.select({"model.decoder.kind": kind}) for kind in ("broadcast", "deconv")]

    ((name, stratum),) = strata_of(sides, ["data.height"])

    assert name == "height 32"
    assert [[group.cell["data.height"] for group in side] for side in stratum] == [[32], [32]]


def test_runs_without_the_score_count_in_no_comparison(
    tmp_path: Path, written_sweep: Write
) -> None:
    def scores(config: Config) -> dict[str, float] | str:
        gone = getattr(config.objective, "beta", 1.0) == 4 and config.training.seed
        return "diverged" if gone else of_beta(config)

    folder = written_sweep(tmp_path / "sweep", BETAS, scores)
    found = collect(folder, folder.open_plan())
    sides = [found.select({"model.decoder.kind": kind}) for kind in ("broadcast", "deconv")]

    compared = compare(*sides, "mig", ["objective.beta"])

    assert compared is not None
    assert compared.counts == (3, 3)
    assert compared.superiority == probability_of_superiority(
        [([11, 12.5], [10, 11.5]), ([41], [40])]
    )
    assert compare(*sides, "nll", ["objective.beta"]) is None
    assert compare(sides[0], [], "mig", []) is None


def test_of_a_score_that_is_better_low_the_lower_ones_are_told_of(betas: Collected) -> None:
    key = "model.decoder.kind"
    there = compare_values(betas, key, "broadcast", "deconv", ["mig", "neg_elbo", "kl"])
    back = compare_values(betas, key, "deconv", "broadcast", ["mig"])

    p = {score: found.superiority.probability for score, found in there.scores.items() if found}
    assert p == {"mig": 0.75, "neg_elbo": 0.75, "kl": 0.75}
    directions = {each["score"]: each["direction"] for each in there.as_dicts()}
    assert directions == {"mig": "higher", "neg_elbo": "lower", "kl": "higher"}
    assert back.scores["mig"] is not None
    assert back.scores["mig"].superiority.probability == 0.25


def test_values_of_a_setting_stand_in_the_order_of_the_grid(betas: Collected) -> None:
    assert values_of_key(betas, "model.decoder.kind") == ["deconv", "broadcast"]
    assert values_of_key(betas, "objective.gamma") == []


def test_levels_are_numbers_in_order(betas: Collected) -> None:
    assert [value for value, _ in levels_of(betas.groups[::-1], "objective.beta")] == [1, 4]
    assert levels_of(betas.groups, "model.decoder.kind") == []
