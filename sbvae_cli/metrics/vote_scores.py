"""FactorVAE and BetaVAE scores by name, from images drawn for votes or from the sample."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from sbvae_cli.config.metrics import DEAD_BELOW_STD
from sbvae_cli.metrics.beta_vae_score import RESAMPLES, BetaVaeScore, beta_vae_score
from sbvae_cli.metrics.factor_vae_score import FactorVaeScore, factor_vae_score
from sbvae_cli.metrics.intervals import ConfidenceInterval, spread_interval
from sbvae_cli.metrics.labelled_codes import LabelledCodes, Votes
from sbvae_cli.metrics.pool_votes import resampled_by_image, votable_factors, votes_from_pool
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Score, Scores
from sbvae_cli.metrics.validate import Floats, Ints
from sbvae_cli.random import stream

T = TypeVar("T", FactorVaeScore, BetaVaeScore)


def factor_vae_scores(sample: LabelledCodes, protocol: Protocol) -> Scores:
    """Compute the FactorVAE score, by name; its details list the factor of each latent."""
    unit = 1.0 if protocol.of_library else sample.unit
    columns = _voted_on(sample)
    names = [sample.names[column] for column in columns]
    if len(names) < 2:
        return {"factor_vae": _no_score(sample, names)}

    def score(votes: Votes, variance: Floats, with_interval: bool) -> FactorVaeScore:
        return factor_vae_score(
            votes.codes,
            votes.fixed,
            variance,
            protocol.votes_train,
            len(names),
            DEAD_BELOW_STD * unit,
        )

    found, interval = _scored(score, sample, columns, protocol)
    if protocol.of_library and not found.alive:
        found, interval = replace(found, score=0.0, train_score=0.0), ConfidenceInterval(0.0, 0.0)
    stands_for = zip(found.alive, found.classifier, strict=True)
    details = {
        "chance": found.chance,
        "train": found.train_score,
        "classifier": {str(latent): names[factor] for latent, factor in stands_for},
        **_not_voted_on(sample, names),
    }
    return {"factor_vae": Score(found.score, *interval, sample.population, details)}


def beta_vae_scores(sample: LabelledCodes, protocol: Protocol) -> Scores:
    """Compute the BetaVAE score, by name."""
    columns = _voted_on(sample)
    names = [sample.names[column] for column in columns]
    if len(names) < 2:
        return {"beta_vae": _no_score(sample, names)}

    def score(votes: Votes, variance: Floats, with_interval: bool) -> BetaVaeScore:
        return beta_vae_score(
            votes.codes,
            votes.fixed,
            protocol.votes_train,
            len(names),
            votes_train=protocol.votes_train,
            votes_eval=protocol.votes_eval,
            seed=protocol.seed,
            resamples=RESAMPLES if with_interval else 0,
        )

    found, interval = _scored(score, sample, columns, protocol)
    details = {
        "chance": found.chance,
        "train": found.train_score,
        **_not_voted_on(sample, names),
    }
    return {"beta_vae": Score(found.score, *interval, sample.population, details)}


def _voted_on(sample: LabelledCodes) -> list[int]:
    """Return the factors that votes can fix: all factors, if images are drawn for votes."""
    if sample.votes is not None:
        return list(range(len(sample.names)))
    return [int(column) for column in votable_factors(sample.first[1])]


def _not_voted_on(sample: LabelledCodes, names: Sequence[str]) -> dict[str, list[str]]:
    missing = [name for name in sample.names if name not in names]
    return {"not_voted_on": missing} if missing else {}


def _no_score(sample: LabelledCodes, names: Sequence[str]) -> Score:
    """Return a score without value, as votes on a single factor are right for any codes."""
    missing = _not_voted_on(sample, names)
    which = ", ".join(missing["not_voted_on"])
    left = f", and votes on {names[0]} alone have no meaning" if names else ""
    why = f"no two images of either half share a value of {which}{left}; bring more images"
    return Score(None, population=sample.population, details={"why": why, **missing})


def _scored(
    score: Callable[[Votes, Floats, bool], T],
    sample: LabelledCodes,
    columns: list[int],
    protocol: Protocol,
) -> tuple[T, ConfidenceInterval]:
    """Compute a score and its interval.

    If votes have images of their own, the interval is over the evaluation votes for a given
    classifier. If votes share images, it is over resamples of the images, with a new classifier
    for each, and at least as wide as for independent votes.
    """
    codes, classes = sample.first
    classes = classes[:, columns]
    if sample.votes is not None:
        found = score(sample.votes, codes.var(axis=0, ddof=1), True)
        return found, ConfidenceInterval(found.low, found.high)
    number = protocol.votes_train, protocol.votes_eval

    def of_pool(codes: Floats, classes: Ints, rng: np.random.Generator) -> T:
        votes = Votes(*votes_from_pool(codes, classes, rng, number, protocol.vote_images))
        return score(votes, codes.var(axis=0, ddof=1), False)

    found = of_pool(codes, classes, stream(protocol.seed, "pool-votes"))
    resampled = resampled_by_image(
        lambda *sample: of_pool(*sample).score, codes, classes, protocol.seed
    )
    spread = spread_interval(found.score, resampled)
    return found, ConfidenceInterval(min(spread.low, found.low), max(spread.high, found.high))
