"""Whether ONNX graphs give what PyTorch gives."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sbvae_cli.errors import SbvaeError
from sbvae_cli.export.onnx_graphs import run_onnx
from sbvae_cli.models.vae import VAE
from sbvae_cli.random import stream

TOLERANCE = 1e-4  # of 1, or of a number that is larger
CHECKED = 16  # images and codes

Floats = NDArray[np.float32]


def difference(
    vae: VAE, encoder: bytes, decoder: bytes, image_shape: tuple[int, int, int], latents: int
) -> float:
    """Largest difference of a model's graphs from the model itself.

    Args:
        vae: On the CPU.
        encoder: ONNX file of the encoder.
        decoder: ONNX file of the decoder.
        image_shape: (C, H, W).
        latents: Number of latents.

    Returns:
        Over `CHECKED` random images and as many codes: of 1, or of the number where it is larger.

    Raises:
        SbvaeError: If it is larger than `TOLERANCE`, or no number.
    """
    rng = stream(0, "export")
    images = rng.random((CHECKED, *image_shape), np.float32)
    z = rng.standard_normal((CHECKED, latents), np.float32)
    with torch.no_grad():
        mean, log_variance = vae.encode(torch.from_numpy(images))
        rendered = vae.render(torch.from_numpy(z))
    found = {**run_onnx(encoder, {"image": images}), **run_onnx(decoder, {"z": z})}
    wanted = {"mean": mean, "log_variance": log_variance, "image": rendered}
    largest = {name: _relative(found[name], values) for name, values in wanted.items()}
    worst = max(largest, key=lambda name: np.nan_to_num(largest[name], nan=np.inf))
    if np.isnan(largest[worst]):
        raise SbvaeError(f"the model's {worst} is no number; export an earlier checkpoint")
    if largest[worst] > TOLERANCE:
        raise SbvaeError(
            f"the ONNX graphs give another {worst} than PyTorch, by {largest[worst]:.1e}, where "
            f"{TOLERANCE:g} is allowed; nothing was written; another version of onnxruntime or "
            "onnxscript may do"
        )
    return largest[worst]


def _relative(found: Floats, wanted: Tensor) -> float:
    values = wanted.numpy()
    return float(np.max(np.abs(found - values) / np.maximum(np.abs(values), 1)))
