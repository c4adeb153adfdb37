"""A single result of an evaluation, as data."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sbvae_cli.config.metrics import METRICS


@dataclass(frozen=True)
class Finding:
    """Result of an evaluation on some factors and latents.

    Attributes:
        code: Name of its kind, a key of a table in `words`.
        factors: Names of the factors.
        latents: Numbers of the latents.
        values: Its numbers and names, in plain containers.
    """

    code: str
    factors: tuple[str, ...] = ()
    latents: tuple[int, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as plain containers, for JSON."""
        factors, latents = list(self.factors), list(self.latents)
        return {**asdict(self), "factors": factors, "latents": latents}


def unique(findings: Sequence[Finding]) -> list[Finding]:
    """Remove repeated findings, keeping the order."""
    return [finding for i, finding in enumerate(findings) if finding not in findings[:i]]


def left_out_finding(metrics: Sequence[str], why: str) -> Finding:
    """Return a finding on metrics that could not be computed."""
    return Finding("without", values={"metrics": list(metrics), "why": why})


def voted(metrics: Collection[str]) -> list[str]:
    """Return the names of those metrics' scores that are computed from votes."""
    return [score for name in metrics if METRICS[name].votes for score in METRICS[name].scores]
