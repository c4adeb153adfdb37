"""How long an evaluation of a model takes."""

import time
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sbvae_cli.data.factor_grid import factor_grid
from sbvae_cli.evaluation.batching import fitting_batch, map_batches
from sbvae_cli.evaluation.encode import blank_image
from sbvae_cli.evaluation.images import count_available
from sbvae_cli.evaluation.plan import Plan
from sbvae_cli.models.vae import VAE

_TIMED_BATCHES = 8


@dataclass(frozen=True)
class Cost:
    """What an evaluation takes.

    Attributes:
        encode: Number of images to encode.
        decode: Number of images to decode.
        seconds: Time for both, from the speed of a few batches.
    """

    encode: int
    decode: int
    seconds: float


def estimate_cost(vae: VAE, plan: Plan) -> Cost:
    """Count the images and time a few batches of each network.

    Args:
        vae: On its device.
        plan: What will be computed.
    """
    source, protocol = plan.source, plan.protocol
    training = count_available(source, protocol.images)
    decoded = training * plan.rates + protocol.images * plan.heldout
    encoded = decoded + training * (plan.present and not plan.rates)
    encoded += count_available(source, plan.pool)
    if plan.draws_votes:
        encoded += (protocol.votes_train + protocol.votes_eval) * protocol.vote_images
    encoded += sum(
        len(factor_grid(source.space, pair, protocol.grid).factors) for pair in plan.pairs
    )
    per_encode, per_decode = _seconds_an_image(vae, plan)
    return Cost(encoded, decoded, encoded * per_encode + decoded * per_decode)


def _seconds_an_image(vae: VAE, plan: Plan) -> tuple[float, float]:
    image = blank_image(vae, plan.source)
    z = torch.zeros(1, plan.latents, device=image.device)
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
