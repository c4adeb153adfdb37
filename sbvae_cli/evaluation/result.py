"""What an evaluation found, of a model or of codes from elsewhere."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sbvae_cli.config.metrics import metric_of
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.findings.sentences import sentences
from sbvae_cli.evaluation.findings.verdict import word
from sbvae_cli.evaluation.findings.words import DIAGNOSIS, NOTES
from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Score


class NamedScore(NamedTuple):
    """A score, its name, and the pair of factors that it is of, as "x,y"; "" where of none."""

    name: str
    factors: str
    score: Score

    @property
    def metric(self) -> str:
        """Name of the metric that it is of."""
        return metric_of(self.name, bool(self.factors))


@dataclass(frozen=True)
class Evaluation:
    """Every score of one model on one dataset.

    Attributes:
        protocol: What was computed; `metrics` are those that the data allowed.
        scores: By name, in the order of the report.
        geometry: By pair of factors, as "x,y".
        findings: What the numbers do not say themselves, and what they say of the model.
        settings: Models and constants of each metric that was computed.
        of_model: Whether a model was at hand, which advice may be about.
    """

    protocol: Protocol
    scores: dict[str, Score]
    geometry: dict[str, PairGeometry]
    findings: tuple[Finding, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    of_model: bool = True

    @property
    def notes(self) -> list[str]:
        """Sentences on what the numbers do not say themselves."""
        return sentences(self.findings, NOTES)

    @property
    def diagnosis(self) -> list[str]:
        """Sentences on the model, each with what could be done."""
        return sentences(self.findings, DIAGNOSIS, self.of_model)

    @property
    def numbers(self) -> list[NamedScore]:
        """Every score of one number, those of each pair of factors last."""
        found = [NamedScore(name, "", score) for name, score in self.scores.items()]
        for factors, pair in self.geometry.items():
            for name, value in pair.scores.items():
                if value is None or isinstance(value, (int, float)):
                    score = Score(value, population=pair.population)
                    found.append(NamedScore(name, factors, score))
        return found

    def as_dict(self) -> dict[str, Any]:
        """Plain containers for JSON."""
        return {
            "protocol": {
                **self.protocol.as_dict(),
                "interval": 0.95,
                "settings": self.settings,
                "notes": self.notes,
            },
            "scores": {name: score.as_dict() for name, score in self.scores.items()},
            "geometry": {
                names: {**pair.as_dict(), "verdict": word(pair)}
                for names, pair in self.geometry.items()
            },
            "diagnosis": self.diagnosis,
            "findings": [finding.as_dict() for finding in self.findings],
        }
