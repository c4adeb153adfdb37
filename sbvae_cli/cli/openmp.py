"""Settings of OpenMP, which PyTorch's runtime reads from the environment when it is loaded."""

from collections.abc import MutableMapping

from sbvae_cli.cores import affine_cores, usable_cores

# If the user has set one of these variables, it decides how threads wait.
_WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY")

# Threads that wait for the next loop spin, by default for 3 ms (GNU, in PyTorch's wheels for Linux)
# or 200 ms (LLVM and Intel, in those for macOS and Windows). On a busy machine, spinning takes the
# core from the thread that is waited for, as tests/benchmarks/threads_benchmark.py measures.
_SPIN_COUNT = "10000"  # for GNU, about 0.1 ms
_BLOCK_TIME = "1"  # for LLVM and Intel, in ms, the shortest time except 0


def set_up_openmp(environment: MutableMapping[str, str]) -> None:
    """Shorten the time that waiting threads spin, and limit the threads to the usable cores.

    Variables that the user has set are not changed. Call it before PyTorch is loaded.

    Args:
        environment: Environment of the process; it is changed in place.
    """
    if not any(name in environment for name in _WAITING):
        environment["GOMP_SPINCOUNT"] = _SPIN_COUNT
        environment["KMP_BLOCKTIME"] = _BLOCK_TIME
    # Without a quota, PyTorch counts the cores itself, one thread for each physical core.
    if "OMP_NUM_THREADS" not in environment and usable_cores() < affine_cores():
        environment["OMP_NUM_THREADS"] = str(usable_cores())
