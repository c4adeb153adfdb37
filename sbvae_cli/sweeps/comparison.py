"""Groups of a sweep held against each other, score by score, within what both have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sbvae_cli.config.score_names import score_style, wanted_score
from sbvae_cli.metrics.superiority import (
    METHOD,
    Superiority,
    probability_of_rise,
    probability_of_superiority,
    share_of_pairs,
)
from sbvae_cli.runs.naming import setting_label
from sbvae_cli.sweeps.collect import Collected, RunGroup, plain

Side = Sequence[RunGroup]


@dataclass(frozen=True)
class Comparison:
    """How groups of runs compare in a score.

    Attributes:
        found: Probability that a run of the first side has the higher value, or, of a trend, that
            of two runs the one further along has it.
        counts: Number of runs of each side that have the score.
        parts: Each setting within which runs were compared, as "beta 0.4", and the probability
            there; that which is found is their mean.
    """

    found: Superiority
    counts: tuple[int, ...]
    parts: tuple[tuple[str, float], ...]

    @property
    def strata(self) -> int:
        """Number of settings within which runs were compared."""
        return len(self.parts)

    @property
    def replicas(self) -> str:
        """How many runs it is of, as `6 and 6 runs` or `2 to 3 runs each, 5 settings`."""
        counts = self.counts
        text = " and ".join(map(str, counts))
        if len(counts) > 2:
            text = ", ".join(map(str, counts[:-1])) + f" and {counts[-1]}"
        return f"{text} runs" + (f", {self.strata} settings" if self.strata > 1 else "")


@dataclass(frozen=True)
class ComparedValues:
    """Two values of a setting held against each other.

    Attributes:
        key: The setting.
        one: The value of the runs that are looked at.
        other: The value of those that they are held against.
        scores: By the name of a score whether the first ones are lower, where that is better, or
            else higher. None where no runs can be compared.
    """

    key: str
    one: Any
    other: Any
    scores: Mapping[str, Comparison | None]

    def as_dicts(self) -> list[dict[str, Any]]:
        """Plain containers for JSON, one for each score."""
        return [
            {
                "setting": self.key,
                "value": self.one,
                "against": self.other,
                "score": score,
                "direction": direction_of(score),
                "probability": found.found.probability,
                "low": found.found.low,
                "high": found.found.high,
                "runs": list(found.counts),
                "strata": found.strata,
                "interval": METHOD,
            }
            for score, found in self.scores.items()
            if found is not None
        ]


def direction_of(score: str) -> Literal["higher", "lower"]:
    """In which direction a score is told of: that of better values, or else of higher ones."""
    return "lower" if score_style(wanted_score(score).name).lower_is_better else "higher"


def compare_values(
    collected: Collected, key: str, one: Any, other: Any, scores: Sequence[str]
) -> ComparedValues:
    """Whether runs with one value of a setting are lower or higher than runs with another.

    Args:
        collected: Runs of a sweep.
        key: The setting.
        one: The value of the runs that are looked at.
        other: The value of the others.
        scores: Names of scores, as `SweepRun.scores` has them.
    """
    sides = collected.select({key: one}), collected.select({key: other})
    keys = [name for name in collected.keys if name != key]
    found = {}
    for score in scores:
        higher, lower = sides if direction_of(score) == "higher" else sides[::-1]
        compared = compare(higher, lower, score, keys)
        if compared is not None and direction_of(score) == "lower":
            compared = replace(compared, counts=compared.counts[::-1])
        found[score] = compared
    return ComparedValues(key, one, other, found)


def compare(higher: Side, lower: Side, score: str, keys: Sequence[str]) -> Comparison | None:
    """Probability that runs of one side have a higher score than runs of another.

    Args:
        higher: Groups of the one side.
        lower: Groups of the other.
        score: Name of the score, as `SweepRun.scores` has it.
        keys: Settings that groups may differ in beside what tells both sides apart; runs are
            compared where they have the same values of them.

    Returns:
        None where no run can be compared.
    """
    strata, names = [], []
    for name, (one, other) in strata_of([higher, lower], keys):
        values = _values(one, score), _values(other, score)
        if all(values):
            strata.append(values)
            names.append(name)
    if not strata:
        return None
    counts = tuple(sum(len(pair[side]) for pair in strata) for side in (0, 1))
    parts = [share_of_pairs([pair[1], pair[0]]) for pair in strata]
    found = probability_of_superiority(strata)
    return Comparison(found, counts, tuple(zip(names, parts, strict=True)))


def compare_along(levels: Sequence[Side], score: str, keys: Sequence[str]) -> Comparison | None:
    """Probability that of two runs of different levels the one of the higher level scores higher.

    Args:
        levels: Groups of each level, from the lowest to the highest.
        score: Name of the score, as `SweepRun.scores` has it.
        keys: Settings that groups of one level may differ in.

    Returns:
        None where fewer than two levels have runs that can be compared.
    """
    strata, names, counts = [], [], [0] * len(levels)
    for name, sides in strata_of(levels, keys):
        values = [_values(side, score) for side in sides]
        there = [number for number, own in enumerate(values) if own]
        if len(there) > 1:
            strata.append([values[number] for number in there])
            names.append(name)
            for number in there:
                counts[number] += len(values[number])
    if not strata:
        return None
    parts = tuple(zip(names, map(share_of_pairs, strata), strict=True))
    return Comparison(probability_of_rise(strata), tuple(filter(None, counts)), parts)


def strata_of(sides: Sequence[Side], keys: Sequence[str]) -> list[tuple[str, list[list[RunGroup]]]]:
    """Groups of each side by the settings that all sides have alike.

    A setting parts groups where it has the same values on all sides: betas of both decoders do, a
    number of steps that comes along with the decoder does not. Data and their sizes part them in
    any case, since losses are sums over pixels.

    Args:
        sides: Groups of each side.
        keys: Settings that groups of a side may differ in.

    Returns:
        For each combination of values that all sides have, what it is called and their groups.
    """
    if not all(sides):
        return []
    values = {key: [_values_of(side, key) for side in sides] for key in keys}
    shared = [
        key
        for key, own in values.items()
        if len(frozenset.union(*own)) > 1 and (len({*own}) == 1 or key.startswith("data."))
    ]
    found: dict[str, list[list[RunGroup]]] = {}
    for number, side in enumerate(sides):
        for group in side:
            name = ", ".join(_told(key, group.settings.get(key)) for key in shared)
            found.setdefault(name, [[] for _ in sides])[number].append(group)
    return [(name, stratum) for name, stratum in found.items() if all(stratum)]


def levels_of(groups: Side, key: str) -> list[tuple[Any, list[RunGroup]]]:
    """Groups by their value of a setting, from the lowest on; those without a number are none."""
    found: dict[float, list[RunGroup]] = {}
    for group in groups:
        value = group.settings.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            found.setdefault(value, []).append(group)
    return sorted(found.items())


def values_of_key(collected: Collected, key: str) -> list[Any]:
    """The values that groups have of a setting, in the order of the grid."""
    found: Mapping[str, Any] = {
        plain(group.settings.get(key)): group.settings.get(key)
        for group in collected.groups
        if key in group.settings
    }
    return list(found.values())


def _told(key: str, value: Any) -> str:
    """A setting in words: a word by itself, anything else after what it is of."""
    return value if isinstance(value, str) else f"{setting_label(key)} {plain(value)}"


def _values_of(side: Side, key: str) -> frozenset[str]:
    return frozenset(plain(group.settings.get(key)) for group in side)


def _values(side: Side, score: str) -> list[float]:
    return [value for group in side for value in group.values(score).values()]
