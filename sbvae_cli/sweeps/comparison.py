"""Compare groups of a sweep score by score, within the settings that both sides share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sbvae_cli.config.score_names import requested_score, score_style
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
    """Comparison of groups of runs by one score.

    Attributes:
        superiority: Probability that a run of the first side has the higher value; along a trend,
            that of two runs the one at the higher level has it.
        counts: Number of runs of each side that have the score.
        parts: Label and probability of each stratum, such as "beta 0.4", within which runs were
            compared; `superiority` is the mean over the strata.
    """

    superiority: Superiority
    counts: tuple[int, ...]
    parts: tuple[tuple[str, float], ...]

    @property
    def strata(self) -> int:
        """Number of strata within which runs were compared."""
        return len(self.parts)

    @property
    def replicas(self) -> str:
        """Numbers of runs and strata as text, such as `6 and 6 runs, 5 settings`."""
        counts = self.counts
        text = " and ".join(map(str, counts))
        if len(counts) > 2:
            text = ", ".join(map(str, counts[:-1])) + f" and {counts[-1]}"
        return f"{text} runs" + (f", {self.strata} settings" if self.strata > 1 else "")


@dataclass(frozen=True)
class ComparedValues:
    """Comparison of two values of a setting.

    Attributes:
        key: The setting.
        one: Value of the first side.
        other: Value of the second side.
        scores: Comparison by score, in the direction of `direction_of`: whether the first side is
            lower or higher; None if no runs are comparable.
    """

    key: str
    one: Any
    other: Any
    scores: Mapping[str, Comparison | None]

    def as_dicts(self) -> list[dict[str, Any]]:
        """Return plain containers for JSON, one for each score."""
        return [
            {
                "setting": self.key,
                "value": self.one,
                "against": self.other,
                "score": score,
                "direction": direction_of(score),
                "probability": found.superiority.probability,
                "low": found.superiority.low,
                "high": found.superiority.high,
                "runs": list(found.counts),
                "strata": found.strata,
                "interval": METHOD,
            }
            for score, found in self.scores.items()
            if found is not None
        ]


def direction_of(score: str) -> Literal["higher", "lower"]:
    """Return "lower" for a score whose lower values are better, else "higher"."""
    return "lower" if score_style(requested_score(score).name).lower_is_better else "higher"


def compare_values(
    collected: Collected, key: str, one: Any, other: Any, scores: Sequence[str]
) -> ComparedValues:
    """Compare runs with one value of a setting to runs with another, by several scores.

    Args:
        collected: Runs of a sweep.
        key: The setting.
        one: Value of the first side.
        other: Value of the second side.
        scores: Names of scores, as in `SweepRun.scores`.
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
    """Estimate the probability that runs of one side have a higher score than those of another.

    Args:
        higher: Groups of the side that may be higher.
        lower: Groups of the other side.
        score: Name of the score, as in `SweepRun.scores`.
        keys: Settings besides the compared one in which groups may differ; runs are compared only
            if they have equal values of them.

    Returns:
        The comparison, or None if no runs are comparable.
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
    """Estimate the probability that, of two runs, the one at the higher level scores higher.

    Args:
        levels: Groups of each level, from the lowest to the highest.
        score: Name of the score, as in `SweepRun.scores`.
        keys: Settings in which groups of one level may differ.

    Returns:
        The comparison, or None if fewer than two levels have comparable runs.
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
    """Divide the groups of each side into strata of equal settings.

    A setting divides groups if it has the same set of values on all sides: the betas of both
    decoders do, a number of steps that depends on the decoder does not. Data and image sizes
    always divide them, since losses are sums over pixels.

    Args:
        sides: Groups of each side.
        keys: Settings in which groups of a side may differ.

    Returns:
        Label and groups of each side, for each combination of values that all sides have.
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
            name = ", ".join(_format_setting(key, group.settings.get(key)) for key in shared)
            found.setdefault(name, [[] for _ in sides])[number].append(group)
    return [(name, stratum) for name, stratum in found.items() if all(stratum)]


def levels_of(groups: Side, key: str) -> list[tuple[Any, list[RunGroup]]]:
    """Sort groups by a numeric setting, ascending; groups without a number are left out."""
    found: dict[float, list[RunGroup]] = {}
    for group in groups:
        value = group.settings.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            found.setdefault(value, []).append(group)
    return sorted(found.items())


def values_of_key(collected: Collected, key: str) -> list[Any]:
    """Return the values of a setting, in the order of the grid."""
    found: Mapping[str, Any] = {
        plain(group.settings.get(key)): group.settings.get(key)
        for group in collected.groups
        if key in group.settings
    }
    return list(found.values())


def _format_setting(key: str, value: Any) -> str:
    """Format a setting: a word alone, any other value behind its label."""
    return value if isinstance(value, str) else f"{setting_label(key)} {plain(value)}"


def _values_of(side: Side, key: str) -> frozenset[str]:
    return frozenset(plain(group.settings.get(key)) for group in side)


def _values(side: Side, score: str) -> list[float]:
    return [value for group in side for value in group.values(score).values()]
