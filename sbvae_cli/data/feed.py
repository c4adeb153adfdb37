"""Make the minibatches of training in blocks of steps; each depends on seed and step only."""

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
from sbvae_cli.data.source import SAMPLED_TOGETHER, Source
from sbvae_cli.data.validation_split import validation_rows
from sbvae_cli.errors import SbvaeError
from sbvae_cli.random import stream


@dataclass(frozen=True)
class ImageBlock:
    """Minibatches of n images for S steps of R replicas, in host memory (pinned for CUDA).

    Attributes:
        images: Images, shape (S, R, n, H, W, C), uint8; or, if all images are on the device, their
            row numbers, shape (S, R, n), int64.
        colours: Colours in which to paint masks, shape (S, R, n, 3), float32 in [0, 1]; None if the
            images have their colours already.
    """

    images: Tensor
    colours: Tensor | None


class Feed:
    """Minibatches for the training of R replicas.

    Minibatch i of a replica is a pure function of the source, the replica's seed and i. It does
    not depend on the length of blocks, on the place of the images, or on the other replicas.
    Without a file or fixed set, each minibatch is sampled and rendered. With one, images come in
    the order of `Order`; a minibatch may extend into the next epoch, so that a file may have fewer
    images than a minibatch. Colours that no file stores are sampled for each minibatch.

    Args:
        source: Source of the images.
        batch_size: Number n of images in a minibatch.
        seeds: Seeds of the replicas, each at least 0.
        device: Device of the training.
        validation: Share of the file or fixed set that is kept for validation.
        shuffle: "windows" shuffles within windows of about 8,192 images, "all" over the whole file.
        data_on: Where to keep the images of a file or fixed set during training.
        fixed_set: Number of images to render once and train on; None for no fixed set.

    Raises:
        SbvaeError: If the batch size is below 1, if validation images are asked for but images are
            sampled without end, or if the images do not fit in the memory of `data_on`.
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
        """Return minibatches `start` to `start` + `count` - 1 of all replicas; not thread-safe.

        Raises:
            SbvaeError: If the file is damaged.
            ValueError: If the feed of a file or fixed set is closed.
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
        """Return the model's input for one step, without synchronising host and device.

        Args:
            images: One step of a block's `images`, on the device: (R, n, H, W, C), or (R, n).
            colours: The same step of its `colours`, (R, n, 3), on the device; or None.

        Returns:
            Shape (R, n, C, H, W), float32 in [0, 1].
        """
        return planes(self._place.resolve(images) if self._place else images, colours)

    def close(self) -> None:
        """Release the memory of the images."""
        self._place = None

    def _drawn(self, start: int, count: int) -> Tensor:
        """Sample minibatches, each as `Source.sample` would from its own random stream.

        One thread renders: renderers work in small steps, and two threads take as long.
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
        for first in range(0, len(factors), SAMPLED_TOGETHER):
            some = slice(first, first + SAMPLED_TOGETHER)
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
    """Return which rows are validation rows, shape (N,); None if `share` is 0."""
    if share == 0:
        return None
    found = np.zeros(fixed_set or source.count or 0, np.bool_)
    found[validation_rows(source, share, seed, fixed_set)] = True
    return found
