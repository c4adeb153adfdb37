"""One thing that an evaluation found, as data."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sbvae_cli.config.metrics import METRICS


@dataclass(frozen=True)
class Finding:
    """What was found, of which factors and latents.

    Attributes:
        code: Name of its kind, one of the tables in `words`.
        factors: Names of the factors that it is about.
        latents: Numbers of the latents that it is about.
        values: Numbers and names that belong to it; plain containers.
    """

    code: str
    factors: tuple[str, ...] = ()
    latents: tuple[int, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain containers for JSON."""
        factors, latents = list(self.factors), list(self.latents)
        return {**asdict(self), "factors": factors, "latents": latents}


def unique(findings: Sequence[Finding]) -> list[Finding]:
    """Each finding once, in the order in which they came first."""
    return [finding for i, finding in enumerate(findings) if finding not in findings[:i]]


def without(metrics: Sequence[str], why: str) -> Finding:
    """Metrics that could not be computed, and why."""
    return Finding("without", values={"metrics": list(metrics), "why": why})


def voted(metrics: Collection[str]) -> list[str]:
    """Names of the scores of votes among these metrics."""
    return [score for name in metrics if METRICS[name].votes for score in METRICS[name].scores]
