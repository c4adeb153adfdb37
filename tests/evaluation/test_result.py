"""Scores of an evaluation, one by one."""

from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.evaluation.result import Evaluation
from sbvae_cli.metrics.choose_latents import LatentChoice
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Score


def test_numbers_are_the_scores_and_those_of_a_pair_that_are_numbers_or_lacking() -> None:
    choice = LatentChoice((0, 1), "given", (0, 1), (0, 1))
    scores = {"affine_r2": 0.75, "heldout_nrmse": None, "inverse_r2_by_factor": [0.5, 1.0]}
    pair = PairGeometry(("x", "y"), (4, 4), choice, scores, population="file")

    found = Evaluation(Protocol(), {"mig": Score(0.25, 0.125, 0.5)}, {"x,y": pair}).numbers

    assert found == [
        ("mig", "", Score(0.25, 0.125, 0.5)),
        ("affine_r2", "x,y", Score(0.75, population="file")),
        ("heldout_nrmse", "x,y", Score(None, population="file")),
    ]
