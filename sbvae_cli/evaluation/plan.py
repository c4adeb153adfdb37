"""Plan the parts of a model's evaluation before anything is computed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from sbvae_cli.config.metrics import METRICS
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.source import Source
from sbvae_cli.data.stored_points import StoredFactors, StoredPoints
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.colour_basis import in_other_basis, names_in_rgb
from sbvae_cli.evaluation.encode import encode
from sbvae_cli.evaluation.findings.finding import Finding, left_out_finding
from sbvae_cli.evaluation.images import count_available
from sbvae_cli.metrics.mig_subspace import every_group
from sbvae_cli.metrics.protocol import Protocol, possible_metrics
from sbvae_cli.models.vae import VAE
from sbvae_cli.random import stream

_PROBE_IMAGES = 16  # number of images


@dataclass(frozen=True)
class EvaluationPlan:
    """Parts of a model's evaluation.

    Attributes:
        source: Data to evaluate on.
        protocol: Metrics, all of which are possible for data and model, and their settings.
        latents: Number of latents of the model.
        space: Factor space whose held-out regions count: that of the training data, or that of the
            source if their factors differ.
        skipped: Findings on metrics that are not possible, a small file, and pairs of factors
            without enough images.
        stored: Images of a file for each pair of factors; empty if images are rendered.
    """

    source: Source
    protocol: Protocol
    latents: int
    space: FactorSpace
    skipped: tuple[Finding, ...]
    stored: Mapping[tuple[str, str], StoredPoints] = field(default_factory=dict)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics to compute."""
        return self.protocol.metrics or ()

    @property
    def rates(self) -> bool:
        """Whether rates (NLL and KL) are computed."""
        return "rates" in self.metrics

    @property
    def heldout(self) -> bool:
        """Whether rates are also computed on images of the held-out regions."""
        return self.rates and bool(self.space.held_out) and self.source.can_render

    @property
    def present(self) -> bool:
        """Whether information on blank images is computed."""
        return "mig" in self.metrics and self.source.space.blank > 0

    @property
    def in_rgb(self) -> bool:
        """Whether metrics use red, green and blue of colours that the data have as HSV."""
        space = self.source.space
        return in_other_basis(space.names, space.varying, self.protocol.color_basis)

    @property
    def pool(self) -> int:
        """Number of images to encode for metrics of codes and factors; 0 if there are none."""
        needed = set(self.metrics) - {"rates", "geometry"}
        return self.protocol.pool(self.metrics) if needed else 0

    @property
    def vote_metrics(self) -> tuple[str, ...]:
        """Names of the metrics that are computed from votes."""
        return tuple(name for name in self.metrics if METRICS[name].votes)

    @property
    def draws_votes(self) -> bool:
        """Whether votes get images of their own."""
        return bool(self.vote_metrics) and self.source.renders_fast and not self.in_rgb

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Pairs of factors whose grid is rendered."""
        if "geometry" not in self.metrics or not self.source.can_render:
            return ()
        return tuple(combinations(self.source.space.varying, 2))


def make_plan(
    vae: VAE, source: Source, protocol: Protocol, trained_on: FactorSpace | None = None
) -> EvaluationPlan:
    """Check the model and the protocol against the data, and plan the evaluation.

    Args:
        vae: Model on its device.
        source: Data to evaluate on.
        protocol: Requested metrics and their settings; without metrics, those of the paper that are
            possible.
        trained_on: Factor space of the training data, whose held-out regions count if its factors
            are those of the source.

    Raises:
        SbvaeError: If a requested metric is not possible, a colour basis or group of factors does
            not fit the data, or the model's posteriors are not finite.
    """
    space, latents = source.space, _count_latents(vae, source, protocol)
    names = space.varying
    if in_other_basis(space.names, names, protocol.color_basis):
        names = names_in_rgb(names)
    every_group(names, protocol.groups or (), space.circular)
    metrics, impossible = possible_metrics(
        protocol, latents, names, source.name, of_geometry=space.varying
    )
    skipped = [left_out_finding(those, why) for why, those in impossible.items()]
    if count_available(source, protocol.images) < protocol.images:
        values = {"data": source.name, "images": source.count, "wanted": protocol.images}
        skipped.append(Finding("few-images", values=values))
    stored, no_pairs = _stored_pairs(source, protocol) if "geometry" in metrics else ({}, [])
    lenient = protocol.lenient or protocol.metrics is None
    same = trained_on is not None and trained_on.names == space.names
    return EvaluationPlan(
        source,
        replace(protocol, metrics=metrics, lenient=lenient),
        latents,
        trained_on if trained_on is not None and same else space,
        (*skipped, *no_pairs),
        stored,
    )


def _stored_pairs(
    source: Source, protocol: Protocol
) -> tuple[dict[tuple[str, str], StoredPoints], list[Finding]]:
    """Choose images of a file for each pair of factors, as `embed_factors` does."""
    stored, impossible = dict[tuple[str, str], StoredPoints](), list[Finding]()
    if source.can_render or source.file is None:
        return stored, impossible
    factors = source.file.read_factors(np.arange(source.file.count))
    chosen = StoredFactors(factors, source.space.names, stream(0, "geometry"))
    for pair in combinations(source.space.varying, 2):
        try:
            stored[pair] = chosen.points(pair, protocol.grid)
        except SbvaeError as error:
            impossible.append(Finding("no-pair", pair, values={"why": error.line}))
    return stored, impossible


def _count_latents(vae: VAE, source: Source, protocol: Protocol) -> int:
    """Count the latents by encoding a few images, which also reveals damaged weights."""
    images, _ = source.images(0, count_available(source, _PROBE_IMAGES), protocol.seed)
    latents: int = encode(vae, images)[0].shape[1]
    return latents


def other_factors(trained: SpaceConfig, seen: FactorSpace) -> str | None:
    """Describe how the factors differ from those of the training data; None if they do not."""
    if trained.factors == seen.factors:
        return None
    if trained.varying != seen.varying:
        return (
            f"this data varies in {', '.join(seen.varying) or 'nothing known'}, "
            f"the model's own in {', '.join(trained.varying) or 'nothing known'}"
        )
    return "this data has the factors of the model's own, with other ranges"
