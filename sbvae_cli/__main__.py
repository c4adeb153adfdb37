"""Entry point of `python -m sbvae_cli` and of the command `sbvae`."""

import os
import sys

from sbvae_cli.cli.app import main
from sbvae_cli.cli.openmp import set_up_openmp
from sbvae_cli.cli.signals import SIGNALLED


def run() -> int:
    """Run the command line and return its exit code; after a signal, end the process at once.

    By then all files are closed and cleaned up. Threads of PyTorch may still compute, and the
    normal shutdown of the interpreter while they do sometimes aborts with an error of its own.
    """
    set_up_openmp(os.environ)
    code = main()
    if code > SIGNALLED:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


if __name__ == "__main__":
    raise SystemExit(run())
