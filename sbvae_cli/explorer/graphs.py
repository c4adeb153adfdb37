"""Export the graphs that run in the page: small in size, and verified against PyTorch."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from sbvae_cli.commands import command
from sbvae_cli.data.pixels import grey_levels, to_device
from sbvae_cli.errors import SbvaeError
from sbvae_cli.explorer.payload import Probes
from sbvae_cli.export.checked import checked_graphs
from sbvae_cli.export.onnx_graphs import halved, run_onnx
from sbvae_cli.models.vae import VAE
from sbvae_cli.random import stream

MAX_BYTES = 12_000_000  # of one model's weights, in half precision and base64
GREY_TOLERANCE = 2  # largest difference of images when weights are halved
_LOG_VARIANCE_TOLERANCE = 0.05  # largest difference when weights are halved: a fortieth of a std
_PROBES = 16  # half of them from the data, half from the prior
_PROBE_BYTES = 400_000

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Graphs:
    """Graphs of a model that run in the page.

    Attributes:
        decoder: ONNX file of the decoder.
        encoder: ONNX file of the encoder.
        probes: Latents and the images that PyTorch decodes from them.
    """

    decoder: bytes
    encoder: bytes
    probes: Probes


def require_small(vae: VAE, path: Path) -> None:
    """Refuse a model that makes the page too large to send, before anything takes long.

    Args:
        vae: The model.
        path: Path of the model, for the message.

    Raises:
        SbvaeError: If the model is too large; the message has its size and what to do instead.
    """
    count = sum(weight.numel() for weight in vae.parameters())
    taken = count * 2 * 4 / 3
    if taken > MAX_BYTES:
        raise SbvaeError(
            f"has {count:,} weights, which would take {taken / 1e6:,.0f} MB of the page, more than "
            f"{MAX_BYTES / 1e6:.0f}; draw it by {command('geometry', path)} and "
            f"{command('traverse', path)}"
        )


def graphs_of(
    vae: VAE, image_shape: tuple[int, int, int], codes: Floats, images: NDArray[np.uint8]
) -> Graphs:
    """Export both networks, verified, in half precision if images stay within 2 grey levels.

    Args:
        vae: Model on the CPU.
        image_shape: Shape (C, H, W) of an image.
        codes: Posterior means to test, shape (n, K).
        images: Images to test, shape (m, H, W, C).

    Raises:
        SbvaeError: If packages are missing, or a graph's outputs differ from PyTorch's.
    """
    z = probes_of(codes, image_shape)
    drawn = _rendered(vae, z)
    graphs = checked_graphs(vae, image_shape, z.shape[1])
    encoder, decoder = graphs.encoder, graphs.decoder
    small = halved(decoder)
    if largest_step(as_grey_levels(run_onnx(small, {"z": z})["image"]), drawn) <= GREY_TOLERANCE:
        decoder = small
    shown = np.asarray(to_device(images[:_PROBES], torch.device("cpu")).numpy(), np.float32)
    small = halved(encoder)
    exact, rounded = (run_onnx(each, {"image": shown}) for each in (encoder, small))
    pictures = [_rendered(vae, each["mean"]) for each in (exact, rounded)]
    apart = np.abs(exact["log_variance"] - rounded["log_variance"]).max()
    if (
        largest_step(pictures[0], pictures[1]) <= GREY_TOLERANCE
        and apart <= _LOG_VARIANCE_TOLERANCE
    ):
        encoder = small
    return Graphs(decoder, encoder, Probes(z, drawn))


def as_grey_levels(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Convert images of a graph from [0, 1] to uint8; the shape is unchanged."""
    levels: NDArray[np.uint8] = grey_levels(torch.from_numpy(images)).numpy()
    return levels


def probes_of(codes: Floats, image_shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """Choose evenly spaced codes and draw as many from the prior; shape (P, K)."""
    count = int(np.clip(_PROBE_BYTES // np.prod(image_shape), 2, _PROBES))
    known = codes[np.isfinite(codes).all(axis=1)]
    own = known[np.linspace(0, len(known) - 1, count - count // 2).astype(int)]
    prior = stream(0, "prior").normal(size=(count // 2, codes.shape[1]))
    return np.concatenate([own, prior]).astype(np.float32)


@torch.no_grad()
def _rendered(vae: VAE, z: NDArray[np.float32]) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = grey_levels(vae.render(torch.from_numpy(z))).numpy()
    return levels


def largest_step(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> int:
    """Return the largest difference of two arrays of grey levels."""
    return int(np.abs(first.astype(np.int16) - second).max(initial=0))
