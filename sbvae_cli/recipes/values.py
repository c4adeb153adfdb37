"""Decide whether a mean over replicas is the paper's."""

from sbvae_cli.config.names import TierName
from sbvae_cli.recipes import words
from sbvae_cli.recipes.claims import Claim, Value
from sbvae_cli.recipes.outcome import (
    PAPER_TIER,
    NamedGroups,
    Outcome,
    Verdict,
    cautions_of,
    judge_convergence,
    obstacle,
)
from sbvae_cli.recipes.paper import PaperNumber, paper_number, paper_numbers
from sbvae_cli.sweeps.collect import Collected, RunGroup

STDS = 2  # largest distance from the paper's mean that counts as reproduced, in stds of the paper
# Scores that depend on the images themselves, however good the model is.
_OF_IMAGES = ("nll", "neg_elbo")
_LOOK_ALIKES = ("room",)  # data whose images differ from the paper's


def value_verdict(claim: Claim, test: Value, collected: Collected, tier: TierName) -> Verdict:
    """Compare the mean of runs to a number of the paper.

    Args:
        claim: Claim of the paper.
        test: Key of the number, and settings of the runs.
        collected: Runs of the recipe, finished or not.
        tier: Tier of the runs.

    Raises:
        SbvaeError: If the paper has no number of this key.
    """
    number = paper_number(test.paper)
    groups = collected.select(test.of)
    score = collected.find(test.score)
    ours = words.cell(groups, score).removesuffix("-") if score and groups else ""
    statement = f"{words.label(test.score)}: {ours or '-'}; the paper has {number.text}"
    if tier != PAPER_TIER:
        why = f"a value needs the paper's network and steps, which the {tier} tier lacks"
        return Verdict(claim, "not tested", f"{statement}; {why}" if ours else why, ours=ours)
    named: list[NamedGroups] = [(words.runs(test.of), groups)]
    in_way = obstacle(claim, test.score, named, collected, tier)
    if in_way:
        return in_way
    why = _untestable(number, groups)
    if why or number.std is None:
        return Verdict(claim, "not tested", f"{statement}; {why}", ours=ours)
    near = abs(words.mean(groups, score or "") - number.mean) <= STDS * number.std
    outcome: Outcome = "value reproduced" if near else "value not reproduced"
    cautions = [*cautions_of([groups]), *_ambiguity(number)]
    cautions += [f"of the paper's number: {number.caution}"] * bool(number.caution)
    found = Verdict(claim, outcome, statement, tuple(cautions), ours=ours)
    return judge_convergence(found, score or "", named, 2 * number.std)


def _untestable(number: PaperNumber, groups: list[RunGroup]) -> str:
    """Return why a number of the paper cannot be tested on runs, or ""."""
    if number.doubt:
        return f"the number is in doubt: {number.doubt}"
    if number.std is None:
        return "the paper gives no spread by which to judge how near it is"
    kinds = {str(group.settings["data.source"]).partition(":")[0] for group in groups}
    if number.score in _OF_IMAGES and kinds & {*_LOOK_ALIKES}:
        return "it depends mostly on the images, which are not those of the paper"
    return ""


def _ambiguity(number: PaperNumber) -> list[str]:
    """Return a line if other rows of the paper's table would count as reproduced too."""
    table, _, _ = number.key.split("/")
    near = STDS * (number.std or 0.0)
    others = [
        other.row
        for other in paper_numbers().values()
        if other.key.startswith(f"{table}/")
        and (other.score, other.row != number.row) == (number.score, True)
        and abs(other.mean - number.mean) <= near
    ]
    if not others:
        return []
    low, high = words.short(number.mean - near), words.short(number.mean + near)
    return [
        f"the paper's spread is wide: any mean from {low} to {high} counts, and so would the "
        f"paper's mean of {', '.join(others)}"
    ]
