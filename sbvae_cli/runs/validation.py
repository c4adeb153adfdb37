"""Images that training never sees, measured beside it."""

import numpy as np

from sbvae_cli.data.batches import validation_rows
from sbvae_cli.data.source import Source
from sbvae_cli.evaluation.rates import image_rates
from sbvae_cli.models.vae import VAE

MOST = 2_000  # images that are measured
_TAG = 0x686F6D65  # keeps these random streams apart from others of the same seed


class Validation:
    """A file's held-out images, or 2,000 of them, read once.

    Args:
        source: A file.
        share: Of its images, in (0, 1).
        seed: Of the run; also of the posterior samples and of colours that no file stores.
        latent_dim: Latents K of the model.

    Raises:
        SbvaeError: If the images are drawn as needed, or too few would be left.
    """

    def __init__(self, source: Source, share: float, seed: int, latent_dim: int) -> None:
        rows = validation_rows(source, share, seed)
        rng = np.random.default_rng([seed, _TAG])
        some = np.sort(rng.permutation(rows)[:MOST])
        self._images, _ = source.read_rows(rng, some)
        self._noise = rng.standard_normal((len(some), latent_dim), np.float32)

    def measure(self, vae: VAE) -> dict[str, float]:
        """Mean `nll_validation` and `kl_validation`, nats an image; the same noise each time.

        Raises:
            SbvaeError: If the model gives no numbers.
        """
        rates = image_rates(vae, self._images, self._noise)
        return {
            "nll_validation": float(rates.nll.mean()),
            "kl_validation": float(rates.kl.mean()),
        }
