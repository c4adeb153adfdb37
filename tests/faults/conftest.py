"""What tests of faults have of others."""

from tests.cli.conftest import write_model

__all__ = ["write_model"]
