"""What a user can get wrong, and a run that diverged; the command line prints each as one line."""


class SbvaeError(Exception):
    """Input that cannot be used: the message says where, what was found, and what would do."""

    exit_code = 1


class DivergedError(SbvaeError):
    """A loss term or a gradient was not finite; the last checkpoint before stays."""

    exit_code = 3


class StoppedError(SbvaeError):
    """A signal asked the run to end; it was saved first.

    Args:
        message: What was saved, and how to go on.
        signal_number: Number of the signal; the exit code is 128 more, as shells have it.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number
