"""Traverse single latents around images' codes (Figures 2, 3, 5, 6 and 9 to 12)."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.metrics import USED_BELOW_STD
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.factors import FactorRows
from sbvae_cli.data.file import Images
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.decode import render_codes
from sbvae_cli.evaluation.decoded import even_shares
from sbvae_cli.evaluation.encode import encode
from sbvae_cli.evaluation.examples import (
    REFERENCE_COUNT,
    StartImage,
    examples,
    nonblank_rows,
    start_image,
)
from sbvae_cli.evaluation.followed import Followed, factors_followed
from sbvae_cli.evaluation.representation import kinds_of
from sbvae_cli.metrics.validate import Floats
from sbvae_cli.models.vae import VAE
from sbvae_cli.random import stream

Range = tuple[float, float]
# Quantiles of the posterior means that bound the range "posterior".
POSTERIOR_QUANTILES = (0.01, 0.99)


@dataclass(frozen=True)
class Traversal:
    """Reconstructions of images, and images decoded while each latent is moved.

    Attributes:
        starts: Names of the B images from which sweeps start.
        inputs: Images, shape (N, H, W, C); the first B are those from which sweeps start.
        reconstructions: Expected images of their posterior means, shape (N, h, w, C), in the size
            that the model decodes.
        held_out: Whether training left out the factors of each input, shape (N,).
        codes: Posterior means of the first B inputs, shape (B, K).
        stds: Posterior stds of all latents, shape (K,), averaged over 512 images, or all of a
            smaller file; blank images, on which latents in use are uncertain too, are left out.
        followed: Factors that each latent follows; None if no factors are known.
        latents: Numbers of the L latents that were swept.
        values: Ascending values of each of these latents, shape (L, S).
        quantiles: Quantiles of the posterior means that correspond to the values, shape (S,); None
            if all latents take the same values.
        sweeps: Images for each start, latent and value, shape (B, L, S, h, w, C).
    """

    starts: tuple[str, ...]
    inputs: Images
    reconstructions: Images
    held_out: NDArray[np.bool_]
    codes: Floats
    stds: Floats
    followed: tuple[Followed, ...] | None
    latents: tuple[int, ...]
    values: Floats
    quantiles: Floats | None
    sweeps: Images

    @property
    def used(self) -> tuple[int, ...]:
        """Latents whose mean std is below 0.5, in the order of their numbers (Appendix F)."""
        return tuple(np.flatnonzero(self.stds < USED_BELOW_STD).tolist())


@dataclass(frozen=True)
class ReferenceImages:
    """Images for stds, quantiles and followed factors, which several models share.

    Attributes:
        images: Images, shape (N, H, W, C), including blank ones.
        factors: Factor values, shape (N, F).
        rng: Random generator for images that are drawn later.
    """

    images: Images
    factors: FactorRows
    rng: np.random.Generator


def draw_reference_images(source: Source, seed: int = 0) -> ReferenceImages:
    """Draw 512 images, or all of a smaller file.

    Args:
        source: Data that images come from.
        seed: Root seed.
    """
    rng = stream(seed, "traverse")
    count = REFERENCE_COUNT if source.count is None else min(REFERENCE_COUNT, source.count)
    return ReferenceImages(*source.sample(rng, count), rng)


def traverse(
    vae: VAE,
    source: Source,
    training_space: SpaceConfig,
    *,
    latents: int | Sequence[int] | None = 8,
    ends: Range | Literal["posterior"] = (-2.0, 2.0),
    columns: int = 11,
    swing: bool = False,
    count: int = 11,
    starts: Sequence[StartImage] = (),
    shared: SpaceConfig | None = None,
    seed: int = 0,
    reference: ReferenceImages | None = None,
) -> Traversal:
    """Traverse latents around the posterior means of images, one at a time (Figure 2).

    Args:
        vae: Model on its device.
        source: Data that further images come from.
        training_space: Factor space of the training data, with its held-out regions.
        latents: Number of latents, those with the smallest mean posterior variance first; or their
            numbers, in this order; or None for all.
        ends: First and last value of a sweep; or "posterior" for quantiles of the data's posterior
            means, evenly spaced from 1 % to 99 %.
        columns: Number of values in a sweep.
        swing: Whether the values are denser towards the ends, like positions of a pendulum.
        count: Number of inputs to reconstruct, at least 1 and at least that of `starts`.
        starts: Start images from `start_image`; empty for the first image that is not blank.
        shared: Space that chooses the held-out images, as in `examples`.
        seed: Root seed of drawn images.
        reference: Result of `draw_reference_images` for this source and seed; None to draw it.

    Raises:
        SbvaeError: If a latent does not exist, or the model's outputs are not finite.
    """
    reference = reference or draw_reference_images(source, seed)
    images, factors, rng = reference.images, reference.factors, deepcopy(reference.rng)
    rows = nonblank_rows(factors)
    means, stds = encode(vae, images[rows])
    chosen = choose_latents(order_by_variance(stds), latents)
    starts = starts or [start_image(source, None, seed)]
    others = examples(rng, source, training_space, starts, (images, factors), count, shared)
    inputs, _ = encode(vae, others.inputs)
    codes = inputs[: len(starts)]
    quantiles = None
    if ends == "posterior":
        quantiles = _between(POSTERIOR_QUANTILES, columns, swing)
        values = np.quantile(means[:, list(chosen)], quantiles, axis=0).T  # (L, S)
    else:
        values = np.tile(_between(ends, columns, swing), (len(chosen), 1))
    return Traversal(
        tuple(start.name for start in starts),
        others.inputs,
        render_codes(vae, inputs),
        others.held_out,
        codes,
        stds.mean(axis=0),
        _followed(source, means, stds, factors[rows]),
        chosen,
        values,
        quantiles,
        np.stack([sweep(vae, code, chosen, values) for code in codes]),
    )


def order_by_variance(stds: Floats) -> list[int]:
    """Order all latents by mean posterior variance, smallest first (Figures 2 and 11).

    Args:
        stds: Posterior stds, shape (N, K).
    """
    order: list[int] = np.argsort(np.square(stds).mean(axis=0), kind="stable").tolist()
    return order


def choose_latents(order: Sequence[int], wanted: int | Sequence[int] | None) -> tuple[int, ...]:
    """Return the first latents of an order (None for all), or those that are named.

    Raises:
        SbvaeError: If a named latent does not exist or is named twice, or no latent is requested.
    """
    if wanted is None:
        return tuple(order)
    if isinstance(wanted, int):
        if wanted < 1:
            raise SbvaeError(f"cannot sweep {wanted} latents; choose 1 or more, or all")
        return tuple(order[:wanted])
    unknown = [latent for latent in wanted if latent not in order]
    if unknown:
        raise SbvaeError(
            f"there is no latent {unknown[0]}; this model has latents 0 to {len(order) - 1}"
        )
    twice = [latent for i, latent in enumerate(wanted) if latent in wanted[:i]]
    if twice or not wanted:
        raise SbvaeError(f"latent {twice[0]} is named twice" if twice else "no latent is named")
    return tuple(wanted)


def sweep(vae: VAE, code: Floats, latents: Sequence[int], values: Floats) -> Images:
    """Decode a code while one latent takes each value and the others keep theirs.

    Args:
        vae: Model on its device.
        code: Code, shape (K,).
        latents: Numbers of the L latents.
        values: Values of each latent, shape (L, S).

    Returns:
        Images, shape (L, S, H, W, C).

    Raises:
        SbvaeError: If the decoder's output is not finite.
    """
    codes = np.tile(code, (*values.shape, 1))  # (L, S, K)
    for row, latent in enumerate(latents):
        codes[row, :, latent] = values[row]
    images = render_codes(vae, codes.reshape(-1, len(code)))
    return images.reshape(*values.shape, *images.shape[1:])


def _between(ends: Range, count: int, swing: bool) -> Floats:
    return ends[0] + even_shares(count, swing) * (ends[1] - ends[0])


def _followed(
    source: Source, means: Floats, stds: Floats, factors: NDArray[np.floating]
) -> tuple[Followed, ...] | None:
    if np.isnan(factors).any():  # every image is blank
        return None
    kinds = kinds_of(source.space.factors)
    names = source.space.names
    return factors_followed(means, stds, factors, names, [kinds.get(name) for name in names])
