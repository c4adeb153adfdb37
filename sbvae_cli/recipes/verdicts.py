"""Test the paper's claims on runs: an outcome and a line of numbers for each."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

from sbvae_cli.config.names import TierName
from sbvae_cli.metrics.superiority import Superiority
from sbvae_cli.recipes import words
from sbvae_cli.recipes.claims import Claim, Hidden, Ordering, Threshold, Trend, Value
from sbvae_cli.recipes.outcome import (
    NamedGroups,
    Outcome,
    Verdict,
    cautions_of,
    diverged,
    judge_convergence,
    judge_divergence,
    obstacle,
    runs_of,
)
from sbvae_cli.recipes.values import value_verdict
from sbvae_cli.runs.naming import setting_label
from sbvae_cli.sweeps.collect import Collected
from sbvae_cli.sweeps.comparison import Comparison, compare, compare_along, levels_of

EQUAL_BOUND = 0.3  # bound of the interval where an equal value also satisfies the claim


def verdict(claim: Claim, collected: Collected, tier: TierName) -> Verdict:
    """Test a claim on the runs of a recipe.

    Args:
        claim: Claim of the paper.
        collected: Runs of the recipe, finished or not.
        tier: Tier of the runs.

    Raises:
        SbvaeError: If the claim names an unknown number of the paper.
    """
    match claim.test:
        case Ordering() as test:
            found = _ordering(claim, test, collected, tier)
        case Hidden() as test:
            found = _hidden(claim, test, collected, tier)
        case Trend() as test:
            found = _trend(claim, test, collected, tier)
        case Threshold() as test:
            found = _threshold(claim, test, collected, tier)
        case Value() as test:
            found = value_verdict(claim, test, collected, tier)
        case None:
            found = Verdict(claim, "not tested", claim.why)
    return found


def _ordering(claim: Claim, test: Ordering, collected: Collected, tier: TierName) -> Verdict:
    sides, whole = _sides(test, collected)
    in_way = obstacle(claim, test.score, whole, collected, tier)
    if in_way:
        return in_way
    score = collected.find(test.score) or test.score
    compared = _compared(test, score, collected)
    if compared is None:
        return Verdict(claim, "not run", "no runs of both sides have the same settings")
    outcome = _interval_outcome(compared.superiority, EQUAL_BOUND if test.equal_will_do else 0.5)
    which = "higher, where equally high is enough" if test.equal_will_do else "higher"
    statement = _compared_in_words(score, sides, compared, which)
    difference = words.mean(sides[0][1], score) - words.mean(sides[1][1], score)
    cautions = [*cautions_of([own for _, own in sides])]
    reverse = [name for name, own in compared.parts if own < 0.5]
    if outcome == "ordering reproduced" and reverse:
        cautions.append(f"on average over settings, but reversed at {', '.join(reverse)}")
    found = Verdict(claim, outcome, statement, tuple(cautions), compared)
    return judge_convergence(judge_divergence(found, sides), score, sides, abs(difference))


def _hidden(claim: Claim, test: Hidden, collected: Collected, tier: TierName) -> Verdict:
    sides, whole = _sides(test, collected)
    lines, compared = [], []
    for asked in (test.score, test.shown_by):
        in_way = obstacle(claim, asked, whole, collected, tier)
        if in_way:
            return in_way
        score = collected.find(asked) or asked
        own = _compared(test, score, collected)
        if own is None:
            return Verdict(claim, "not run", "no runs of both sides have the same settings")
        compared.append(own)
        lines.append(_compared_in_words(score, sides, own, "higher"))
    hides, shows = (each.superiority.low <= 0.5 for each in compared)
    outcome: Outcome = "undecided"
    if not hides:
        outcome = "not reproduced"
    elif not shows:
        outcome = "reproduced"
    cautions = cautions_of([own for _, own in sides])
    found = Verdict(claim, outcome, "; ".join(lines), cautions, compared[0])
    return judge_convergence(judge_divergence(found, sides), test.score, sides)


def _sides(
    test: Ordering | Hidden, collected: Collected
) -> tuple[list[NamedGroups], list[NamedGroups]]:
    """Return both kinds of runs, labelled by the settings that differ, and by all settings."""
    pairs = (test.higher, test.lower), (test.lower, test.higher)
    groups = [collected.select(own) for own, _ in pairs]
    apart = [(words.runs(*pair), own) for pair, own in zip(pairs, groups, strict=True)]
    whole = [(words.runs(pair[0]), own) for pair, own in zip(pairs, groups, strict=True)]
    return [*apart], [*whole]


def _compared(test: Ordering | Hidden, score: str, collected: Collected) -> Comparison | None:
    compared_keys = {*test.higher, *test.lower}
    keys = [key for key in collected.keys if key not in compared_keys]
    return compare(collected.select(test.higher), collected.select(test.lower), score, keys)


def _compared_in_words(
    score: str, sides: Sequence[NamedGroups], compared: Comparison, which: str
) -> str:
    numbers = ", ".join(f"{name} {words.cell(groups, score)}" for name, groups in sides)
    found = words.probability(compared)
    return f"{words.label(score)}: {numbers}; P({sides[0][0]} {which}) = {found}"


def _interval_outcome(found: Superiority, least: float = 0.5) -> Outcome:
    """Return the outcome of an interval, which must be above `least` as a whole to confirm."""
    if found.high < 0.5:
        return "ordering not reproduced"
    return "ordering reproduced" if found.low > least else "undecided"


def _trend(claim: Claim, test: Trend, collected: Collected, tier: TierName) -> Verdict:
    groups = collected.select(test.of)
    levels = levels_of(groups, test.along)
    label = setting_label(test.along)
    named: list[NamedGroups] = [(f"{label} {value:g}", own) for value, own in levels]
    if groups and len(levels) < 2:
        return Verdict(claim, "not tested", f"the {tier} tier has only one {label}")
    in_way = obstacle(claim, test.score, named or [(label, [])], collected, tier)
    if in_way:
        return in_way
    score = collected.find(test.score) or test.score
    keys = [key for key in collected.keys if key != test.along and key not in test.of]
    onward = 1 if test.direction == "rises" else -1
    compared = compare_along([own for _, own in levels][::onward], score, keys)
    if compared is None:
        return Verdict(claim, "not run", f"fewer than two values of {label} have finished runs")
    compared = replace(compared, counts=compared.counts[::onward])
    there = [(name, own) for name, own in named if any(group.values(score) for group in own)]
    cells = ", ".join(f"{words.cell(own, score)} at {name}" for name, own in there)
    found = words.probability(compared)
    statement = f"{words.label(score)}: {cells}; P({test.direction}) = {found}"
    means = [words.mean(own, score) for _, own in there]
    cautions = [*cautions_of([own for _, own in there]), *_contradictions(there, means, onward)]
    outcome = _interval_outcome(compared.superiority)
    judged = judge_divergence(Verdict(claim, outcome, statement, tuple(cautions), compared), there)
    return judge_convergence(judged, score, there, max(means) - min(means), all_levels=True)


def _contradictions(
    levels: Sequence[NamedGroups], means: Sequence[float], onward: int
) -> list[str]:
    """Return a line if means of neighbouring levels contradict the trend over all levels."""
    names = [name for name, _ in levels]
    steps = zip(itertools.pairwise(names), itertools.pairwise(means), strict=True)
    against = [
        f"from {one} to {other} ({words.short(former)} to {words.short(later)})"
        for (one, other), (former, later) in steps
        if onward * (later - former) < 0
    ]
    return [f"the mean changes in the other direction {', '.join(against)}"] * bool(against)


def _threshold(claim: Claim, test: Threshold, collected: Collected, tier: TierName) -> Verdict:
    groups = collected.select(test.of)
    named: list[NamedGroups] = [(words.runs(test.of), groups)]
    in_way = obstacle(claim, test.score, named, collected, tier)
    if in_way:
        return in_way
    score = collected.find(test.score) or test.score
    values = [value for group in groups for value in group.values(score).values()]
    least = -math.inf if test.at_least is None else test.at_least
    most = math.inf if test.at_most is None else test.at_most
    reached = sum(least <= value <= most for value in values)
    gone = diverged(groups)
    waiting = sum(run.result is None for run in runs_of(groups)) - gone
    needed = test.runs or test.share * (len(values) + gone + waiting)
    outcome: Outcome = "undecided"
    if reached >= needed:
        outcome = "threshold reached"
    elif reached + waiting < needed:
        outcome = "threshold not reached"
    bounds = [("at least", test.at_least), ("at most", test.at_most)]
    bound = " and ".join(f"{word} {value:g}" for word, value in bounds if value is not None)
    statement = f"{words.label(score)}: {bound} in {reached} of {len(values) + gone} runs; "
    statement += words.cell(groups, score)
    if len(values) > 1:
        statement += f", from {words.short(min(values))} to {words.short(max(values))}"
    found = Verdict(claim, outcome, statement, cautions_of([groups], "count as runs that miss it"))
    return judge_convergence(found, score, named)
