"""Check that the optional packages for exports are installed, without importing PyTorch."""

from importlib.util import find_spec

from sbvae_cli.errors import SbvaeError

_INSTALL = "python -m pip install onnx onnxruntime safetensors"


def require_onnx() -> None:
    """Check that the ONNX packages are installed.

    Raises:
        SbvaeError: If one is missing; the message has the command that installs it.
    """
    _require("ONNX graphs need", ("onnx", "onnxruntime"))


def require_safetensors() -> None:
    """Check that the safetensors package is installed.

    Raises:
        SbvaeError: If it is missing; the message has the command that installs it.
    """
    _require("safetensors files need", ("safetensors",))


def _require(what: str, names: tuple[str, ...]) -> None:
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise SbvaeError(
            f"{what} the extra sbvae[export]; {' and '.join(missing)} {verb} missing: {_INSTALL}"
        )
