"""Factors of training images that a picture shows."""

import numpy as np
import pytest

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.space import CorrelationConfig
from sbvae_cli.data.source import open_source, source_from_space
from sbvae_cli.evaluation.representation import Representation
from sbvae_cli.evaluation.training_points import (
    training_points,
    training_points_of_codes,
    training_samples,
)


def test_points_leave_out_what_training_held_out_and_fill_the_rest() -> None:
    found = training_points(open_source("circles:xy-hole", 8, 8), ("y", "x"))

    inside = ((found > 0.35) & (found < 0.65)).all(axis=1)
    assert found.shape == (2_000, 2) and not inside.any()
    corners = np.abs(found - 0.5).min(axis=1) > 0.25
    assert corners.mean() == pytest.approx(0.01 / 0.27, abs=0.013)  # areas; three stds


def test_the_space_that_a_model_was_trained_on_counts() -> None:
    whole, hole = (open_source(f"circles:{name}", 8, 8) for name in ("xy", "xy-hole"))

    found = training_points(whole, ("x", "y"), hole.space)

    np.testing.assert_array_equal(found, training_points(hole, ("x", "y")))


def test_samples_are_of_the_data_that_the_model_was_trained_on() -> None:
    whole, hole = (open_source(f"circles:{name}", 64, 64) for name in ("xy", "xy-hole"))
    rows, columns = np.mgrid[:64, :64] / 63 - 0.5

    def in_the_hole(images: np.ndarray) -> int:
        weights = images.mean(axis=-1)
        total = weights.sum(axis=(1, 2))
        y, x = ((weights * axis).sum(axis=(1, 2)) / total for axis in (rows, columns))
        return int(((np.abs(y) < 0.13) & (np.abs(x) < 0.13)).sum())

    assert in_the_hole(training_samples(whole, hole.space, 64)) == 0
    assert in_the_hole(training_samples(whole, whole.space, 64)) > 4


def test_samples_of_data_with_other_factors_are_its_own() -> None:
    sprites, circles = open_source("sprites", 8, 8), open_source("circles:xy", 8, 8)
    own = training_samples(sprites, sprites.space, 5)
    assert own.shape == (5, 8, 8, 3) and own.any()
    assert training_samples(sprites, circles.space, 5).shape == (5, 8, 8, 3)


def test_correlated_factors_follow_each_other_and_blank_images_have_no_point() -> None:
    pair = CorrelationConfig(factors=("x", "y"), std=0.1)
    space = named_space("circles:xy").model_copy(update={"correlated": (pair,)})
    found = training_points(source_from_space(space, "xy", 8, 8), ("x", "y"))
    assert np.corrcoef(found.T)[0, 1] > 0.8

    found = training_points(open_source("circles:xh-blank", 8, 8), ("x", "hue"))
    assert np.isfinite(found).all()


def test_codes_give_the_rows_that_training_had() -> None:
    factors = np.array([[0, 1, 1], [2, 3, 1], [4, 5, 1], [6, 7, 0]], float)
    held_out = np.array([False, True, False, False])
    codes = Representation(np.zeros((4, 2)), factors, ("a", "b", "present"), held_out=held_out)

    found = training_points_of_codes(codes, ("b", "a"))

    assert sorted(map(tuple, found.tolist())) == [(1, 0), (5, 4)]
