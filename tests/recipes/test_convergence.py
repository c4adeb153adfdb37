"""Which runs count as trained for too short, and what that makes of a verdict."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sbvae_cli.config.schema import Config
from sbvae_cli.recipes.claims import Claim
from sbvae_cli.recipes.convergence import change_of_loss, unlearned_factors
from sbvae_cli.recipes.outcome import _lacking_text
from sbvae_cli.recipes.verdicts import verdict
from sbvae_cli.sweeps.collect import Collected, collect
from sbvae_cli.sweeps.folder import SweepFolder

Write = Callable[..., SweepFolder]
KIND = "model.decoder.kind"
SWEEP: dict[str, Any] = {
    "settings": {"preset": {"profile": "quick"}, "data": {"source": "circles:xy"}},
    "grid": {KIND: ["deconv", "broadcast"]},
    "replicas": 6,
}


@pytest.fixture
def folder(tmp_path: Path, written_sweep: Write) -> SweepFolder:
    """Broadcast has the lower loss by one nat, and the higher MIG, in all of six runs."""

    def scores(config: Config) -> dict[str, float]:
        broadcast, seed = config.model.decoder.kind == "broadcast", config.training.seed / 100
        return {"neg_elbo": 50.0 - broadcast + seed, "mig": broadcast + seed, "x,y:tear": 1.0}

    return written_sweep(tmp_path / "sweep", SWEEP, scores)


def change(folder: SweepFolder, kind: str, seeds: int, change: Callable[[Any], None]) -> None:
    """Change what was found of the first runs of a decoder."""
    for run in collect(folder, folder.open_plan()).select({KIND: kind})[0].runs[:seeds]:
        file = run.replica.folder.scores
        tree = json.loads(file.read_text(encoding="utf-8"))
        change(tree)
        file.write_text(json.dumps(tree), encoding="utf-8")


def collected(folder: SweepFolder) -> Collected:
    return collect(folder, folder.open_plan())


def outcome(folder: SweepFolder, score: str, higher: str, lower: str) -> tuple[str, str]:
    sides = {"higher": {KIND: higher}, "lower": {KIND: lower}}
    claim = Claim.model_validate(
        {"id": "a", "says": "so", "where": "Figure 1", "ordering": {"score": score, **sides}}
    )
    found = verdict(claim, collected(folder), "lite")
    return found.outcome, " ".join(found.cautions)


def collapse(tree: Any) -> None:
    tree["geometry"]["x,y"]["verdict"] = "collapsed to a line"


def test_a_grid_that_collapsed_lacks_a_factor(folder: SweepFolder) -> None:
    change(folder, "deconv", 2, collapse)

    runs = collected(folder).select({KIND: "deconv"})[0].runs
    assert [unlearned_factors(run) for run in runs] == [["x or y"]] * 2 + [[]] * 4


@pytest.mark.parametrize(
    ("verdict", "r2", "told"),
    [("", 0.4, ["y"]), ("", 0.6, []), ("folded, with copies", 0.1, []), ("flat", 0.99, [])],
)
def test_a_factor_is_lacking_that_no_latent_tells_and_no_grid_shows(
    folder: SweepFolder, verdict: str, r2: float, told: list[str]
) -> None:
    """Of x latent 0 tells 2.0 of 3 nats less a bias of 0.1, of y none tells 0.2 of them."""

    def known(tree: Any) -> None:
        tree["scores"]["mig"] |= {
            "by_factor": {"x": 0.5, "y": 0.0},
            "information": [[2.0, 0.69], [0.1, 0.2]],
            "bias": [0.1, 0.1],
            "entropies": [3.0, 3.0],
        }
        tree["geometry"]["x,y"] |= {"verdict": verdict}
        tree["geometry"]["x,y"]["scores"]["inverse_r2_by_factor"] = [0.9, r2]

    change(folder, "deconv", 1, known)

    assert unlearned_factors(collected(folder).select({KIND: "deconv"})[0].runs[0]) == told


@pytest.mark.parametrize(("used", "told"), [(2.0, []), (1.9, ["half of the factors"])])
def test_of_many_factors_half_as_many_latents_will_do(
    folder: SweepFolder, used: float, told: list[str]
) -> None:
    def many(tree: Any) -> None:
        factors = dict.fromkeys(["x", "y", "hue", "size"], 0.0)
        tree["scores"] |= {"mig": {"value": 0.0, "by_factor": factors}}
        tree["scores"] |= {"latents_used": {"value": used}}
        tree["geometry"] = {f"x,{i}": {"scores": {}, "verdict": "collapsed"} for i in range(6)}

    change(folder, "deconv", 1, many)

    run = collected(folder).select({KIND: "deconv"})[0].runs[0]
    assert unlearned_factors(run) == told
    assert unlearned_factors(run, "kl") == unlearned_factors(run, "latents_used") == []


def test_half_of_a_side_without_a_factor_has_not_converged(folder: SweepFolder) -> None:
    change(folder, "deconv", 1, collapse)
    assert outcome(folder, "mig", "broadcast", "deconv") == (
        *("ordering reproduced", "1 of 6 runs of deconv lacks x or y"),
    )

    change(folder, "deconv", 2, collapse)
    assert outcome(folder, "mig", "broadcast", "deconv") == (
        *("ordering reproduced", "2 of 6 runs of deconv lack x or y"),
    )

    change(folder, "deconv", 3, collapse)
    assert outcome(folder, "mig", "broadcast", "deconv") == (
        *("not converged", "3 of 6 runs of deconv lack x or y"),
    )


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        ([["x", "y"], ["x", "y"]], "x and y"),
        ([["x or y"], ["x or y"]], "x or y"),
        ([["x"], ["x", "hue"], ["x or y"]], "x or hue or y"),
    ],
)
def test_factors_that_not_all_runs_lack_are_alternatives(lost: list[list[str]], told: str) -> None:
    assert _lacking_text(lost) == told


def test_a_trend_along_which_factors_may_be_lost_needs_them_at_one_level(
    tmp_path: Path, written_sweep: Write
) -> None:
    """Deep networks of Table 7 keep 4 of 8 factors, which is what is said of them."""
    claim = Claim.model_validate(
        {
            **{"id": "a", "says": "so", "where": "Table 7"},
            "trend": {"score": "mig", "along": "depth", "direction": "rises"},
        }
    )

    def scores(config: Config) -> dict[str, float]:
        depth = len(config.model.decoder.hidden_channels) + 1
        return {"mig": depth + config.training.seed / 99, "x,y:tear": 1.0}

    def lose(depth: int) -> None:
        for run in collected(folder).select({"depth": depth})[0].runs:
            tree = json.loads(run.replica.folder.scores.read_text(encoding="utf-8"))
            collapse(tree)
            run.replica.folder.scores.write_text(json.dumps(tree), encoding="utf-8")

    tree = {**SWEEP, "grid": {KIND: "broadcast", "depth": [2, 3, 5]}}
    folder = written_sweep(tmp_path / "depths", tree, scores)
    lose(3)
    lose(5)
    found = verdict(claim, collected(folder), "lite")
    assert found.outcome == "ordering reproduced"
    assert found.cautions[1] == "6 of 6 runs of depth 5 lack x or y"

    lose(2)
    assert verdict(claim, collected(folder), "lite").outcome == "not converged"


def log(folder: SweepFolder, kind: str, fall: float, parts: int = 20) -> None:
    """Logs whose loss falls by so much from the fourth fifth to the last, with a little scatter."""
    for run in collected(folder).select({KIND: kind})[0].runs:
        steps = run.replica.config.training.steps
        lines = []
        for part in range(1, parts + 1):
            nll = 40.0 - fall * (part > 0.8 * parts) + 0.01 * (part % 2)
            lines.append({"step": steps * part // parts, "loss": 1.0, "nll": nll, "kl": 9.0})
        text = "".join(json.dumps(line) + "\n" for line in lines)
        run.replica.folder.log.write_text(text, encoding="utf-8")
        run.replica.folder.checkpoint.touch()
        run.replica.folder.scores.touch()


def test_the_change_of_a_loss_is_from_the_fourth_fifth_to_the_last(folder: SweepFolder) -> None:
    log(folder, "deconv", 0.7)
    runs = collected(folder).select({KIND: "deconv"})[0].runs

    found = change_of_loss("neg_elbo", runs)

    assert found is not None
    assert found.nats == pytest.approx(-0.7, abs=1e-9)
    assert 0.69 < found.least < 0.7
    kl = change_of_loss("kl", runs)
    assert kl is not None and kl.least == 0
    assert change_of_loss("mig", runs) is None


def test_two_lines_of_a_log_in_each_fifth_are_enough_to_tell_the_change_of_a_loss(
    folder: SweepFolder,
) -> None:
    runs = collected(folder).select({KIND: "deconv"})[0].runs

    log(folder, "deconv", 0.7, parts=10)
    found = change_of_loss("neg_elbo", runs)
    assert found is not None and found.nats == pytest.approx(-0.7, abs=1e-9)

    log(folder, "deconv", 0.7, parts=5)
    assert change_of_loss("neg_elbo", runs) is None


def test_a_loss_that_falls_by_more_than_half_of_the_difference_has_not_converged(
    folder: SweepFolder,
) -> None:
    """The difference is one nat."""
    log(folder, "broadcast", 0.1)
    log(folder, "deconv", 0.4)
    assert outcome(folder, "neg_elbo", "deconv", "broadcast") == ("ordering reproduced", "")

    log(folder, "deconv", 0.7)
    found, told = outcome(folder, "neg_elbo", "deconv", "broadcast")
    assert found == "not converged"
    assert "of deconv still fell by 0.7 nats over the last fifth" in told
    assert outcome(folder, "mig", "broadcast", "deconv")[0] == "ordering reproduced"
