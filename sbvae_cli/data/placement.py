"""Place stored images for training: on the device, in host memory, or read as needed."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sbvae_cli.config.names import Placement
from sbvae_cli.data.file import Images
from sbvae_cli.data.workers import map_in_order
from sbvae_cli.errors import SbvaeError
from sbvae_cli.memory import free_memory

_MAX_SHARE_AUTO = 0.4  # largest share of free memory that images take with `auto`
MAX_SHARE = 0.9  # largest share of free memory that images may take in any place
_HOST = torch.device("cpu")


class Stored(Protocol):
    """Images in chunks, such as those of a dataset file or a fixed set.

    Attributes:
        count: Number of images N.
        height: Height of an image, in pixels.
        width: Width of an image, in pixels.
        channels: Number of channels of an image.
        chunk_length: Number of images in a chunk; the last chunk may have fewer.
    """

    count: int
    height: int
    width: int
    channels: int
    chunk_length: int

    @property
    def threads(self) -> int:
        """Number of threads with which chunks are read fastest."""

    @property
    def chunk_count(self) -> int:
        """Number of chunks."""

    def read_chunk(self, chunk: int) -> Images:
        """Return the images of a chunk, shape (n, H, W, C); must be thread-safe."""


class Streamed:
    """Images that are read as needed, with a cache of the most recently used chunks.

    Args:
        stored: The images.
        most_chunks: Largest number of chunks in the cache.
        pinned: Whether to return pinned memory, for asynchronous copies to CUDA.
    """

    def __init__(self, stored: Stored, most_chunks: int, *, pinned: bool = False) -> None:
        self._stored, self._most, self._pinned = stored, most_chunks, pinned
        self._chunks: OrderedDict[int, Images] = OrderedDict()

    def take(self, rows: NDArray[np.int64]) -> Tensor:
        """Return the images of row numbers (*shape) as uint8 (*shape, H, W, C)."""
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

    def resolve(self, images: Tensor) -> Tensor:
        """Return the result of `take` unchanged."""
        return images

    def _read(self, chunks: list[int]) -> Iterator[tuple[int, Images]]:
        """Yield chunk numbers and images, cached chunks first, before others replace them."""
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
    """Images that are all in host memory.

    Args:
        stored: The images, read once.
        pinned: Whether `take` returns pinned memory, for asynchronous copies to CUDA.
    """

    def __init__(self, stored: Stored, *, pinned: bool = False) -> None:
        self._images, self._pinned = _read_all(stored, _HOST).numpy(), pinned

    def take(self, rows: NDArray[np.int64]) -> Tensor:
        """Return the images of row numbers (*shape) as uint8 (*shape, H, W, C)."""
        shape = *rows.shape, *self._images.shape[1:]
        out = torch.empty(shape, dtype=torch.uint8, pin_memory=self._pinned)
        np.take(self._images, rows, axis=0, out=out.numpy(), mode="clip")  # "raise" would copy
        return out

    def resolve(self, images: Tensor) -> Tensor:
        """Return the result of `take` unchanged."""
        return images


class Resident:
    """Images that are all on the device; blocks of minibatches contain their row numbers.

    Args:
        stored: The images, read once.
        device: Device that stores them.
    """

    def __init__(self, stored: Stored, device: torch.device) -> None:
        self._images, self._pinned = _read_all(stored, device), device.type == "cuda"

    def take(self, rows: NDArray[np.int64]) -> Tensor:
        """Return the row numbers as int64."""
        numbers = torch.from_numpy(np.ascontiguousarray(rows))
        return numbers.pin_memory() if self._pinned else numbers

    def resolve(self, images: Tensor) -> Tensor:
        """Return the images of row numbers (*shape) on the device as uint8 (*shape, H, W, C)."""
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
    """Return an iterator over the images of each chunk."""
    if len(chunks) < 2 or stored.threads == 1:
        return map(stored.read_chunk, chunks)
    return map_in_order(stored.read_chunk, chunks, stored.threads)


def place_images(
    stored: Stored,
    wanted: Placement,
    device: torch.device,
    *,
    kept_chunks: int,
    in_windows: bool,
    rendered: bool = False,
) -> Place:
    """Place images for training.

    `auto` chooses the GPU if the images fit in 40 % of its free memory. Otherwise it chooses host
    memory if the images are rendered, or if the whole file is shuffled and they fit in 40 % of the
    free host memory. Otherwise it streams the images from the file.

    Args:
        stored: The images.
        wanted: Place that the user chose, or `auto`.
        device: Device of the training.
        kept_chunks: Number of chunks to cache while images are streamed.
        in_windows: Whether images are shuffled in windows of chunks, not over the whole file.
        rendered: Whether streaming must render a chunk again if it is no longer cached.

    Raises:
        SbvaeError: If the images do not fit in the memory of the chosen place.
    """
    pinned = device.type == "cuda"
    choice = choose_place(stored, wanted, device, in_windows=in_windows, rendered=rendered)
    if choice == "stream":
        return Streamed(stored, kept_chunks, pinned=pinned)
    return Resident(stored, device) if choice == "device" else InMemory(stored, pinned=pinned)


def choose_place(
    stored: Stored,
    wanted: Placement,
    device: torch.device,
    *,
    in_windows: bool,
    rendered: bool = False,
) -> Literal["device", "memory", "stream"]:
    """Return the place that `place_images` would choose for these arguments, reading no image.

    Raises:
        SbvaeError: If the images do not fit in the memory of the chosen place.
    """
    choice = wanted
    if choice == "auto":
        choice = _choose(bytes_of_all(stored), device, in_windows=in_windows, rendered=rendered)
    if choice != "stream":
        _refuse_without_room(stored, wanted, device if choice == "device" else _HOST)
    return choice


def _choose(
    needed: int, device: torch.device, *, in_windows: bool, rendered: bool
) -> Literal["device", "memory", "stream"]:
    if device.type == "cuda" and needed <= _MAX_SHARE_AUTO * free_bytes(device):
        return "device"
    if rendered:
        return "memory"
    fits = not in_windows and needed <= _MAX_SHARE_AUTO * free_bytes(_HOST)
    return "memory" if fits else "stream"


def _refuse_without_room(stored: Stored, wanted: Placement, at: torch.device) -> None:
    needed, free = bytes_of_all(stored), free_bytes(at)
    if needed <= MAX_SHARE * free:
        return
    where = "in memory" if at == _HOST else f"on {at}"
    found = f"the images need {needed / 1e9:,.1f} GB, {free / 1e9:,.1f} GB are free {where}"
    if wanted == "auto":  # happens for a fixed set only, which `auto` keeps in memory
        way = "choose fewer, or write a file with gen-data and train on that"
        raise SbvaeError(f"{stored.count:,}: {found}; {way}", field="fixed_set")
    way = "leave `data_on` out, or use `data_on=stream`"
    raise SbvaeError(f"{wanted}: {found}; {way}", field="data_on")


def bytes_of_all(stored: Stored) -> int:
    """Return the number of bytes of all images without compression."""
    return stored.count * stored.height * stored.width * stored.channels


def free_bytes(device: torch.device) -> int:
    """Return the free memory of a CUDA device, or of the host for any other device, in bytes."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return free_memory()
