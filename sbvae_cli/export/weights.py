"""Weights as safetensors: names, shapes and numbers, which many programs read."""

from collections.abc import Mapping

from torch import Tensor

from sbvae_cli.export.packages import require_safetensors


def safetensors_of(weights: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """A safetensors file.

    Args:
        weights: Tensors by name, as a state dict has them.
        metadata: Texts by name, which stand in its header.

    Raises:
        SbvaeError: If the package is missing.
    """
    require_safetensors()
    from safetensors.torch import save

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    return bytes(save(tensors, dict(metadata)))
