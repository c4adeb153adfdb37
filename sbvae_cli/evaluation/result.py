"""Result of an evaluation of a model, or of codes from a file."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sbvae_cli.config.metrics import metric_of
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.findings.sentences import sentences
from sbvae_cli.evaluation.findings.verdict import verdict_label
from sbvae_cli.evaluation.findings.words import DIAGNOSIS, NOTES
from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Score


class NamedScore(NamedTuple):
    """A score with its name and its pair of factors, such as "x,y" ("" if it has none)."""

    name: str
    factors: str
    score: Score

    @property
    def metric(self) -> str:
        """Name of the metric that the score belongs to."""
        return metric_of(self.name, bool(self.factors))


@dataclass(frozen=True)
class Evaluation:
    """All scores of one model on one dataset, or of a file of codes.

    Attributes:
        protocol: Protocol of the evaluation, with the metrics that were possible.
        scores: Scores by name, in the order of the report.
        geometry: Geometry by pair of factors, such as "x,y".
        findings: Findings on the scores and on the model.
        settings: Classifiers and constants of each computed metric.
        of_model: Whether a model was evaluated, so that advice can be about its training.
    """

    protocol: Protocol
    scores: dict[str, Score]
    geometry: dict[str, PairGeometry]
    findings: tuple[Finding, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    of_model: bool = True

    @property
    def notes(self) -> list[str]:
        """Sentences on limits of the scores."""
        return sentences(self.findings, NOTES)

    @property
    def diagnosis(self) -> list[str]:
        """Sentences on the model, each with advice."""
        return sentences(self.findings, DIAGNOSIS, self.of_model)

    @property
    def numbers(self) -> list[NamedScore]:
        """All scalar scores, those of pairs of factors last."""
        found = [NamedScore(name, "", score) for name, score in self.scores.items()]
        for factors, pair in self.geometry.items():
            for name, value in pair.scores.items():
                if value is None or isinstance(value, (int, float)):
                    score = Score(value, population=pair.population)
                    found.append(NamedScore(name, factors, score))
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return the evaluation as plain containers, for JSON."""
        return {
            "protocol": {
                **self.protocol.as_dict(),
                "interval": 0.95,
                "settings": self.settings,
                "notes": self.notes,
            },
            "scores": {name: score.as_dict() for name, score in self.scores.items()},
            "geometry": {
                names: {**pair.as_dict(), "verdict": verdict_label(pair)}
                for names, pair in self.geometry.items()
            },
            "diagnosis": self.diagnosis,
            "findings": [finding.as_dict() for finding in self.findings],
        }
