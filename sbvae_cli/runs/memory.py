"""How many replicas the memory takes at once: that of a GPU, or the host's with their images."""

import torch

from sbvae_cli.config.schema import Config
from sbvae_cli.data.fixed_set import stored_images
from sbvae_cli.data.placement import MOST, bytes_of_all, choose_place, free_bytes
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.one_update import update_on_zeros
from sbvae_cli.training.build import build_updater
from sbvae_cli.training.devices import resolve_device

# Share of the free memory that replicas take: up to two fifths are for images that lie there, and
# the rest is for what a graph's capture takes besides.
_SHARE = 0.5


def replicas_that_fit(config: Config, count: int) -> int:
    """Number of replicas, at most `count`, that train at once, by what an update of one takes.

    Args:
        config: Configuration of any of them.
        count: Number of replicas that are wanted.

    Returns:
        1 or more; `count` where another device than a GPU of CUDA computes.

    Raises:
        SbvaeError: If not even one fits.
    """
    device = resolve_device(config.training.device)
    if device.type != "cuda" or count == 1:
        return count
    free = torch.cuda.mem_get_info(device)[0]
    try:
        taken = _peak_bytes(config, device)
    except torch.OutOfMemoryError as error:
        raise SbvaeError(
            f"not one replica fits in the {free / 1e9:.1f} GB that are free on {device}; choose a "
            "smaller `batch_size` or model"
        ) from error
    return min(count, fitting(free, taken))


def processes_that_fit(config: Config, source: Source, number: int) -> int:
    """Number of replicas, at most `number`, whose processes have room for their images at once.

    Each process has its own where images lie in memory.

    Args:
        config: Configuration of any of the replicas.
        source: The data that it names.
        number: Number of processes that are wanted, 1 or more.

    Returns:
        1 or more.

    Raises:
        SbvaeError: If the images of not even one fit where they are to lie.
    """
    training, device = config.training, resolve_device(config.training.device)
    stored = stored_images(source, training.fixed_set)
    if stored is None:
        return number
    place = choose_place(
        stored,
        training.data_on,
        device,
        in_windows=training.shuffle == "windows",
        rendered=training.fixed_set is not None,
    )
    if place == "stream" or device.type == "cuda":  # where one process has all replicas
        return number
    room = int(MOST * free_bytes(device)) // bytes_of_all(stored)
    return max(1, min(number, room))


def fitting(free: int, taken: int) -> int:
    """Number of replicas, at least 1, in so much memory.

    Args:
        free: Bytes that are free.
        taken: Bytes that one takes.
    """
    return max(1, int(_SHARE * free) // max(1, taken))


def update_once(config: Config) -> None:
    """Build a replica and update it once, from images and noise of zeros."""
    update_on_zeros(build_updater(config), config)


def _peak_bytes(config: Config, device: torch.device) -> int:
    """Most bytes of tensors at once, weights and moments included."""
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    update_once(config)
    torch.cuda.synchronize(device)
    taken = torch.cuda.max_memory_allocated(device) - before
    torch.cuda.empty_cache()
    return taken
