"""How far the outputs of graphs may be from PyTorch's."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from sbvae_cli.errors import SbvaeError
from sbvae_cli.export import checked
from sbvae_cli.export.checked import CHECKED_COUNT, checked_graphs

SHAPE, LATENTS = (1, 2, 3), 2


def difference(monkeypatch: pytest.MonkeyPatch, means: float, **off_by: float) -> float:
    """Check graphs whose outputs are so far from those of a model that gives `means` and zeros."""
    codes, images = torch.zeros(CHECKED_COUNT, LATENTS), torch.zeros(CHECKED_COUNT, *SHAPE)
    model = SimpleNamespace(encode=lambda _: (codes + means, codes), render=lambda _: images)
    outputs = {
        b"encoder": {"mean": codes + means, "log_variance": codes},
        b"decoder": {"image": images},
    }

    def run(graph: bytes, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        values = {name: value.numpy().copy() for name, value in outputs[graph].items()}
        for name in values.keys() & off_by.keys():
            values[name][3] += off_by[name]
        return values

    monkeypatch.setattr(checked, "encoder_onnx", lambda *_: b"encoder")
    monkeypatch.setattr(checked, "decoder_onnx", lambda *_: b"decoder")
    monkeypatch.setattr(checked, "run_onnx", run)
    return checked_graphs(model, SHAPE, LATENTS).difference


def test_a_difference_is_relative_to_a_value_above_1(monkeypatch: pytest.MonkeyPatch) -> None:
    assert difference(monkeypatch, 1000.0, mean=0.05) == pytest.approx(5e-5, rel=1e-2)
    assert difference(monkeypatch, -1000.0, mean=0.05) == pytest.approx(5e-5, rel=1e-2)
    with pytest.raises(SbvaeError, match=r"another mean than PyTorch, by 2\.0e-04"):
        difference(monkeypatch, 1000.0, mean=0.2)


def test_a_difference_is_absolute_for_a_value_below_1(monkeypatch: pytest.MonkeyPatch) -> None:
    assert difference(monkeypatch, 0.01, mean=5e-5) == pytest.approx(5e-5, rel=1e-2)
    with pytest.raises(SbvaeError, match=r"another mean than PyTorch, by 2\.0e-04"):
        difference(monkeypatch, 0.01, mean=2e-4)


def test_the_largest_difference_of_all_outputs_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    off = {"mean": 1e-5, "log_variance": -3e-5, "image": 2e-5}
    assert difference(monkeypatch, 0.0, **off) == pytest.approx(3e-5)
    with pytest.raises(SbvaeError, match=r"another image than PyTorch, by 3\.0e-04"):
        difference(monkeypatch, 0.0, mean=2e-4, log_variance=1e-4, image=-3e-4)
