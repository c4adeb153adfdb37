"""Compute how many replicas fit in the memory of a GPU, or of the host with their images."""

import torch

from sbvae_cli.config.schema import Config
from sbvae_cli.data.fixed_set import stored_images
from sbvae_cli.data.placement import MAX_SHARE, bytes_of_all, choose_place, free_bytes
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.one_update import update_on_zeros
from sbvae_cli.training.build import build_updater
from sbvae_cli.training.devices import resolve_device

# Share of the free memory for replicas. Images in the GPU's memory take up to two fifths, and the
# rest is for the capture of a CUDA graph.
_SHARE = 0.5


def replicas_that_fit(config: Config, count: int) -> int:
    """Return how many replicas, at most `count`, fit on a GPU, from one replica's peak memory.

    Args:
        config: Configuration of any of the replicas.
        count: Requested number of replicas.

    Returns:
        1 or more; `count` on other devices than CUDA.

    Raises:
        SbvaeError: If the memory is too small for one replica.
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
    return min(count, count_fitting(free, taken))


def processes_that_fit(config: Config, source: Source, number: int) -> int:
    """Return how many processes, at most `number`, can have their images in memory at once.

    Each process holds its own copy of the images, unless they are streamed.

    Args:
        config: Configuration of any of the replicas.
        source: Data that the configuration names.
        number: Requested number of processes, 1 or more.

    Returns:
        1 or more.

    Raises:
        SbvaeError: If the images of one process do not fit in the requested place.
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
    if place == "stream" or device.type == "cuda":  # on CUDA, one process trains all replicas
        return number
    room = int(MAX_SHARE * free_bytes(device)) // bytes_of_all(stored)
    return max(1, min(number, room))


def count_fitting(free: int, taken: int) -> int:
    """Return how many replicas, at least 1, fit in the free memory.

    Args:
        free: Free memory in bytes.
        taken: Memory of one replica in bytes.
    """
    return max(1, int(_SHARE * free) // max(1, taken))


def update_once(config: Config) -> None:
    """Build a replica and update it once, with images and noise of zeros."""
    update_on_zeros(build_updater(config), config)


def _peak_bytes(config: Config, device: torch.device) -> int:
    """Measure the peak memory of one replica's update in bytes, weights and moments included."""
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    update_once(config)
    torch.cuda.synchronize(device)
    taken = torch.cuda.max_memory_allocated(device) - before
    torch.cuda.empty_cache()
    return taken
