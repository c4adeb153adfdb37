"""The table of metrics against the functions that compute them and the README."""

from pathlib import Path

import pytest

from sbvae_cli.config.metrics import METRICS, metric_settings
from sbvae_cli.metrics.compute import COMPUTE

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_every_metric_of_codes_has_its_function_and_no_other_has_one() -> None:
    assert list(COMPUTE) == [name for name, each in METRICS.items() if each.source == "codes"]


def test_no_score_is_of_two_metrics() -> None:
    scores = [score for metric in METRICS.values() for score in metric.scores]
    assert len(set(scores)) == len(scores)


def test_the_readme_has_every_score_in_the_words_of_the_table() -> None:
    rows = ["| metric | score | meaning |", "|---|---|---|"]
    for name, metric in METRICS.items():
        for place, (score, text) in enumerate(metric.scores.items()):
            rows.append(f"| {name if place == 0 else ''} | `{score}` | {text} |")
    table = README[README.index(rows[0]) :].split("\n\n")[0]
    assert table.splitlines() == rows


@pytest.mark.parametrize("with_model", [True, False])
def test_settings_say_what_was_fitted_and_in_which_unit(with_model: bool) -> None:
    found = metric_settings(METRICS, 30, with_model)
    assert found["dci"]["model"] == "GradientBoostingClassifier" and found["dci"]["settings"] == {}
    assert found["dci"]["scikit-learn"] == found["dci-fast"]["scikit-learn"] != ""
    assert found["dci-fast"]["settings"]["n_estimators"] == 10
    assert found["mig"]["bins"] == found["modularity"]["bins"] == 30
    assert ("widest" in found["geometry"]["unit"]) is not with_model
    assert "udr" not in found
