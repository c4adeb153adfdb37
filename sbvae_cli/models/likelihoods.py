"""Pixel likelihoods (Appendix A): negative log likelihoods in nats, and expected images."""

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional


class Likelihood(nn.Module, ABC):
    """Distribution of pixels given the decoder's output."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Name with any fixed variance; NLLs of different names are not comparable."""

    @property
    @abstractmethod
    def variance(self) -> float | Tensor | None:
        """Current variance of each pixel around its mean, fixed or learned; None for Bernoulli."""

    @abstractmethod
    def nll(self, output: Tensor, images: Tensor) -> Tensor:
        """Return the NLL of each image, shape (B,), in nats, summed over pixels and channels."""

    @abstractmethod
    def mean(self, output: Tensor) -> Tensor:
        """Return the expected images, shape of `output`."""

    def learned(self) -> dict[str, Tensor]:
        """Return the learned parameters of the likelihood for the log, by name; {} by default."""
        return {}


class Bernoulli(Likelihood):
    """Independent Bernoulli pixels by logits; not normalised for targets other than 0 and 1."""

    name = "bernoulli"
    variance = None

    def nll(self, output: Tensor, images: Tensor) -> Tensor:
        """Return the NLL of each image, shape (B,), in nats."""
        pixels = functional.binary_cross_entropy_with_logits(output, images, reduction="none")
        return pixels.flatten(1).sum(1)

    def mean(self, output: Tensor) -> Tensor:
        """Return the expected images, in (0, 1)."""
        return output.sigmoid()


class Gaussian(Likelihood):
    """Independent Gaussian pixels of one fixed variance around the output.

    Args:
        variance: Variance of each pixel, not its std; the paper recommends 0.3.
    """

    def __init__(self, variance: float) -> None:
        super().__init__()
        self._variance = variance

    @property
    def name(self) -> str:
        """Name with the variance."""
        return f"gaussian, variance {self.variance:g}"

    @property
    def variance(self) -> float:
        """Variance of each pixel."""
        return self._variance

    def nll(self, output: Tensor, images: Tensor) -> Tensor:
        """Return the NLL of each image, including the constant, shape (B,), in nats."""
        squares = _squares(output, images)
        constant = 0.5 * math.log(2 * math.pi * self.variance) * output[0].numel()
        return squares / (2 * self.variance) + constant

    def mean(self, output: Tensor) -> Tensor:
        """Return the expected images, not clipped to [0, 1]."""
        return output


class LearnedGaussian(Likelihood):
    """Independent Gaussian pixels of one learned variance around the output.

    The variance is the floor plus the exponential of a parameter, so that it is always above the
    floor and has a gradient near it.

    Args:
        variance: Initial variance, larger than `floor`.
        floor: Lower bound of the variance.
    """

    def __init__(self, variance: float, floor: float) -> None:
        super().__init__()
        self.floor = floor
        self.log_excess = nn.Parameter(torch.tensor(math.log(variance - floor)))

    name = "learned-gaussian"

    @property
    def variance(self) -> Tensor:
        """Current variance of each pixel, a scalar."""
        return self.floor + self.log_excess.exp()

    def nll(self, output: Tensor, images: Tensor) -> Tensor:
        """Return the NLL of each image, including the constant, shape (B,), in nats."""
        constant = 0.5 * torch.log(2 * math.pi * self.variance) * output[0].numel()
        return _squares(output, images) / (2 * self.variance) + constant

    def mean(self, output: Tensor) -> Tensor:
        """Return the expected images, not clipped to [0, 1]."""
        return output

    def learned(self) -> dict[str, Tensor]:
        """Return the variance by the name "variance"."""
        return {"variance": self.variance.detach()}


def _squares(output: Tensor, images: Tensor) -> Tensor:
    return (output - images).square().flatten(1).sum(1)
