"""Information about blank images on codes of known answer."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from sbvae_cli.metrics.blank_information import present_information


def test_a_latent_that_tells_blank_images_apart_knows_their_entropy() -> None:
    rng = np.random.default_rng(0)
    present = (rng.random(2000) < 0.5).astype(float)
    codes = np.column_stack([rng.normal(size=2000), 3 * present, np.zeros(2000)])

    found = present_information(codes, present)

    assert found.nats == pytest.approx(mutual_info_score(present, present), abs=1e-9)
    assert found.by_latent[0] < 0.02 and found.by_latent[2] == 0
    assert found.interval is not None
    assert found.interval.low <= found.nats <= found.interval.high <= np.log(2)


def test_the_interval_covers_what_is_known() -> None:
    """The latent repeats `present`, or one time in five a random value."""
    joint = np.array([[0.45, 0.05], [0.05, 0.45]])
    truth = float((joint * np.log(joint / 0.25)).sum())
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        present = rng.integers(0, 2, 500)
        latent = np.where(rng.random(500) < 0.2, rng.integers(0, 2, 500), present)
        codes = np.column_stack([latent, rng.normal(size=(500, 2))])
        found = present_information(codes, present).interval
        assert found is not None
        covered += found.low <= truth <= found.high
    assert covered >= 90


def test_the_interval_of_many_latents_that_know_nothing_holds_0() -> None:
    covered = 0
    for seed in range(60):
        codes = np.random.default_rng(seed).normal(size=(500, 10))
        found = present_information(codes, np.arange(500) >= 50).interval
        assert found is not None
        covered += found.low == 0
    assert covered >= 54


def test_next_to_no_rows_leave_no_interval() -> None:
    assert present_information(np.ones((399, 2)), np.arange(399) > 9).interval is None
