"""`python -m sbvae_cli` and the command `sbvae`: the command line as a process."""

import os
import sys

from sbvae_cli.cli.app import main
from sbvae_cli.cli.openmp import set_up_openmp
from sbvae_cli.cli.signals import SIGNALLED


def run() -> int:
    """Run the command line and return its exit code; after a signal, end the process at once.

    What was to be cleaned up has been by then. Threads of PyTorch may still compute, and an
    interpreter that ends in the usual way under them now and then aborts with a line of its own.
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
