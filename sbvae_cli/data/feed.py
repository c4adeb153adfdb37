"""The images of an update, made in blocks of steps, each a pure function of seed and step."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sbvae_cli.config.names import Placement, Shuffle
from sbvae_cli.data.columns import colours_of
from sbvae_cli.data.fixed_set import stored_images
from sbvae_cli.data.order import Order, chunks_in_window
from sbvae_cli.data.pixels import planes
from sbvae_cli.data.placement import Place, place_images
from sbvae_cli.data.source import DRAWN_TOGETHER, Source
from sbvae_cli.data.validation_split import validation_rows
from sbvae_cli.errors import SbvaeError
from sbvae_cli.random import stream


@dataclass(frozen=True)
class ImageBlock:
    """The images of S steps of R replicas, n each, on the host (pinned for CUDA).

    Attributes:
        images: Shape (S, R, n, H, W, C), uint8; or row numbers (S, R, n), int64, of images that lie
            on the device.
        colours: Shape (S, R, n, 3), float32 in [0, 1], of masks; None where images have colours.
    """

    images: Tensor
    colours: Tensor | None


class Feed:
    """Images of the updates of R replicas.

    Minibatch i of a replica is a pure function of the source, the replica's seed and i, however
    long the blocks are, wherever the images lie, and whatever other replicas there are. Drawn
    images are drawn for each minibatch anew. A file's images, or those of a fixed set, come in the
    order of `Order`; minibatches run on from one epoch to the next, so a file may hold fewer
    images than a minibatch. Colours that no file stores are drawn for each minibatch anew.

    Args:
        source: Where the images come from.
        batch_size: Number n of images in a minibatch.
        seeds: One for each replica, at least 0.
        device: The device that trains.
        validation: Share of a file's images that are kept from training.
        shuffle: Whether a file's images mix within windows of some 8,192, or all of them.
        data_on: Where a file's images lie.
        fixed_set: Number of images that are rendered once and stand for a file; None draws all.

    Raises:
        SbvaeError: If the batch size is below 1, images are held out that do not exist, or the
            images do not fit where they are wanted.
    """

    def __init__(
        self,
        source: Source,
        batch_size: int,
        seeds: Sequence[int],
        *,
        device: torch.device | str = "cpu",
        validation: float = 0.0,
        shuffle: Shuffle = "windows",
        data_on: Placement = "auto",
        fixed_set: int | None = None,
    ) -> None:
        if batch_size < 1:
            raise SbvaeError(f"a minibatch of {batch_size} images is empty; choose 1 or more")
        self._source, self._batch_size, self._seeds = source, batch_size, tuple(seeds)
        self._device = torch.device(device)
        self._pinned = self._device.type == "cuda"
        stored = stored_images(source, fixed_set)
        left_out = [_left_out(source, validation, seed, fixed_set) for seed in seeds]
        self._space = stored.space if stored else source.space
        self._orders: list[Order] = []
        self._place: Place | None = None
        if stored is None:
            return
        image_bytes = stored.height * stored.width * stored.channels
        window_chunks = chunks_in_window(stored.chunk_length, image_bytes)
        self._orders = [
            Order(
                stored.count,
                stored.chunk_length,
                seed,
                window_chunks=window_chunks,
                shuffle=shuffle,
                left_out=rows,
            )
            for seed, rows in zip(seeds, left_out, strict=True)
        ]
        self._place = place_images(
            stored,
            data_on,
            self._device,
            kept_chunks=2 * len(self._seeds) * window_chunks,
            in_windows=shuffle == "windows",
            rendered=fixed_set is not None,
        )

    def block(self, start: int, count: int) -> ImageBlock:
        """Minibatches `start` to `start` + `count` - 1 of all replicas; for one caller at a time.

        Raises:
            SbvaeError: If the file is damaged.
            ValueError: If a file's feed is closed.
        """
        if not self._orders:
            return ImageBlock(self._drawn(start, count), None)
        if self._place is None:
            raise ValueError("the feed is closed")
        size = self._batch_size
        rows = [order.rows(start * size, (start + count) * size) for order in self._orders]
        shaped = np.stack([of.reshape(count, size) for of in rows], axis=1)  # (S, R, n)
        return ImageBlock(self._place.take(shaped), self._colours(start, count))

    def pixels(self, images: Tensor, colours: Tensor | None) -> Tensor:
        """One step's images as the model takes them; the host waits for nothing.

        Args:
            images: One step of a block's `images`, on the device: (R, n, H, W, C), or (R, n).
            colours: That step of its `colours`, (R, n, 3), on the device too; or None.

        Returns:
            Shape (R, n, C, H, W), float32 in [0, 1].
        """
        return planes(self._place.bytes_of(images) if self._place else images, colours)

    def close(self) -> None:
        """Let go of the images that are kept."""
        self._place = None

    def _drawn(self, start: int, count: int) -> Tensor:
        """Minibatches that are `Source.sample` of streams of their own, rendered together.

        One thread does it: renderers work in small steps, and two threads take as long.
        """
        source, size = self._source, self._batch_size
        shape = count, len(self._seeds), size, source.height, source.width, source.channels
        out = torch.empty(shape, dtype=torch.uint8, pin_memory=self._pinned)
        images = out.numpy().reshape(-1, *shape[3:])
        factors = np.concatenate(
            [
                source.space.sample(stream(seed, "drawn", step), size)
                for step in range(start, start + count)
                for seed in self._seeds
            ]
        )
        for first in range(0, len(factors), DRAWN_TOGETHER):
            some = slice(first, first + DRAWN_TOGETHER)
            images[some] = source.render(factors[some])
        return out

    def _colours(self, start: int, count: int) -> Tensor | None:
        space, size = self._space, self._batch_size
        if not space.online:
            return None
        shape = count, len(self._seeds), size, 3
        out = torch.empty(shape, dtype=torch.float32, pin_memory=self._pinned)
        for step, replica in np.ndindex(shape[:2]):
            rng = stream(self._seeds[replica], "colours", start + step)
            colours = colours_of(space.sample_present(rng, size), space.names)
            out[step, replica] = torch.from_numpy(colours)
        return out


def _left_out(
    source: Source, share: float, seed: int, fixed_set: int | None
) -> NDArray[np.bool_] | None:
    """Which of a file's rows are kept from training, shape (N,); None where none is."""
    if share == 0:
        return None
    found = np.zeros(fixed_set or source.count or 0, np.bool_)
    found[validation_rows(source, share, seed, fixed_set)] = True
    return found
