"""Group evaluations of runs that differ only in the seed, and average their scores."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev
from typing import TYPE_CHECKING, Any, Protocol

from sbvae_cli.config.metrics import metric_of
from sbvae_cli.evaluation.findings.verdict import verdict_label
from sbvae_cli.evaluation.result import NamedScore

if TYPE_CHECKING:  # loads torch, which user-supplied codes do not need
    from sbvae_cli.runs.evaluate import Evaluated


class HasSettings(Protocol):
    """Run with settings: an evaluation of it, or its scores."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings that define the model, without the seed."""

    @property
    def group(self) -> str:
        """Name of the group of runs that differ only in the seed."""


@dataclass(frozen=True)
class Summary:
    """Summary of a score over the runs of a group.

    Attributes:
        n: Number of runs that have the score.
        mean: Mean over these runs.
        std: Sample standard deviation over the runs (divided by n - 1); None for a single run.
        median: Median over these runs.
    """

    n: int
    mean: float
    std: float | None
    median: float

    def as_dict(self) -> dict[str, float | None]:
        """Return the summary as plain containers, for JSON."""
        return {"n": self.n, "mean": self.mean, "std": self.std, "median": self.median}


@dataclass(frozen=True)
class Group:
    """Runs that differ only in the seed, or all files of codes, which have no settings.

    Attributes:
        name: Name of the group.
        settings: The group's values of those settings that differ between groups.
        members: Evaluations of the runs.
    """

    name: str
    settings: Mapping[str, Any]
    members: "tuple[Evaluated, ...]"

    @property
    def seeds(self) -> list[int]:
        """Seeds of the runs."""
        return [each.seed for each in self.members if each.seed is not None]

    @property
    def scores(self) -> dict[tuple[str, str], Summary]:
        """Summary of each score, by pair of factors ("" for a score without one) and name."""
        values: dict[tuple[str, str], list[float]] = {}
        for each in self.members:
            for one in each.evaluation.numbers:
                if one.score.value is not None:
                    values.setdefault((one.factors, one.name), []).append(one.score.value)
        return {key: summarise(found) for key, found in values.items()}

    @property
    def verdicts(self) -> dict[str, dict[str, int]]:
        """Number of runs with each verdict on the grid, such as flat, by pair of factors."""
        found: dict[str, Counter[str]] = {}
        for each in self.members:
            for factors, pair in each.evaluation.geometry.items():
                if verdict_label(pair):
                    found.setdefault(factors, Counter())[verdict_label(pair)] += 1
        return {factors: dict(counts.most_common()) for factors, counts in found.items()}

    @property
    def shared_seeds(self) -> list[list[str]]:
        """Names of the runs of each shared seed, which are not independent samples."""
        names: dict[int, list[str]] = {}
        for each in self.members:
            if each.seed is not None:
                names.setdefault(each.seed, []).append(each.name)
        return [own for own in names.values() if len(own) > 1]

    def as_dict(self) -> dict[str, Any]:
        """Return the group as plain containers, for JSON."""
        scores: dict[str, Any] = {}
        geometry: dict[str, dict[str, Any]] = {}
        for (factors, name), summary in self.scores.items():
            of = geometry.setdefault(factors, {}) if factors else scores
            of[name] = summary.as_dict()
        return {
            "group": self.name,
            "settings": dict(self.settings),
            "runs": [each.name for each in self.members],
            "seeds": self.seeds,
            "scores": scores,
            "geometry": geometry,
            "verdicts": self.verdicts,
        }


def summarise(values: Sequence[float]) -> Summary:
    """Compute the mean, standard deviation and median of one or more values."""
    std = stdev(values) if len(values) > 1 else None
    return Summary(len(values), fmean(values), std, median(values))


def differing_settings(several: "Sequence[Evaluated]") -> list[dict[str, Any]]:
    """Return, for each evaluation, the settings that are not equal in all evaluations."""
    names = dict.fromkeys(name for each in several for name in each.settings)
    differing = [
        name for name in names if len({_text(each.settings, name) for each in several}) > 1
    ]
    return [{name: each.settings.get(name) for name in differing} for each in several]


def groups_of(several: "Sequence[Evaluated]") -> list[Group]:
    """Return the groups, in the order of their first runs."""
    found: dict[str, list[int]] = {}
    for i, name in enumerate(group_names(several)):
        found.setdefault(name, []).append(i)
    settings = differing_settings(several)
    return [
        Group(name, settings[own[0]], tuple(several[i] for i in own)) for name, own in found.items()
    ]


def group_names(several: "Sequence[HasSettings]") -> list[str]:
    """Name the group of each run, so that only runs of equal settings share a name.

    If two groups would share a name, as with one run at two steps, the step or else a number is
    appended.
    """
    keys = [json.dumps(each.settings, sort_keys=True, default=str) for each in several]
    firsts = {key: several[keys.index(key)] for key in keys}
    names = {key: run.group for key, run in firsts.items()}
    for key in _alike(names):
        names[key] += f", step {firsts[key].settings.get('step', 0):,}"
    for number, key in enumerate(_alike(names), start=1):
        names[key] += f" ({number})"
    return [names[key] for key in keys]


def _alike(names: Mapping[str, str]) -> list[str]:
    """Return the keys whose name another key has too."""
    counts = Counter(names.values())
    return [key for key, name in names.items() if counts[name] > 1]


def _text(settings: Mapping[str, Any], name: str) -> str:
    return json.dumps(settings.get(name), sort_keys=True, default=str)


def csv_rows(several: "Sequence[Evaluated]") -> list[list[Any]]:
    """Return a heading and a row for each run and score, with the settings that differ."""
    settings = differing_settings(several)
    names = list(settings[0]) if settings else []
    heading = ["run", "group", "seed", *names, "metric", "score", "factors"]
    rows: list[list[Any]] = [[*heading, "value", "low", "high", "population"]]
    for each, own in zip(several, settings, strict=True):
        of_run = [each.name, each.group, each.seed, *map(as_cell, own.values())]
        rows += [[*of_run, *_of_score(one)] for one in each.evaluation.numbers]
    return rows


def csv_rows_of_groups(groups: Sequence[Group]) -> list[list[Any]]:
    """Return a heading and a row for each group and score."""
    names = list(groups[0].settings) if groups else []
    rows: list[list[Any]] = [
        ["group", *names, "metric", "score", "factors", "n", "mean", "std", "median"],
    ]
    for group in groups:
        for (factors, name), summary in group.scores.items():
            of_group = [group.name, *map(as_cell, group.settings.values())]
            metric = metric_of(name, bool(factors))
            rows.append([*of_group, metric, name, factors, *summary.as_dict().values()])
    return rows


def _of_score(one: NamedScore) -> list[Any]:
    score = one.score
    return [one.metric, one.name, one.factors, score.value, score.low, score.high, score.population]


def as_cell(value: Any) -> Any:
    """Return a setting as the cell of a table, with lists and trees as JSON."""
    return json.dumps(value) if isinstance(value, (list, tuple, Mapping)) else value
