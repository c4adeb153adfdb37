"""A trained model, and what it makes of arrays."""

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from sbvae_cli.api.arguments import checked, path_of, two_sizes
from sbvae_cli.api.images import Array, as_given, as_latents, as_planes, in_form
from sbvae_cli.api.words import in_python_words, note
from sbvae_cli.checkpoint import Checkpoint
from sbvae_cli.config.schema import Config
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.source import Source
from sbvae_cli.evaluation.batching import fitting_batch, map_batches
from sbvae_cli.models.vae import VAE
from sbvae_cli.runs.open import open_checkpoint, open_data
from sbvae_cli.training.devices import resolve_device


class Model:
    """A trained VAE: what `load` gives, and a training's `model`.

    Images go in as uint8 from 0 to 255 or as floats in [0, 1], in either layout, (N, H, W, C) or
    (N, C, H, W). What comes in as NumPy's array goes out as one, and a tensor as a tensor, on the
    model's device. Gradients flow where a tensor asks for them (`requires_grad`). Everything else
    is computed in batches that fit the device, and may be called from several threads.

    Args:
        checkpoint: Configuration and weights.
        module: The network with these weights, in evaluation mode, on its device.

    Attributes:
        module: The network, a `torch.nn.Module` with `encoder`, `decoder` and `likelihood`.
        checkpoint: What was read.

    Example:
        >>> model = sbvae.load("runs/circles")
        >>> model
        <Model broadcast, step 6: images (3, 16, 16), 3 latents>
        >>> model.config.training.batch_size, model.space.names[:2]
        (4, ('x', 'y'))
    """

    def __init__(self, checkpoint: Checkpoint, module: VAE) -> None:
        self.checkpoint, self.module = checkpoint, module

    @property
    def config(self) -> Config:
        """The run's whole configuration; `config.as_dict()` has it as plain containers."""
        return self.checkpoint.config

    @property
    def space(self) -> SpaceConfig:
        """Factors of variation of the data that the model was trained on."""
        return self.checkpoint.space

    @property
    def step(self) -> int:
        """Updates made."""
        return self.checkpoint.step

    @property
    def path(self) -> Path | None:
        """File of the checkpoint; None of a model that was not saved."""
        return self.checkpoint.path

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of the images that it takes."""
        return self.config.data.image_shape

    @property
    def latent_dim(self) -> int:
        """Number of latents K."""
        return self.config.model.latent_dim

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self._weight.device

    @cached_property
    def data(self) -> Source:
        """The data that it was trained on, opened or drawn anew, as `open_data` gives them.

        Raises:
            SbvaeError: If their file is gone.
        """
        with in_python_words():
            return open_data(self.checkpoint, on_note=note)

    @in_python_words()
    def encode(self, images: Array) -> tuple[Array, Array]:
        """Posterior of each image.

        Args:
            images: uint8 or floats in [0, 1], shape (N, H, W, C) or (N, C, H, W).

        Returns:
            Mean and log-variance in nats, each of shape (N, K).

        Raises:
            SbvaeError: If these are no such images.

        Example:
            >>> model = sbvae.load("runs/circles")
            >>> images, factors = model.data.images(0, 8)
            >>> mean, logvar = model.encode(images)
            >>> images.shape, mean.shape, logvar.dtype
            ((8, 16, 16, 3), (8, 3), dtype('float32'))
        """
        given = as_planes(images, self.image_shape, self._weight).tensor
        both = self._apply(
            self.module.encoder, lambda x: torch.stack(self.module.encode(x), dim=1), given
        )  # (N, 2, K)
        mean, logvar = both.unbind(dim=1)
        return as_given(mean, images), as_given(logvar, images)

    @in_python_words()
    def decode(self, z: Array) -> Array:
        """The likelihood's parameter: logits of a Bernoulli likelihood, means of a Gaussian one.

        They are no images: `render` gives these.

        Args:
            z: Latents, shape (N, K).

        Returns:
            Shape (N, C, H, W).

        Raises:
            SbvaeError: If the latents have another shape or are not finite.

        Example:
            >>> model = sbvae.load("runs/circles")
            >>> model.decode(np.zeros((2, model.latent_dim))).shape
            (2, 3, 16, 16)
        """
        latents = as_latents(z, self.latent_dim, self._weight)
        return as_given(self._apply(self.module.decoder, self.module.decode, latents), z)

    @in_python_words()
    def render(self, z: Array) -> Array:
        """Expected images of latents, in [0, 1]; a Gaussian likelihood's may leave it a little.

        Args:
            z: Latents, shape (N, K).

        Returns:
            Shape (N, C, H, W).

        Raises:
            SbvaeError: If the latents have another shape or are not finite.

        Example:
            >>> model = sbvae.load("runs/circles")
            >>> pictures = model.render(torch.zeros(2, model.latent_dim))
            >>> tuple(pictures.shape), bool((pictures >= 0).all())
            ((2, 3, 16, 16), True)
        """
        latents = as_latents(z, self.latent_dim, self._weight)
        return as_given(self._apply(self.module.decoder, self.module.render, latents), z)

    @in_python_words()
    def reconstruct(self, images: Array) -> Array:
        """Expected images of the posterior means, in the images' own layout, range and dtype.

        Args:
            images: As `encode` takes them.

        Returns:
            As they came: uint8 in uint8, floats in floats, channels where they were.

        Raises:
            SbvaeError: If these are no such images.

        Example:
            >>> model = sbvae.load("runs/circles")
            >>> images, factors = model.data.images(0, 8)
            >>> model.reconstruct(images).shape, model.reconstruct(images).dtype
            ((8, 16, 16, 3), dtype('uint8'))
        """
        form = as_planes(images, self.image_shape, self._weight)
        mean = self._apply(self.module.encoder, lambda x: self.module.encode(x)[0], form.tensor)
        return as_given(
            in_form(self._apply(self.module.decoder, self.module.render, mean), form), images
        )

    def __repr__(self) -> str:
        kinds, step = ", ".join(self.config.kinds), f"step {self.step:,}"
        latents = f"{self.latent_dim} latent{'s' if self.latent_dim > 1 else ''}"
        return f"<Model {kinds}, {step}: images {self.image_shape}, {latents}>"

    @property
    def _weight(self) -> Tensor:
        return next(self.module.parameters())

    def _apply(self, network: nn.Module, work: Callable[[Tensor], Tensor], given: Tensor) -> Tensor:
        """Apply a function of rows: at once where gradients are asked for, else in batches."""
        if given.requires_grad and torch.is_grad_enabled():
            return work(given)

        @torch.no_grad()
        def of_batch(rows: slice) -> Tensor:
            return work(given[rows])

        size = fitting_batch(network, given[:1])
        return torch.cat(map_batches(of_batch, len(given), size, self.device))


@checked
def load(
    run: str | os.PathLike[str],
    *,
    device: Literal["auto", "cpu", "cuda"] | str = "auto",
    size: int | tuple[int, int] | None = None,
) -> Model:
    """Open a trained model.

    Args:
        run: A run folder, or a checkpoint in it.
        device: Where it computes; `auto` takes the first GPU there is.
        size: (H, W) of the images that it draws, or both in one number, pixels; None takes that of
            the training. Broadcast decoders draw at any size.

    Raises:
        SbvaeError: If there is no such run, it has no checkpoint yet, or it is damaged.

    Example:
        >>> sbvae.load("runs/circles").step
        6
        >>> large = sbvae.load("runs/circles", size=64)
        >>> large.render(np.zeros((1, large.latent_dim))).shape
        (1, 3, 64, 64)
    """
    drawn = None if size is None else two_sizes(size)
    with in_python_words(of="run"):
        checkpoint = open_checkpoint(path_of(run, "run"))
    with in_python_words(of="device"):
        where = resolve_device(device)
    with in_python_words(of="run" if drawn is None else "size"):
        return Model(checkpoint, checkpoint.build_vae(where, drawn))
