"""Which factor a latent follows, of codes whose answer is known."""

import numpy as np
import pytest

from sbvae_cli.evaluation.followed import factors_followed

RNG = np.random.default_rng(3)
FACTORS = RNG.uniform(size=(512, 3))
X, Y, HUE = FACTORS.T
STDS = np.full((512, 5), 0.1)


def followed(*columns: np.ndarray, stds: np.ndarray = STDS) -> list[list[str]]:
    found = factors_followed(
        np.stack(columns, axis=1), stds[:, : len(columns)], FACTORS, ("x", "y", "hue")
    )
    assert found is not None
    return [[name for name, _ in own] for own in found]


def test_each_latent_has_the_factor_that_it_is_a_function_of() -> None:
    noise = RNG.normal(size=512)

    assert followed(3 - 2 * Y, X**3, noise, np.abs(HUE - 0.5)) == [["y"], ["x"], [], ["hue"]]


def test_a_mixture_of_two_has_both_and_a_leaning_one_has_one() -> None:
    turned, leaning = X + Y, X + 0.1 * Y

    assert sorted(followed(turned)[0]) == ["x", "y"]
    assert followed(leaning) == [["x"]]


def test_a_latent_that_is_not_in_use_follows_none() -> None:
    stds = STDS.copy()
    stds[:, 1] = 0.5  # of the prior, which drowns it

    assert followed(X, Y, stds=stds) == [["x"], []]


def test_shares_are_those_of_counting() -> None:
    """Four levels, of which the latent tells two halves apart: one of two bits."""
    levels = np.tile(np.arange(4.0), 128)
    found = factors_followed((levels >= 2)[:, None] * 1.0, STDS[:, :1], levels[:, None], ("shape",))

    ((name, share),) = found[0]
    assert name == "shape" and share == pytest.approx(0.5, abs=0.02)


def test_an_outlier_hides_nothing() -> None:
    code = X.copy()
    code[0] = 1e4  # the others share one bin of equal width

    assert followed(code) == [["x"]]


@pytest.mark.parametrize("rows", [10, 59])
def test_few_rows_tell_nothing(rows: int) -> None:
    assert (
        factors_followed(X[:rows, None], STDS[:rows, :1], FACTORS[:rows], ("a", "b", "c")) is None
    )


def test_constant_factors_are_passed_over() -> None:
    constant = np.column_stack([np.ones(512), X])

    assert factors_followed(X[:, None], STDS[:, :1], constant[:, :1], ("one",)) is None
    found = factors_followed(X[:, None], STDS[:, :1], constant, ("one", "x"))
    assert found is not None and [name for name, _ in found[0]] == ["x"]


def test_independent_codes_follow_nothing_by_chance() -> None:
    rng = np.random.default_rng(0)
    for rows in (60, 100, 512):
        found = factors_followed(
            rng.normal(size=(rows, 10)),
            np.full((rows, 10), 0.1),
            rng.uniform(size=(rows, 6)),
            tuple("abcdef"),
        )
        assert found is not None
        assert sum(map(len, found)) <= (6 if rows < 512 else 0)
