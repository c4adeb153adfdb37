"""`examples/slurm-sweep.sh`: what it starts where, by programs that only write down their words."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "slurm-sweep.sh"


@pytest.mark.skipif(sys.platform == "win32", reason="Slurm runs on Linux")
@pytest.mark.parametrize("nodes", [1, 3])
def test_each_node_starts_ray_and_the_first_one_the_sweep(nodes: int, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    note = f'[ "$1" = get-auth-token ] || echo "$(basename "$0")" "$@" >> "{tmp_path}/said"'
    for name in ("ray", "srun", "sbvae"):
        (programs / name).write_text(f"#!/bin/sh\n{note}\n")
        (programs / name).chmod(0o755)
    (programs / "hostname").write_text("#!/bin/sh\necho first\n")
    (programs / "hostname").chmod(0o755)
    slurm = {"JOB_ID": "120042", "NNODES": str(nodes), "CPUS_PER_TASK": "16"}
    environment = {
        **{name: value for name, value in os.environ.items() if name != "RAY_AUTH_MODE"},
        **{f"SLURM_{name}": value for name, value in slurm.items()},
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    words = ["bash", str(SCRIPT), "a plan.yaml", "/shared/out", "--gpus-per-run", "0.5"]
    subprocess.run(words, env=environment, check=True, timeout=60)

    others, end = nodes - 1, time.monotonic() + 30
    said: list[str] = []
    while len(said) < 2 + bool(others) and time.monotonic() < end:  # others start meanwhile
        time.sleep(0.02)
        said = (tmp_path / "said").read_text().splitlines()
    wanted = [
        "ray start --head --port 20042 --num-cpus 16 --include-dashboard=false",
        "sbvae sweep run a plan.yaml --out /shared/out --engine ray --address first:20042 "
        "--gpus-per-run 0.5",
    ]
    on_others = (
        f"srun --nodes={others} --ntasks={others} --exclude=first ray start "
        "--address first:20042 --num-cpus 16 --block"
    )
    assert sorted(said) == sorted([*wanted, *([on_others] if others else [])])
