"""Export weights as safetensors."""

from collections.abc import Mapping

from torch import Tensor

from sbvae_cli.export.packages import require_safetensors


def safetensors_of(weights: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """Return the contents of a safetensors file.

    Args:
        weights: Tensors by name, such as a state dict.
        metadata: Texts by name, which are stored in the header.

    Raises:
        SbvaeError: If the package is missing.
    """
    require_safetensors()
    from safetensors.torch import save

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    return bytes(save(tensors, dict(metadata)))
