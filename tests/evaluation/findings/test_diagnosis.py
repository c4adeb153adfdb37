"""Scores that contradict each other."""

from typing import Any

import pytest

from sbvae_cli.evaluation.findings.diagnosis import contradictions
from sbvae_cli.metrics.score import Score


def votes(value: float | None, classifier: bool = True, **details: Any) -> Score:
    return Score(value, details={"classifier": classifier, **details})


def test_factors_that_no_vote_is_on_are_named_with_the_scores_of_votes() -> None:
    scores = {
        "factor_vae": votes(0.9, not_voted_on=["x", "hue"]),
        "beta_vae": votes(0.8, not_voted_on=["x", "hue"]),
    }
    (finding,) = contradictions(scores)
    assert (finding.code, finding.factors) == ("not-voted-on", ("x", "hue"))
    assert finding.values == {"scores": ["factor_vae", "beta_vae"]}
    (finding,) = contradictions({"beta_vae": scores["beta_vae"], "factor_vae": votes(None)})
    assert finding.values == {"scores": ["beta_vae"]}


def test_a_score_of_votes_without_a_classifier_is_a_constant_guess() -> None:
    assert [each.code for each in contradictions({"factor_vae": votes(0.5, False)})] == [
        "constant-guess"
    ]
    assert contradictions({"factor_vae": votes(0.5), "beta_vae": votes(0.5, False)}) == []


@pytest.mark.parametrize(("frequency", "warped"), [(0.46, True), (0.44, False), (None, False)])
def test_codes_are_warped_where_bins_of_equal_frequency_see_much_more(
    frequency: float | None, warped: bool
) -> None:
    found = contradictions({"mig": Score(0.25), "mig_quantile": Score(frequency)})
    assert [each.code for each in found] == (["warped"] if warped and frequency else [])
    found = contradictions({"mig": Score(0.25), "mig_quantile": Score(0.2)})
    assert found == []
