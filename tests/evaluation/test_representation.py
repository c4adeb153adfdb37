"""Codes beside factors: what is shown, what varies, and which rows metrics see."""

from dataclasses import replace

import numpy as np
import pytest

from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.representation import Representation, sample_of
from sbvae_cli.metrics.protocol import Protocol

N = 30
RNG = np.random.default_rng(0)
CODES = RNG.normal(size=(N, 2))
FEW = Protocol(("mig",), images=10, test_images=5)


def of_rows(**options: object) -> Representation:
    """A factor that counts the rows, and one that is constant."""
    factors = np.column_stack([np.arange(N), np.ones(N)])
    return Representation(CODES, factors, ("row", "one"), **options)  # type: ignore[arg-type]


def test_blank_rows_and_the_factor_that_marks_them_are_not_shown() -> None:
    present = np.arange(N) % 3 > 0
    factors = np.column_stack([np.where(present, np.arange(N), np.nan), present, np.ones(N)])
    whole = Representation(CODES, factors, ("row", "present", "one"), stds=np.abs(CODES))
    shown = whole.nonblank
    assert shown.names == ("row", "one") and shown.varying == ("row",)
    np.testing.assert_array_equal(shown.factors[:, 0], np.flatnonzero(present))
    np.testing.assert_array_equal(shown.stds, np.abs(CODES)[present])
    np.testing.assert_array_equal(whole.present, present)
    assert shown.present is None and shown.nonblank is shown


def test_factors_of_one_level_are_no_labels_and_the_unit_is_the_widest_latents() -> None:
    labelled = of_rows().labelled(bins=20)
    assert labelled.names == ("row",) and labelled.factors.shape == (N, 1)
    assert labelled.unit == min(1.0, CODES.std(axis=0).max())
    assert of_rows(stds=np.abs(CODES)).labelled(bins=20).unit == 1
    with pytest.raises(SbvaeError, match="scale them up"):
        Representation(1e-80 * CODES, CODES, ("x", "y")).labelled(bins=20)


def test_rows_of_a_file_are_taken_at_random_and_a_models_as_they_come() -> None:
    whole = of_rows().labelled(bins=20)
    as_they_come = sample_of(whole, FEW, at_random=True)
    np.testing.assert_array_equal(as_they_come.codes, CODES)
    assert (as_they_come.images, as_they_come.train_share) == (10, 2 / 3)
    drawn = sample_of(whole, FEW, at_random=False).factors[:, 0]
    assert len(drawn) == len(set(drawn)) == 10 and sorted(drawn) != list(range(10))
    again = sample_of(whole, FEW, at_random=False).factors[:, 0]
    np.testing.assert_array_equal(drawn, again)


def test_the_training_population_has_no_row_that_training_left_out() -> None:
    train = replace(FEW, population="train")
    held_out = np.arange(N) >= 7
    sample = sample_of(of_rows(held_out=held_out).labelled(bins=20), train, at_random=False)
    assert sorted(sample.factors[:, 0]) == list(range(7)) and sample.population == "train"
    for unknown in (None, np.arange(N) > 0):
        whole = of_rows(held_out=unknown).labelled(bins=20)
        with pytest.raises(SbvaeError, match=r"held.out") as caught:
            sample_of(whole, train, at_random=False)
        assert caught.value.field == "population"
