"""Make ONNX graphs of a model and check their outputs against PyTorch."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sbvae_cli.errors import SbvaeError
from sbvae_cli.export.onnx_graphs import decoder_onnx, encoder_onnx, run_onnx
from sbvae_cli.models.vae import VAE
from sbvae_cli.random import stream

TOLERANCE = 1e-4  # relative to the value, or absolute if the value is below 1
CHECKED_COUNT = 16  # number of images, and of codes, whose outputs are compared

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class CheckedGraphs:
    """ONNX graphs of encoder and decoder whose outputs agree with PyTorch's.

    Attributes:
        encoder: ONNX file from `image` (N, C, H, W) to `mean` and `log_variance`, each (N, K).
        decoder: ONNX file from `z` (N, K) to `image` (N, C, H, W).
        difference: Largest difference from PyTorch's outputs for `CHECKED_COUNT` random images and
            codes, relative to the value, or absolute if the value is below 1.
    """

    encoder: bytes
    decoder: bytes
    difference: float


def checked_graphs(vae: VAE, image_shape: tuple[int, int, int], latents: int) -> CheckedGraphs:
    """Make the ONNX graphs of a model and compare their outputs with those of the model.

    Args:
        vae: The model, on the CPU.
        image_shape: Shape (C, H, W) of an image.
        latents: Number of latents.

    Raises:
        SbvaeError: If packages are missing, or if an output is NaN or differs from PyTorch's by
            more than `TOLERANCE`.
    """
    encoder, decoder = encoder_onnx(vae, image_shape), decoder_onnx(vae, image_shape, latents)
    return CheckedGraphs(encoder, decoder, _difference(vae, encoder, decoder, image_shape, latents))


def _difference(
    vae: VAE, encoder: bytes, decoder: bytes, image_shape: tuple[int, int, int], latents: int
) -> float:
    rng = stream(0, "export")
    images = rng.random((CHECKED_COUNT, *image_shape), np.float32)
    z = rng.standard_normal((CHECKED_COUNT, latents), np.float32)
    with torch.no_grad():
        mean, log_variance = vae.encode(torch.from_numpy(images))
        rendered = vae.render(torch.from_numpy(z))
    found = {**run_onnx(encoder, {"image": images}), **run_onnx(decoder, {"z": z})}
    wanted = {"mean": mean, "log_variance": log_variance, "image": rendered}
    largest = {name: _relative(found[name], values) for name, values in wanted.items()}
    worst = max(largest, key=lambda name: np.nan_to_num(largest[name], nan=np.inf))
    if np.isnan(largest[worst]):
        raise SbvaeError(f"the model's {worst} is NaN; export an earlier checkpoint")
    if largest[worst] > TOLERANCE:
        raise SbvaeError(
            f"the ONNX graphs give another {worst} than PyTorch, by {largest[worst]:.1e}, where "
            f"{TOLERANCE:g} is allowed; nothing was written; try another version of onnxruntime"
        )
    return largest[worst]


def _relative(found: Floats, wanted: Tensor) -> float:
    values = wanted.numpy()
    return float(np.max(np.abs(found - values) / np.maximum(np.abs(values), 1)))
