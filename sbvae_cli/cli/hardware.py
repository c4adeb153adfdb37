"""Detects a GPU without importing PyTorch, which takes seconds."""

import os
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_DEVICES = Path("/dev")


def has_cuda_gpu() -> bool:
    """Return whether PyTorch will probably find an NVIDIA GPU.

    PyTorch's version and the files of the driver decide. GPUs of other vendors do not count: the
    paper's settings take too long on them.
    """
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    try:
        if version("torch").endswith("+cpu"):
            return False
    except PackageNotFoundError:  # PyTorch is installed without package metadata
        pass
    if any(_DEVICES.glob("nvidia[0-9]*")):
        return True
    on_windows = sys.platform == "win32" or (_DEVICES / "dxg").exists()  # /dev/dxg: WSL
    return on_windows and shutil.which("nvidia-smi") is not None
