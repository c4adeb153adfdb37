"""What protocols differ in, as the reference and the JSON say it and as metrics do it."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sbvae_cli.config.metric_protocols import BY_PROTOCOL, CLASSES, metric_settings
from sbvae_cli.config.metrics import METRICS
from sbvae_cli.config.names import ProtocolName
from sbvae_cli.metrics.compute import COMPUTE
from sbvae_cli.metrics.dci import dci_scores, forest
from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.metrics.protocol import Protocol, named_protocol

REFERENCE = (Path(__file__).parents[2] / ".github/REFERENCE.md").read_text(encoding="utf-8")
VOTES = {"votes_train": 800, "votes_eval": 800}


def test_the_reference_has_what_the_protocols_differ_in() -> None:
    paper, dlib = named_protocol("paper").votes, named_protocol("dlib").votes
    rows = ["| metric | computed by | `paper` | `dlib` |", "|---|---|---|---|"]
    rows.append(f"| all that treat factors as classes | | {CLASSES.paper} | {CLASSES.dlib} |")
    for name, each in BY_PROTOCOL.items():
        if each.paper:
            words = each.paper.format_map(paper), each.dlib.format_map(dlib)
            rows.append(f"| {name} | {each.origin} | {words[0]} | {words[1]} |")
    for origin in ("study", "library", "neither"):
        same = [n for n, each in BY_PROTOCOL.items() if each.origin == origin and not each.paper]
        if same:
            rows.append(f"| {', '.join(same)} | {origin} | the same | the same |")
    table = REFERENCE[REFERENCE.index(rows[0]) :].split("\n\n")[0]
    assert table.splitlines() == rows
    assert list(BY_PROTOCOL) == list(METRICS)


def sample(
    protocol: Protocol, levels: int = 24, scale: float = 1.0, rows: int = 600
) -> LabelledCodes:
    """Warped codes of two factors, values of the first of unequal frequency."""
    rng = np.random.default_rng(0)
    factors = np.floor([levels, 4] * rng.uniform(size=(rows, 2)) ** [1.5, 1])
    codes = np.exp(2 * factors / factors.max(axis=0)) + 0.3 * rng.normal(size=(rows, 2))
    codes = scale * np.column_stack([codes, rng.normal(size=rows)])
    labelled = LabelledCodes(codes, factors, ("a", "b"), frozenset(), "file", 2 * rows // 3)
    return replace(
        labelled,
        unit=min(1.0, float(codes.std(axis=0).max())),
        most_levels=protocol.most_levels,
    )


def values(
    metric: str, name: ProtocolName, rows: int = 600, **changes: float
) -> list[float | None]:
    """Scores under a protocol, of so many votes under each, which are known to differ."""
    small = {"images": 2 * rows // 3, "test_images": rows // 3, "votes_train": 50, "votes_eval": 50}
    protocol = replace(named_protocol(name), vote_images=8, **small)
    compute = partial(dci_scores, model=forest) if metric == "dci" else COMPUTE[metric]
    found = compute(sample(protocol, rows=rows, **changes), protocol)
    return [score.value for score in found.values()]


@pytest.mark.parametrize("metric", sorted(set(COMPUTE) - {"beta-vae", "infomec"}))
def test_metrics_differ_by_the_protocol_where_the_readme_says_so(metric: str) -> None:
    differ = values(metric, "paper", scale=1e-3) != values(metric, "dlib", scale=1e-3)
    assert differ == bool(BY_PROTOCOL[metric].paper)


@pytest.mark.parametrize("metric", ["mig", "modularity"])
def test_a_factor_of_many_values_keeps_them_under_dlib_alone(metric: str) -> None:
    assert values(metric, "paper", 1200, levels=110) != values(metric, "dlib", 1200, levels=110)


@pytest.mark.parametrize("with_model", [True, False])
def test_settings_say_what_was_fitted_and_in_which_unit(with_model: bool) -> None:
    found = metric_settings(METRICS, "paper", VOTES, 30, with_model)
    assert found["dci"]["model"] == "GradientBoostingClassifier" and found["dci"]["settings"] == {}
    assert found["dci"]["scikit-learn"] == found["dci-fast"]["scikit-learn"] != ""
    assert found["dci-fast"]["settings"]["n_estimators"] == 10
    assert found["mig"]["bins"] == found["modularity"]["bins"] == 30
    assert ("largest latent std" in found["geometry"]["unit"]) is not with_model
    assert found["beta-vae"]["protocol"] == "800 votes to train, 800 to score"


def test_settings_say_what_the_protocol_computes() -> None:
    assert metric_settings(["explicitness"], "dlib", VOTES, 20, True)["explicitness"] == {
        "continuous": {"levels_above": None, "rows_of_a_level_below": 5},
        "classifier": "multinomial LogisticRegression",
        "C": 1.0,
        "score": "one-versus-rest ROC AUC, mean over classes",
        "protocol": "codes standardised",
    }
