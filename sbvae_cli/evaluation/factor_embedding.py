"""Embed points of two factors, on a grid or scattered, in two latents of a model."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.metrics import DEAD_BELOW_STD
from sbvae_cli.config.names import Select
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.findings.grids import cautions, layout_findings
from sbvae_cli.evaluation.findings.sentences import sentences
from sbvae_cli.evaluation.findings.words import NOTES
from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.evaluation.point_codes import FactorPoints, PointCodes
from sbvae_cli.metrics.choose_latents import LatentChoice, choose_pair
from sbvae_cli.metrics.classes import factor_classes
from sbvae_cli.metrics.extent import extent
from sbvae_cli.metrics.geometry_scores import geometry_scores
from sbvae_cli.metrics.information import mutual_information
from sbvae_cli.metrics.latent_use import LatentUse, latent_use

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FactorEmbedding:
    """Embedding of points of two factors in two latents.

    Attributes:
        points: The points, with their factor values.
        codes: Posterior means of the two latents, NaN where there is no image, shape (n0, n1, 2) or
            (N, 2).
        stds: Posterior stds of all latents, averaged over the points, shape (K,); None if unknown.
        choice: The two latents, with the choice of each rule.
        scores: Scores as defined by `geometry_scores` and `LatentUse`.
        pair: Summary of the embedding for reports.
        blank: Posterior mean of a blank image in the two latents, shape (2,); None if the data have
            none (Figure 22).
    """

    points: FactorPoints
    codes: Floats
    stds: Floats | None
    choice: LatentChoice
    scores: dict[str, Any]
    pair: PairGeometry
    blank: Floats | None = None

    @property
    def notes(self) -> list[str]:
        """Sentences on limits of the scores."""
        return sentences([*layout_findings([self.pair]), *cautions([self.pair])], NOTES)


def embed_points(
    points: FactorPoints,
    codes: PointCodes,
    information: Floats,
    *,
    select: Select = "auto",
    latents: tuple[int, int] | None = None,
    dead_below: float = DEAD_BELOW_STD,
) -> FactorEmbedding:
    """Choose two latents, and score the embedding of the points in them.

    Args:
        points: The points, with their factor values.
        codes: Posteriors of all latents at the points.
        information: Mutual information of each latent with either factor in nats, shape (K, 2).
        select: Rule that chooses the two latents; without stds they are chosen by information.
        latents: The two latents, the first one for the first factor; None to choose them by
            `select`.
        dead_below: Latents whose means have a smaller std than this count as constant.

    Raises:
        SbvaeError: If a latent does not exist, or too few points are not held out.
    """
    known = np.isfinite(codes.means).all(axis=-1)
    variances = None if codes.stds is None else np.square(codes.stds[known]).mean(axis=0)
    choice = choose_pair(
        np.ones(len(information)) if variances is None else variances,
        codes.means[known].std(axis=0, dtype=np.float64),
        information,
        "informative" if variances is None else select,
        exactly_two_vary=points.alone,
        dead_below=dead_below,
    )
    if latents is not None:
        choice = _given(choice, latents, len(information))
    chosen = codes.means[..., choice.latents]
    absent = points.held_out | ~known
    scores: dict[str, Any] = geometry_scores(
        points.scaled, chosen, absent, points.circular, dead_below
    )
    use = LatentUse()
    if codes.stds is not None:
        means, stds = codes.means[~absent], codes.stds[~absent]
        use = latent_use(means, stds, codes.noise, others_vary=bool(points.free))
    scores |= use.scores(choice.latents)
    own = 0.0 if variances is None else variances[list(choice.latents)]
    found = extent(chosen, points.held_out, own, dead_below)
    pair = replace(
        _pair(points, codes, choice, scores, dead_below),
        extent=found,
        drowned=found != extent(chosen, points.held_out, dead_below=dead_below),
        shares=use.shares,
    )
    mean_stds = None if codes.stds is None else codes.stds[known].mean(axis=0)
    blank = None if codes.blank is None else codes.blank[list(choice.latents)]
    return FactorEmbedding(points, chosen, mean_stds, choice, scores, pair, blank)


def embed_known(
    points: FactorPoints,
    codes: PointCodes,
    latents: tuple[int, int] | None = None,
    dead_below: float = DEAD_BELOW_STD,
) -> FactorEmbedding:
    """Choose and score two latents from the codes of the points alone.

    Args:
        points: The points, with their factor values.
        codes: Posteriors of all latents at the points.
        latents: The two latents, the first one for the first factor; None to choose them.
        dead_below: Latents whose means have a smaller std than this count as constant.

    Raises:
        SbvaeError: As in `embed_points`.
    """
    known = np.isfinite(codes.means).all(axis=-1)
    classes = factor_classes(points.scaled[known])
    information = mutual_information(codes.means[known], classes)
    return embed_points(points, codes, information, latents=latents, dead_below=dead_below)


def _pair(
    points: FactorPoints,
    codes: PointCodes,
    choice: LatentChoice,
    scores: dict[str, Any],
    dead_below: float,
) -> PairGeometry:
    """Return the summary of an embedding for reports."""
    latents = list(choice.latents)
    known = np.isfinite(codes.means).all(axis=-1)
    support = known & ~points.held_out
    spread = zip(latents, codes.means[support][:, latents].std(axis=0), strict=True)
    grid = points.held_out.ndim == 2
    return PairGeometry(
        points.names,
        (points.held_out.shape[0], points.held_out.shape[1]) if grid else None,
        choice,
        scores,
        points.population,
        dead=tuple(latent for latent, std in spread if std < dead_below),
        points=int(np.count_nonzero(support)),
        within=0.0 if codes.within is None else float(codes.within[latents].mean()),
        missing=int(np.count_nonzero(~known)),
        free=points.free,
        shown=int(np.count_nonzero(known)),
        found=points.found,
    )


def _given(choice: LatentChoice, latents: tuple[int, int], count: int) -> LatentChoice:
    if latents[0] == latents[1] or not all(0 <= latent < count for latent in latents):
        found = f"{latents[0]} and {latents[1]}"
        raise SbvaeError(f"latents {found}: name two different ones from 0 to {count - 1}")
    return replace(choice, latents=latents, rule="given")
