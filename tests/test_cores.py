"""Cores of a process: what control groups, Slurm and the system grant."""

import os
from pathlib import Path

import pytest

from sbvae_cli import cores
from sbvae_cli.cores import affine_cores, quota_cores, slurm_cores, usable_cores


def grant(root: Path, groups: str, **files: str) -> Path:
    """A tree as control groups have it; `__` in a name is a slash, `_max` and so on `.max`."""
    (root / "proc/self").mkdir(parents=True, exist_ok=True)
    (root / "proc/self/cgroup").write_text(groups)
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("cpu_", "cpu.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max 100000\n", None),
        ("400000 100000\n", 4),
        ("250000 100000\n", 2),
        ("50000 100000\n", 1),
        ("", None),
        ("what", None),
    ],
)
def test_a_group_of_version_2_grants_whole_cores(
    tmp_path: Path, text: str, expected: int | None
) -> None:
    assert quota_cores(grant(tmp_path, "0::/\n", cpu_max=text)) == expected


def test_groups_above_count_too(tmp_path: Path) -> None:
    files = {"a__b__cpu_max": "800000 100000", "a__cpu_max": "300000 100000", "cpu_max": "max 1"}
    assert quota_cores(grant(tmp_path, "0::/a/b\n", **files)) == 3
    assert quota_cores(grant(tmp_path, "0::/a/c\n")) == 3
    assert quota_cores(grant(tmp_path, "0::/d\n")) is None


@pytest.mark.parametrize("name", ["cpu", "cpu,cpuacct"])
def test_a_group_of_version_1_grants_them_as_quota_and_period(tmp_path: Path, name: str) -> None:
    groups = "5:memory:/x\n4:cpu,cpuacct:/job\n1:name=systemd:/x\n0::/\n"
    quota, period = (f"{name}__job__cpu_cfs_{key}_us" for key in ("quota", "period"))
    assert quota_cores(grant(tmp_path, groups, **{quota: "-1\n", period: "100000\n"})) is None
    assert quota_cores(grant(tmp_path, groups, **{quota: "600000\n"})) == 6


def test_a_container_sees_its_group_at_the_top(tmp_path: Path) -> None:
    files = {"cpu__cpu_cfs_quota_us": "200000", "cpu__cpu_cfs_period_us": "100000"}
    assert quota_cores(grant(tmp_path, "4:cpu,cpuacct:/docker/0a1b\n", **files)) == 2


def test_without_control_groups_nothing_limits(tmp_path: Path) -> None:
    assert quota_cores(tmp_path) is None


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"SLURM_CPUS_PER_TASK": "3", "SLURM_CPUS_ON_NODE": "8"}, 3),
        ({"SLURM_CPUS_ON_NODE": "8"}, 8),
        ({"SLURM_CPUS_PER_TASK": "", "SLURM_CPUS_ON_NODE": "2(x2)"}, None),
        ({"SLURM_CPUS_PER_TASK": "0"}, None),
    ],
)
def test_a_task_of_slurm_has_its_own(environment: dict[str, str], expected: int | None) -> None:
    assert slurm_cores(environment) == expected


def test_the_least_of_them_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8), raising=False)
    for quota, task, expected in ((None, "", 8), (2, "", 2), (20, "", 8), (4, "3", 3), (4, "9", 4)):
        monkeypatch.setattr(cores, "quota_cores", lambda quota=quota: quota)
        monkeypatch.setenv("SLURM_CPUS_PER_TASK", task)
        cores._granted.cache_clear()
        assert (usable_cores(), affine_cores()) == (expected, 8)
    monkeypatch.undo()
    cores._granted.cache_clear()
