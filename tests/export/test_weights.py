"""Weights as safetensors, read again by its own reader."""

from pathlib import Path

import torch
from safetensors import safe_open

from sbvae_cli.export.weights import safetensors_of


def test_names_shapes_and_numbers_are_kept(tmp_path: Path) -> None:
    shared = torch.arange(12.0).reshape(3, 4)
    weights = {
        "decoder.weight": shared.T,  # not contiguous, and of the memory of the next
        "decoder.grid": shared,
        "likelihood.log_excess": torch.tensor(-1.5),
        "bias": torch.nn.Parameter(torch.zeros(0)),
    }
    (tmp_path / "x.safetensors").write_bytes(safetensors_of(weights, {"space": '{"ü": 1}'}))
    with safe_open(tmp_path / "x.safetensors", "pt") as file:
        assert file.metadata() == {"space": '{"ü": 1}'}
        assert set(file.keys()) == set(weights)
        for name, weight in weights.items():
            torch.testing.assert_close(file.get_tensor(name), weight.detach(), atol=0, rtol=0)
