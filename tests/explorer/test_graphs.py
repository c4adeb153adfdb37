"""The graphs of a page are those of the model."""

from copy import deepcopy

import numpy as np
import pytest
import torch

pytest.importorskip("onnx")

from sbvae_cli.config.model import BroadcastDecoderConfig, EncoderConfig, ModelConfig
from sbvae_cli.errors import SbvaeError
from sbvae_cli.explorer import graphs
from sbvae_cli.export import checked
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.vae import VAE

SHAPE = 3, 8, 8
CODES, IMAGES = np.zeros((4, 3)), np.full((4, 8, 8, 3), 255, np.uint8)


@pytest.fixture(scope="module")
def exported() -> tuple[VAE, bytes, bytes]:
    """A model, its encoder and its decoder; half precision changes its log variances by 0.4."""
    encoder = EncoderConfig(hidden_channels=(4,), hidden_units=(8,))
    decoder = BroadcastDecoderConfig(hidden_channels=(4,))
    config = ModelConfig(latent_dim=3, encoder=encoder, decoder=decoder)
    vae = build_vae(config, SHAPE, seed=0)
    with torch.no_grad():
        vae.encoder.get_submodule("output").weight[3:] = 300.3
    return vae, checked.encoder_onnx(vae, SHAPE), checked.decoder_onnx(vae, SHAPE, 3)


@pytest.mark.parametrize("wrong", [None, "encoder", "decoder"])
def test_a_graph_that_is_not_the_model_s_is_refused(
    wrong: str | None, exported: tuple[VAE, bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    vae, encoder, decoder = deepcopy(exported[0]), *exported[1:]
    monkeypatch.setattr(checked, "encoder_onnx", lambda *given: encoder)
    monkeypatch.setattr(checked, "decoder_onnx", lambda *given: decoder)
    if wrong is None:
        found = graphs.graphs_of(vae, SHAPE, CODES, IMAGES)
        assert b".half" in found.decoder and len(found.decoder) < len(decoder)
        assert found.encoder == encoder  # whole, for its log variances
        return
    with torch.no_grad():
        for weight in vae.get_submodule(wrong).parameters():
            weight *= 1.1
    with pytest.raises(SbvaeError, match=r"the ONNX graphs give another .* than PyTorch"):
        graphs.graphs_of(vae, SHAPE, CODES, IMAGES)
