"""How many images a network takes at once."""

import torch
from torch import Tensor, nn

_CPU_BYTES = 4 << 20  # of the largest activation; twice the speed of one that leaves the cache
_GPU_BATCH = 512


@torch.no_grad()
def fitting_batch(network: nn.Module, example: Tensor) -> int:
    """A batch that keeps a CPU's caches, or a GPU, busy; it depends on shapes alone.

    Args:
        network: An encoder or a decoder, on its device.
        example: One input, shape (1, ...), on that device.

    Returns:
        At least 1.
    """
    if example.device.type != "cpu":
        return _GPU_BATCH
    largest = example.nbytes

    def note(_module: nn.Module, _inputs: object, output: object) -> None:
        nonlocal largest
        if isinstance(output, Tensor):
            largest = max(largest, output.nbytes)

    hooks = [module.register_forward_hook(note) for module in network.modules()]
    try:
        network(example)
    finally:
        for hook in hooks:
            hook.remove()
    return max(1, _CPU_BYTES // largest)
