"""What comes out of runs whose scores are known, for each kind of claim."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sbvae_cli.config.schema import Config
from sbvae_cli.metrics.superiority import probability_of_rise, probability_of_superiority
from sbvae_cli.recipes.claims import Claim
from sbvae_cli.recipes.verdicts import Verdict, verdict
from sbvae_cli.sweeps.collect import collect
from sbvae_cli.sweeps.folder import SweepFolder

Write = Callable[..., SweepFolder]
Judge = Callable[..., Verdict]
BROADCAST, DECONV = {"model.decoder.kind": "broadcast"}, {"model.decoder.kind": "deconv"}
SETTINGS = {"preset": {"profile": "quick"}, "data": {"source": "circles:xy"}}
KINDS = {"model.decoder.kind": ["deconv", "broadcast"]}
SIDES = {"higher": BROADCAST, "lower": DECONV}
HIGHER = {"ordering": {"score": "mig", **SIDES}}


@pytest.fixture
def judge(tmp_path: Path, written_sweep: Write) -> Judge:
    """The verdict on a claim, by runs that have the scores which a function gives."""
    number = itertools.count()

    def judged(
        test: dict[str, Any],
        scores: Callable[[Config], Any],
        grid: dict[str, Any] = KINDS,
        replicas: int = 6,
        tier: str = "lite",
    ) -> Verdict:
        tree = {"settings": SETTINGS, "grid": grid, "replicas": replicas}
        folder = written_sweep(tmp_path / f"sweep{next(number)}", tree, scores)
        claim = Claim.model_validate({"id": "a", "says": "so it is", "where": "Figure 1", **test})
        return verdict(claim, collect(folder, folder.open_plan()), tier)  # type: ignore[arg-type]

    return judged


def by_decoder(
    broadcast: list[float], deconv: list[float], score: str = "mig"
) -> Callable[[Config], dict[str, float]]:
    values = {"broadcast": broadcast, "deconv": deconv}
    return lambda c: {score: values[c.model.decoder.kind][c.training.seed]}


def test_an_ordering_that_all_pairs_have_is_reproduced(judge: Judge) -> None:
    high, low = [0.6, 0.7, 0.8, 0.9, 1.0, 1.1], [0.1, 0.2, 0.3, 0.4, 0.5, 0.55]

    found = judge(HIGHER, by_decoder(high, low))

    assert found.outcome == "ordering reproduced"
    assert found.comparison is not None
    assert found.comparison.superiority == probability_of_superiority([(high, low)])
    assert found.statement.startswith(
        "MIG: broadcast 0.85 ± 0.19 [0.85], deconv 0.34 ± 0.17 [0.35]; "
    )
    p, least, most = found.comparison.superiority
    assert found.statement.endswith(
        f"P(broadcast higher) = {p:.2f} ({least:.2f} to {most:.2f}), 6 and 6 runs"
    )
    assert found.cautions == ()


def test_settings_in_which_an_ordering_is_the_other_way_are_said(judge: Judge) -> None:
    """Of four betas the last is the other way, which leaves the mean over betas above one half."""

    def scores(config: Config) -> dict[str, float]:
        broadcast = config.model.decoder.kind == "broadcast"
        up = broadcast == (getattr(config.objective, "beta", 1.0) < 8)
        return {"mig": 0.5 * up + config.training.seed / 99}

    betas = {"objective.kind": "beta-vae", "objective.beta": [1, 2, 4, 8]}
    found = judge(HIGHER, scores, {**KINDS, **betas}, 6)

    assert found.outcome == "ordering reproduced"
    assert found.statement.endswith(
        "24 and 24 runs, 4 settings: 1.00 of beta 1, 1.00 of beta 2, 1.00 of beta 4, 0.00 of beta 8"
    )
    assert found.cautions == ("on average over settings, but reversed at beta 8",)


def test_one_that_no_pair_has_is_not_reproduced_and_a_mixed_one_undecided(judge: Judge) -> None:
    up, down = [0.6, 0.7, 0.8, 0.9, 1.0, 1.1], [0.1, 0.2, 0.3, 0.4, 0.5, 0.55]

    assert judge(HIGHER, by_decoder(down, up)).outcome == "ordering not reproduced"


def test_an_interval_that_holds_one_half_decides_nothing(judge: Judge) -> None:
    mixed = judge(
        HIGHER, by_decoder([0.15, 0.4, 0.5, 0.8, 0.65, 0.9], [0.2, 0.3, 0.6, 0.7, 0.1, 0.45])
    )

    assert mixed.outcome == "undecided"
    assert mixed.comparison is not None and 0.65 < mixed.comparison.superiority.probability < 0.75


@pytest.mark.parametrize(("below", "outcome"), [(-0.1, "ordering reproduced"), (0.0, "undecided")])
def test_where_as_high_will_do_a_little_lower_must_be_left_out(
    judge: Judge, below: float, outcome: str
) -> None:
    """Of six and six seeds alike the interval is wide; it is not where most are higher."""
    test = {"ordering": {**HIGHER["ordering"], "equal_will_do": True}}
    deconv = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]

    found = judge(test, by_decoder([value - below for value in deconv], deconv))

    assert found.outcome == outcome
    assert found.comparison is not None
    assert (found.comparison.superiority.low > 0.3) == (outcome == "ordering reproduced")
    assert found.comparison.superiority.low < 0.5  # no ordering is shown
    assert "where equally high is enough" in found.statement


AFFINE = "x,y:affine_r2"
HIDDEN = {"hidden": {"score": "mig", "shown_by": AFFINE, **SIDES}}


@pytest.mark.parametrize(
    ("mig", "affine", "outcome"),
    [
        (([0.1, 0.3] * 3, [0.2] * 6), ([1.0] * 6, [0.5] * 6), "reproduced"),
        (([0.1] * 6, [0.2] * 6), ([1.0] * 6, [0.5] * 6), "reproduced"),
        (([0.3] * 6, [0.2] * 6), ([1.0] * 6, [0.5] * 6), "not reproduced"),
        (([0.1, 0.3] * 3, [0.2] * 6), ([0.1, 0.3] * 3, [0.2] * 6), "undecided"),
    ],
)
def test_a_score_hides_what_another_shows(
    judge: Judge, mig: Any, affine: Any, outcome: str
) -> None:
    def scores(config: Config) -> dict[str, float]:
        return {**by_decoder(*mig)(config), **by_decoder(*affine, AFFINE)(config)}

    found = judge(HIDDEN, scores)

    assert found.outcome == outcome
    assert found.statement.count("P(broadcast higher) = ") == 2


def test_a_trend_is_judged_by_all_pairs_of_levels(judge: Judge) -> None:
    test = {"trend": {"score": "mig", "along": "depth", "direction": "falls"}}

    def scores(config: Config) -> dict[str, float]:
        return {"mig": 1.0 / len(config.model.decoder.hidden_channels) + config.training.seed / 99}

    found = judge(test, scores, {**BROADCAST, "depth": [2, 3, 5]}, 3)

    assert found.outcome == "ordering reproduced"
    levels = [[1 / (depth - 1) + seed / 99 for seed in range(3)] for depth in (5, 3, 2)]
    assert found.comparison is not None
    assert found.comparison.superiority == probability_of_rise([levels])
    assert "at depth 2, " in found.statement and "P(falls) = 1.00" in found.statement
    assert found.cautions == ()


def test_a_trend_says_where_neighbouring_levels_go_the_other_way(judge: Judge) -> None:
    """Table 5 has distortions of 312, 305, 318 and 317 nats."""
    test = {"trend": {"score": "mig", "along": "depth", "direction": "rises"}}
    means = {2: 312, 3: 305, 5: 318}

    def scores(config: Config) -> dict[str, float]:
        return {"mig": means[len(config.model.decoder.hidden_channels) + 1] + config.training.seed}

    found = judge(test, scores, {**BROADCAST, "depth": [2, 3, 5]}, 2)

    assert found.cautions == (
        "the mean changes in the other direction from depth 2 to depth 3 (312.5 to 305.5)",
    )


def test_a_threshold_counts_replicas(judge: Judge) -> None:
    worst = {"threshold": {"score": "mig", "of": BROADCAST, "at_least": 0.5}}
    most = {"threshold": {**worst["threshold"], "share": 5 / 6}}
    scores = by_decoder([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], [0.0] * 6)

    found = judge(worst, scores)

    assert found.outcome == "threshold not reached"
    assert "at least 0.5 in 5 of 6 runs" in found.statement and "from 0.4 to 0.9" in found.statement
    assert judge(most, scores).outcome == "threshold reached"


def test_a_count_will_do_in_place_of_a_share(judge: Judge) -> None:
    test = {"threshold": {"score": "mig", "of": BROADCAST, "at_most": 0.1}}
    scores = by_decoder([0.05, *[0.5] * 5], [0.0] * 6)

    assert judge(test, scores).outcome == "threshold not reached"
    assert judge({"threshold": {**test["threshold"], "runs": 1}}, scores).outcome == (
        "threshold reached"
    )
    assert judge({"threshold": {**test["threshold"], "runs": 2}}, scores).outcome == (
        "threshold not reached"
    )


def test_runs_that_diverged_reach_no_threshold(judge: Judge) -> None:
    test = {"threshold": {"score": "mig", "of": BROADCAST, "at_least": 0.5}}

    found = judge(test, lambda c: "diverged" if c.training.seed else {"mig": 0.9})

    assert found.outcome == "threshold not reached"
    assert "at least 0.5 in 1 of 6 runs" in found.statement
    assert found.cautions == ("5 of 6 runs diverged and count as runs that miss it",)


def test_an_ordering_of_which_half_of_a_side_diverged_is_undecided(judge: Judge) -> None:
    high, low = [0.6, 0.7, 0.8, 0.9, 1.0, 1.1] * 2, [0.1, 0.2, 0.3, 0.4, 0.5, 0.55] * 2

    def scores(config: Config, gone: int) -> Any:
        broadcast, seed = config.model.decoder.kind == "broadcast", config.training.seed
        return "diverged" if broadcast and seed < gone else by_decoder(high, low)(config)

    assert judge(HIGHER, lambda c: scores(c, 5), replicas=12).outcome == "ordering reproduced"
    found = judge(HIGHER, lambda c: scores(c, 6), replicas=12)
    assert found.outcome == "undecided"
    assert "6 of 12 runs of broadcast diverged, so that the rest prove little" in found.cautions


@pytest.mark.parametrize(
    ("done", "outcome"), [(6, "threshold reached"), (5, "undecided"), (1, "threshold not reached")]
)
def test_runs_that_are_to_come_may_still_decide(judge: Judge, done: int, outcome: str) -> None:
    """Of six runs the first has too low a value where it is alone, all others have what will do."""
    test = {"threshold": {"score": "mig", "of": BROADCAST, "at_least": 0.5}}

    def scores(config: Config) -> dict[str, float] | None:
        seed = config.training.seed
        return {"mig": 0.4 if done == 1 else 0.9} if seed < done else None

    assert judge(test, scores).outcome == outcome


@pytest.mark.parametrize(
    ("mean", "outcome"),
    [(0.147, "value reproduced"), (0.25, "value reproduced"), (0.3, "value not reproduced")],
)
def test_a_value_is_within_two_stds_of_the_paper(judge: Judge, mean: float, outcome: str) -> None:
    """Table 5 has 0.147 ± 0.057 for three layers."""
    test = {"value": {"score": "mig", "of": BROADCAST, "paper": "table-5/3-layer/mig"}}

    found = judge(test, by_decoder([mean] * 2, [0.0] * 2), replicas=2, tier="full")

    assert found.outcome == outcome
    assert "the paper has 0.147 ± 0.057" in found.statement


@pytest.mark.parametrize(
    ("key", "source", "said"),
    [
        ("table-6/5-layer/mig", "circles:xy", "the number is in doubt: the printed plus-minus of"),
        (
            "table-9/0-layer/nll",
            "room",
            "it depends mostly on the images, which are not those of the paper",
        ),
        (
            "figure-9/broadcast/mig",
            "circles:xy",
            "the paper gives no spread by which to judge how near it is",
        ),
    ],
)
def test_a_number_that_tells_nothing_is_not_tested(
    judge: Judge, key: str, source: str, said: str
) -> None:
    score = key.rpartition("/")[2]
    test = {"value": {"score": score, "of": BROADCAST, "paper": key}}

    found = judge(
        test,
        by_decoder([1.0], [0.0], score),
        {"data.source": source, **KINDS},
        replicas=1,
        tier="full",
    )

    assert found.outcome == "not tested"
    assert said in found.statement and found.ours


def test_a_wide_spread_of_the_paper_is_said(judge: Judge) -> None:
    """Table 5 has 0.147 ± 0.057 for three layers; those of all its rows are within twice that."""
    wide = {"value": {"score": "mig", "of": BROADCAST, "paper": "table-5/3-layer/mig"}}
    narrow = {"value": {"score": "kl", "of": BROADCAST, "paper": "table-5/2-layer/kl"}}

    found = judge(wide, by_decoder([0.1], [0.0]), replicas=1, tier="full")

    assert found.cautions == (
        "the paper's spread is wide: any mean from 0.033 to 0.261 counts, and so would the paper's "
        "mean of 2-layer, 4-layer, 5-layer",
    )
    assert judge(narrow, by_decoder([27], [0], "kl"), replicas=1, tier="full").cautions == ()


def test_a_value_is_not_tested_at_other_settings_than_the_papers(judge: Judge) -> None:
    test = {"value": {"score": "mig", "of": BROADCAST, "paper": "table-5/3-layer/mig"}}

    found = judge(test, by_decoder([0.1, 0.2], [0.0] * 2), replicas=2)

    assert found.outcome == "not tested"
    assert "needs the paper's network and steps, which the lite tier lacks" in found.statement
    assert found.ours == "0.150 ± 0.071 [0.150]"


def test_what_is_judged_by_eye_says_so(judge: Judge) -> None:
    found = judge({"why": "judged by eye"}, lambda config: None)

    assert (found.outcome, found.statement) == ("not tested", "judged by eye")


def test_what_a_tier_lacks_is_not_tested_and_what_waits_not_run(judge: Judge) -> None:
    gaussian = {**BROADCAST, "model.likelihood.kind": "gaussian"}
    other = {"ordering": {"score": "mig", "higher": gaussian, "lower": DECONV}}

    assert judge(other, lambda config: None).statement == (
        "the lite tier has no runs of broadcast, gaussian"
    )
    assert judge(HIGHER, lambda config: None).outcome == "not run"


def test_runs_that_diverged_are_counted_and_all_of_them_leave_nothing(judge: Judge) -> None:
    def some(config: Config) -> dict[str, float] | str | None:
        seed = config.training.seed
        return {0: "diverged", 1: None}.get(seed, {"mig": 0.1 * seed})

    found = judge(HIGHER, some, replicas=4)

    assert found.cautions == (
        "2 of 8 runs diverged and are in none of the numbers",
        "2 of 8 runs are not finished",
    )
    assert found.comparison is not None and found.comparison.counts == (2, 2)


def test_a_side_of_which_all_runs_diverged_is_not_tested(judge: Judge) -> None:
    found = judge(HIGHER, lambda c: "diverged" if c.model.decoder.kind == "deconv" else {"mig": 1})

    assert (found.outcome, found.statement) == ("not tested", "all runs of deconv diverged")


def test_a_score_that_runs_lack_is_not_tested(judge: Judge) -> None:
    found = judge(HIGHER, by_decoder([1.0] * 2, [0.0] * 2, "x,y:affine_r2"), replicas=2)

    assert (found.outcome, found.statement) == ("not tested", "the runs have no mig")
