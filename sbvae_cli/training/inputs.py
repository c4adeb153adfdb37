"""Make the inputs of updates (images, noise, weights of terms) in blocks of consecutive steps."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from sbvae_cli.config.schema import TrainingConfig
from sbvae_cli.data.feed import Feed
from sbvae_cli.models.layers import seeded_generator
from sbvae_cli.random import seed_of
from sbvae_cli.training.schedules import decayed

Schedule = Callable[[int], float]  # from the number of previous updates to a value


class Inputs(NamedTuple):
    """Inputs of S consecutive updates of R replicas, or of one update without the first axis.

    Attributes:
        images: Images or row numbers, as in `ImageBlock`.
        colours: Colours of masks, as in `ImageBlock`.
        noise: Standard normal noise, shape (S, R, B, K).
        settings: Factor of the initial learning rates, then the W weights of the objective's terms,
            shape (S, 1 + W).
    """

    images: Tensor
    colours: Tensor | None
    noise: Tensor
    settings: Tensor

    def each(self, change: Callable[[Tensor], Tensor]) -> "Inputs":
        """Apply a function to each tensor."""
        return Inputs(*(None if part is None else change(part) for part in self))  # type: ignore[arg-type]

    @property
    def steps(self) -> int:
        """Number of updates S."""
        return len(self.noise)

    @property
    def step_bytes(self) -> int:
        """Number of bytes of the inputs of one update."""
        return sum(part[0].nbytes for part in self if part is not None)


class InputMaker:
    """Maker of the inputs of any update, as a pure function of the seeds and the step.

    Args:
        feed: Feed of images for the same seeds.
        config: Configuration with the learning rate's schedule and the number of steps.
        seeds: Root seed of each replica's noise.
        noise_shape: Shape (B, K) of the noise of an update.
        weights: Schedule of each weight of the objective, by name.
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
        """Make the inputs of `count` updates from step `start` on, in host memory."""
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

    The noise is drawn on the CPU, so that it is the same on every device and in a resumed run.
    """
    return torch.randn(out.shape, generator=seeded_generator(seed_of(seed, "noise", step)), out=out)
