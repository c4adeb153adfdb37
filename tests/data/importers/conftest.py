"""Small images to import."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def picture(seed: int, height: int = 6, width: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def png(pixels: np.ndarray) -> bytes:
    data = BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


@pytest.fixture(scope="session")
def pictures() -> dict[str, np.ndarray]:
    """Pixels by name; the names are not in order."""
    return {name: picture(seed) for seed, name in enumerate(["b/2.png", "a.png", "b/10.png"])}


@pytest.fixture(scope="session")
def files(pictures: dict[str, np.ndarray]) -> dict[str, bytes]:
    """Those pictures as PNG, and files beside them that are no images."""
    others = ["notes.txt", "b/.hidden.png", "__MACOSX/a.png", "b/table.CSV", ".git/x.png"]
    return {**{n: png(p) for n, p in pictures.items()}, **dict.fromkeys(others, b"x")}


@pytest.fixture
def write_folder(tmp_path: Path) -> Callable[[dict[str, bytes]], Path]:
    def write(files: dict[str, bytes]) -> Path:
        for name, data in files.items():
            path = tmp_path / "folder" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return tmp_path / "folder"

    return write
