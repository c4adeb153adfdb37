"""Draw each kind of picture of `traverse`, for one model or several."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.decoded import interpolate, prior_samples, reconstruct
from sbvae_cli.evaluation.examples import StartImage, start_image
from sbvae_cli.evaluation.traversal import Traversal, draw_reference_images, traverse
from sbvae_cli.figures.decoded import (
    animate_interpolations,
    animate_samples,
    draw_interpolations,
    draw_prior_samples,
    draw_reconstructions,
)
from sbvae_cli.figures.traversal import animate_traversal, draw_traversal
from sbvae_cli.models.vae import VAE
from sbvae_cli.runs.several_models import NamedModel, SeveralModels
from sbvae_cli.viz.animation import Animation
from sbvae_cli.viz.canvas import Canvas

COLUMNS, COLUMNS_OF_SEVERAL, MOVING_COLUMNS = 11, 7, 25
# Limits on the number of inputs, which is otherwise the number of columns.
MIN_EXAMPLES, MAX_EXAMPLES = 7, 12
# Limits of an animation: start images of all models, and samples.
MAX_MOVING, MAX_MOVING_SAMPLES = 6, 100
DRIFT_FRAMES = 40  # frames of one cycle through the samples
T = TypeVar("T")


@dataclass(frozen=True)
class PictureRequest:
    """Arguments that all kinds of pictures share.

    Attributes:
        opened: The models and their data.
        device: Name of the device that computes.
        size: (H, W) of decoded images; None for the size of the data.
        seed: Root seed of random draws.
        moving: Whether the picture is an animation.
        columns: Number of values of a latent; None for the default of this kind of picture.
    """

    opened: SeveralModels
    device: str
    size: tuple[int, int] | None
    seed: int
    moving: bool
    columns: int | None

    @property
    def steps(self) -> int:
        """Number of values of a latent."""
        several = len(self.opened.models) > 1
        usual = COLUMNS_OF_SEVERAL if several else COLUMNS
        return self.columns or (MOVING_COLUMNS if self.moving else usual)

    @property
    def caption(self) -> str:
        """Names of the data and, for a single model, of the model."""
        caption = self.opened.source.name
        if len(self.opened.models) == 1:
            caption += f": {self.opened.models[0].model}"
        return caption + (f", drawn at {self.size[0]}x{self.size[1]}" if self.size else "")

    @property
    def shared_space(self) -> SpaceConfig:
        """Factor space of the first model that holds something out, else of the first model."""
        spaces = [model.checkpoint.space for model in self.opened.models]
        names = self.opened.source.space.names
        alike = [space for space in spaces if space.names == names and space.held_out]
        return (alike or spaces)[0]

    def find(self, images: Sequence[int | Path | None]) -> list[StartImage]:
        """Find images by number or file; None stands for the first image that is not blank."""
        return [start_image(self.opened.source, which, self.seed) for which in images]

    def each(self, make: Callable[[VAE, NamedModel], T]) -> dict[str, T]:
        """Call `make` for each model, and return the results by title."""
        return self.opened.by_title(make, self.device, self.size)


def samples(request: PictureRequest, count: int) -> Canvas | Animation:
    """Draw samples of the prior; models of equal latent dimension get the same codes."""
    frames = DRIFT_FRAMES if request.moving else 1
    if request.moving and count > MAX_MOVING_SAMPLES:
        most = f"{count}: an animation has room for {MAX_MOVING_SAMPLES}"
        raise SbvaeError(f"{most}; draw fewer, or a PNG", field="samples")

    def draw(vae: VAE, opened: NamedModel) -> NDArray[np.uint8]:
        latents = opened.checkpoint.config.model.latent_dim
        return prior_samples(vae, latents, count, frames, request.seed)

    found = request.each(draw)
    caption = f"{request.caption}; samples of the prior"
    if request.moving:
        return animate_samples(found, caption)
    return draw_prior_samples({title: images[0] for title, images in found.items()}, caption)


def interpolation(request: PictureRequest, ends: Sequence[StartImage]) -> Canvas | Animation:
    """Draw an interpolation between the codes of two images."""
    pair = ends[0], ends[1]
    found = request.each(lambda vae, _: interpolate(vae, pair, request.steps, swing=request.moving))
    caption = f"{request.caption}; between the codes of two images"
    return (animate_interpolations if request.moving else draw_interpolations)(found, caption)


def reconstructions(request: PictureRequest, count: int, starts: Sequence[StartImage]) -> Canvas:
    """Draw images above their reconstructions by each model."""
    found = request.each(
        lambda vae, opened: reconstruct(
            vae,
            request.opened.source,
            opened.checkpoint.space,
            count,
            starts=starts,
            shared=request.shared_space,
            seed=request.seed,
        )
    )
    return draw_reconstructions(found, request.caption)


def sweep(
    request: PictureRequest,
    latents: int | Sequence[int] | None,
    ends: tuple[float, float] | Literal["posterior"],
    starts: Sequence[StartImage],
) -> dict[str, Traversal]:
    """Traverse the latents of each model, as `evaluation.traversal.traverse` does."""
    models = len(request.opened.models)
    starts = starts or request.find([None])
    if request.moving and models * len(starts) > MAX_MOVING:
        found = f"{len(starts)} start images of {models} model{'s' if models > 1 else ''}"
        most = f"an animation has room for {MAX_MOVING} of one"
        raise SbvaeError(f"{found} do not move together: {most}; name fewer, or draw a PNG")
    count = min(max(request.steps, MIN_EXAMPLES), MAX_EXAMPLES)
    looked = draw_reference_images(request.opened.source, request.seed)
    return request.each(
        lambda vae, opened: traverse(
            vae,
            request.opened.source,
            opened.checkpoint.space,
            latents=latents,
            ends=ends,
            columns=request.steps,
            swing=request.moving,
            count=count,
            starts=starts,
            shared=request.shared_space,
            seed=request.seed,
            reference=looked,
        )
    )


def sweeps(request: PictureRequest, results: dict[str, Traversal]) -> Canvas | Animation:
    """Draw the traversals that `sweep` returned."""
    one = results.get("")
    shown = results if one is None else one
    caption = request.caption
    if one is not None and not one.used:
        caption += "\nNo latent is in use."
    if not request.moving:
        return draw_traversal(shown, caption)
    decoders = [each.checkpoint.config.model.decoder.kind for each in request.opened.models]
    return animate_traversal(shown, caption, decoders)
