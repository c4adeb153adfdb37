"""Estimate the time of a model's evaluation."""

import time
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from sbvae_cli.data.factor_grid import factor_grid
from sbvae_cli.evaluation.batching import fitting_batch, map_batches
from sbvae_cli.evaluation.encode import blank_image
from sbvae_cli.evaluation.images import count_available
from sbvae_cli.evaluation.plan import EvaluationPlan
from sbvae_cli.models.vae import VAE

_TIMED_BATCHES = 8
_TIMED_IMAGES = 512  # of a file: a few chunks, or a single larger one


@dataclass(frozen=True)
class Cost:
    """Cost of an evaluation.

    Attributes:
        encode: Number of images to encode.
        decode: Number of images to decode.
        seconds: Estimated seconds in total, from the speed of a few batches and chunks.
        reading: Seconds of these for reading rows from all over a file.
        quick: Estimated seconds in total under the protocol `quick`.
    """

    encode: int
    decode: int
    seconds: float
    reading: float = 0.0
    quick: float = 0.0


class _Work(NamedTuple):
    """Numbers of images to encode and to decode, and of chunks to read from a file."""

    encode: int
    decode: int
    chunks: float


def estimate_cost(vae: VAE, plan: EvaluationPlan) -> Cost:
    """Count the images, and time a few batches of each network and a few chunks of a file.

    Args:
        vae: Model on its device.
        plan: Plan of the evaluation.
    """
    own, quick = _work(plan), _work(replace(plan, protocol=plan.protocol.in_quick_sizes()))
    per_encode, per_decode = _seconds_an_image(vae, plan, decodes=own.decode > 0)
    per_chunk = _seconds_a_chunk(plan)

    def seconds(work: _Work) -> float:
        return work.encode * per_encode + work.decode * per_decode + work.chunks * per_chunk

    return Cost(own.encode, own.decode, seconds(own), own.chunks * per_chunk, seconds(quick))


def _work(plan: EvaluationPlan) -> _Work:
    source, protocol = plan.source, plan.protocol
    training = count_available(source, protocol.images)
    pool = count_available(source, plan.pool)
    decoded = training * plan.rates + protocol.images * plan.heldout
    encoded = decoded + training * (plan.present and not plan.rates) + pool
    if plan.draws_votes:
        encoded += (protocol.votes_train + protocol.votes_eval) * protocol.vote_images
    encoded += sum(
        len(factor_grid(source.space, pair, protocol.grid).factors) for pair in plan.pairs
    )
    of_pairs = sum(len(stored.rows) for stored in plan.stored.values())
    encoded += of_pairs
    chunks = 0.0
    if source.file is not None:
        chunks += source.chunks_of(of_pairs)
        chunks += source.chunks_of(training if plan.rates or plan.present else 0)
        stored = source.stored_rows(protocol.population) is not None
        chunks += source.chunks_of(pool if stored or source.space.renderer is None else 0)
    return _Work(encoded, decoded, chunks)


def _seconds_a_chunk(plan: EvaluationPlan) -> float:
    file = plan.source.file
    if file is None:
        return 0.0
    some = np.linspace(0, file.chunk_count - 1, max(1, _TIMED_IMAGES // file.chunk_length))
    timed = np.unique(some.astype(np.int64)).tolist()
    start = time.perf_counter()
    file.read_chunks(timed)
    return (time.perf_counter() - start) / len(timed)


def _seconds_an_image(vae: VAE, plan: EvaluationPlan, decodes: bool) -> tuple[float, float]:
    """Measure the seconds of encoding an image, and of decoding one if `decodes`, else 0."""
    image = blank_image(vae, plan.source)
    z = torch.zeros(1, plan.latents, device=image.device)
    return _seconds_a_row(vae.encoder, image), _seconds_a_row(vae.decoder, z) if decodes else 0.0


def _seconds_a_row(network: nn.Module, example: Tensor) -> float:
    size = fitting_batch(network, example)
    batch = example.expand(size, *example.shape[1:]).contiguous()

    @torch.no_grad()
    def work(_: slice) -> float:
        output = network(batch)
        first: Tensor = output[0] if isinstance(output, tuple) else output
        return float(first.sum())  # waits until a GPU is done

    work(slice(0))
    rows = _TIMED_BATCHES * size
    start = time.perf_counter()
    map_batches(work, rows, size, example.device)
    return (time.perf_counter() - start) / rows
