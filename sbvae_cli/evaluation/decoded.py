"""What a model draws: samples of the prior, images between two images, reconstructions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.file import Images
from sbvae_cli.data.source import Source
from sbvae_cli.evaluation.decode import render_codes
from sbvae_cli.evaluation.encode import encode
from sbvae_cli.evaluation.examples import StartImage, examples, shown
from sbvae_cli.metrics.validate import Floats
from sbvae_cli.models.vae import VAE
from sbvae_cli.random import stream


@dataclass(frozen=True)
class Interpolation:
    """Images on the straight line between two images' codes.

    Attributes:
        names: What the two images are called.
        ends: The two images, shape (2, H, W, C).
        shares: Share of the second code in each, from 0 to 1, shape (S,).
        images: Expected images, shape (S, h, w, C).
    """

    names: tuple[str, str]
    ends: Images
    shares: Floats
    images: Images


@dataclass(frozen=True)
class Reconstructions:
    """Images and what a model makes of them.

    Attributes:
        inputs: Shape (N, H, W, C).
        reconstructions: Expected images of their posterior means, shape (N, h, w, C).
        held_out: Which of them show factors that the model's training left out, shape (N,).
    """

    inputs: Images
    reconstructions: Images
    held_out: NDArray[np.bool_]


def prior_samples(vae: VAE, latent_dim: int, count: int, frames: int = 1, seed: int = 0) -> Images:
    """Expected images of codes that are drawn from the prior, and drift through it in a circle.

    On the circle cos(t) a + sin(t) b, where a and b are samples, every code is a sample too, and
    the last frame leads back to the first.

    Args:
        vae: On its device.
        latent_dim: Number of latents K.
        count: Number of codes N.
        frames: Number of places on the circle T, at least 1.
        seed: Root seed of the codes.

    Returns:
        Shape (T, N, H, W, C).

    Raises:
        SbvaeError: If the model is unsound.
    """
    a, b = stream(seed, "prior").normal(size=(2, count, latent_dim))
    angles = np.linspace(0, 2 * np.pi, frames, endpoint=False)[:, None, None]
    codes = np.cos(angles) * a + np.sin(angles) * b  # (T, N, K)
    images = render_codes(vae, codes.reshape(-1, latent_dim))
    return images.reshape(frames, count, *images.shape[1:])


def interpolate(
    vae: VAE, ends: tuple[StartImage, StartImage], columns: int = 11, swing: bool = False
) -> Interpolation:
    """Decode codes at even distances on the line between two images' posterior means.

    Args:
        vae: On its device.
        ends: The two images.
        columns: Number of codes, at least 2; the first and the last are those of the images.
        swing: Whether they are denser towards the ends, as the places of a swing are.

    Raises:
        SbvaeError: If the model is unsound.
    """
    inputs = np.stack([end.pixels for end in ends])
    (first, last), _ = encode(vae, inputs)
    shares = even_shares(columns, swing)
    codes = first + shares[:, None] * (last - first)
    return Interpolation((ends[0].name, ends[1].name), inputs, shares, render_codes(vae, codes))


def even_shares(count: int, swing: bool) -> Floats:
    """Shares from 0 to 1, evenly spaced, or as the places of a swing are at even times.

    Args:
        count: Number of shares, at least 2.
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
    """Images at random that show something, held-out ones last, and their reconstructions.

    Args:
        vae: On its device.
        source: Where the images come from.
        training_space: Space of the data that the model was trained on; says what was held out.
        count: Number of images, or fewer where a file has no more.
        starts: Images that come first.
        shared: As `examples` takes it.
        seed: Root seed of the choice of images.

    Raises:
        SbvaeError: If the model is unsound.
    """
    rng = stream(seed, "traverse")
    drawn = 2 * count + 16 if source.space.blank else count
    if source.count is not None:
        drawn = min(drawn, source.count)
    images, factors = source.sample(rng, drawn)
    rows = shown(factors)
    others = images[rows], factors[rows]
    found = examples(rng, source, training_space, starts, others, count, shared)
    means, _ = encode(vae, found.inputs)
    return Reconstructions(found.inputs, render_codes(vae, means), found.held_out)
