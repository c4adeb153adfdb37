"""Scores as the page lists them."""

from types import SimpleNamespace
from typing import cast

import numpy as np

from sbvae_cli.evaluation.factor_embedding import FactorEmbedding
from sbvae_cli.explorer.scores import scores_of

SCORES = {"affine_r2": 0.98765, "inverse_r2": 0.975, "monotone_r2": 0.5, "heldout_nrmse": None}


def embedding(*, held_out: bool) -> FactorEmbedding:
    points = SimpleNamespace(held_out=np.array([False, held_out]))
    return cast("FactorEmbedding", SimpleNamespace(points=points, scores=SCORES))


def test_scores_have_their_units_and_help_calls_others_by_their_labels() -> None:
    found = {each["key"]: each for each in scores_of(embedding(held_out=True))}
    assert set(found) <= set(SCORES)
    assert found["affine_r2"]["text"] == "0.988" and found["affine_r2"]["value"] == 0.98765
    assert found["inverse_r2"]["label"] == "inverse R²"
    assert found["monotone_r2"]["help"].startswith("Inverse R² after")  # not `inverse_r2`
    assert found["heldout_nrmse"]["text"] == "-" and found["heldout_nrmse"]["value"] is None


def test_scores_of_the_held_out_region_need_one() -> None:
    keys = {each["key"] for each in scores_of(embedding(held_out=False))}
    assert "affine_r2" in keys and not any(key.startswith("heldout") for key in keys)
