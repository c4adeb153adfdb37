"""The packages that exports need, which are an extra: whether they are there, without PyTorch."""

from importlib.util import find_spec

from sbvae_cli.errors import SbvaeError

_INSTALL = "python -m pip install onnx onnxruntime safetensors"


def require_onnx() -> None:
    """Tell of packages for ONNX that lack, before anything takes long.

    Raises:
        SbvaeError: With the command that installs them.
    """
    _require("ONNX graphs need", ("onnx", "onnxruntime"))


def require_safetensors() -> None:
    """Tell that the package for safetensors lacks, before anything takes long.

    Raises:
        SbvaeError: With the command that installs it.
    """
    _require("safetensors files need", ("safetensors",))


def _require(what: str, names: tuple[str, ...]) -> None:
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise SbvaeError(
            f"{what} the extra sbvae[export], of which {' and '.join(missing)} {verb} missing: "
            f"{_INSTALL}"
        )
