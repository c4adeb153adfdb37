"""Sweeps of single latents around one image's code (Figure 2)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.data.file import Images
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.decode import render_codes
from sbvae_cli.evaluation.encode import encode
from sbvae_cli.models.vae import VAE
from sbvae_cli.random import stream

IMAGES = 256  # that stds are averaged over
HELD_OUT_EXAMPLES = 4  # at most; there are twice as many others
NON_CODING = 0.5  # mean std from which on a latent is not used (Appendix F)


@dataclass(frozen=True)
class Traversal:
    """What a model makes of some images, and of one code as each latent is moved.

    Attributes:
        inputs: Images, shape (N, H, W, C); the first is the one that the sweeps start from.
        reconstructions: Expected images of their posterior means, shape (N, h, w, C), the size
            that the model draws.
        held_out: Which of them show factors that the model's training left out, shape (N,).
        code: Posterior mean of the first input, shape (K,).
        stds: Posterior stds of all latents, averaged over 256 images without the
            blank ones, on which latents in use are uncertain too, shape (K,).
        latents: Numbers of the latents that were swept, L of them.
        values: Values that a latent takes, increasing, shape (S,).
        sweeps: Images of each latent at each value, shape (L, S, h, w, C).
    """

    inputs: Images
    reconstructions: Images
    held_out: NDArray[np.bool_]
    code: NDArray[np.float64]
    stds: NDArray[np.float64]
    latents: tuple[int, ...]
    values: NDArray[np.float64]
    sweeps: Images


def traverse(
    vae: VAE,
    source: Source,
    training_space: SpaceConfig,
    *,
    latents: int | Sequence[int] | None = 8,
    ends: tuple[float, float] = (-2.0, 2.0),
    columns: int = 11,
    examples: int = 11,
    index: int | None = None,
    seed: int = 0,
) -> Traversal:
    """Sweep latents around the posterior mean of one image, the other latents kept (Figure 2).

    Args:
        vae: On its device.
        source: Where the images come from.
        training_space: Space of the data that the model was trained on; says what was held out.
        latents: How many, by mean posterior variance, smallest first; or which, in this order; or
            None for all.
        ends: First and last value of a sweep.
        columns: Values of a sweep.
        examples: Inputs to reconstruct, at least 1.
        index: The image that the sweeps start from, as `Source.images` counts; the first that is
            not blank where None.
        seed: Root seed of images that are drawn.

    Raises:
        SbvaeError: If there is no such image or latent, or the model is unsound.
    """
    rng = stream(seed, "traverse")
    images, factors = source.sample(rng, IMAGES)
    _, stds = encode(vae, images[_shown(factors)])
    chosen = choose_latents(order_by_variance(stds), latents)
    first = _start(source, index, seed)
    inputs, held_out = _examples(rng, source, training_space, first, (images, factors), examples)
    means, _ = encode(vae, inputs)
    values = np.linspace(*ends, columns)
    return Traversal(
        inputs,
        render_codes(vae, means),
        held_out,
        means[0],
        stds.mean(axis=0),
        chosen,
        values,
        sweep(vae, means[0], chosen, values),
    )


def order_by_variance(stds: NDArray[np.float64]) -> list[int]:
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


def sweep(
    vae: VAE,
    code: NDArray[np.float64],
    latents: Sequence[int],
    values: NDArray[np.float64],
) -> Images:
    """Images of a code in which one latent takes each value and the others keep theirs.

    Args:
        vae: On its device.
        code: Shape (K,).
        latents: L of them.
        values: Shape (S,).

    Returns:
        Shape (L, S, H, W, C).

    Raises:
        SbvaeError: If the model is unsound.
    """
    codes = np.tile(code, (len(latents), len(values), 1))  # (L, S, K)
    for row, latent in enumerate(latents):
        codes[row, :, latent] = values
    images = render_codes(vae, codes.reshape(-1, len(code)))
    return images.reshape(len(latents), len(values), *images.shape[1:])


def _start(source: Source, index: int | None, seed: int) -> tuple[Images, FactorRows]:
    """One image and its factors."""
    if index is not None:
        return source.images(index, index + 1, seed)
    count = IMAGES if source.count is None else min(IMAGES, source.count)
    images, factors = source.images(0, count, seed)
    first = _shown(factors)[:1]
    return images[first], factors[first]


def _shown(factors: FactorRows) -> NDArray[np.intp]:
    """Rows that are not blank, or all where every one is."""
    shown = np.flatnonzero(~np.isnan(factors).any(axis=1))
    return shown if len(shown) else np.arange(len(factors))


def _examples(
    rng: np.random.Generator,
    source: Source,
    training_space: SpaceConfig,
    first: tuple[Images, FactorRows],
    others: tuple[Images, FactorRows],
    count: int,
) -> tuple[Images, NDArray[np.bool_]]:
    """The first image, then others, held-out ones last and some of them where they can be drawn.

    Returns:
        Images (N, H, W, C), and which of them show what training left out (N,).
    """
    if source.space.names != training_space.names:  # no telling what was held out
        images = np.concatenate([first[0], others[0][: count - 1]])
        return images, np.zeros(len(images), np.bool_)
    trained = FactorSpace(training_space)
    can_draw = bool(training_space.held_out) and source.can_render
    drawn = min(HELD_OUT_EXAMPLES, count // 3) if can_draw else 0
    parts = [first, (others[0][: count - 1 - drawn], others[1][: count - 1 - drawn])]
    if drawn:
        rows = trained.sample(rng, drawn, "heldout")
        parts.append((source.render(rows), rows))
    images, factors = (np.concatenate(part) for part in zip(*parts, strict=True))
    mask = trained.held_out_mask(factors)
    order = [0, *(1 + np.argsort(mask[1:], kind="stable")).tolist()]
    return images[order], mask[order]
