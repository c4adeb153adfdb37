"""Shuffle the rows of a file over the epochs, as a pure function of the seed."""

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.names import Shuffle
from sbvae_cli.random import stream

WINDOW_IMAGES = 8192
WINDOW_BYTES = 96 << 20

Rows = NDArray[np.int64]


def chunks_in_window(chunk_length: int, image_bytes: int, images: int = WINDOW_IMAGES) -> int:
    """Return the number of chunks in a window: at most `images` images and 96 MiB, at least 1."""
    return max(1, min(images, WINDOW_BYTES // image_bytes) // chunk_length)


class Order:
    """Endless stream of a file's rows: epoch after epoch, each in a random order.

    Each epoch permutes the file's chunks, groups consecutive chunks of the permutation into
    windows, and permutes the rows of each window. Every row occurs once per epoch. Rows mix only
    within their window, unless the whole file is one window. The stream depends on the arguments
    alone, not on earlier calls.

    Args:
        count: Number of rows of the file.
        chunk_length: Number of rows that are stored together.
        seed: Root seed, at least 0.
        window_chunks: Number of chunks in a window.
        shuffle: `windows`; or `all`, which makes the whole file one window.
        left_out: Which rows are never in the stream, shape (count,), not all; None for no row.
    """

    def __init__(
        self,
        count: int,
        chunk_length: int,
        seed: int,
        *,
        window_chunks: int,
        shuffle: Shuffle = "windows",
        left_out: NDArray[np.bool_] | None = None,
    ) -> None:
        self._seed, self._length = seed, chunk_length
        self._kept = np.ones(count, np.bool_) if left_out is None else ~left_out
        self._count = int(self._kept.sum())
        starts = np.arange(0, count, chunk_length)
        self._chunk_sizes = np.add.reduceat(self._kept.astype(np.int64), starts)
        self._chunks = len(starts) if shuffle == "all" else window_chunks
        self._epochs: dict[int, tuple[Rows, Rows]] = {}
        self._windows: dict[tuple[int, int], Rows] = {}

    def rows(self, start: int, stop: int) -> Rows:
        """Return a section of the stream; fast if the previous section ended where it starts.

        Args:
            start: Position of the first row in the stream.
            stop: Position of the last row plus 1, more than `start`.

        Returns:
            Numbers of the rows, shape (stop - start,).
        """
        parts = []
        while start < stop:
            epoch, place = divmod(start, self._count)
            starts = self._epoch(epoch)[1]
            number = int(np.searchsorted(starts, place, side="right")) - 1
            first, end = int(starts[number]), min(int(starts[number + 1]), place + stop - start)
            parts.append(self._window(epoch, number)[place - first : end - first])
            start += end - place
        return np.concatenate(parts)

    def _epoch(self, epoch: int) -> tuple[Rows, Rows]:
        """Return the order of the chunks, and the start of each window plus the end of the last."""
        if epoch not in self._epochs:
            order = stream(self._seed, "shuffle", epoch, 0).permutation(len(self._chunk_sizes))
            sizes = self._chunk_sizes[order]
            windows = np.add.reduceat(sizes, np.arange(0, len(order), self._chunks))
            self._epochs = {epoch: (order, np.concatenate([[0], np.cumsum(windows)]))}
        return self._epochs[epoch]

    def _window(self, epoch: int, number: int) -> Rows:
        """Return the rows of a window in the order of the stream."""
        if (epoch, number) not in self._windows:
            order, _ = self._epoch(epoch)
            chunks = np.sort(order[number * self._chunks : (number + 1) * self._chunks])
            rows = (chunks[:, None] * self._length + np.arange(self._length)).ravel()
            rows = rows[rows < len(self._kept)]
            rows = rows[self._kept[rows]]
            rng = stream(self._seed, "shuffle", epoch, 1 + number)
            self._windows = {(epoch, number): rows[rng.permutation(len(rows))]}
        return self._windows[epoch, number]
