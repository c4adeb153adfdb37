"""What a claim may hold, and what is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from sbvae_cli.recipes.claims import Claim, Ordering

BROADCAST, DECONV = {"model.decoder.kind": "broadcast"}, {"model.decoder.kind": "deconv"}
ABOUT = {"id": "flatter", "says": "the broadcast model is flatter", "where": "Figure 8"}
ORDERING = {"score": "affine_r2", "higher": BROADCAST, "lower": DECONV}


def test_a_claim_has_the_test_that_it_was_given() -> None:
    claim = Claim.model_validate({**ABOUT, "ordering": ORDERING})

    assert isinstance(claim.test, Ordering)
    assert claim.test.higher == BROADCAST


def test_a_claim_that_is_judged_by_eye_says_why_it_has_no_test() -> None:
    assert Claim.model_validate({**ABOUT, "why": "judged by eye"}).test is None


@pytest.mark.parametrize(
    ("own", "found"),
    [
        ({}, "has no test; give one, or say why there is none"),
        (
            {"ordering": ORDERING, "threshold": {"score": "mig", "at_least": 0.5}},
            "has ordering and threshold; a claim has one test",
        ),
        ({"ordering": {**ORDERING, "score": "mgi"}}, "did you mean mig?"),
        ({"ordering": {**ORDERING, "lower": BROADCAST}}, "name settings that differ"),
        ({"threshold": {"score": "mig"}}, "has no bound; give at_least or at_most"),
        ({"threshold": {"score": "mig", "at_most": 1, "share": 0}}, "greater than 0"),
        ({"trend": {"score": "kl", "along": "depth", "direction": "down"}}, "'rises' or 'falls'"),
        ({"value": {"score": "mig"}}, "value.paper\n  Field required"),
        ({"why": "no", "tested": True}, "Extra inputs are not permitted"),
    ],
)
def test_what_is_no_claim_is_refused(own: dict[str, Any], found: str) -> None:
    with pytest.raises(ValidationError) as error:
        Claim.model_validate({**ABOUT, **own})

    assert found in str(error.value)
