"""A file that another program writes to while it is read."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sbvae_cli.data.file import DatasetFile
from sbvae_cli.errors import SbvaeError


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(small, tmp_path / "copy.h5"))


def truncate(path: Path) -> None:
    os.truncate(path, 2000)


def overwrite(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-9] + bytes(9))
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("harm", [truncate, overwrite])
def test_it_is_told_of_as_soon_as_more_is_read(copy: Path, harm: Callable[[Path], None]) -> None:
    with DatasetFile(copy) as file:
        file.read(0, 64)
        harm(copy)
        with pytest.raises(SbvaeError, match=r"copy\.h5: was changed while it was read; restore"):
            file.read(64, 128)


def test_one_that_took_its_place_or_its_absence_does_no_harm(copy: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.h5"
    other.write_bytes(b"nothing like it")
    with DatasetFile(copy) as file:
        before = file.read(0, 64)[0]
        other.replace(copy)
        assert (file.read(0, 64)[0] == before).all()
        copy.unlink()
        assert (file.read(0, 64)[0] == before).all()
