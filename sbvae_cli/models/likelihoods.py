"""Pixel likelihoods (Appendix A): negative log likelihoods in nats, and the images they expect."""

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional


class Likelihood(nn.Module, ABC):
    """What the decoder's output means."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is, with its fixed variance; figures of different names do not compare."""

    @property
    @abstractmethod
    def variance(self) -> float | Tensor | None:
        """Variance of each pixel around its mean, fixed or learned so far; None if it has none."""

    @abstractmethod
    def nll(self, output: Tensor, images: Tensor) -> Tensor:
        """Negative log likelihood of each image, shape (B,), nats, summed over its pixels."""

    @abstractmethod
    def mean(self, output: Tensor) -> Tensor:
        """Expected image, shape of `output`."""

    def learned(self) -> dict[str, Tensor]:
        """What the likelihood itself has learned, for the log; by default nothing."""
        return {}


class Bernoulli(Likelihood):
    """Independent Bernoulli pixels, by logits; on grey targets no normalised likelihood."""

    name = "bernoulli"
    variance = None

    def nll(self, output: Tensor, images: Tensor) -> Tensor:
        """Negative log likelihood of each image, (B,), nats."""
        pixels = functional.binary_cross_entropy_with_logits(output, images, reduction="none")
        return pixels.flatten(1).sum(1)

    def mean(self, output: Tensor) -> Tensor:
        """Expected image, in (0, 1)."""
        return output.sigmoid()


class Gaussian(Likelihood):
    """Independent Gaussian pixels of one fixed variance around the output.

    Args:
        variance: Variance of each pixel, not its std; the paper advises 0.3.
    """

    def __init__(self, variance: float) -> None:
        super().__init__()
        self._variance = variance

    @property
    def name(self) -> str:
        """What it is, with its variance."""
        return f"gaussian, variance {self.variance:g}"

    @property
    def variance(self) -> float:
        """Variance of each pixel."""
        return self._variance

    def nll(self, output: Tensor, images: Tensor) -> Tensor:
        """Negative log likelihood of each image, constant included, (B,), nats."""
        squares = _squares(output, images)
        constant = 0.5 * math.log(2 * math.pi * self.variance) * output[0].numel()
        return squares / (2 * self.variance) + constant

    def mean(self, output: Tensor) -> Tensor:
        """Expected image; not clipped to [0, 1]."""
        return output


class LearnedGaussian(Likelihood):
    """Independent Gaussian pixels around the output, all of one variance that is learned.

    The variance is the floor plus the exponential of a parameter, so that it stays above the floor
    and keeps a gradient near it.

    Args:
        variance: Variance at the start, more than the floor.
        floor: Least variance.
    """

    def __init__(self, variance: float, floor: float) -> None:
        super().__init__()
        self.floor = floor
        self.log_excess = nn.Parameter(torch.tensor(math.log(variance - floor)))

    name = "learned-gaussian"

    @property
    def variance(self) -> Tensor:
        """Variance of each pixel, a scalar."""
        return self.floor + self.log_excess.exp()

    def nll(self, output: Tensor, images: Tensor) -> Tensor:
        """Negative log likelihood of each image, constant included, (B,), nats."""
        constant = 0.5 * torch.log(2 * math.pi * self.variance) * output[0].numel()
        return _squares(output, images) / (2 * self.variance) + constant

    def mean(self, output: Tensor) -> Tensor:
        """Expected image; not clipped to [0, 1]."""
        return output

    def learned(self) -> dict[str, Tensor]:
        """The variance."""
        return {"variance": self.variance.detach()}


def _squares(output: Tensor, images: Tensor) -> Tensor:
    return (output - images).square().flatten(1).sum(1)
