"""Time the training of a configuration, and count the operations of an update."""

import statistics
import time
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise

from torch.utils.flop_counter import FlopCounterMode

from sbvae_cli.config.load import build_config, merge
from sbvae_cli.config.schema import Config
from sbvae_cli.data.source import Source
from sbvae_cli.models.compute_settings import cpu_threads
from sbvae_cli.runs.one_update import update_on_zeros
from sbvae_cli.training.build import build_maker, build_updater
from sbvae_cli.training.loop import train
from sbvae_cli.training.update import Updater

_ENDLESS = 1 << 40  # steps
_COUNTED = 2, 3  # image counts of the two minibatches whose operations are counted


@dataclass(frozen=True)
class Timing:
    """Measured time of updates.

    Attributes:
        seconds: Seconds of one training step of all replicas together, as the median over the
            reports.
        steps: Number of training steps that were timed.
        least: Seconds that the shortest possible timing takes, setup included.
    """

    seconds: float
    steps: int
    least: float


def time_training(config: Config, source: Source, seconds: float, replicas: int = 1) -> Timing:
    """Time a short training, run as by `train`, and discard it.

    Args:
        config: Complete configuration of the run.
        source: Data that the configuration names.
        seconds: Time limit, with the setup in the first step. On a CPU at least one step is made,
            and counts if there is no time for a second one; other devices, whose setup takes
            longer, make at least two reports.
        replicas: Number of replicas that train together.

    Raises:
        DivergedError: If the loss or the weights of a replica are not finite.
    """
    began = time.perf_counter()
    seeds = [config.training.seed + replica for replica in range(replicas)]
    updater = build_updater(config, seeds)
    every, fewest = (1, 1) if updater.device.type == "cpu" else (50, 2)
    training = config.training.model_copy(
        update={"steps": _ENDLESS, "checkpoint_every": _ENDLESS, "log_every": every}
    )
    marks: list[tuple[int, float]] = []

    def done() -> bool:
        if len(marks) <= fewest:  # the first mark is the start
            return False
        now, another = marks[-1][1], marks[-1][1] - marks[-2][1]
        return now + another > began + seconds

    with (
        cpu_threads(training.threads),
        closing(build_maker(config, source, seeds, updater.device)) as maker,
        closing(train(updater, maker, training, stop=done)) as reports,
    ):
        marks.append((0, time.perf_counter()))
        for first, *others in reports:
            for report in (first, *others):
                if report.error:
                    raise report.error
            if first.terms:
                marks.append((first.step, time.perf_counter()))
    least = marks[fewest][1] - began
    if len(marks) > 2:
        del marks[0]  # the first report includes the step that sets up the device
    times = [
        (later - earlier) / (step - before) for (before, earlier), (step, later) in pairwise(marks)
    ]
    return Timing(statistics.median(times), marks[-1][0] - marks[0][0], least)


def count_flops(config: Config) -> int:
    """Count the floating-point operations of an update of one replica, forward and backward.

    PyTorch counts those of matrix products and convolutions, two for each multiply-add. The count
    is linear in the number of images, so two small minibatches determine that of a large one.

    Args:
        config: Configuration of a run.
    """
    own = {"training": {"device": "cpu", "precision": "fp32"}}
    updater = build_updater(build_config(merge(config.as_dict(), own)))
    with cpu_threads(1):  # so little work is faster on one thread
        few, more = (_count(updater, config, images) for images in _COUNTED)
    of_image = (more - few) // (_COUNTED[1] - _COUNTED[0])
    return few + of_image * (config.training.batch_size - _COUNTED[0])


def _count(updater: Updater, config: Config, batch_size: int) -> int:
    config = build_config(merge(config.as_dict(), {"training": {"batch_size": batch_size}}))
    with FlopCounterMode(display=False) as counter:
        update_on_zeros(updater, config)
    return int(counter.get_total_flops())
