"""What came out of runs for each claim of the paper, in a word and in a line of numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, Literal

from sbvae_cli.config.names import TierName
from sbvae_cli.config.score_names import score_label, wanted_score
from sbvae_cli.figures.table import Cell
from sbvae_cli.recipes.claims import Claim, Ordering, Threshold, Trend, Value
from sbvae_cli.recipes.convergence import OF_DIFFERENCE, change_of_loss, lacking
from sbvae_cli.recipes.paper import paper_number
from sbvae_cli.runs.naming import setting_label
from sbvae_cli.sweeps.collect import Collected, RunGroup, SweepRun
from sbvae_cli.sweeps.comparison import Comparison, compare, compare_along, levels_of

Outcome = Literal[
    "ordering reproduced",
    "ordering not reproduced",
    "undecided",
    "value reproduced",
    "value not reproduced",
    "threshold reached",
    "threshold not reached",
    "not converged",
    "not tested",
    "not run",
]
OF_TIER: TierName = "full"  # that has the paper's network and steps
STDS = 2  # of the paper, that a mean which counts as reproduced is from the paper's at most


@dataclass(frozen=True)
class Verdict:
    """What came out for a claim.

    Attributes:
        claim: The claim.
        outcome: What came out, in a word or two.
        said: The numbers it rests on, or why there are none; one line.
        cautions: Lines on what the outcome does not rest on as it should.
        comparison: The probability it rests on, of orderings and trends.
        ours: Our mean, standard deviation and median, of a value; "" where there are none.
    """

    claim: Claim
    outcome: Outcome
    said: str
    cautions: tuple[str, ...] = ()
    comparison: Comparison | None = None
    ours: str = ""


def verdict(claim: Claim, collected: Collected, tier: TierName) -> Verdict:
    """Hold runs against a claim.

    Args:
        claim: What the paper says.
        collected: The runs of the recipe, finished or not.
        tier: The tier that they are of.

    Raises:
        SbvaeError: If a number of the paper that the claim names is unknown.
    """
    match claim.test:
        case Ordering() as test:
            found = _ordering(claim, test, collected, tier)
        case Trend() as test:
            found = _trend(claim, test, collected, tier)
        case Threshold() as test:
            found = _threshold(claim, test, collected, tier)
        case Value() as test:
            found = _value(claim, test, collected, tier)
        case None:
            found = Verdict(claim, "not tested", claim.why)
    return found


def _ordering(claim: Claim, test: Ordering, collected: Collected, tier: TierName) -> Verdict:
    sides = [collected.select(test.higher), collected.select(test.lower)]
    names = [_name(test.higher, test.lower), _name(test.lower, test.higher)]
    whole = [_name(test.higher), _name(test.lower)]
    obstacle = _obstacle(claim, test.score, [*zip(whole, sides, strict=True)], collected, tier)
    if obstacle:
        return obstacle
    score = collected.find(test.score) or test.score
    told = {*test.higher, *test.lower}
    keys = [key for key in collected.keys if key not in told]
    compared = compare(sides[0], sides[1], score, keys)
    if compared is None:
        return Verdict(claim, "not run", "no runs of both sides have the same settings")
    p, low, high = compared.found
    outcome: Outcome = "undecided"
    if low > 0.5 or (test.equal_will_do and p >= 0.5):
        outcome = "ordering reproduced"
    elif high < 0.5:
        outcome = "ordering not reproduced"
    cells = [_cell(side, score) for side in sides]
    which = "higher" if not test.equal_will_do else "higher, where as high will do"
    numbers = ", ".join(f"{name} {cell}" for name, cell in zip(names, cells, strict=True))
    said = f"{_label(score)}: {numbers}; P({names[0]} {which}) = {_probability(compared)}"
    difference = _mean(sides[0], score) - _mean(sides[1], score)
    found = Verdict(claim, outcome, said, _cautions(sides), compared)
    return _unless_too_short(found, score, [*zip(names, sides, strict=True)], abs(difference))


def _trend(claim: Claim, test: Trend, collected: Collected, tier: TierName) -> Verdict:
    groups = collected.select(test.of)
    levels = levels_of(groups, test.along)
    label = setting_label(test.along)
    named = [(f"{label} {value:g}", own) for value, own in levels]
    if groups and len(levels) < 2:
        return Verdict(claim, "not tested", f"the {tier} tier has one {label} alone")
    obstacle = _obstacle(claim, test.score, named or [(label, [])], collected, tier)
    if obstacle:
        return obstacle
    score = collected.find(test.score) or test.score
    keys = [key for key in collected.keys if key != test.along and key not in test.of]
    ordered = [own for _, own in levels][:: 1 if test.direction == "rises" else -1]
    compared = compare_along(ordered, score, keys)
    if compared is None:
        return Verdict(claim, "not run", f"fewer than two values of {label} have finished runs")
    compared = replace(compared, counts=compared.counts[:: 1 if test.direction == "rises" else -1])
    low, high = compared.found.low, compared.found.high
    outcome: Outcome = "undecided"
    if low > 0.5 or high < 0.5:
        outcome = "ordering reproduced" if low > 0.5 else "ordering not reproduced"
    there = [(name, own) for name, own in named if any(group.values(score) for group in own)]
    cells = ", ".join(f"{_cell(own, score)} at {name}" for name, own in there)
    said = f"{_label(score)}: {cells}; P({test.direction}) = {_probability(compared)}"
    means = [_mean(own, score) for _, own in there]
    found = Verdict(claim, outcome, said, _cautions([own for _, own in there]), compared)
    return _unless_too_short(found, score, there, max(means) - min(means))


def _threshold(claim: Claim, test: Threshold, collected: Collected, tier: TierName) -> Verdict:
    groups = collected.select(test.of)
    named = [(_name(test.of), groups)]
    obstacle = _obstacle(claim, test.score, named, collected, tier)
    if obstacle:
        return obstacle
    score = collected.find(test.score) or test.score
    values = [value for group in groups for value in group.values(score).values()]
    least = -float("inf") if test.at_least is None else test.at_least
    most = float("inf") if test.at_most is None else test.at_most
    reached = sum(least <= value <= most for value in values)
    waiting = sum(run.result is None and run.state != "diverged" for g in groups for run in g.runs)
    needed = test.share * (len(values) + waiting)
    outcome: Outcome = "undecided"
    if reached >= needed:
        outcome = "threshold reached"
    elif reached + waiting < needed:
        outcome = "threshold not reached"
    bounds = [("at least", test.at_least), ("at most", test.at_most)]
    bound = " and ".join(f"{word} {value:g}" for word, value in bounds if value is not None)
    ends = f"from {_short(min(values))} to {_short(max(values))}" if len(values) > 1 else ""
    said = f"{_label(score)}: {bound} in {reached} of {len(values)} runs; {_cell(groups, score)}"
    found = Verdict(claim, outcome, said + (f", {ends}" if ends else ""), _cautions([groups]))
    return _unless_too_short(found, score, named)


def _value(claim: Claim, test: Value, collected: Collected, tier: TierName) -> Verdict:
    number = paper_number(test.paper)
    groups = collected.select(test.of)
    score = collected.find(test.score)
    ours = _cell(groups, score).removesuffix("-") if score and groups else ""
    said = f"{_label(test.score)}: {ours or '-'}; the paper has {number.text}"
    if tier != OF_TIER:
        why = f"a value needs the paper's network and steps, which the {tier} tier has not"
        return Verdict(claim, "not tested", f"{said}; {why}" if ours else why, ours=ours)
    obstacle = _obstacle(claim, test.score, [(_name(test.of), groups)], collected, tier)
    if obstacle:
        return obstacle
    if number.std is None:
        return Verdict(
            claim, "not tested", f"{said}, without a spread to tell how near is near", ours=ours
        )
    own = _mean(groups, score or "")
    near = abs(own - number.mean) <= STDS * number.std
    outcome: Outcome = "value reproduced" if near else "value not reproduced"
    cautions = [
        *_cautions([groups]),
        *([f"of the paper's number: {number.remark}"] * bool(number.remark)),
    ]
    found = Verdict(claim, outcome, said, tuple(cautions))
    return _unless_too_short(found, score or "", [(_name(test.of), groups)], 2 * number.std)


def _obstacle(
    claim: Claim,
    asked: str,
    sides: Sequence[tuple[str, Sequence[RunGroup]]],
    collected: Collected,
    tier: TierName,
) -> Verdict | None:
    """Why a claim cannot be held against runs, if it cannot."""
    absent = [name for name, groups in sides if not groups]
    if absent:
        return Verdict(claim, "not tested", f"the {tier} tier has no runs of {absent[0]}")
    unscored = [name for name, groups in sides if not any(group.scored for group in groups)]
    if unscored:
        runs = [run for name, groups in sides if name in unscored for g in groups for run in g.runs]
        if all(run.state == "diverged" for run in runs):
            return Verdict(claim, "not tested", f"all runs of {unscored[0]} diverged")
        return Verdict(claim, "not run", f"no run of {unscored[0]} is finished")
    score = collected.find(asked)
    if score is None or not all(any(g.values(score) for g in own) for _, own in sides):
        return Verdict(claim, "not tested", f"the runs have no {asked}")
    return None


def _unless_too_short(
    found: Verdict,
    score: str,
    sides: Sequence[tuple[str, Sequence[RunGroup]]],
    difference: float | None = None,
) -> Verdict:
    """The verdict, or `not converged` by the rules of `convergence.RULES`."""
    cautions, short = list(found.cautions), False
    for name, groups in sides:
        runs = _scored(groups)
        without = {run.name: lacking(run) for run in runs}
        poor = [own for own in without.values() if own]
        if poor:
            which = ", ".join(dict.fromkeys(factor for own in poor for factor in own))
            cautions.append(f"{len(poor)} of {len(runs)} runs of {name} lack {which}")
        short = short or 2 * len(poor) >= len(runs)
        change = change_of_loss(score, runs)
        if change and difference is not None and change.least > OF_DIFFERENCE * difference:
            verb = "fell" if change.nats < 0 else "rose"
            cautions.append(
                f"{_label(score)} of {name} still {verb} by {abs(change.nats):.1f} nats over the "
                f"last fifth of the steps, and the difference is {difference:.1f}"
            )
            short = True
    return replace(
        found, outcome="not converged" if short else found.outcome, cautions=tuple(cautions)
    )


def _cautions(sides: Sequence[Sequence[RunGroup]]) -> tuple[str, ...]:
    """Lines on runs that are not among the numbers."""
    runs = [run for side in sides for group in side for run in group.runs]
    diverged = sum(run.state == "diverged" for run in runs)
    waiting = sum(run.result is None for run in runs) - diverged
    lines = [f"{diverged} of {len(runs)} runs diverged and count in no number"] * bool(diverged)
    lines += [f"{waiting} of {len(runs)} runs are not finished"] * bool(waiting)
    return tuple(lines)


def _scored(groups: Sequence[RunGroup]) -> list[SweepRun]:
    return [run for group in groups for run in group.scored]


def _mean(groups: Sequence[RunGroup], score: str) -> float:
    return fmean(value for group in groups for value in group.values(score).values())


def _cell(groups: Sequence[RunGroup], score: str) -> str:
    """Mean and std over replicas, and the median in brackets; over settings too, where several."""
    values = [value for group in groups for value in group.values(score).values()]
    return Cell(values, len(values)).text_with_median


def _probability(compared: Comparison) -> str:
    p, low, high = compared.found
    return f"{p:.2f} ({low:.2f} to {high:.2f}), {compared.replicas}"


def _label(score: str) -> str:
    wanted = wanted_score(score)
    return score_label(score, wanted.factors).replace(" (nats an image)", "")


def _short(value: float) -> str:
    return f"{value:.4g}"


def _name(settings: Mapping[str, Any], other: Mapping[str, Any] | None = None) -> str:
    """Runs in words, by those of their settings that others do not have."""
    told = {k: v for k, v in settings.items() if other is None or other.get(k, settings) != v}
    words = []
    for key, value in told.items():
        if key.endswith(".coordinates"):
            words.append(f"{value} coordinates")
        else:
            words.append(str(value) if key.endswith(".kind") else f"{setting_label(key)} {value}")
    return ", ".join(words) or "all runs"
