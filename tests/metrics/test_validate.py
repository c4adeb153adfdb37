"""Arrays that do not fit, and what is said of them."""

from collections.abc import Callable

import numpy as np
import pytest

from sbvae_cli.metrics.beta_vae_score import beta_vae_score
from sbvae_cli.metrics.dci import dci
from sbvae_cli.metrics.explicitness import explicitness
from sbvae_cli.metrics.factor_vae_score import factor_vae_score
from sbvae_cli.metrics.infomec import explicit_information, infomec
from sbvae_cli.metrics.information import mutual_information
from sbvae_cli.metrics.irs import irs
from sbvae_cli.metrics.mig import mutual_information_gap
from sbvae_cli.metrics.mig_subspace import mig_subspace
from sbvae_cli.metrics.modularity import modularity
from sbvae_cli.metrics.neighbour_information import nearest_information
from sbvae_cli.metrics.sap import sap
from sbvae_cli.metrics.udr import udr
from sbvae_cli.metrics.unsupervised import unsupervised
from sbvae_cli.metrics.validate import (
    codes_and_classes,
    codes_and_kls,
    codes_of_votes,
    finite_codes,
    train_and_test,
)

CODES, CLASSES = np.zeros((4, 2)), np.zeros((4, 2), int)


@pytest.mark.parametrize(
    "metric",
    [
        unsupervised,
        lambda z: mutual_information(z, CLASSES),
        lambda z: mutual_information_gap(z, CLASSES),
        lambda z: mig_subspace(z, CLASSES, ("x", "y"), ()),
        lambda z: modularity(z, CLASSES),
        lambda z: irs(z, CLASSES),
        lambda z: nearest_information(z, CLASSES),
        lambda z: infomec(z, CLASSES),
        lambda z: explicit_information(z, CLASSES),
        lambda z: sap(CODES, CLASSES, z, CLASSES),
        lambda z: dci(z, CLASSES, CODES, CLASSES),
        lambda z: explicitness(CODES, CLASSES, z, CLASSES),
        lambda z: udr([z, CODES], [np.ones(2), np.ones(2)]),
        lambda z: factor_vae_score(z[:, None].repeat(2, 1), [0, 1, 0, 1], np.ones(2), 2, 2),
        lambda z: beta_vae_score(
            z[:, None].repeat(2, 1), [0, 1, 0, 1], 2, 2, votes_train=1, votes_eval=1, seed=0
        ),
    ],
)
def test_no_metric_takes_codes_that_are_not_finite(metric: Callable[[np.ndarray], object]) -> None:
    for value in (np.nan, np.inf):
        with pytest.raises(ValueError, match="codes must be finite"):
            metric(np.full((4, 2), value))


@pytest.mark.parametrize("codes", [np.zeros(4), np.zeros((4, 0)), np.zeros((0, 2))])
def test_codes_of_another_shape_are_refused(codes: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"codes must have shape \(N, K\), got"):
        finite_codes(codes)


@pytest.mark.parametrize(
    ("codes", "classes", "message"),
    [
        (CODES, np.zeros((5, 2), int), r"do not fit: \(4, 2\) and \(5, 2\)"),
        (CODES, np.zeros(4, int), "do not fit"),
        (np.zeros(4), CLASSES, "do not fit"),
        (np.zeros((0, 2)), np.zeros((0, 2), int), "do not fit"),
        (CODES, np.zeros((4, 2)), "whole numbers"),
        (CODES, np.full((4, 2), -1), "whole numbers"),
    ],
)
def test_codes_and_classes_fit(codes: np.ndarray, classes: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        codes_and_classes(codes, classes)


@pytest.mark.parametrize(
    ("codes", "classes", "message"),
    [
        (np.zeros((4, 3)), CLASSES, "other columns"),
        (CODES, np.zeros((4, 3), int), "other columns"),
        (np.zeros((0, 2)), np.zeros((0, 2), int), "do not fit"),
        (CODES, np.zeros((3, 2), int), r"do not fit: \(4, 2\) and \(3, 2\)"),
    ],
)
def test_rows_to_fit_and_to_test_fit(codes: np.ndarray, classes: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train_and_test(CODES, CLASSES, codes, classes)
    with pytest.raises(ValueError, match="there are no classes"):
        train_and_test(CODES, CLASSES[:, :0], CODES, CLASSES)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"codes": np.zeros((4, 1, 2))}, "L at least 2"),
        ({"codes": np.zeros((4, 3))}, "do not fit"),
        ({"fixed": [0, 1, 0]}, "do not fit"),
        ({"fixed": [0, 1, 2, 0]}, "one of 2 factors"),
        ({"fixed": [0, 1, -1, 0]}, "one of 2 factors"),
        ({"n_train": 4}, "leave none"),
        ({"n_train": 0}, "leave none"),
    ],
)
def test_votes_fit(change: dict[str, object], message: str) -> None:
    good = {"codes": np.zeros((4, 3, 2)), "fixed": [0, 1, 0, 1], "n_train": 2, "n_factors": 2}
    with pytest.raises(ValueError, match=message):
        codes_of_votes(**{**good, **change})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("codes", "kls", "message"),
    [
        ([CODES, CODES], [np.ones(2)], "2 models have codes, 1 have KL"),
        ([CODES, CODES[:3]], [np.ones(2)] * 2, r"do not fit: \(3, 2\) and \(2,\), the first has 4"),
        ([CODES, CODES], [np.ones(2), np.ones(3)], "do not fit"),
        ([CODES, CODES], [np.ones(2), np.full(2, np.nan)], "KL must be finite"),
    ],
)
def test_codes_of_several_models_fit(
    codes: list[np.ndarray], kls: list[np.ndarray], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        codes_and_kls(codes, kls)
