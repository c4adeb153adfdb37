"""What updates take besides the weights, made in blocks of consecutive steps."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from sbvae_cli.config.schema import TrainingConfig
from sbvae_cli.data.feed import Feed
from sbvae_cli.models.layers import seeded_generator
from sbvae_cli.random import seed_of
from sbvae_cli.training.schedules import decayed

Schedule = Callable[[int], float]  # of the number of updates before


class Inputs(NamedTuple):
    """What S consecutive updates of R replicas take; without the first axis, what one takes.

    Attributes:
        images: As `ImageBlock` has them.
        colours: As `ImageBlock` has them.
        noise: Standard normal, shape (S, R, B, K).
        settings: Factor of the learning rates, then the objective's weights, shape (S, 1 + W).
    """

    images: Tensor
    colours: Tensor | None
    noise: Tensor
    settings: Tensor

    def each(self, change: Callable[[Tensor], Tensor]) -> "Inputs":
        """The same of other tensors, made of these one by one."""
        return Inputs(*(None if part is None else change(part) for part in self))  # type: ignore[arg-type]

    @property
    def steps(self) -> int:
        """Number of updates S."""
        return len(self.noise)

    @property
    def step_bytes(self) -> int:
        """Bytes that one update takes."""
        return sum(part[0].nbytes for part in self if part is not None)


class InputMaker:
    """Makes the inputs of any updates; each is a pure function of the seeds and the step.

    Args:
        feed: Where the images come from, of the same seeds.
        config: Learning rate's schedule and number of steps.
        seeds: Root seed of each replica's noise.
        noise_shape: (B, K) of the noise of an update.
        weights: The objective's weights by name, each at every step.
    """

    def __init__(
        self,
        feed: Feed,
        config: TrainingConfig,
        seeds: Sequence[int],
        noise_shape: tuple[int, int],
        weights: Mapping[str, Schedule],
    ) -> None:
        self.feed = feed
        self._config, self._seeds, self._noise_shape = config, seeds, noise_shape
        self._weights = dict(weights)

    @property
    def weight_names(self) -> list[str]:
        """Names of the objective's weights, in the order of `settings`."""
        return list(self._weights)

    def block(self, start: int, count: int) -> Inputs:
        """Inputs of `count` updates from step `start` on, on the host."""
        images = self.feed.block(start, count)
        steps = range(start, start + count)
        noise = torch.empty(count, len(self._seeds), *self._noise_shape)
        for i, step in enumerate(steps):
            for r, seed in enumerate(self._seeds):
                draw_noise(seed, step, noise[i, r])
        settings = [
            [self._decay(step), *(w(step) for w in self._weights.values())] for step in steps
        ]
        return Inputs(images.images, images.colours, noise, torch.tensor(settings))

    def close(self) -> None:
        """Close the feed."""
        self.feed.close()

    def _decay(self, step: int) -> float:
        return decayed(self._config.learning_rate_schedule, step, self._config.steps)


def draw_noise(seed: int, step: int, out: Tensor) -> Tensor:
    """Fill a tensor with standard normal noise that depends on seed and step alone.

    It is drawn on the CPU, so that a resumed run draws it again and every device has the same.
    """
    return torch.randn(out.shape, generator=seeded_generator(seed_of(seed, "noise", step)), out=out)
