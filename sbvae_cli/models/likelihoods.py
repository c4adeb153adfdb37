"""Pixel likelihoods (Appendix A): negative log likelihoods in nats, and the images they expect."""

import math
from typing import Protocol

from torch import Tensor
from torch.nn import functional


class Likelihood(Protocol):
    """What the decoder's output means."""

    def nll(self, output: Tensor, images: Tensor) -> Tensor:
        """Negative log likelihood of each image, shape (B,), nats, summed over its pixels."""

    def mean(self, output: Tensor) -> Tensor:
        """Expected image, shape of `output`."""


class Bernoulli:
    """Independent Bernoulli pixels, by logits; on grey targets no normalised likelihood."""

    def nll(self, output: Tensor, images: Tensor) -> Tensor:
        """Negative log likelihood of each image; see `Likelihood`."""
        pixels = functional.binary_cross_entropy_with_logits(output, images, reduction="none")
        return pixels.flatten(1).sum(1)

    def mean(self, output: Tensor) -> Tensor:
        """Expected image, in (0, 1)."""
        return output.sigmoid()


class Gaussian:
    """Independent Gaussian pixels of one fixed variance around the output.

    Args:
        variance: Of each pixel, not its deviation; the paper advises 0.3.
    """

    def __init__(self, variance: float) -> None:
        self.variance = variance

    def nll(self, output: Tensor, images: Tensor) -> Tensor:
        """Negative log likelihood of each image, constant included; see `Likelihood`."""
        squares = (output - images).square().flatten(1).sum(1)
        constant = 0.5 * math.log(2 * math.pi * self.variance) * output[0].numel()
        return squares / (2 * self.variance) + constant

    def mean(self, output: Tensor) -> Tensor:
        """Expected image; not clipped to [0, 1]."""
        return output
