"""Decode samples of the prior, interpolations between two images, and reconstructions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.file import Images
from sbvae_cli.data.source import Source
from sbvae_cli.evaluation.decode import render_codes
from sbvae_cli.evaluation.encode import encode
from sbvae_cli.evaluation.examples import StartImage, examples, nonblank_rows
from sbvae_cli.metrics.validate import Floats
from sbvae_cli.models.vae import VAE
from sbvae_cli.random import stream


@dataclass(frozen=True)
class Interpolation:
    """Images decoded on the straight line between the codes of two images.

    Attributes:
        names: Names of the two images.
        ends: The two images, shape (2, H, W, C).
        shares: Weight of the second code in each image, from 0 to 1, shape (S,).
        images: Expected images, shape (S, h, w, C).
    """

    names: tuple[str, str]
    ends: Images
    shares: Floats
    images: Images


@dataclass(frozen=True)
class Reconstructions:
    """Images and their reconstructions by a model.

    Attributes:
        inputs: Images, shape (N, H, W, C).
        reconstructions: Expected images of their posterior means, shape (N, h, w, C).
        held_out: Whether training left out the factors of each input, shape (N,).
    """

    inputs: Images
    reconstructions: Images
    held_out: NDArray[np.bool_]


def prior_samples(vae: VAE, latent_dim: int, count: int, frames: int = 1, seed: int = 0) -> Images:
    """Decode samples of the prior, or an animation in which each moves on a circle of samples.

    Every code on the circle cos(t) a + sin(t) b is distributed as the prior if a and b are
    independent samples of it, and the last frame leads back to the first.

    Args:
        vae: Model on its device.
        latent_dim: Number of latents K.
        count: Number of codes N.
        frames: Number of frames T on the circle, at least 1.
        seed: Root seed of the codes.

    Returns:
        Expected images, shape (T, N, H, W, C).

    Raises:
        SbvaeError: If the decoder's output is not finite.
    """
    a, b = stream(seed, "prior").normal(size=(2, count, latent_dim))
    angles = np.linspace(0, 2 * np.pi, frames, endpoint=False)[:, None, None]
    codes = np.cos(angles) * a + np.sin(angles) * b  # (T, N, K)
    images = render_codes(vae, codes.reshape(-1, latent_dim))
    return images.reshape(frames, count, *images.shape[1:])


def interpolate(
    vae: VAE, ends: tuple[StartImage, StartImage], columns: int = 11, swing: bool = False
) -> Interpolation:
    """Decode codes on the line between the posterior means of two images.

    Args:
        vae: Model on its device.
        ends: The two images.
        columns: Number of codes, at least 2; the first and the last are those of the images.
        swing: Whether codes are denser towards the ends, like positions of a pendulum, else evenly
            spaced.

    Raises:
        SbvaeError: If the model's outputs are not finite.
    """
    inputs = np.stack([end.pixels for end in ends])
    (first, last), _ = encode(vae, inputs)
    shares = even_shares(columns, swing)
    codes = first + shares[:, None] * (last - first)
    return Interpolation((ends[0].name, ends[1].name), inputs, shares, render_codes(vae, codes))


def even_shares(count: int, swing: bool) -> Floats:
    """Return weights from 0 to 1, evenly spaced or like the positions of a pendulum.

    Args:
        count: Number of weights, at least 2.
        swing: Whether they are denser towards the ends.
    """
    shares = np.linspace(0.0, 1.0, count)
    return (1.0 - np.cos(np.pi * shares)) / 2.0 if swing else shares


def reconstruct(
    vae: VAE,
    source: Source,
    training_space: SpaceConfig,
    count: int,
    *,
    starts: Sequence[StartImage] = (),
    shared: SpaceConfig | None = None,
    seed: int = 0,
) -> Reconstructions:
    """Reconstruct random images that are not blank, held-out ones last.

    Args:
        vae: Model on its device.
        source: Data that the images are drawn from.
        training_space: Factor space of the training data, with its held-out regions.
        count: Number of images; fewer if a file has no more.
        starts: Images that come first.
        shared: Space that chooses the held-out images, as in `examples`.
        seed: Root seed of the choice of images.

    Raises:
        SbvaeError: If the model's outputs are not finite.
    """
    rng = stream(seed, "traverse")
    drawn = 2 * count + 16 if source.space.blank else count
    if source.count is not None:
        drawn = min(drawn, source.count)
    images, factors = source.sample(rng, drawn)
    rows = nonblank_rows(factors)
    others = images[rows], factors[rows]
    found = examples(rng, source, training_space, starts, others, count, shared)
    means, _ = encode(vae, found.inputs)
    return Reconstructions(found.inputs, render_codes(vae, means), found.held_out)
