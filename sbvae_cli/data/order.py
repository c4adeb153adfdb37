"""Which rows of a file make which minibatch: pure functions of the seed."""

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.names import Shuffle
from sbvae_cli.random import stream

WINDOW_IMAGES = 8192
WINDOW_BYTES = 96 << 20

Rows = NDArray[np.int64]


def chunks_in_window(chunk_length: int, image_bytes: int, images: int = WINDOW_IMAGES) -> int:
    """Number of chunks whose images mix: at least 1, else at most `images` and 96 MiB of them."""
    return max(1, min(images, WINDOW_BYTES // image_bytes) // chunk_length)


class Order:
    """The endless stream of a file's rows, epoch after epoch, each in a random order.

    An epoch permutes the file's chunks; consecutive chunks of that order make a window, whose rows
    are permuted. So two rows share a window if their chunks do: neighbours in the file are seldom
    neighbours in the stream, but of a larger file's rows only those of a window mix freely, unless
    the whole file is one. Every epoch has every row once. The stream is a function of the arguments
    alone, and what was asked for before changes nothing.

    Args:
        count: Number of rows of the file.
        chunk_length: Number of rows that are stored together.
        seed: Root seed, at least 0.
        window_chunks: Number of chunks in a window.
        shuffle: `windows`, or `all` where the file is one window, however large.
        left_out: Which of the rows never come, shape (count,), not all; None leaves out none.
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
        """A part of the stream; cheap where the last one ended before it.

        Args:
            start: First row's place in the stream.
            stop: One past the last row's place, more than `start`.

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
        """Order of the chunks, and where each window starts (with the end of the last)."""
        if epoch not in self._epochs:
            order = stream(self._seed, "shuffle", epoch, 0).permutation(len(self._chunk_sizes))
            sizes = self._chunk_sizes[order]
            windows = np.add.reduceat(sizes, np.arange(0, len(order), self._chunks))
            self._epochs = {epoch: (order, np.concatenate([[0], np.cumsum(windows)]))}
        return self._epochs[epoch]

    def _window(self, epoch: int, number: int) -> Rows:
        """The rows of a window, in the order in which they come."""
        if (epoch, number) not in self._windows:
            order, _ = self._epoch(epoch)
            chunks = np.sort(order[number * self._chunks : (number + 1) * self._chunks])
            rows = (chunks[:, None] * self._length + np.arange(self._length)).ravel()
            rows = rows[rows < len(self._kept)]
            rows = rows[self._kept[rows]]
            rng = stream(self._seed, "shuffle", epoch, 1 + number)
            self._windows = {(epoch, number): rows[rng.permutation(len(rows))]}
        return self._windows[epoch, number]
