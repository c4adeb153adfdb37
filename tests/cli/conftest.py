"""What several tests of commands use."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sbvae_cli.checkpoint import Checkpoint, save_checkpoint
from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.model import BroadcastDecoderConfig, EncoderConfig, ModelConfig
from sbvae_cli.config.schema import Config, DataConfig
from sbvae_cli.metrics.compute import COMPUTE
from sbvae_cli.metrics.dci import dci_scores, forest
from sbvae_cli.models.build import build_vae


@pytest.fixture
def write_codes() -> Callable[..., Path]:
    """Write an NPZ file of codes of two factors, or with other arrays."""

    def write(path: Path, **arrays: object) -> Path:
        rng = np.random.default_rng(0)
        factors = rng.integers(0, 3, (300, 2))
        codes = np.column_stack([factors, rng.normal(size=(300, 1))])
        np.savez(path, **{"codes": codes, "factors": factors, "names": ["x", "y"], **arrays})
        return path

    return write


@pytest.fixture
def write_model() -> Callable[..., Path]:
    """Write the checkpoint of a small model that nobody trained."""

    def write(
        path: Path,
        latents: int = 4,
        preset: str = "xy-hole",
        objective: str = "vae",
        **data: object,
    ) -> Path:
        source = f"circles:{preset}"
        settings = {"source": source, "name": preset, "space": named_space(source)}
        config = Config(
            data=DataConfig(**{**settings, "height": 12, "width": 8, **data}),
            model=ModelConfig(
                latent_dim=latents,
                encoder=EncoderConfig(hidden_channels=(4,), hidden_units=(8,)),
                decoder=BroadcastDecoderConfig(hidden_channels=(4,)),
            ),
            objective={"kind": objective},  # type: ignore[arg-type]
        )
        vae = build_vae(config.model, config.data.image_shape)
        save_checkpoint(path, Checkpoint(config, 7, vae.state_dict(), {}, threads=1))
        return path

    return write


@pytest.fixture(autouse=True)
def no_boosting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small forest in its place: boosting takes minutes, and has a test of its own."""
    monkeypatch.setitem(COMPUTE, "dci", partial(dci_scores, model=forest))  # type: ignore[arg-type]
