"""A trained model that encodes, decodes, renders and reconstructs arrays."""

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from sbvae_cli.api.arguments import checked, path_of, two_sizes
from sbvae_cli.api.images import Array, as_layout_of, as_type_of, to_model_images, to_model_latents
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
    """A trained VAE, returned by `load` and by `Training.model`.

    Images are uint8 from 0 to 255 or floats in [0, 1], of shape (N, H, W, C) or (N, C, H, W). A
    method returns NumPy arrays for NumPy arrays, and for tensors it returns tensors on the model's
    device. An argument with `requires_grad` is computed at once, with gradients; other arguments
    are computed without gradients, in batches that fit into memory. Several threads may call the
    methods.

    Args:
        checkpoint: Configuration and weights.
        module: Network with these weights, in evaluation mode, on its device.

    Attributes:
        module: Network, a `torch.nn.Module` with `encoder`, `decoder` and `likelihood`.
        checkpoint: Configuration and weights.

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
        """Complete configuration of the run; `config.as_dict()` returns plain containers."""
        return self.checkpoint.config

    @property
    def space(self) -> SpaceConfig:
        """Factors of variation of the training data."""
        return self.checkpoint.space

    @property
    def step(self) -> int:
        """Number of updates made."""
        return self.checkpoint.step

    @property
    def path(self) -> Path | None:
        """File of the checkpoint; None if the model is not saved."""
        return self.checkpoint.path

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Shape (C, H, W) of input images."""
        return self.config.data.image_shape

    @property
    def latent_dim(self) -> int:
        """Number of latents K."""
        return self.config.model.latent_dim

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return self._weight.device

    @cached_property
    def data(self) -> Source:
        """Training data, a dataset as returned by `sbvae.open_data`.

        Raises:
            SbvaeError: If the dataset file no longer exists.
        """
        with in_python_words():
            return open_data(self.checkpoint, on_note=note)

    @in_python_words()
    def encode(self, images: Array) -> tuple[Array, Array]:
        """Return the posterior of each image.

        Args:
            images: uint8 or floats in [0, 1], shape (N, H, W, C) or (N, C, H, W).

        Returns:
            Posterior mean and log-variance, each of shape (N, K).

        Raises:
            SbvaeError: If `images` has another shape, dtype or range.

        Example:
            >>> model = sbvae.load("runs/circles")
            >>> images, factors = model.data.images(0, 8)
            >>> mean, logvar = model.encode(images)
            >>> images.shape, mean.shape, logvar.dtype
            ((8, 16, 16, 3), (8, 3), dtype('float32'))
        """
        given = to_model_images(images, self.image_shape, self._weight).tensor
        both = self._apply(
            self.module.encoder, lambda x: torch.stack(self.module.encode(x), dim=1), given
        )  # (N, 2, K)
        mean, logvar = both.unbind(dim=1)
        return as_type_of(mean, images), as_type_of(logvar, images)

    @in_python_words()
    def decode(self, z: Array) -> Array:
        """Return the output of the decoder: logits of Bernoulli pixels, or means of Gaussian ones.

        `render` returns images in [0, 1] instead.

        Args:
            z: Latents, shape (N, K).

        Returns:
            Parameters of the likelihood, shape (N, C, H, W).

        Raises:
            SbvaeError: If `z` has another shape or values that are not finite.

        Example:
            >>> model = sbvae.load("runs/circles")
            >>> model.decode(np.zeros((2, model.latent_dim))).shape
            (2, 3, 16, 16)
        """
        latents = to_model_latents(z, self.latent_dim, self._weight)
        return as_type_of(self._apply(self.module.decoder, self.module.decode, latents), z)

    @in_python_words()
    def render(self, z: Array) -> Array:
        """Return the expected image of each latent vector.

        Args:
            z: Latents, shape (N, K).

        Returns:
            Images, shape (N, C, H, W), in [0, 1]; with a Gaussian likelihood, some pixels may be
            slightly outside.

        Raises:
            SbvaeError: If `z` has another shape or values that are not finite.

        Example:
            >>> model = sbvae.load("runs/circles")
            >>> pictures = model.render(torch.zeros(2, model.latent_dim))
            >>> tuple(pictures.shape), bool((pictures >= 0).all())
            ((2, 3, 16, 16), True)
        """
        latents = to_model_latents(z, self.latent_dim, self._weight)
        return as_type_of(self._apply(self.module.decoder, self.module.render, latents), z)

    @in_python_words()
    def reconstruct(self, images: Array) -> Array:
        """Return the expected image of each posterior mean.

        Args:
            images: uint8 or floats in [0, 1], shape (N, H, W, C) or (N, C, H, W).

        Returns:
            Reconstructions in the layout of `images`, uint8 for uint8 and floats for floats.

        Raises:
            SbvaeError: If `images` has another shape, dtype or range.

        Example:
            >>> model = sbvae.load("runs/circles")
            >>> images, factors = model.data.images(0, 8)
            >>> model.reconstruct(images).shape, model.reconstruct(images).dtype
            ((8, 16, 16, 3), dtype('uint8'))
        """
        form = to_model_images(images, self.image_shape, self._weight)
        mean = self._apply(self.module.encoder, lambda x: self.module.encode(x)[0], form.tensor)
        return as_type_of(
            as_layout_of(self._apply(self.module.decoder, self.module.render, mean), form), images
        )

    def __repr__(self) -> str:
        kinds, step = ", ".join(self.config.kinds), f"step {self.step:,}"
        latents = f"{self.latent_dim} latent{'s' if self.latent_dim > 1 else ''}"
        return f"<Model {kinds}, {step}: images {self.image_shape}, {latents}>"

    @property
    def _weight(self) -> Tensor:
        return next(self.module.parameters())

    def _apply(self, network: nn.Module, work: Callable[[Tensor], Tensor], given: Tensor) -> Tensor:
        """Apply a function of rows: at once if gradients are needed, else in batches."""
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
    """Load a trained model.

    Args:
        run: Run folder or checkpoint file.
        device: Device of the model: `auto` (the first GPU, or the CPU if there is no GPU), `cpu`,
            `cuda`, `cuda:INDEX` or `mps`.
        size: Size of decoded images, (H, W) or one integer for both, pixels; None is the size of
            the training images. Broadcast decoders decode at any size.

    Raises:
        SbvaeError: If the run does not exist, has no checkpoint yet or is damaged, the device does
            not exist, or the decoder cannot decode at this size.

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
