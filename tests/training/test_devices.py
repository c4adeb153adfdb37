"""What `auto` becomes, by what a device says of itself."""

from types import SimpleNamespace

import pytest
import torch

from sbvae_cli.training.devices import resolve_precision

CPU, MPS, CUDA = torch.device("cpu"), torch.device("mps"), torch.device("cuda", 0)


@pytest.mark.parametrize(
    ("capability", "found"),
    [((7, 0), "fp32"), ((7, 5), "fp32"), ((8, 0), "bf16"), ((8, 9), "bf16"), ((10, 0), "bf16")],
)
def test_auto_is_bfloat16_from_ampere_on(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], found: str
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.version, "hip", None)
    assert resolve_precision("auto", CUDA) == found
    monkeypatch.setattr(torch.version, "hip", "6.0")  # whose capabilities count otherwise
    assert resolve_precision("auto", CUDA) == "fp32"


@pytest.mark.parametrize(
    ("says", "found"),
    [
        ({"_is_avx512_bf16_supported": True, "_is_amx_tile_supported": False}, "bf16"),
        ({"_is_avx512_bf16_supported": False, "_is_amx_tile_supported": True}, "bf16"),
        ({"_is_avx512_bf16_supported": False, "_is_amx_tile_supported": False}, "fp32"),
        ({"_is_amx_tile_supported": True}, "bf16"),
        ({}, "fp32"),  # a PyTorch without these names
    ],
)
def test_auto_is_bfloat16_where_a_cpu_has_instructions_for_it(
    monkeypatch: pytest.MonkeyPatch, says: dict[str, bool], found: str
) -> None:
    questions = {name: lambda answer=answer: answer for name, answer in says.items()}
    monkeypatch.setattr(torch, "cpu", SimpleNamespace(**questions))
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    assert resolve_precision("auto", CPU) == found
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert resolve_precision("auto", CPU) == "fp32"


def test_other_devices_have_single_precision_and_a_name_is_taken_at_its_word() -> None:
    assert resolve_precision("auto", MPS) == "fp32"
    for device in (CPU, MPS, CUDA):
        assert [resolve_precision(name, device) for name in ("fp32", "tf32", "bf16")] == [
            *("fp32", "tf32", "bf16")
        ]
