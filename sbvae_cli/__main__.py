"""Entry point of `python -m sbvae_cli` and of the command `sbvae`."""

import os
import sys
from contextlib import suppress
from typing import NoReturn

from sbvae_cli.cli.app import main
from sbvae_cli.cli.openmp import set_up_openmp
from sbvae_cli.cli.signals import end_at_once


def run() -> NoReturn:
    """Run the command line and end the process at once, with its exit code.

    By then all files are closed and cleaned up. Threads of PyTorch may still compute, and the
    normal shutdown of the interpreter while they do sometimes aborts with an error of its own. A
    signal during that shutdown would also end the process with another exit code than 128 + number.
    """
    set_up_openmp(os.environ)
    end_at_once()
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # the reader has closed the pipe, or the disk is full
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
