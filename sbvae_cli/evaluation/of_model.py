"""All scores of a model on data: rates, metrics of factors, geometry (Sections 4 and F)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.metrics import METRICS, metric_settings
from sbvae_cli.data.batches import to_device
from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.data.source import Source
from sbvae_cli.evaluation.basis import in_other_basis
from sbvae_cli.evaluation.batching import OnImages, fitting_batch
from sbvae_cli.evaluation.code_geometry import pairs_of_codes
from sbvae_cli.evaluation.draw import SampleDraw, generator
from sbvae_cli.evaluation.encode import Floats, encode
from sbvae_cli.evaluation.findings.diagnosis import contradictions, diagnose
from sbvae_cli.evaluation.findings.finding import Finding, left_out, voted, without
from sbvae_cli.evaluation.findings.geometry import cautions
from sbvae_cli.evaluation.findings.sample import sample_findings
from sbvae_cli.evaluation.geometry import embed_factor_grid
from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.evaluation.plan import (
    allowed_metrics,
    can_show_heldout,
    probe,
    sample_size,
    training_space,
)
from sbvae_cli.evaluation.rates import ImageRates, image_rates, rate_scores
from sbvae_cli.evaluation.result import Evaluation
from sbvae_cli.evaluation.votes import draw_votes, encode_votes
from sbvae_cli.metrics.compute import compute
from sbvae_cli.metrics.labelled_codes import LabelledCodes, Votes
from sbvae_cli.metrics.present import present_score
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Score, Scores
from sbvae_cli.models.vae import VAE

_MOST_VALIDATION = 2_000  # images: rows that lie far apart are slow to read


def evaluate(
    vae: VAE,
    source: Source,
    protocol: Protocol | None = None,
    on_images: OnImages = lambda images: None,
    trained_on: FactorSpace | None = None,
    validation_rows: NDArray[np.int64] | None = None,
    on_metric: Callable[[str], None] = lambda metric: None,
) -> Evaluation:
    """Compute the scores that the data and the model allow.

    Each population's images and noise are a function of the seed alone, so that a score does not
    depend on which others are computed.

    Args:
        vae: On its device, in evaluation mode.
        source: The data.
        protocol: What to compute; the default computes what the paper reports.
        on_images: Called with the number of images that were encoded since the last call; the sum
            is `Cost.encode`.
        trained_on: Space of the model's training, whose held-out regions count; the source's
            where None, or where it has other factors.
        validation_rows: Rows of the source, a file, that training never saw (`train
            --validation`): rates are given of these and of the others.
        on_metric: Called with each metric before it is computed.

    Raises:
        SbvaeError: If a metric that the protocol names cannot be computed, or the model gives
            posteriors or likelihoods that are no numbers.
    """
    protocol = protocol or Protocol()
    latents = probe(vae, source)
    metrics, skipped = allowed_metrics(source, protocol, latents)  # refused before all are encoded
    protocol = replace(
        protocol, metrics=metrics, lenient=protocol.lenient or protocol.metrics is None
    )
    findings = [
        Finding("without", values={"metrics": some, "why": why}) for why, some in skipped.items()
    ]
    if sample_size(source, protocol.images) < protocol.images:
        values = {"data": source.name, "images": source.count, "wanted": protocol.images}
        findings.append(Finding("few-images", values=values))
    run = _Run(vae, source, protocol, on_images, latents, trained_on, validation_rows, findings)
    scores: Scores = {}
    for metric in metrics:
        on_metric(metric)
        scores |= run.scores_of(metric)
    geometry = dict(run.geometry()) if "geometry" in metrics else {}
    findings += cautions(list(geometry.values()))
    if run.sampled:
        findings += sample_findings(run.sample, metrics)
    findings += contradictions(scores)
    rates = run.train_rates if "rates" in metrics else None
    stds = run.sample.stds if run.sampled else None
    findings += diagnose(scores, geometry, run.names, rates, stds)
    settings = metric_settings(metrics, protocol.bins, with_model=True)
    return Evaluation(protocol, scores, geometry, tuple(findings), settings)


@dataclass
class _Run:
    """One evaluation; what several scores need is computed once."""

    vae: VAE
    source: Source
    protocol: Protocol
    on_images: OnImages
    latents: int
    trained_on: FactorSpace | None
    validation_rows: NDArray[np.int64] | None
    findings: list[Finding]
    sampled: bool = field(default=False, init=False)

    def scores_of(self, metric: str) -> Scores:
        """Scores of one metric by name; geometry has none of its own."""
        if metric == "rates":
            return self._rates()
        if metric == "geometry":
            return {}
        if METRICS[metric].votes:
            return self._vote_scores(metric)
        scores: Scores = {}
        sample = self.sample
        with left_out(metric, self.findings, self.protocol.lenient):
            scores = compute(metric, sample, self.protocol)
        if metric == "mig" and self.source.space.blank > 0:
            scores["present_information"] = self._present_information()
        return scores

    def geometry(self) -> Iterator[tuple[str, PairGeometry]]:
        """Of every pair of factors that vary."""
        if not self.source.can_render:
            yield from pairs_of_codes(self.sample.first_rows, self.protocol, self.findings)
            return
        if self._rgb:
            self.findings.append(Finding("hsv-geometry"))
        named = [f.name for f in self.source.space.factors if f.varies and f.level_names]
        if named and len(self.source.space.varying) > 1:
            self.findings.append(Finding("kinds", tuple(named)))
        for pair in combinations(self.source.space.varying, 2):
            embedding = embed_factor_grid(
                self.vae,
                self.source,
                pair,
                size=self.protocol.grid,
                trained_on=self.trained_on,
                on_images=self.on_images,
            )
            yield ",".join(pair), embedding.pair

    def _rates(self) -> Scores:
        """Rates on the training distribution, and NLL and KL on the held-out regions."""
        scores = rate_scores(self.train_rates, "train")
        heldout = {"nll": Score(None, population="heldout")}
        heldout["kl"] = heldout["nll"]
        if can_show_heldout(self.source, self.trained_on):
            space = training_space(self.source, self.trained_on)
            rows = space.sample(
                generator(self.protocol, "heldout"), self.protocol.images, "heldout"
            )
            rates = self._rates_of(self.source.render(rows), "noise-heldout")
            heldout = rate_scores(rates, "heldout")
        scores = {**scores, "nll_heldout": heldout["nll"], "kl_heldout": heldout["kl"]}
        if self.validation_rows is not None:
            found = rate_scores(
                self._rates_of(self._validation_images, "noise-validation"), "validation"
            )
            scores = {**scores, "nll_validation": found["nll"], "kl_validation": found["kl"]}
        return scores

    def _present_information(self) -> Score:
        images, factors = self._train_images
        reuse = "rates" in (self.protocol.metrics or ())
        codes = self.train_rates.means if reuse else self._encode(images)[0]
        present = factors[:, self.source.space.index("present")]
        return present_score(codes, present, self.protocol, "train")

    def _vote_scores(self, metric: str) -> Scores:
        if len(self.sample.names) < 2:
            self.findings.append(without(metric, "fewer than two factors vary in these images"))
            return {}
        sample = replace(self.sample, votes=self._votes)
        scores: Scores = {}
        with left_out(metric, self.findings, self.protocol.lenient):
            scores = compute(metric, sample, self.protocol)
        return scores

    @cached_property
    def _votes(self) -> Votes | None:
        protocol = self.protocol
        if self._rgb or not self.source.renders_fast:
            self.findings.append(self._shared_votes())
            return None
        count = protocol.votes_train + protocol.votes_eval
        rng = generator(self.protocol, "votes")
        rows, fixed = draw_votes(
            self.source.space,
            self.sample.names,
            rng,
            count,
            protocol.vote_images,
            protocol.population,
        )
        return Votes(encode_votes(self.vae, self.source, rows, self._batch, self.on_images), fixed)

    def _shared_votes(self) -> Finding:
        drawn = self.source.can_render
        code = "rgb-votes" if self._rgb else "slow-votes" if drawn else "undrawn-votes"
        scores = voted(self.protocol.metrics or ())
        return Finding(code, values={"scores": scores, "whose": "MIG's" if drawn else "file's"})

    @cached_property
    def sample(self) -> LabelledCodes:
        """Codes and varying factors of images that show something, for the metrics of factors."""
        self.sampled = True
        return SampleDraw(self.source, self.protocol, self._encode).sample(self.findings)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the factors that the metrics see."""
        return self.sample.names if self.sampled else ()

    @property
    def _rgb(self) -> bool:
        space = self.source.space
        return in_other_basis(space.names, space.varying, self.protocol.color_basis)

    @cached_property
    def _train_images(self) -> tuple[NDArray[np.uint8], FactorRows]:
        count = sample_size(self.source, self.protocol.images)
        rng = generator(self.protocol, "train")
        if self.validation_rows is None:
            return self.source.sample(rng, count, "train")
        rows = self.source.random_rows(rng, count)
        return self.source.read_rows(rng, np.setdiff1d(rows, self.validation_rows))

    @property
    def _validation_images(self) -> NDArray[np.uint8]:
        if self.validation_rows is None:
            raise TypeError("there are no images that are kept out")
        rng = generator(self.protocol, "validation")
        some = np.sort(
            rng.permutation(self.validation_rows)[: min(self.protocol.images, _MOST_VALIDATION)]
        )
        return self.source.read_rows(rng, some)[0]

    @cached_property
    def train_rates(self) -> ImageRates:
        """Of images of the training distribution."""
        return self._rates_of(self._train_images[0], "noise-train")

    @cached_property
    def _batch(self) -> int:
        shape = (1, self.source.height, self.source.width, self.source.channels)
        device = next(self.vae.parameters()).device
        return fitting_batch(self.vae.encoder, to_device(np.zeros(shape, np.uint8), device))

    def _encode(self, images: NDArray[np.uint8]) -> tuple[Floats, Floats]:
        return encode(self.vae, images, self.on_images)

    def _rates_of(self, images: NDArray[np.uint8], stream: str) -> ImageRates:
        noise = generator(self.protocol, stream).standard_normal(
            (len(images), self.latents), np.float32
        )
        return image_rates(self.vae, images, noise, self.on_images)
