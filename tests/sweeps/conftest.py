"""What several tests of sweeps use."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from sbvae_cli.config.load import merge
from sbvae_cli.config.sweep import SweepConfig, build_sweep

# Two models of a few weights on images of 16 pixels; a run takes a fraction of a second.
TINY: dict[str, Any] = {
    "settings": {
        "data": {"source": "circles:xy-hole", "height": 16, "width": 16},
        "model": {
            "latent_dim": 3,
            "encoder": {"hidden_channels": [4, 4], "hidden_units": [8]},
            "decoder": {"hidden_channels": [4, 4]},
        },
        "training": {"steps": 8, "batch_size": 4, "log_every": 2, "threads": 1},
    },
    "grid": {"objective.beta": [1, 2]},
    "metrics": ["rates"],
    "protocol": "quick",
}


@pytest.fixture
def tiny_sweep() -> Callable[..., SweepConfig]:
    """A sweep of two tiny settings, with other keys laid over."""

    def build(**tree: Any) -> SweepConfig:
        own = copy.deepcopy(TINY)
        own["settings"] = merge(own["settings"], {"objective": {"kind": "beta-vae"}})
        if "settings" in tree:
            own["settings"] = merge(own["settings"], tree.pop("settings"))
        return build_sweep({**own, **tree})

    return build
