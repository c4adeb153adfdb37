"""What an evaluation computes, what the data and the model allow, and what it costs."""

import time
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from sbvae_cli.analysis.batching import fitting_batch, map_batches
from sbvae_cli.analysis.encode import encode
from sbvae_cli.analysis.rates import USED_BELOW
from sbvae_cli.config.names import ColorBasis
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.config.spaces import unknown_name
from sbvae_cli.data.batches import to_device
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.factor_vae_score import LEAST_DEVIATION
from sbvae_cli.models.vae import VAE

MetricGroup = Literal["rates", "mig", "factor-vae", "geometry"]
GROUPS: tuple[MetricGroup, ...] = get_args(MetricGroup)

_TIMED_BATCHES = 8


@dataclass(frozen=True)
class Protocol:
    """Everything that the numbers depend on beside the model and the data.

    Attributes:
        metrics: Groups that must be computed; None computes those that the data allows.
        population: Of the metrics that need factors: "full" is the whole factor space, held-out
            regions included, "train" the training distribution; neither has blank images.
        color_basis: Colours as the metrics see them: "hsv" or "rgb"; None as the data have them.
        seed: Of every image and posterior sample.
        images: Images of each population, fewer where a file has fewer.
        bins: Of each latent and of each continuous factor, for the MIG.
        votes_train: Votes that make the FactorVAE score's classifier (Kim and Mnih 2018).
        votes_eval: Votes that it is scored on.
        vote_images: Images of a vote.
        grid: Points along each factor, for the geometry scores.
    """

    metrics: tuple[MetricGroup, ...] | None = None
    population: Literal["full", "train"] = "full"
    color_basis: ColorBasis | None = None
    seed: int = 0
    images: int = 10_000
    bins: int = 20
    votes_train: int = 800
    votes_eval: int = 800
    vote_images: int = 64
    grid: int = 32

    def as_dict(self) -> dict[str, Any]:
        """Plain containers for JSON, with the constants that the definitions fix."""
        return {
            **asdict(self),
            "metrics": None if self.metrics is None else list(self.metrics),
            "posterior_samples": 1,
            "used_below": USED_BELOW,
            "codes": "posterior means",
            "binning": "equal width over each latent's own range",
            "least_deviation": LEAST_DEVIATION,
            "interval": 0.95,
        }


