"""What a run will take, before it begins."""

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

_UPDATES = 6  # that are timed; the first one sets up the device and does not count


@dataclass(frozen=True)
class TrainingCost:
    """What a run will take; networks are `encoder`, `decoder` and, for FactorVAE, `discriminator`.

    Attributes:
        parameters: Number of weights by network.
        multiply_adds: Multiply-adds of one image by network, forward.
        seconds_per_step: Seconds of an update on the device, measured.
    """

    parameters: dict[str, int]
    multiply_adds: dict[str, int]
    seconds_per_step: float


@dataclass(frozen=True)
class KeptCheckpoints:
    """What a run that keeps its checkpoints leaves on the disk.

    Attributes:
        count: Number of checkpoints that it adds, at first with the current one beside them.
        file_bytes: Size of each.
    """

    count: int
    file_bytes: int

    @property
    def total_bytes(self) -> int:
        """Size of all of them."""
        return self.count * self.file_bytes


def kept_checkpoints(config: Config, start: int = 0) -> KeptCheckpoints:
    """What a run adds from step `start` on: weights, and two moments of Adam for each."""
    updater, training = build_updater(config), config.training
    weights = sum(learner.stack.weights.nbytes for learner in updater.learners)
    every = training.checkpoint_every
    count = training.steps // every - start // every + (training.steps % every > 0)
    count += start == 0  # ckpt.pt itself
    return KeptCheckpoints(count, 3 * weights)


def measure_training_cost(config: Config, source: Source) -> TrainingCost:
    """Count parameters and multiply-adds, and time a few updates on the device."""
    updater = build_updater(config)
    # A few minibatches need no file in memory, nor all images of a fixed set.
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
