"""Where stored images lie while they are trained on: the same images, at other speeds."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from torch import Tensor

from sbvae_cli.config.names import Placement
from sbvae_cli.cores import usable_cores
from sbvae_cli.data.file import Images
from sbvae_cli.data.workers import in_order
from sbvae_cli.errors import SbvaeError

_AUTO_SHARE = 0.4  # of free memory that images take unasked


class Stored(Protocol):
    """Images in chunks: those of a file, or of a set that is rendered once.

    Attributes:
        count: Number of images N.
        height: Rows of an image.
        width: Columns of an image.
        channels: Channels of an image.
        chunk_length: Number of images in a chunk; the last one may have fewer.
    """

    count: int
    height: int
    width: int
    channels: int
    chunk_length: int

    @property
    def chunk_count(self) -> int:
        """Number of chunks."""

    def read_chunk(self, chunk: int) -> Images:
        """The images of a chunk, shape (n, H, W, C); called in several threads."""


class Streamed:
    """Images that are read when they are due; the chunks read last are kept.

    Args:
        stored: The images.
        most_chunks: Number of chunks that are kept.
        pinned: Whether images are put where CUDA fetches them from without waiting.
    """

    def __init__(self, stored: Stored, most_chunks: int, *, pinned: bool = False) -> None:
        self._stored, self._most, self._pinned = stored, most_chunks, pinned
        self._chunks: OrderedDict[int, Images] = OrderedDict()

    def take(self, rows: NDArray[np.int64]) -> Tensor:
        """The images of rows of any shape: uint8 (*shape, H, W, C); each chunk is read once."""
        stored, flat = self._stored, rows.ravel()
        shape = stored.height, stored.width, stored.channels
        out = torch.empty((*rows.shape, *shape), dtype=torch.uint8, pin_memory=self._pinned)
        images = out.numpy().reshape(-1, *shape)
        order = np.argsort(flat, kind="stable")
        chunks, starts = np.unique(flat[order] // stored.chunk_length, return_index=True)
        places = dict(zip(chunks.tolist(), np.split(order, starts[1:]), strict=True))
        for chunk, found in self._read(list(places)):
            place = places[chunk]
            images[place] = found[flat[place] - chunk * stored.chunk_length]
        return out

    def bytes_of(self, images: Tensor) -> Tensor:
        """The images that an entry of a block stands for: itself."""
        return images

    def _read(self, chunks: list[int]) -> Iterator[tuple[int, Images]]:
        """Those that are kept come first, before they make room for others."""
        missing = [chunk for chunk in chunks if chunk not in self._chunks]
        for chunk in chunks:
            if chunk in self._chunks:
                self._chunks.move_to_end(chunk)
                yield chunk, self._chunks[chunk]
        for chunk, images in zip(missing, _read_chunks(self._stored, missing), strict=True):
            self._chunks[chunk] = images
            while len(self._chunks) > self._most:
                self._chunks.popitem(last=False)
            yield chunk, images


class InMemory:
    """Images that all lie in the host's memory.

    Args:
        stored: The images, read once.
        pinned: Whether what is taken is put where CUDA fetches it from without waiting.
    """

    def __init__(self, stored: Stored, *, pinned: bool = False) -> None:
        self._images, self._pinned = _read_all(stored, torch.device("cpu")).numpy(), pinned

    def take(self, rows: NDArray[np.int64]) -> Tensor:
        """The images of rows of any shape: uint8 (*shape, H, W, C)."""
        shape = *rows.shape, *self._images.shape[1:]
        out = torch.empty(shape, dtype=torch.uint8, pin_memory=self._pinned)
        np.take(self._images, rows, axis=0, out=out.numpy(), mode="clip")  # "raise" would copy
        return out

    def bytes_of(self, images: Tensor) -> Tensor:
        """The images that an entry of a block stands for: itself."""
        return images


class Resident:
    """Images that all lie on the device; a block has their row numbers.

    Args:
        stored: The images, read once.
        device: Where they are to lie.
    """

    def __init__(self, stored: Stored, device: torch.device) -> None:
        self._images, self._pinned = _read_all(stored, device), device.type == "cuda"

    def take(self, rows: NDArray[np.int64]) -> Tensor:
        """The rows themselves, int64."""
        numbers = torch.from_numpy(np.ascontiguousarray(rows))
        return numbers.pin_memory() if self._pinned else numbers

    def bytes_of(self, images: Tensor) -> Tensor:
        """The images of rows of any shape on the device: uint8 (*shape, H, W, C)."""
        return self._images[images]


Place = Streamed | InMemory | Resident


def _read_all(stored: Stored, device: torch.device) -> Tensor:
    shape = stored.count, stored.height, stored.width, stored.channels
    out, start = torch.empty(shape, dtype=torch.uint8, device=device), 0
    for images in _read_chunks(stored, range(stored.chunk_count)):
        out[start : start + len(images)] = torch.from_numpy(np.array(images))
        start += len(images)
    return out


def _read_chunks(stored: Stored, chunks: Sequence[int]) -> Iterator[Images]:
    """The images of chunks, one chunk after the other, read in threads."""
    if len(chunks) < 2:
        return map(stored.read_chunk, chunks)
    return in_order(stored.read_chunk, chunks, min(usable_cores(), 8))


def place_images(
    stored: Stored, wanted: Placement, device: torch.device, *, kept_chunks: int, often: bool
) -> Place:
    """Put images where they are wanted.

    `auto` takes the memory of a GPU where they fit in 40 % of what is free there; else that of the
    host, by the same measure, where streaming would read or render a chunk often; else streams.

    Args:
        stored: The images.
        wanted: Where to.
        device: The device that trains.
        kept_chunks: Number of chunks that are kept while images are streamed.
        often: Whether a chunk is read many times an epoch, or dear to make.

    Raises:
        SbvaeError: If `device` or `memory` is asked for and they do not fit there.
    """
    pinned = device.type == "cuda"
    needed = stored.count * stored.height * stored.width * stored.channels
    if wanted == "auto":
        fits_device = pinned and needed <= _AUTO_SHARE * free_memory(device)
        fits_memory = often and needed <= _AUTO_SHARE * free_memory(torch.device("cpu"))
        wanted = "device" if fits_device else "memory" if fits_memory else "stream"
    if wanted == "stream":
        return Streamed(stored, kept_chunks, pinned=pinned)
    _refuse_without_room(wanted, needed, device if wanted == "device" else torch.device("cpu"))
    return InMemory(stored, pinned=pinned) if wanted == "memory" else Resident(stored, device)


def _refuse_without_room(wanted: Placement, needed: int, device: torch.device) -> None:
    free = free_memory(device)
    if needed > free:
        raise SbvaeError(
            f"{wanted}: the images need {needed / 1e9:,.1f} GB, {free / 1e9:,.1f} GB are free on "
            f"{device}; use `data_on=stream`",
            field="data_on",
        )


def free_memory(device: torch.device) -> int:
    """Bytes that a device has free; of one without memory of its own, those of the host."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)
