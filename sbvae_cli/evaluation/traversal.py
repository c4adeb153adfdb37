"""Sweeps of single latents around images' codes (Figures 2, 3, 5, 6 and 9 to 12)."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.metrics import USED_BELOW
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.factors import FactorRows
from sbvae_cli.data.file import Images
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.decode import render_codes
from sbvae_cli.evaluation.decoded import even_shares
from sbvae_cli.evaluation.encode import encode
from sbvae_cli.evaluation.examples import LOOKED_AT, StartImage, examples, shown, start_image
from sbvae_cli.evaluation.followed import Followed, factors_followed
from sbvae_cli.evaluation.representation import kinds_of
from sbvae_cli.metrics.validate import Floats
from sbvae_cli.models.vae import VAE
from sbvae_cli.random import stream

Range = tuple[float, float]
COVERED = (0.01, 0.99)  # quantiles of the posterior means between which the posterior's range lies


@dataclass(frozen=True)
class Traversal:
    """What a model makes of some images, and of codes as each latent is moved.

    Attributes:
        starts: Names of the B images that the sweeps start from.
        inputs: Images, shape (N, H, W, C); the first B are those that the sweeps start from.
        reconstructions: Expected images of their posterior means, shape (N, h, w, C), the size
            that the model draws.
        held_out: Which of them show factors that the model's training left out, shape (N,).
        codes: Posterior means of the first B inputs, shape (B, K).
        stds: Posterior stds of all latents, averaged over 512 images, or all of a file, without the
            blank ones, on which latents in use are uncertain too, shape (K,).
        followed: For each of all latents the factors that it follows; None where none are known.
        latents: Numbers of the latents that were swept, L of them.
        values: Values that each of these takes, increasing, shape (L, S).
        quantiles: Quantiles of the posterior means that the values are, shape (S,); None where
            all latents take the same values.
        sweeps: Images from each start of each latent at each value, shape (B, L, S, h, w, C).
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
        """Latents whose mean std is below 0.5, in order of their numbers (Appendix F)."""
        return tuple(np.flatnonzero(self.stds < USED_BELOW).tolist())


@dataclass(frozen=True)
class Looked:
    """Images that stds, quantiles and followed factors are told from, the same for several models.

    Attributes:
        images: Shape (N, H, W, C), blank ones among them.
        factors: Their factors, shape (N, F).
        after: Where images that are drawn later come from.
    """

    images: Images
    factors: FactorRows
    after: np.random.Generator


def look(source: Source, seed: int = 0) -> Looked:
    """Draw 512 images, or fewer where a file has no more.

    Args:
        source: Where they come from.
        seed: Root seed.
    """
    rng = stream(seed, "traverse")
    count = LOOKED_AT if source.count is None else min(LOOKED_AT, source.count)
    return Looked(*source.sample(rng, count), rng)


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
    looked: Looked | None = None,
) -> Traversal:
    """Sweep latents around posterior means of images, the other latents kept (Figure 2).

    Args:
        vae: On its device.
        source: Where other images come from.
        training_space: Space of the data that the model was trained on; says what was held out.
        latents: How many, by mean posterior variance, smallest first; or which, in this order; or
            None for all.
        ends: First and last value of a sweep; or "posterior", for quantiles of the posterior
            means of the data, evenly spaced from 1 % to 99 %.
        columns: Values of a sweep.
        swing: Whether the values are denser towards the ends, as the places of a swing are.
        count: Inputs to reconstruct, at least 1; there are no fewer than `starts`.
        starts: Images to start from, as `start_image` finds them; the first that is not blank
            where there are none.
        shared: As `examples` takes it.
        seed: Root seed of images that are drawn.
        looked: What `look` gives of this source and seed; drawn where None.

    Raises:
        SbvaeError: If there is no such latent, or the model is unsound.
    """
    looked = looked or look(source, seed)
    images, factors, rng = looked.images, looked.factors, deepcopy(looked.after)
    rows = shown(factors)
    means, stds = encode(vae, images[rows])
    chosen = choose_latents(order_by_variance(stds), latents)
    starts = starts or [start_image(source, None, seed)]
    others = examples(rng, source, training_space, starts, (images, factors), count, shared)
    inputs, _ = encode(vae, others.inputs)
    codes = inputs[: len(starts)]
    quantiles = None
    if ends == "posterior":
        quantiles = _between(COVERED, columns, swing)
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
    """All latents, the smallest mean posterior variance first (Figures 2 and 11).

    Args:
        stds: Posterior stds, shape (N, K).
    """
    order: list[int] = np.argsort(np.square(stds).mean(axis=0), kind="stable").tolist()
    return order


def choose_latents(order: Sequence[int], wanted: int | Sequence[int] | None) -> tuple[int, ...]:
    """The first ones of an order (all where there are fewer, or for None), or those that are named.

    Raises:
        SbvaeError: If one that is named does not exist or is named twice, or none is wanted.
    """
    if wanted is None:
        return tuple(order)
    if isinstance(wanted, int):
        if wanted < 1:
            raise SbvaeError(f"{wanted} latents are none to sweep; choose 1 or more, or all")
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
    """Images of a code in which one latent takes each value and the others keep theirs.

    Args:
        vae: On its device.
        code: Shape (K,).
        latents: L of them.
        values: Values of each, shape (L, S).

    Returns:
        Shape (L, S, H, W, C).

    Raises:
        SbvaeError: If the model is unsound.
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
