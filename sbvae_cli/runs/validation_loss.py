"""Measure NLL and KL of images that are kept from training."""

import math

import numpy as np

from sbvae_cli.data.fixed_set import FixedSet
from sbvae_cli.data.source import Source
from sbvae_cli.data.validation_split import MAX_MEASURED, validation_rows
from sbvae_cli.errors import DivergedError, SbvaeError
from sbvae_cli.evaluation.rates import image_rates
from sbvae_cli.models.vae import VAE
from sbvae_cli.random import stream


class Validation:
    """Validation images of a file or fixed set, at most 2,000, read once.

    Args:
        source: Data file, or the data that render the fixed set.
        share: Share of the images that are kept from training, in (0, 1).
        seed: Root seed of the run, also of posterior samples and of colours that are drawn anew.
        latent_dim: Number of latents K of the model.
        fixed_set: Number of images in the fixed set; None for a file.

    Raises:
        SbvaeError: If the images are drawn endlessly, or too few would be left for training.
    """

    def __init__(
        self,
        source: Source,
        share: float,
        seed: int,
        latent_dim: int,
        fixed_set: int | None = None,
    ) -> None:
        rng = stream(seed, "validation-noise")
        all_rows = validation_rows(source, share, seed, fixed_set)
        rows = np.sort(rng.permutation(all_rows)[:MAX_MEASURED])
        if fixed_set:
            self._images = FixedSet(source, fixed_set).read_rows(rng, rows)
        else:
            self._images, _ = source.read_rows(rng, rows)
        self._noise = rng.standard_normal((len(rows), latent_dim), np.float32)

    def measure(self, vae: VAE, step: int) -> dict[str, float]:
        """Return mean `nll_validation` and `kl_validation` in nats an image, with the same noise.

        Raises:
            DivergedError: If NLL or KL is not finite after `step` updates, though the weights are.
        """
        try:
            rates = image_rates(vae, self._images, self._noise)
        except SbvaeError as error:
            raise DivergedError(
                f"diverged in step {step}: its NLL or KL of validation images is not finite",
                step,
                {"nll_validation": math.nan},
            ) from error
        return {
            "nll_validation": float(rates.nll.mean()),
            "kl_validation": float(rates.kl.mean()),
        }
