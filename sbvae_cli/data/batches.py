"""Minibatches, each a pure function of the seed and its number, and their way to the device."""

import atexit
from collections.abc import Callable, Generator
from itertools import count
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from sbvae_cli.data.columns import colours_of
from sbvae_cli.data.file import Images
from sbvae_cli.data.shuffle_order import WINDOW_IMAGES, ShuffledFile
from sbvae_cli.data.source import Source
from sbvae_cli.data.validation_split import validation_rows
from sbvae_cli.errors import SbvaeError
from sbvae_cli.random import stream

_AHEAD = 4  # minibatches that wait for the consumer


class Masks(NamedTuple):
    """Images that get their colours on the device.

    Attributes:
        images: Shape (B, H, W, 1), uint8.
        colours: Shape (B, 3), float32, in [0, 1].
    """

    images: Images
    colours: NDArray[np.float32]


Minibatch = Images | Masks


class Batches:
    """The training images, cut into minibatches.

    Minibatch i is a pure function of the source, the seed and i, whatever was read before. A
    procedural source draws it from a random state of its own. A file's images come in the order of
    ShuffledFile: every epoch has every image once, images within a window of up to 8,192 are in
    uniformly random order, and windows are of random chunks of the file. Minibatches run on from
    one epoch to the next, so a file may hold fewer images than a minibatch. Colours that no file
    stores are drawn for each minibatch anew.

    Args:
        source: Where the images come from.
        batch_size: Images in a minibatch.
        seed: At least 0.
        validation: Share of a file's images that are kept from training.
        in_memory: Whether a file is read whole, so that all of its images mix freely.
        window: Number of a file's images that mix freely otherwise.

    Raises:
        SbvaeError: If the batch size is below 1, or images are held out that do not exist.
    """

    def __init__(
        self,
        source: Source,
        batch_size: int,
        seed: int,
        *,
        validation: float = 0.0,
        in_memory: bool = False,
        window: int = WINDOW_IMAGES,
    ) -> None:
        if batch_size < 1:
            raise SbvaeError(f"a minibatch of {batch_size} images is empty; choose 1 or more")
        self._in_memory, self._window = in_memory, window
        self._left_out = None
        if validation > 0:
            rows = validation_rows(source, validation, seed)
            self._left_out = np.zeros(source.count or 0, np.bool_)
            self._left_out[rows] = True
        self._source = source
        self._batch_size = batch_size
        self._seed = seed
        self._file = self._shuffled(read_ahead=False)

    def batch(self, i: int) -> Minibatch:
        """Minibatch i, shape (B, H, W, C); from a file this may read a whole window."""
        return self._make(i, self._file)

    def stream(self, start_step: int = 0) -> Generator[Minibatch, None, None]:
        """Minibatches from `start_step` on, for ever, made ahead by a thread.

        An error in that thread is raised here. Closing the generator ends the thread.

        Args:
            start_step: Number of the first minibatch.

        Yields:
            Shape (B, H, W, C).
        """
        file = self._shuffled(read_ahead=True)
        producer = _Producer(lambda i: self._make(i, file), start_step)
        try:
            while True:
                yield producer.get()
        finally:
            producer.stop()
            if file:
                file.close()

    def _shuffled(self, *, read_ahead: bool) -> ShuffledFile | None:
        if self._source.file:
            return ShuffledFile(
                self._source.file,
                self._seed,
                self._left_out,
                whole=self._in_memory,
                read_ahead=read_ahead,
                window=self._window,
            )
        return None

    def _make(self, i: int, file: ShuffledFile | None) -> Minibatch:
        if file:
            images = file.images(i * self._batch_size, (i + 1) * self._batch_size)
            space = self._source.space
            if not space.online:
                return images
            rng = stream(self._seed, "colours", i)
            return Masks(images, colours_of(space.sample_present(rng, len(images)), space.names))
        rng = stream(self._seed, "drawn", i)
        return self._source.sample(rng, self._batch_size, "train")[0]


class _Producer:
    """A thread that makes items a few ahead of their consumer."""

    def __init__(self, make: Callable[[int], Minibatch], start: int) -> None:
        self._make = make
        self._items: SimpleQueue[Minibatch | BaseException] = SimpleQueue()
        self._room = Semaphore(_AHEAD)
        self._stopped = False
        # A daemon, as a stream that nobody closed must not keep the interpreter from its exit; and
        # stopped there, as a daemon that is still at work when the interpreter goes may crash it.
        self._thread = Thread(target=self._run, args=(start,), name="sbvae-batches", daemon=True)
        self._thread.start()
        atexit.register(self.stop)

    def get(self) -> Minibatch:
        item = self._items.get()
        if isinstance(item, BaseException):
            raise item
        self._room.release()
        return item

    def stop(self) -> None:
        atexit.unregister(self.stop)
        self._stopped = True
        self._room.release()
        self._thread.join()

    def _run(self, start: int) -> None:
        try:
            for i in count(start):
                self._room.acquire()
                if self._stopped:
                    return
                self._items.put(self._make(i))
        except BaseException as error:
            self._items.put(error)


def to_device(images: Minibatch, device: torch.device | str) -> torch.Tensor:
    """Move images to a device as bytes, and scale and colour them there.

    Args:
        images: Shape (B, H, W, C), uint8; or masks with colours, which come out in grey levels
            rounded as a file would store them.
        device: Where to; for CUDA the bytes go through pinned memory and the call does not wait.

    Returns:
        Shape (B, C, H, W), float32 in [0, 1], contiguous.
    """
    device = torch.device(device)
    if isinstance(images, Masks):
        masks = to_device(images.images, device)  # (B, 1, H, W)
        colours = torch.from_numpy(images.colours)
        if device.type == "cuda":
            colours = colours.pin_memory()
        levels = colours.to(device, non_blocking=True)[:, :, None, None] * 255
        return (masks * levels).round_().div_(255)
    bytes_ = torch.from_numpy(images)
    if device.type == "cuda":
        bytes_ = bytes_.pin_memory().to(device, non_blocking=True)
    else:
        bytes_ = bytes_.to(device)
    planes = bytes_.permute(0, 3, 1, 2)  # (B, C, H, W)
    return planes.to(torch.float32, memory_format=torch.contiguous_format).div_(255)
