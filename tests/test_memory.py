"""Memory that a process may take: what the system has, and what control groups leave of it."""

from pathlib import Path

import pytest

from sbvae_cli import memory
from sbvae_cli.memory import free_memory, granted_memory


def group(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("memory_", "memory.")).write_text(f"{text}\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("4:memory:/job\n0::/a/b\n")
    return tmp_path


def test_without_a_limit_nothing_is_told(root: Path) -> None:
    assert granted_memory(root) is None
    group(root / "sys/fs/cgroup/a/b", memory_max="max", memory_current=5)
    assert granted_memory(root) is None


def test_version_2_counts_the_groups_above_and_gives_back_what_files_take(root: Path) -> None:
    top = root / "sys/fs/cgroup"
    group(top / "a/b", memory_max=900, memory_current=100, memory_stat="anon 7\ninactive_file 30")
    assert granted_memory(root) == 900 - 100 + 30
    group(top / "a", memory_max=400, memory_current=350)
    assert granted_memory(root) == 50
    group(top / "a", memory_max=400, memory_current=450)
    assert granted_memory(root) == 0


def test_version_1_has_files_of_other_names(root: Path) -> None:
    top = root / "sys/fs/cgroup/memory"
    files = {"memory_limit_in_bytes": 800, "memory_usage_in_bytes": 300}
    group(top / "job", **files, memory_stat="total_inactive_file 20\ninactive_file 999")
    assert granted_memory(root) == 520


def test_the_system_gives_no_more_than_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    for granted in (0, None, 1 << 60):
        monkeypatch.setattr(memory, "granted_memory", lambda granted=granted: granted)
        assert (free_memory() == 0) == (granted == 0)
        assert free_memory() < 1 << 50
