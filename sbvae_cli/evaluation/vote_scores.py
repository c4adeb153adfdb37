"""The scores of votes: FactorVAE and BetaVAE, of images drawn for them or of a pool."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from sbvae_cli.config.names import Metric
from sbvae_cli.evaluation.code_scores import Scores
from sbvae_cli.evaluation.sample import CodeSample
from sbvae_cli.metrics.beta_vae_score import RESAMPLES, BetaVaeScore, beta_vae_score
from sbvae_cli.metrics.factor_vae_score import (
    LEAST_STD,
    FactorVaeScore,
    factor_vae_score,
)
from sbvae_cli.metrics.information import Floats, Ints
from sbvae_cli.metrics.intervals import Interval, spread_interval
from sbvae_cli.metrics.pool_votes import resampled_by_image, votes_from_pool
from sbvae_cli.metrics.protocol import VOTES, Protocol
from sbvae_cli.metrics.score import Score

_TAG = 0x706F6F6C  # keeps these random streams apart from others of the same seed


@dataclass(frozen=True)
class DrawnVotes:
    """Votes of images of their own.

    Attributes:
        codes: Posterior means, shape (V, L, K).
        fixed: The factor that each vote's images share, as an index of the sample's, shape (V,).
    """

    codes: Floats
    fixed: Ints


@dataclass(frozen=True)
class PoolVotes:
    """Votes that share the images of a sample.

    Attributes:
        sample: Whose rows they are.
        protocol: Their number, size and seed.
    """

    sample: CodeSample
    protocol: Protocol

    def drawn(self) -> DrawnVotes:
        """Votes from the sample."""
        rng = np.random.default_rng([self.protocol.seed, _TAG])
        return self.drawn_from(*self.sample.first, rng)

    def drawn_from(self, codes: Floats, classes: Ints, rng: np.random.Generator) -> DrawnVotes:
        """Votes from other rows, such as a resample."""
        count = self.protocol.votes_train, self.protocol.votes_eval
        return DrawnVotes(*votes_from_pool(codes, classes, rng, count, self.protocol.vote_images))


Votes = DrawnVotes | PoolVotes


def voted(metrics: Collection[Metric]) -> str:
    """The scores of votes among these metrics, by name."""
    return ", ".join(name.replace("-", "_") for name in metrics if name in VOTES)


def vote_scores(
    votes: Votes, metric: Metric, sample: CodeSample, protocol: Protocol, notes: list[str]
) -> Scores:
    """The FactorVAE or the BetaVAE score by name.

    Votes of their own images have an interval over the evaluation votes, given the classifier;
    votes that share images one over resamples of the images, classifier included, which is no
    narrower than that of independent votes.

    Args:
        votes: Whose codes are those of the sample's model.
        metric: "factor-vae" or "beta-vae".
        sample: Of independent images, two factors or more.
        protocol: Number of votes, seed.
        notes: Gets a line where the score is a guess.
    """
    variance = sample.first[0].var(axis=0, ddof=1)
    score: Callable[..., FactorVaeScore | BetaVaeScore]
    score = _factor_vae if metric == "factor-vae" else _beta_vae
    names = sample.names
    if isinstance(votes, DrawnVotes):
        found = score(votes, variance, sample, protocol)
        interval = Interval(found.low, found.high)
    else:
        pool = votes
        found = score(pool.drawn(), variance, sample, protocol, with_interval=False)

        def again(codes: Floats, classes: Ints, rng: np.random.Generator) -> float:
            drawn = pool.drawn_from(codes, classes, rng)
            variance = codes.var(axis=0, ddof=1)
            return score(drawn, variance, sample, protocol, with_interval=False).score

        resampled = resampled_by_image(again, *sample.first, protocol.seed)
        spread = spread_interval(found.score, resampled)
        interval = Interval(min(spread.low, found.low), max(spread.high, found.high))
    details: dict[str, object] = {"chance": found.chance, "train": found.train_score}
    if isinstance(found, FactorVaeScore):
        stands_for = zip(found.alive, found.classifier, strict=True)
        details["classifier"] = {str(latent): names[factor] for latent, factor in stands_for}
        if not found.alive:
            notes.append(
                "factor_vae: no latent's mean deviates enough to win a vote; it is a constant guess"
            )
    name = metric.replace("-", "_")
    return {name: Score(found.score, *interval, sample.population, details)}


def _factor_vae(
    votes: DrawnVotes,
    variance: Floats,
    sample: CodeSample,
    protocol: Protocol,
    with_interval: bool = True,
) -> FactorVaeScore:
    return factor_vae_score(
        votes.codes,
        votes.fixed,
        variance,
        protocol.votes_train,
        len(sample.names),
        LEAST_STD * sample.unit,
    )


def _beta_vae(
    votes: DrawnVotes,
    variance: Floats,
    sample: CodeSample,
    protocol: Protocol,
    with_interval: bool = True,
) -> BetaVaeScore:
    return beta_vae_score(
        votes.codes,
        votes.fixed,
        protocol.votes_train,
        len(sample.names),
        votes_train=protocol.votes_train,
        votes_eval=protocol.votes_eval,
        seed=protocol.seed,
        resamples=RESAMPLES if with_interval else 0,
    )
