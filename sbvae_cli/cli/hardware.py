"""What this machine has, told without PyTorch, whose import takes seconds."""

import os
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_DEVICES = Path("/dev")


def has_cuda_gpu() -> bool:
    """Whether PyTorch will find an NVIDIA GPU, as far as its version and the driver's files tell.

    Others do not count: the paper's settings take too long on them.
    """
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    try:
        if version("torch").endswith("+cpu"):
            return False
    except PackageNotFoundError:  # a PyTorch that was not installed as a package
        pass
    if any(_DEVICES.glob("nvidia[0-9]*")):
        return True
    on_windows = sys.platform == "win32" or (_DEVICES / "dxg").exists()  # or in its WSL
    return on_windows and shutil.which("nvidia-smi") is not None
