"""A file's images in random order, for ever, with few reads and little memory."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.file import DatasetFile, Images
from sbvae_cli.random import stream

WINDOW_IMAGES = 8192
WINDOW_BYTES = 96 << 20


@dataclass(frozen=True)
class _Window:
    images: Images
    order: NDArray[np.int64]


class ShuffledFile:
    """The endless stream of a file's images, epoch after epoch, each in a random order.

    An epoch permutes the file's chunks; consecutive chunks of that order, 8,192 images or 96 MiB of
    them, whichever is less, make a window, whose images are permuted. So two images share a window
    if their chunks do: neighbours in the file are seldom neighbours in the stream, but of a larger
    file's images only those of a window mix freely. Every epoch has every image once. The stream
    is a function of the file's layout and the seed.

    Args:
        file: An open file.
        seed: At least 0.
        left_out: Which of the file's images never come, shape (N,); None leaves out none.
        whole: Whether the file is one window, however large.
        read_ahead: Whether a thread reads the next window while this one is used; then two windows
            are in memory, otherwise one.
        window: Number of images in a window, at most.
    """

    def __init__(
        self,
        file: DatasetFile,
        seed: int,
        left_out: NDArray[np.bool_] | None = None,
        *,
        whole: bool = False,
        read_ahead: bool,
        window: int = WINDOW_IMAGES,
    ) -> None:
        self._file = file
        self._seed = seed
        self._kept = np.ones(file.count, np.bool_) if left_out is None else ~left_out
        self._count = int(self._kept.sum())
        starts = np.arange(0, file.count, file.chunk_length)
        self._chunk_sizes = np.add.reduceat(self._kept.astype(np.int64), starts)
        image_bytes = file.height * file.width * file.channels
        images = min(window, WINDOW_BYTES // image_bytes)
        self._chunks = max(1, images // file.chunk_length)  # in a window
        if whole:
            self._chunks = file.chunk_count
        self._windows = -(-file.chunk_count // self._chunks)  # in an epoch
        self._pool = ThreadPoolExecutor(1, "sbvae-window") if read_ahead else None
        self._epochs: dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
        self._ready: dict[tuple[int, int], _Window | Future[_Window]] = {}
        self._whole: Images | None = None  # of a file that fits in one window

    def images(self, start: int, stop: int) -> Images:
        """A part of the stream; cheap where the last one ended before it.

        Args:
            start: First image's place in the stream.
            stop: One past the last image's place.

        Returns:
            Shape (stop - start, H, W, C); a copy.

        Raises:
            SbvaeError: If the file is damaged.
        """
        parts = []
        while start < stop:
            epoch, place = divmod(start, self._count)
            starts = self._epoch(epoch)[1]
            number = int(np.searchsorted(starts, place, side="right")) - 1
            end = min(int(starts[number + 1]), place + stop - start)
            first = int(starts[number])
            parts.append(self._take((epoch, number), place - first, end - first))
            start += end - place
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def close(self) -> None:
        """End the thread that reads ahead."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
        self._ready.clear()

    def _take(self, key: tuple[int, int], first: int, last: int) -> Images:
        window = self._window(key)
        taken: Images = window.images[window.order[first:last]]
        return taken

    def _window(self, key: tuple[int, int]) -> _Window:
        epoch, number = key
        following = (epoch, number + 1) if number + 1 < self._windows else (epoch + 1, 0)
        # Dropped before the next one is read: two at most.
        self._ready = {k: w for k, w in self._ready.items() if k in (key, following)}
        found = self._ready.get(key)
        window = found.result() if isinstance(found, Future) else found or self._load(key)
        self._ready[key] = window
        if self._pool and following not in self._ready:
            self._ready[following] = self._pool.submit(self._load, following)
        return window

    def _load(self, key: tuple[int, int]) -> _Window:
        epoch, number = key
        order, _ = self._epoch(epoch)
        chunks = np.sort(order[number * self._chunks : (number + 1) * self._chunks])
        images = self._read(chunks) if self._whole is None else self._whole
        if self._windows == 1:
            self._whole = images
        rng = stream(self._seed, "shuffle", epoch, 1 + number)
        return _Window(images, rng.permutation(len(images)))

    def _read(self, chunks: NDArray[np.int64]) -> Images:
        images = self._file.read_chunks(chunks.tolist())
        if self._count == self._file.count:
            return images
        length = self._file.chunk_length
        kept = np.concatenate([self._kept[c * length : (c + 1) * length] for c in chunks])
        return np.compress(kept, images, axis=0)

    def _epoch(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Order of the chunks, and where each window starts (with the end of the last)."""
        known = self._epochs.get(epoch)
        if known is None:
            rng = stream(self._seed, "shuffle", epoch, 0)
            order = rng.permutation(self._file.chunk_count)
            sizes = self._chunk_sizes[order]
            windows = np.add.reduceat(sizes, np.arange(0, len(order), self._chunks))
            known = order, np.concatenate([[0], np.cumsum(windows)])
            recent = sorted(self._epochs.items())[-1:]
            self._epochs = {**dict(recent), epoch: known}
        return known
