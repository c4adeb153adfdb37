"""Settings of OpenMP, which its runtimes read from the environment when PyTorch loads them."""

from collections.abc import MutableMapping

from sbvae_cli.cores import affine_cores, usable_cores

# A user who set one of these has decided how threads wait.
_WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY")

# Threads that wait for the next loop spin, by default for 3 ms (GNU, in PyTorch's wheels for Linux)
# or 200 ms (LLVM and Intel, in those for macOS and Windows). Where others compute too that takes
# the time slice from the thread that is waited for; tests/benchmarks/threads_benchmark.py shows it.
_SPIN_COUNT = "10000"  # of GNU's, about 0.1 ms
_BLOCK_TIME = "1"  # of LLVM's and Intel's, in ms; they know no shorter time but none


def set_up_openmp(environment: MutableMapping[str, str]) -> None:
    """Let threads wait for a short time only, and be no more than the cores that may be used.

    What the user set stays. It must be called before PyTorch is loaded, by a process of its own.

    Args:
        environment: Environment of the process, which is changed.
    """
    if not any(name in environment for name in _WAITING):
        environment["GOMP_SPINCOUNT"] = _SPIN_COUNT
        environment["KMP_BLOCKTIME"] = _BLOCK_TIME
    # Without a quota PyTorch finds the cores itself, and leaves out second threads of a core.
    if "OMP_NUM_THREADS" not in environment and usable_cores() < affine_cores():
        environment["OMP_NUM_THREADS"] = str(usable_cores())
