"""Estimate what a run costs before it begins: time, weights, operations and disk space."""

import statistics
import time
from contextlib import closing
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from sbvae_cli.config.schema import Config
from sbvae_cli.data.source import Source
from sbvae_cli.models.compute_settings import cpu_threads
from sbvae_cli.training.build import build_maker, build_updater
from sbvae_cli.training.rounds import Rounds

_UPDATES = 6  # timed updates; the first one sets up the device and is not counted


@dataclass(frozen=True)
class TrainingCost:
    """Cost of a run, by network: `encoder`, `decoder` and, for FactorVAE, `discriminator`.

    Attributes:
        parameters: Number of weights of each network.
        multiply_adds: Multiply-adds of a forward pass of one image through each network.
        seconds_per_step: Measured seconds of one update on the device.
    """

    parameters: dict[str, int]
    multiply_adds: dict[str, int]
    seconds_per_step: float


@dataclass(frozen=True)
class KeptCheckpoints:
    """Disk space of a run that keeps its checkpoints.

    Attributes:
        count: Number of checkpoints that the run adds; from step 0 this includes `ckpt.pt`.
        file_bytes: Size of each checkpoint in bytes.
    """

    count: int
    file_bytes: int

    @property
    def total_bytes(self) -> int:
        """Size of all these checkpoints in bytes."""
        return self.count * self.file_bytes


def kept_checkpoints(config: Config, start: int = 0) -> KeptCheckpoints:
    """Count the checkpoints that a run adds from step `start` on, and their size.

    A checkpoint holds the weights and two moments of Adam for each of them.
    """
    updater, training = build_updater(config), config.training
    weights = sum(learner.stack.weights.nbytes for learner in updater.learners)
    every = training.checkpoint_every
    count = training.steps // every - start // every + (training.steps % every > 0)
    count += start == 0  # the file ckpt.pt itself
    return KeptCheckpoints(count, 3 * weights)


def measure_training_cost(config: Config, source: Source) -> TrainingCost:
    """Count parameters and multiply-adds, and time a few updates on the device."""
    updater = build_updater(config)
    # A few minibatches do not need the whole file, or the whole fixed set, in memory.
    training = config.training.model_copy(update={"data_on": "stream"})
    config = config.model_copy(update={"training": training})
    with (
        closing(build_maker(config, source, [config.training.seed], updater.device)) as maker,
        cpu_threads(config.training.threads),
    ):
        block = maker.block(0, 1)
        rounds, times = Rounds(updater, maker, block), []
        for _ in range(_UPDATES):
            began = time.perf_counter()
            rounds.run()
            updater.read_totals()  # waits for the device
            times.append(time.perf_counter() - began)
    vae = updater.vaes[0]
    latents = block.noise[0, 0, :1].to(updater.device)
    networks = {
        "encoder": (vae.encoder, latents.new_zeros(1, *config.data.image_shape)),
        "decoder": (vae.decoder, latents),
    }
    if updater.adversary is not None:
        networks["discriminator"] = (updater.adversary.networks[0], latents)
    parameters, multiply_adds = {}, {}
    for name, (network, example) in networks.items():
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            network(example)
        multiply_adds[name] = counter.get_total_flops() // 2
        parameters[name] = sum(parameter.numel() for parameter in network.parameters())
    return TrainingCost(parameters, multiply_adds, statistics.median(times[1:]))
