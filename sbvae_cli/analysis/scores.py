"""All scores of a model on data: rates, MIG, FactorVAE score, geometry (Sections 4 and F)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.analysis.batching import Progress, fitting_batch
from sbvae_cli.analysis.encode import Floats, encode
from sbvae_cli.analysis.geometry import GridEmbedding, embed_factor_grid
from sbvae_cli.analysis.protocol import (
    Protocol,
    applicable_groups,
    has_heldout,
    in_other_basis,
    probe,
    sample_size,
)
from sbvae_cli.analysis.rates import ImageRates, Score, image_rates, rate_scores
from sbvae_cli.analysis.votes import draw_votes, encode_votes, votes_from_pool
from sbvae_cli.config.names import Population
from sbvae_cli.config.spaces import HSV, RGB
from sbvae_cli.data.batches import to_device
from sbvae_cli.data.colour import colours_of
from sbvae_cli.data.factors import Rows
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.factor_vae_score import factor_vae_score
from sbvae_cli.metrics.information import MAX_CLASSES, Binning, Ints, mutual_information
from sbvae_cli.metrics.mig import information_gaps
from sbvae_cli.models.vae import VAE

_TAG = 0x6576616C  # keeps these random streams apart from others of the same seed
_STREAMS = ("train", "heldout", "full", "noise-train", "noise-heldout", "votes")
_FEW = 1000  # images below which the plug-in bias of the information is worth a word


@dataclass(frozen=True)
class Evaluation:
    """Every score of one model on one dataset.

    Attributes:
        protocol: What was computed; `metrics` are the groups that the data allowed.
        scores: By name, in the order of the report.
        geometry: By pair of factors, as "x,y".
        notes: One line each on what the numbers do not say themselves.
    """

    protocol: Protocol
    scores: dict[str, Score]
    geometry: dict[str, GridEmbedding]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain containers for JSON."""
        return {
            "protocol": {**self.protocol.as_dict(), "notes": list(self.notes)},
            "scores": {name: score.as_dict() for name, score in self.scores.items()},
            "geometry": {names: grid.as_dict() for names, grid in self.geometry.items()},
        }


def evaluate(
    vae: VAE,
    source: Source,
    protocol: Protocol | None = None,
    progress: Progress = lambda images: None,
) -> Evaluation:
    """Compute the scores that the data and the model allow.

    Each population's images and noise are a function of the seed alone, so that a score does not
    depend on which others are computed.

    Args:
        vae: On its device, in evaluation mode.
        source: The data.
        protocol: What to compute; the default computes all.
        progress: Called with the number of images that were encoded since the last call; the sum
            is `Cost.encode`.

    Raises:
        SbvaeError: If a group that the protocol names cannot be computed, or the model gives
            posteriors or likelihoods that are no numbers.
    """
    protocol = protocol or Protocol()
    in_other_basis(source.space.config, protocol.color_basis)  # refused before anything is encoded
    latents = probe(vae, source)
    groups, notes = applicable_groups(source, latents, protocol)
    protocol = replace(protocol, metrics=groups)
    if sample_size(source, protocol.images) < protocol.images:
        notes += (f"{source.name} has {source.count:,} images, not {protocol.images:,}",)
    run = _Run(vae, source, protocol, progress, latents, list(notes))
    scores: dict[str, Score] = {}
    geometry: dict[str, GridEmbedding] = {}
    if "rates" in groups:
        scores.update(run.rates())
    if "mig" in groups:
        scores.update(run.information(reuse="rates" in groups))
    if "factor-vae" in groups:
        scores["factor_vae"] = run.factor_vae()
    if "geometry" in groups:
        embedding = embed_factor_grid(vae, source, size=protocol.grid)
        geometry[",".join(embedding.grid.names)] = embedding
        progress(len(embedding.grid.factors))
    return Evaluation(protocol, scores, geometry, tuple(run.notes))


