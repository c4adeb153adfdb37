"""The setting that is picked, what is said of the choice, and that it can be trained."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sbvae_cli.config.load import to_yaml
from sbvae_cli.config.schema import Config
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.naming import flat_settings, group_name
from sbvae_cli.runs.resolve import Request, resolve
from sbvae_cli.sweeps.best import PAPER_SCORE, as_config, cautions, choose_best
from sbvae_cli.sweeps.collect import Collected, collect
from sbvae_cli.sweeps.folder import SweepFolder

Write = Callable[..., SweepFolder]
RATES: dict[str, Any] = {
    "settings": {"preset": {"profile": "quick"}, "data": {"source": "circles:xy"}},
    "grid": {
        "model.decoder.kind": ["deconv", "broadcast"],
        "training.learning_rate": [0.001, 0.002, 0.004],
    },
    "replicas": 2,
}
OWN_SPACE = {
    "renderer": "circles",
    "factors": [
        {"name": name, "kind": "continuous", "unit": "", "low": low, "high": high}
        for name, low, high in [
            *(("x", 0.3, 0.7), ("y", 0.2, 0.8), ("diameter", 0.2, 0.2)),
            *((color, 1.0, 1.0) for color in ("red", "green", "blue")),
        ]
    ],
}


def losses(config: Config) -> dict[str, float] | str | None:
    """The middle rate has the lowest loss of broadcast, the last of deconv; MIG the other way."""
    rate, seed = config.training.learning_rate, config.training.seed
    broadcast = config.model.decoder.kind == "broadcast"
    if broadcast and rate == 0.004:
        return "diverged" if seed else {"neg_elbo": 47.0, "mig": 0.9, "kl": 8.0}
    far = abs(rate - (0.002 if broadcast else 0.004)) * 1000
    return {"neg_elbo": 45.0 + far + 0.2 * seed, "mig": 0.1 * far, "kl": 8.0}


def collected(path: Path, write: Write, tree: dict[str, Any] = RATES) -> Collected:
    folder = write(path, tree, losses)
    return collect(folder, folder.open_plan())


def test_each_decoder_has_the_setting_with_the_lowest_mean_loss(
    tmp_path: Path, written_sweep: Write
) -> None:
    deconv, broadcast = choose_best(collected(tmp_path / "s", written_sweep), "neg_elbo")

    assert (deconv.name, broadcast.name) == ("deconv", "broadcast")
    assert deconv.group.cell["training.learning_rate"] == 0.004
    assert broadcast.group.cell["training.learning_rate"] == 0.002
    assert broadcast.mean == pytest.approx(45.1)
    others = [group.cell["training.learning_rate"] for group in broadcast.others]
    assert others == [0.001, 0.004]  # of means 46.1 and 47


def test_of_a_score_that_is_better_high_the_highest_mean_is_picked(
    tmp_path: Path, written_sweep: Write
) -> None:
    deconv, broadcast = choose_best(collected(tmp_path / "s", written_sweep), "mig")

    assert deconv.group.cell["training.learning_rate"] == 0.001
    assert broadcast.group.cell["training.learning_rate"] == 0.004


def test_unequal_numbers_of_runs_and_diverged_ones_are_said(
    tmp_path: Path, written_sweep: Write
) -> None:
    deconv, broadcast = choose_best(collected(tmp_path / "s", written_sweep), "neg_elbo")

    assert cautions(deconv, "neg_elbo") == []
    lines = cautions(broadcast, "neg_elbo")
    assert len(lines) == 2
    assert "unequal numbers of runs: 2 of" in lines[0]
    assert "runs that diverged have no scores and count in none of the means: 1 of" in lines[1]


def test_losses_of_other_data_are_not_chosen_among(tmp_path: Path, written_sweep: Write) -> None:
    tree = {**RATES, "grid": {"data.source": ["circles:xy", "circles:xh"]}}

    found = choose_best(collected(tmp_path / "s", written_sweep, tree), "neg_elbo")

    assert [best.name for best in found] == ["circles:xy", "circles:xh"]
    assert "is the only setting" in cautions(found[0], "neg_elbo")[0]


def test_losses_of_other_sizes_are_not_chosen_among(tmp_path: Path, written_sweep: Write) -> None:
    """A loss is a sum over pixels, so that small images would always be best."""
    grid = {"data.height": [16, 32], "training.learning_rate": [0.001, 0.002]}

    found = choose_best(
        collected(tmp_path / "s", written_sweep, {**RATES, "grid": grid}), PAPER_SCORE
    )

    assert [best.name for best in found] == ["height16", "height32"]
    assert all(len(best.others) == 1 for best in found)


def test_a_score_without_better_values_is_refused(tmp_path: Path, written_sweep: Write) -> None:
    with pytest.raises(SbvaeError, match="kl has no best value; choose by neg_elbo"):
        choose_best(collected(tmp_path / "s", written_sweep), "kl")


@pytest.mark.parametrize(
    "data",
    [
        {"source": "circles:xy-hole"},
        {"source": "circles:xy", "height": 16, "width": 24},
        {"source": "circles", "name": "own", "space": OWN_SPACE},
    ],
)
def test_the_settings_train_the_very_same_model(
    tmp_path: Path, written_sweep: Write, data: dict[str, Any]
) -> None:
    settings = {"preset": {"profile": "quick"}, "data": data, "training": {"threads": 1}}
    tree = {"settings": settings, "grid": {"depth": 4, "objective.kind": "beta-vae"}}
    found = collected(tmp_path / "s", written_sweep, tree)
    (best,) = choose_best(found, "neg_elbo")
    (tmp_path / "best.yaml").write_text(to_yaml(as_config(best.group)), encoding="utf-8")

    config, _ = resolve(Request(config=tmp_path / "best.yaml"))

    own = best.group.runs[0].replica.config
    assert flat_settings(config, 0) == flat_settings(own, 0)
    assert group_name(config) == group_name(own)
    assert config.preset == own.preset
