"""The Spatial Broadcast Decoder (Watters et al. 2019), for Python and as a command-line tool.

`import sbvae_cli as sbvae` loads neither PyTorch nor NumPy; they are loaded when a name below is
first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sbvae_cli.errors import DivergedError, SbvaeError

if TYPE_CHECKING:
    from sbvae_cli.api import draw, scores
    from sbvae_cli.api.data import make_dataset, open_data
    from sbvae_cli.api.evaluation import evaluate, geometry
    from sbvae_cli.api.model import Model, load
    from sbvae_cli.api.modules import SpatialBroadcast, SpatialBroadcastDecoder, spatial_broadcast
    from sbvae_cli.api.training import Training, resume, train
    from sbvae_cli.api.words import SbvaeWarning

__version__ = "0.1.0"
__all__ = [
    "DivergedError",
    "Model",
    "SbvaeError",
    "SbvaeWarning",
    "SpatialBroadcast",
    "SpatialBroadcastDecoder",
    "Training",
    "draw",
    "evaluate",
    "geometry",
    "load",
    "make_dataset",
    "open_data",
    "resume",
    "scores",
    "spatial_broadcast",
    "train",
]

# Module of `sbvae_cli.api` that defines each public name.
_MODULES = {
    "Model": "model",
    "SbvaeWarning": "words",
    "SpatialBroadcast": "modules",
    "SpatialBroadcastDecoder": "modules",
    "Training": "training",
    "draw": "draw",
    "evaluate": "evaluation",
    "geometry": "evaluation",
    "load": "model",
    "make_dataset": "data",
    "open_data": "data",
    "resume": "training",
    "scores": "scores",
    "spatial_broadcast": "modules",
    "train": "training",
}

if not TYPE_CHECKING:  # type checkers would accept any attribute of a module with `__getattr__`

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = import_module(f"{__name__}.api.{_MODULES[name]}")
        return module if name == _MODULES[name] else getattr(module, name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