@dataclass
class _Run:
    """One evaluation; what several scores need is computed once."""

    vae: VAE
    source: Source
    protocol: Protocol
    progress: Progress
    latents: int
    notes: list[str]

    def rates(self) -> dict[str, Score]:
        """Rates on the training distribution, and NLL and KL on the held-out regions."""
        scores = rate_scores(self._train_rates, "train")
        if scores["latents_used_by_mean"].value == 0:
            self.notes.append(
                "no latent is used (none has a mean posterior deviation below 0.5): the model "
                "hardly looks at its images"
            )
        heldout = {"nll": Score(None, population="heldout")}
        heldout["kl"] = heldout["nll"]
        if has_heldout(self.source):
            images, _ = self._sample("heldout", self.protocol.images)
            heldout = rate_scores(self._rates_of(images, "noise-heldout"), "heldout")
        return {**scores, "nll_heldout": heldout["nll"], "kl_heldout": heldout["kl"]}

    def information(self, *, reuse: bool) -> dict[str, Score]:
        """MIG in both binnings; where there are blank images, what latents know of `present`."""
        codes, factors, names = self._pool
        if len(codes) < _FEW:
            self.notes.append(
                f"mig is over {len(codes):,} images: so few make latents seem informative"
            )
        scores = {
            "mig": self._gap(codes, factors, names, "width"),
            "mig_quantile": self._gap(codes, factors, names, "frequency"),
        }
        if self.source.space.config.blank > 0:
            scores["present_information"] = self._present_information(reuse)
        return scores

    def _gap(self, codes: Floats, factors: Rows, names: Sequence[str], binning: Binning) -> Score:
        if not names:
            return Score(None, population=self._population)
        gaps = information_gaps(codes, factors, self.protocol.bins, names=names, binning=binning)
        columns = zip(names, factors.T, strict=True)
        details = {
            "by_factor": dict(zip(names, gaps.tolist(), strict=True)),
            "binned_factors": [n for n, v in columns if len(np.unique(v)) > MAX_CLASSES],
        }
        return Score(float(gaps.mean()), population=self._population, details=details)

    def _present_information(self, reuse: bool) -> Score:
        images, factors = self._train_images
        codes = self._train_rates.means if reuse else self._encode(images)[0]
        present = factors[:, [self.source.space.index("present")]]
        nats = mutual_information(codes, present, self.protocol.bins)[:, 0]
        return Score(float(nats.max()), population="train", details={"by_latent": nats.tolist()})

    def factor_vae(self) -> Score:
        """The score, with its chance level and the factor that each latent stands for."""
        codes, _, names = self._pool
        if len(names) < 2:
            self.notes.append("without factor-vae: fewer than two factors vary in these images")
            return Score(None, population=self._population)
        votes, fixed = self._votes()
        variance = codes.var(axis=0, ddof=1)
        found = factor_vae_score(votes, fixed, variance, self.protocol.votes_train, len(names))
        if not found.alive:
            self.notes.append(
                "factor_vae: no latent's mean deviates by 0.05 or more; it is a constant guess"
            )
        stands_for = zip(found.alive, found.classifier, strict=True)
        details = {
            "chance": found.chance,
            "train": found.train_score,
            "classifier": {str(latent): names[factor] for latent, factor in stands_for},
        }
        return Score(found.score, found.low, found.high, self._population, details)

    def _votes(self) -> tuple[Floats, Ints]:
        """Codes of each vote's images, and the factor that they share, as an index of the pool."""
        protocol, rng = self.protocol, self._generator("votes")
        count, images = protocol.votes_train + protocol.votes_eval, protocol.vote_images
        if self._rgb or not self.source.renders_fast:
            why = "none can be drawn"
            if self._rgb:
                why = "others of one red, green or blue are not drawn"
            elif self.source.can_render:
                why = "single ones are slow to read from this file"
            whose = "file's images" if not self.source.can_render else "MIG's images"
            self.notes.append(f"factor_vae: votes share the {whose}, as {why}")
            codes, factors, _ = self._pool
            return votes_from_pool(codes, factors, rng, count, images)
        rows, fixed = draw_votes(self.source.space, rng, count, images, protocol.population)
        return encode_votes(self.vae, self.source, rows, self._batch, self.progress), fixed

    @cached_property
    def _pool(self) -> tuple[Floats, Rows, tuple[str, ...]]:
        """Codes and varying factors of images that show something, for the metrics of factors."""
        space, wanted = self.source.space, self.protocol.population
        count = sample_size(self.source, self.protocol.images)
        blanks = space.config.blank if wanted == "train" or not self.source.can_render else 0.0
        drawn = sample_size(self.source, int(1.1 * count / (1 - blanks)) + 16 if blanks else count)
        images, factors = self._sample("full", drawn, wanted)
        present = np.flatnonzero(~np.isnan(factors).any(axis=1))[:count]
        if not len(present):
            raise SbvaeError(f"{self.source.name}: every image is blank, no metric can be computed")
        names = space.varying
        kept = factors[present][:, [space.index(name) for name in names]]
        if self._rgb:
            rgb = colours_of(factors[present], space.names)
            others = [i for i, name in enumerate(names) if name not in HSV]
            kept = np.concatenate([kept[:, others], rgb], axis=1)
            names = (*(names[i] for i in others), *RGB)
        codes = self._encode(images[present])[0]
        if self._rgb or not self.source.can_render:  # what varies in its space may not in its rows
            several = np.flatnonzero((kept != kept[:1]).any(axis=0)).tolist()
            return codes, kept[:, several], tuple(names[i] for i in several)
        return codes, kept, names

    @property
    def _rgb(self) -> bool:
        return in_other_basis(self.source.space.config, self.protocol.color_basis)

    @cached_property
    def _train_images(self) -> tuple[NDArray[np.uint8], Rows]:
        return self._sample("train", sample_size(self.source, self.protocol.images))

    @cached_property
    def _train_rates(self) -> ImageRates:
        return self._rates_of(self._train_images[0], "noise-train")

    @property
    def _population(self) -> str:
        """Of the metrics that need factors."""
        return self.protocol.population if self.source.can_render else "file"

    @cached_property
    def _batch(self) -> int:
        shape = (1, self.source.height, self.source.width, self.source.channels)
        device = next(self.vae.parameters()).device
        return fitting_batch(self.vae.encoder, to_device(np.zeros(shape, np.uint8), device))

    def _generator(self, stream: str) -> np.random.Generator:
        return np.random.default_rng([self.protocol.seed, _TAG, _STREAMS.index(stream)])

    def _sample(
        self, stream: Population, n: int, population: Population | None = None
    ) -> tuple[NDArray[np.uint8], Rows]:
        return self.source.sample(self._generator(stream), n, population or stream)

    def _encode(self, images: NDArray[np.uint8]) -> tuple[Floats, Floats]:
        return encode(self.vae, images, self.progress)

    def _rates_of(self, images: NDArray[np.uint8], stream: str) -> ImageRates:
        noise = self._generator(stream).standard_normal((len(images), self.latents), np.float32)
        return image_rates(self.vae, images, noise, self.progress)
