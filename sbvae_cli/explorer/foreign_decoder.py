"""Prepare a user-supplied decoder, an ONNX file, for the page."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.errors import SbvaeError
from sbvae_cli.explorer.graphs import (
    GREY_TOLERANCE,
    MAX_BYTES,
    as_grey_levels,
    largest_step,
    probes_of,
)
from sbvae_cli.explorer.payload import Probes
from sbvae_cli.export.onnx_graphs import halved, latents_of, renamed, run_onnx
from sbvae_cli.system_errors import unreadable

# Tolerance beyond [0, 1]: more than means of a Gaussian overshoot, less than logits have.
_RANGE_TOLERANCE = 0.25
_MAX_SECONDS = 10.0  # for one image


@dataclass(frozen=True)
class Decoder:
    """A decoder in the form that the page takes.

    Attributes:
        graph: ONNX file that maps `z` (N, K) to `image` (N, C, H, W).
        image_shape: Shape (C, H, W) of its images.
        probes: Latents and the images that ONNX Runtime decodes from them.
    """

    graph: bytes
    image_shape: tuple[int, int, int]
    probes: Probes


def read_decoder(path: Path, codes: NDArray[np.floating]) -> Decoder:
    """Read a decoder and test it on codes.

    Args:
        path: ONNX file with one input (N, K) and one output (N, C, H, W).
        codes: Codes that it must decode, shape (n, K).

    Raises:
        SbvaeError: If the file is not a decoder, takes other latents, or its outputs are not
            images.
    """
    graph = _read(path)
    try:
        graph = renamed(graph, "z", "image")
    except SbvaeError as error:
        raise SbvaeError(f"{path}: {error}", field="decoder") from None
    latents, given = latents_of(graph), codes.shape[1]
    if latents not in (None, given):
        raise SbvaeError(
            f"{path}: decodes {latents} latents, and the codes have {given}; give the decoder of "
            "the model that made them",
            field="decoder",
        )
    first = _drawn(path, graph, codes[:1].astype(np.float32))
    _check_images(path, first)
    shape = (int(first.shape[1]), int(first.shape[2]), int(first.shape[3]))
    z = probes_of(codes, shape)
    drawn = np.concatenate([_drawn(path, graph, row[None]) for row in z])
    low, high = float(drawn.min()), float(drawn.max())
    if not (low >= -_RANGE_TOLERANCE and high <= 1 + _RANGE_TOLERANCE):
        raise SbvaeError(
            f"{path}: draws values from {low:.3g} to {high:.3g}, images have 0 to 1; put a sigmoid "
            "at its end, or scale them",
            field="decoder",
        )
    small = halved(graph)
    rounded = np.concatenate([_drawn(path, small, row[None]) for row in z])
    levels = as_grey_levels(drawn)
    kept = largest_step(as_grey_levels(rounded), levels) <= GREY_TOLERANCE
    return Decoder(small if kept else graph, shape, Probes(z, levels))


def _read(path: Path) -> bytes:
    """Read the file, unless it is too large for a page."""
    most = int(MAX_BYTES * 3 / 2)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(content) > most:
        raise SbvaeError(
            f"{path}: has {max(size, most) / 1e6:,.0f} MB, too much for a page that is sent; "
            "export a smaller decoder, or leave it out",
            field="decoder",
        )
    return content


def _drawn(path: Path, graph: bytes, z: NDArray[np.float32]) -> NDArray[np.float32]:
    try:
        images: NDArray[np.float32] = run_onnx(graph, {"z": z}, _MAX_SECONDS)["image"]
    except SbvaeError:
        raise
    except TimeoutError:
        raise SbvaeError(
            f"{path}: takes more than {_MAX_SECONDS:.0f} s to draw an image, too long for a page; "
            "export a smaller decoder, or leave it out",
            field="decoder",
        ) from None
    except Exception as error:  # each error of onnxruntime tells its own cause
        why = " ".join(str(error).split())[:200]
        raise SbvaeError(
            f"{path}: does not take codes of shape {z.shape} ({why}); export it for a batch of any "
            "size, or of one",
            field="decoder",
        ) from None
    return images


def _check_images(path: Path, images: NDArray[np.float32]) -> None:
    if images.ndim != 4 or images.shape[0] != 1 or images.shape[1] not in (1, 3):
        hint = "channels come first, 1 or 3 of them"
        raise SbvaeError(
            f"{path}: draws an array of shape {images.shape} of one code, not (1, C, H, W); {hint}",
            field="decoder",
        )
    if not np.isfinite(images).all():
        raise SbvaeError(f"{path}: draws values that are not finite", field="decoder")
