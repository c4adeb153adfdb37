"""What an evaluation of a model on some data takes."""

import time
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from torch import Tensor, nn

from sbvae_cli.config.metrics import METRICS
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.batches import to_device
from sbvae_cli.data.factor_grid import factor_grid
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.source import Source
from sbvae_cli.evaluation.basis import in_other_basis, names_in_rgb
from sbvae_cli.evaluation.batching import fitting_batch, map_batches
from sbvae_cli.evaluation.encode import encode
from sbvae_cli.metrics.mig_subspace import every_group
from sbvae_cli.metrics.protocol import Protocol, possible_metrics
from sbvae_cli.models.vae import VAE

_TIMED_BATCHES = 8


def allowed_metrics(
    source: Source, protocol: Protocol, latents: int
) -> tuple[tuple[str, ...], dict[str, list[str]]]:
    """The metrics to compute, and by reason those that this data or model does not allow.

    Raises:
        SbvaeError: If one that was asked for by name is not possible, or a colour basis or a group
            of factors does not fit the data.
    """
    space = source.space
    names = space.varying
    if in_other_basis(space.names, names, protocol.color_basis):
        names = names_in_rgb(names)
    every_group(names, protocol.groups or (), space.circular)
    return possible_metrics(protocol, latents, names, source.name, of_geometry=space.varying)


def other_factors(trained: SpaceConfig, seen: FactorSpace) -> str | None:
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


def estimate_cost(
    vae: VAE, source: Source, protocol: Protocol, trained_on: FactorSpace | None = None
) -> Cost:
    """Count the images and time a few batches of each network.

    Args:
        vae: On its device.
        source: The data.
        protocol: What will be computed.
        trained_on: See `evaluate`.

    Raises:
        SbvaeError: If a metric cannot be computed, or the model gives no numbers.
    """
    latents = probe(vae, source)
    metrics = set(allowed_metrics(source, protocol, latents)[0])
    encode_count = decode_count = 0
    pool = sample_size(source, protocol.images)
    if "rates" in metrics:
        decode_count = pool + (protocol.images if can_show_heldout(source, trained_on) else 0)
        encode_count += decode_count
    elif "mig" in metrics and source.space.blank > 0:
        encode_count += pool
    if metrics - ({"rates"} if not source.can_render else {"rates", "geometry"}):
        encode_count += sample_size(source, protocol.pool(metrics))
    space = source.space
    rgb = in_other_basis(space.names, space.varying, protocol.color_basis)
    if any(METRICS[name].votes for name in metrics) and source.renders_fast and not rgb:
        encode_count += (protocol.votes_train + protocol.votes_eval) * protocol.vote_images
    if "geometry" in metrics and source.can_render:
        grids = [factor_grid(space, pair, protocol.grid) for pair in combinations(space.varying, 2)]
        encode_count += sum(len(grid.factors) for grid in grids)
    per_encode, per_decode = _seconds_an_image(vae, source, latents)
    return Cost(encode_count, decode_count, encode_count * per_encode + decode_count * per_decode)


def probe(vae: VAE, source: Source, images: int = 16) -> int:
    """Encode a few images of the training distribution and check what comes.

    Returns:
        Number of latents.

    Raises:
        SbvaeError: If the model gives means or stds that are no numbers.
    """
    some, _ = source.sample(np.random.default_rng(0), sample_size(source, images))
    means, _ = encode(vae, some)
    latents: int = means.shape[1]
    return latents


def sample_size(source: Source, images: int) -> int:
    """So many images, or all that a file has."""
    return images if source.count is None else min(images, source.count)


def training_space(source: Source, trained_on: FactorSpace | None) -> FactorSpace:
    """Whose held-out regions count: the model's training, or the data's where factors differ."""
    same = trained_on is not None and trained_on.names == source.space.names
    return trained_on if trained_on is not None and same else source.space


def can_show_heldout(source: Source, trained_on: FactorSpace | None) -> bool:
    """Whether images of the regions that training left out can be drawn."""
    return bool(training_space(source, trained_on).held_out) and source.can_render


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
