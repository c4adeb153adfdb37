"""What is said where the extra is not installed."""

import sys

import pytest

from sbvae_cli.errors import SbvaeError
from sbvae_cli.export.packages import require_onnx, require_safetensors

INSTALL = "python -m pip install onnx onnxruntime safetensors"


def test_nothing_is_said_where_they_are_there() -> None:
    require_onnx()
    require_safetensors()


@pytest.mark.parametrize(
    ("gone", "found"),
    [
        (["onnxruntime"], "onnxruntime is missing"),
        (["onnx", "onnxruntime"], "onnx and onnxruntime are missing"),
    ],
)
def test_what_is_missing_is_named_with_what_installs_it(
    gone: list[str], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in gone:
        monkeypatch.setitem(sys.modules, name, None)
    require_safetensors()
    with pytest.raises(SbvaeError) as raised:
        require_onnx()
    assert str(raised.value) == (f"ONNX graphs need the extra sbvae[export]; {found}: {INSTALL}")


def test_weights_need_their_package_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    require_onnx()
    with pytest.raises(SbvaeError, match=f"safetensors is missing: {INSTALL}"):
        require_safetensors()
