"""How fast a configuration trains, and how many floating-point operations an update has."""

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
_COUNTED = 2, 3  # images of the minibatches that operations are counted of


@dataclass(frozen=True)
class Timing:
    """How long updates took.

    Attributes:
        seconds: Seconds of a step of all replicas together, the median over the reports.
        steps: Number of steps that were timed.
        least: Seconds that the shortest timing would have taken, with all that it sets up.
    """

    seconds: float
    steps: int
    least: float


def time_training(config: Config, source: Source, seconds: float, replicas: int = 1) -> Timing:
    """Train for a while, as `train` does, and time it; nothing is kept.

    Args:
        config: Configuration of the run, complete.
        source: The data that it names.
        seconds: Time to take, with what the first step sets up. On a CPU one step is made at
            least, and is what counts where there is no time for another; on other devices, which
            are set up for longer, two reports are waited for.
        replicas: Number of replicas that train together.

    Raises:
        DivergedError: If a replica's loss or weights were not finite.
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
        if len(marks) <= fewest:  # the first mark is the beginning
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
        del marks[0]  # the first report has the step that sets up the device
    times = [
        (later - earlier) / (step - before) for (before, earlier), (step, later) in pairwise(marks)
    ]
    return Timing(statistics.median(times), marks[-1][0] - marks[0][0], least)


def count_flops(config: Config) -> int:
    """Floating-point operations of an update of one replica, forward and backward.

    PyTorch counts those of matrix products and convolutions, two for each multiply-add. All but
    the images' share is constant, so minibatches of few images tell of larger ones.

    Args:
        config: Configuration of a run.
    """
    own = {"training": {"device": "cpu", "precision": "fp32"}}
    updater = build_updater(build_config(merge(config.as_dict(), own)))
    with cpu_threads(1):  # so little work is not worth sharing out
        few, more = (_count(updater, config, images) for images in _COUNTED)
    of_image = (more - few) // (_COUNTED[1] - _COUNTED[0])
    return few + of_image * (config.training.batch_size - _COUNTED[0])


def _count(updater: Updater, config: Config, batch_size: int) -> int:
    config = build_config(merge(config.as_dict(), {"training": {"batch_size": batch_size}}))
    with FlopCounterMode(display=False) as counter:
        update_on_zeros(updater, config)
    return int(counter.get_total_flops())