def parse_groups(text: str) -> tuple[MetricGroup, ...]:
    """Read `rates,mig`.

    Raises:
        SbvaeError: If a name is unknown, with the nearest one, or none is given.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in GROUPS:
            raise unknown_name(name, GROUPS, "metric")
    if not names:
        raise SbvaeError(f"--metrics names none; choose from {', '.join(GROUPS)}")
    return tuple(group for group in GROUPS if group in names)


def applicable_groups(
    source: Source, latents: int, protocol: Protocol
) -> tuple[tuple[MetricGroup, ...], tuple[str, ...]]:
    """The groups to compute, and a line on each that this data or model does not allow.

    Args:
        source: The data.
        latents: Number of latents of the model.
        protocol: What is asked for.

    Raises:
        SbvaeError: If a group that was asked for by name is not possible; says why.
    """
    possible: list[MetricGroup] = []
    skipped: dict[str, list[MetricGroup]] = {}
    for group in protocol.metrics or GROUPS:
        reason = _obstacle(group, source, latents)
        if reason is None:
            possible.append(group)
        elif protocol.metrics is not None:
            raise SbvaeError(f"{group} cannot be computed: {reason}")
        else:
            skipped.setdefault(reason, []).append(group)
    lines = [f"without {' and '.join(groups)}: {why}" for why, groups in skipped.items()]
    return tuple(possible), tuple(lines)


def _obstacle(group: MetricGroup, source: Source, latents: int) -> str | None:
    varying = source.space.varying
    found = ", ".join(varying) or "none"
    if group == "rates":
        return None
    if not varying:
        return f"{source.name} has no factors that vary"
    if latents < 2 and group != "factor-vae":
        return f"it compares two latents, the model has {latents}"
    if group == "factor-vae" and len(varying) < 2:
        return f"it tells factors apart, and {source.name} varies in {found} alone"
    if group == "geometry" and len(varying) != 2:
        return f"it needs two factors that vary, {source.name} has {found}; see `sbvae geometry`"
    if group == "geometry" and not source.can_render:
        return f"it needs a grid of images, and {source.name} has stored ones only"
    return None


def in_other_basis(space: SpaceConfig, wanted: ColorBasis | None) -> bool:
    """Whether the metrics see red, green and blue of colours that the space has in HSV.

    Raises:
        SbvaeError: If the space has no such colours, or has them in RGB and HSV is wanted.
    """
    if wanted is None:
        return False
    has = "hsv" if "hue" in space.names else "rgb" if "red" in space.names else None
    if has is None:
        raise SbvaeError(f"--color-basis {wanted}: these data have no colours among their factors")
    if has == "rgb" and wanted == "hsv":
        raise SbvaeError(
            "--color-basis hsv: these data have colours in RGB, of which grey ones have no hue; "
            "leave it out"
        )
    return has != wanted


def other_factors(trained: SpaceConfig, seen: SpaceConfig) -> str | None:
    """A line on how the factors differ from those of the training data; None where they do not."""
    if trained.factors == seen.factors:
        return None
    if trained.varying != seen.varying:
        return (
            f"this data varies in {', '.join(seen.varying) or 'nothing known'}, "
            f"the model's own in {', '.join(trained.varying) or 'nothing known'}"
        )
    return "this data has the factors of the model's own, with other ranges"


@dataclass(frozen=True)
class Cost:
    """What an evaluation takes.

    Attributes:
        encode: Images to encode.
        decode: Images to decode.
        seconds: Of both, from the speed of a few batches.
    """

    encode: int
    decode: int
    seconds: float


def estimate_cost(vae: VAE, source: Source, protocol: Protocol) -> Cost:
    """Count the images and time a few batches of each network.

    Args:
        vae: On its device.
        source: The data.
        protocol: What will be computed.

    Raises:
        SbvaeError: If a group cannot be computed, or the model gives no numbers.
    """
    latents = probe(vae, source)
    groups, _ = applicable_groups(source, latents, protocol)
    encode_count = decode_count = 0
    pool = sample_size(source, protocol.images)
    if "rates" in groups:
        decode_count = pool + (protocol.images if has_heldout(source) else 0)
        encode_count += decode_count
    elif "mig" in groups and source.space.config.blank > 0:
        encode_count += pool
    if "mig" in groups or "factor-vae" in groups:
        encode_count += pool
    rgb = in_other_basis(source.space.config, protocol.color_basis)
    if "factor-vae" in groups and source.renders_fast and not rgb:
        encode_count += (protocol.votes_train + protocol.votes_eval) * protocol.vote_images
    if "geometry" in groups:
        encode_count += protocol.grid**2
    per_encode, per_decode = _seconds_an_image(vae, source, latents)
    return Cost(encode_count, decode_count, encode_count * per_encode + decode_count * per_decode)


def probe(vae: VAE, source: Source, images: int = 16) -> int:
    """Encode a few images of the training distribution and check what comes.

    Returns:
        Number of latents.

    Raises:
        SbvaeError: If the model gives means or deviations that are no numbers.
    """
    some, _ = source.sample(np.random.default_rng(0), sample_size(source, images))
    means, _ = encode(vae, some)
    latents: int = means.shape[1]
    return latents


def sample_size(source: Source, images: int) -> int:
    """So many images, or all that a file has."""
    return images if source.count is None else min(images, source.count)


def has_heldout(source: Source) -> bool:
    """Whether images of held-out regions can be drawn."""
    return bool(source.space.config.held_out) and source.can_render


def _seconds_an_image(vae: VAE, source: Source, latents: int) -> tuple[float, float]:
    device = next(vae.parameters()).device
    image = to_device(np.zeros((1, source.height, source.width, source.channels), np.uint8), device)
    z = torch.zeros(1, latents, device=device)
    return _seconds_a_row(vae.encoder, image), _seconds_a_row(vae.decoder, z)


def _seconds_a_row(network: nn.Module, example: Tensor) -> float:
    size = fitting_batch(network, example)
    batch = example.expand(size, *example.shape[1:]).contiguous()

    @torch.no_grad()
    def work(_: slice) -> float:
        output = network(batch)
        first: Tensor = output[0] if isinstance(output, tuple) else output
        return float(first.sum())  # waits for a GPU

    work(slice(0))
    rows = _TIMED_BATCHES * size
    start = time.perf_counter()
    map_batches(work, rows, size, example.device)
    return (time.perf_counter() - start) / rows
