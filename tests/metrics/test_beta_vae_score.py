"""The BetaVAE score: the rules of its votes, and codes whose score is known."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sbvae_cli.metrics import beta_vae_score as module
from sbvae_cli.metrics.beta_vae_score import BetaVaeScore, beta_vae_score
from sbvae_cli.metrics.intervals import wilson_interval
from sbvae_cli.random import stream

L, F = 8, 3

Encode = Callable[[np.ndarray], np.ndarray]


def groups(encode: Encode, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Codes (n, L, K) of groups of images that share one factor, and which."""
    rng = np.random.default_rng(seed)
    fixed = rng.integers(F, size=n)
    v = rng.uniform(-1, 1, size=(n, L, F))
    for images, factor in zip(v, fixed, strict=True):
        images[:, factor] = images[0, factor]
    return encode(v.reshape(-1, F)).reshape(n, L, -1), fixed


def score(encode: Encode, n: int = 600, votes: int = 400, **options: int) -> BetaVaeScore:
    codes, fixed = groups(encode, n)
    given = {"votes_train": votes, "votes_eval": votes, "seed": 0, **options}
    return beta_vae_score(codes, fixed, n // 2, F, **given)


def noisy(encode: Encode, std: float, latents: int, seed: int = 1) -> Encode:
    rng = np.random.default_rng(seed)
    return lambda v: encode(v) + std * rng.normal(size=(len(v), latents))


def rotation(degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def test_perfect_codes_in_any_order_score_one() -> None:
    found = score(lambda v: v[:, [2, 0, 1]] * [1.0, -4.0, 2.0])
    assert found.score == found.train_score == 1
    assert found.chance == pytest.approx(1 / 3)
    assert (found.low, found.high) == pytest.approx(wilson_interval(400, 400))


def test_rotated_duplicated_and_dead_latents_are_not_seen() -> None:
    assert score(lambda v: v @ rotation(10)).score > 0.99
    assert score(lambda v: v[:, [0, 0, 1, 2, 2]]).score == 1
    assert score(lambda v: np.insert(v, [0, 2], 0.1, axis=1)).score == 1


def test_a_rotation_by_45_degrees_leaves_both_factors_alike() -> None:
    """|z1 - z2| of both latents is that of the other factor, whichever is shared."""
    found = score(lambda v: v @ rotation(45), n=900)
    assert found.score == pytest.approx(2 / 3, abs=0.08)


def test_a_missing_factor_hides() -> None:
    """Where it is shared no latent stands still, which a classifier can tell."""
    assert score(lambda v: v[:, :2]).score > 0.99


def test_noise_and_dead_codes_score_chance() -> None:
    assert score(noisy(lambda v: 0 * v, 1.0, F)).score == pytest.approx(1 / 3, abs=0.08)
    assert score(lambda v: 0 * v + 0.1).score == pytest.approx(1 / 3, abs=0.08)


def test_groups_that_fix_one_factor_alone_are_guessed() -> None:
    codes = np.random.default_rng(0).normal(size=(20, L, 2))
    found = beta_vae_score(codes, [1] * 20, 10, 2, votes_train=30, votes_eval=30, seed=0)
    assert found.score == found.train_score == 1
    other = [1] * 10 + [0] * 10
    assert beta_vae_score(codes, other, 10, 2, votes_train=30, votes_eval=30, seed=0).score == 0


def test_a_vote_is_the_mean_of_pairs_of_different_images_of_groups_of_its_factor() -> None:
    """Each image of group g is a power of 2 beyond all others: differences tell who was paired."""
    images, pairs = 4, 1
    codes = np.zeros((5, images, 1))
    codes[:, :, 0] = 2.0 ** np.arange(5 * images).reshape(5, images)
    factor = np.array([0, 1, 0, 1, 1])

    features, labels = module._votes(codes, factor, 600, pairs, np.random.default_rng(0))

    seen = set()
    for feature, label in zip(features[:, 0].tolist(), labels.tolist(), strict=True):
        bits = bin(int(feature))[2:]  # 2^a - 2^b, a > b, is a run of ones and b zeros
        low, high = len(bits) - bits.count("1"), len(bits)
        assert feature > 0 and bits.rstrip("0").count("0") == 0
        assert low // images == high // images  # never two groups
        assert factor[low // images] == label
        seen.add((low, high))
    assert len(seen) == 5 * math.comb(images, 2)  # every pair of every group


def test_votes_average_over_their_pairs() -> None:
    codes = np.zeros((3, 2, 2))
    codes[:, 1] = [[1.0, -2.0], [3.0, -6.0], [5.0, 10.0]]  # of the three groups, one factor

    features, _ = module._votes(codes, np.zeros(3, int), 50, 40, np.random.default_rng(0))

    assert features[:, 1] == pytest.approx(2 * features[:, 0])
    assert np.ptp(features[:, 0]) > 0
    counts = 40 * features[:, 0]  # a sum of 40 terms of 1, 3 and 5
    assert counts == pytest.approx(np.round(counts)) and (np.round(counts) % 2 == 0).all()
    assert features[:, 0].mean() == pytest.approx(3, abs=0.2)


def test_votes_in_several_parts_are_of_the_same_kind() -> None:
    codes, fixed = groups(lambda v: v, 100)
    features, labels = module._votes(codes, fixed, 100, 40, np.random.default_rng(0), at_once=7)
    assert features.argmin(axis=1).tolist() == labels.tolist()


def test_training_and_evaluation_groups_never_mix() -> None:
    """In training groups latents stand for factors in one order, in the others in the reverse."""
    codes, fixed = groups(lambda v: v, 400)
    codes[200:] = codes[200:, :, ::-1]
    found = beta_vae_score(codes, fixed, 200, F, votes_train=300, votes_eval=300, seed=0)
    assert found.train_score == 1
    assert found.score == pytest.approx(1 / 3, abs=0.08)  # the middle latent stays what it was


def test_the_classifier_is_the_logistic_regression_of_scikit_learn() -> None:
    encode = noisy(lambda v: v, 1.0, F)
    codes, fixed = groups(encode, 600)
    rng = stream(5, "pairs")
    train, labels = module._votes(codes[:300], fixed[:300], 500, 64, rng)
    test, truth = module._votes(codes[300:], fixed[300:], 500, 64, rng)
    plain = LogisticRegression(tol=1e-8).fit(train, labels)

    found = beta_vae_score(codes, fixed, 300, F, votes_train=500, votes_eval=500, seed=5)

    assert 0.4 < found.score < 0.99
    assert found.score == pytest.approx((plain.predict(test) == truth).mean(), abs=0.005)
    assert found.train_score == pytest.approx((plain.predict(train) == labels).mean(), abs=0.005)


def test_the_interval_covers_what_the_classifier_scores_on_average() -> None:
    """Training groups and seed stay, so the classifier does; evaluation groups are drawn anew."""
    train, size, votes = 150, 120, 800
    codes, fixed = groups(noisy(lambda v: v, 0.8, F), train + 100 * size)
    found = [
        beta_vae_score(
            np.concatenate([codes[:train], codes[start : start + size]]),
            np.concatenate([fixed[:train], fixed[start : start + size]]),
            train,
            F,
            votes_train=200,
            votes_eval=votes,
            seed=0,
            pairs=4,
        )
        for start in range(train, len(codes), size)
    ]
    average = np.mean([one.score for one in found])
    covered = np.mean([one.low <= average <= one.high for one in found])
    half = np.mean([one.high - one.low for one in found]) / 2
    assert len(found) == 100 and 0.4 < average < 0.9
    assert covered >= 0.9  # 95 % of many; independent votes would have 78 %
    assert half == pytest.approx(1.96 * np.std([one.score for one in found]), rel=0.2)


@pytest.mark.parametrize("scale", [1e-3, 1e3, np.array([1e-3, 1.0, 1e3])])
def test_codes_of_odd_scales_warn_of_nothing(scale: float) -> None:
    assert 0 <= score(lambda v: v * scale).score <= 1


def test_large_codes_score_like_plain_ones() -> None:
    assert score(lambda v: 1e3 * v).score == 1


def test_one_seed_gives_one_score_and_another_other_pairs() -> None:
    encode = noisy(lambda v: v, 1.0, F)
    codes, fixed = groups(encode, 400)

    def once(seed: int) -> BetaVaeScore:
        return beta_vae_score(codes, fixed, 200, F, votes_train=200, votes_eval=200, seed=seed)

    assert once(0) == once(0)
    assert once(0) != once(1)
