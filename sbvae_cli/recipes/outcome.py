"""Verdict on a claim, and obstacles to it: runs that are missing, diverged or too short."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sbvae_cli.config.names import TierName
from sbvae_cli.config.score_names import score_style
from sbvae_cli.recipes import words
from sbvae_cli.recipes.claims import Claim
from sbvae_cli.recipes.convergence import MAX_LOSS_CHANGE, change_of_loss, unlearned_factors
from sbvae_cli.recipes.markdown import sentence
from sbvae_cli.recipes.paper import paper_number
from sbvae_cli.sweeps.collect import Collected, RunGroup, SweepRun
from sbvae_cli.sweeps.comparison import Comparison

Outcome = Literal[
    "ordering reproduced",
    "ordering not reproduced",
    "reproduced",
    "not reproduced",
    "undecided",
    "value reproduced",
    "value not reproduced",
    "threshold reached",
    "threshold not reached",
    "not converged",
    "not tested",
    "not run",
]
PAPER_TIER: TierName = "full"  # tier with the paper's network and steps
NamedGroups = tuple[str, Sequence[RunGroup]]  # a label, and its groups of runs


@dataclass(frozen=True)
class Verdict:
    """Result of testing a claim.

    Attributes:
        claim: The claim.
        outcome: Outcome of the test.
        statement: Numbers of the test, or why there are none, in one line.
        cautions: Lines on weaknesses of the outcome.
        comparison: Probability behind the outcome of an ordering or a trend.
        ours: Our mean, std and median, for a test of a value; "" if there are none.
    """

    claim: Claim
    outcome: Outcome
    statement: str
    cautions: tuple[str, ...] = ()
    comparison: Comparison | None = None
    ours: str = ""

    @property
    def lines(self) -> list[str]:
        """Sentences with the numbers of the test and their limits, then the paper's numbers."""
        claim = self.claim
        why = f". {sentence(claim.why)[:-1]}" if claim.test is not None and claim.why else ""
        lines = [sentence(self.statement + why)]
        if claim.paper:
            numbers = "; ".join(
                f"{number.row}, {_paper_label(number.score)} {number.text}"
                for number in map(paper_number, claim.paper)
            )
            lines.append(f"In the paper: {numbers}.")
        return lines


def obstacle(
    claim: Claim, asked: str, sides: Sequence[NamedGroups], collected: Collected, tier: TierName
) -> Verdict | None:
    """Return a verdict that says why a claim cannot be tested, or None if it can.

    Args:
        claim: The claim.
        asked: Name of the claim's score.
        sides: Label and groups of each kind of runs that the claim needs.
        collected: All runs.
        tier: Tier of the runs.
    """
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


def judge_divergence(found: Verdict, sides: Sequence[NamedGroups]) -> Verdict:
    """Return the verdict, but `undecided` if at least half of the runs of a side diverged."""
    for name, groups in sides:
        runs = runs_of(groups)
        gone = diverged(groups)
        if found.comparison and 2 * gone >= len(runs):
            caution = (
                f"{gone} of {len(runs)} runs of {name} diverged, so that the rest prove little"
            )
            return replace(found, outcome="undecided", cautions=(*found.cautions, caution))
    return found


def judge_convergence(
    found: Verdict,
    score: str,
    sides: Sequence[NamedGroups],
    difference: float | None = None,
    *,
    all_levels: bool = False,
) -> Verdict:
    """Return the verdict, but `not converged` if the rules of `convergence.RULES` say so.

    Args:
        found: Verdict by the numbers alone.
        score: Name of the score.
        sides: Label and groups of each kind of runs in the test.
        difference: Claimed difference of losses in nats; None if there is none.
        all_levels: Whether factors must be lacking on all sides to count, as for trends, along
            which factors may be lost.
    """
    cautions, poor_sides, short = list(found.cautions), [], False
    for name, groups in sides:
        runs = scored(groups)
        poor = [own for run in runs if (own := unlearned_factors(run, score))]
        if poor:
            verb = "lacks" if len(poor) == 1 else "lack"
            cautions.append(
                f"{len(poor)} of {len(runs)} runs of {name} {verb} {_lacking_text(poor)}"
            )
        poor_sides.append(2 * len(poor) >= len(runs))
        change = change_of_loss(score, runs)
        if change and difference is not None and change.least > MAX_LOSS_CHANGE * difference:
            verb = "fell" if change.nats < 0 else "rose"
            cautions.append(
                f"{words.label(score)} of {name} still {verb} by {abs(change.nats):.1f} nats over "
                f"the last fifth of the steps, and the difference is {difference:.1f}"
            )
            short = True
    if short or (all(poor_sides) if all_levels else any(poor_sides)):
        found = replace(found, outcome="not converged")
    return replace(found, cautions=tuple(cautions))


def cautions_of(sides: Sequence[Sequence[RunGroup]], of_diverged: str = "") -> tuple[str, ...]:
    """Return lines on unfinished and diverged runs, with how the diverged ones are counted."""
    runs = [run for side in sides for run in runs_of(side)]
    gone = sum(diverged(side) for side in sides)
    waiting = sum(run.result is None for run in runs) - gone
    counted = of_diverged or "are in none of the numbers"
    lines = [f"{gone} of {len(runs)} runs diverged and {counted}"] * bool(gone)
    lines += [f"{waiting} of {len(runs)} runs are not finished"] * bool(waiting)
    return tuple(lines)


def runs_of(groups: Sequence[RunGroup]) -> list[SweepRun]:
    """Return all runs of groups."""
    return [run for group in groups for run in group.runs]


def scored(groups: Sequence[RunGroup]) -> list[SweepRun]:
    """Return the runs that have scores."""
    return [run for group in groups for run in group.scored]


def diverged(groups: Sequence[RunGroup]) -> int:
    """Count the diverged runs."""
    return sum(run.state == "diverged" for run in runs_of(groups))


def _paper_label(score: str) -> str:
    """Return a label of a score in the paper, some of which are not computed by any metric."""
    return score_style(score).label.replace("share_of_mig_near_zero", "share with a MIG near zero")


def _lacking_text(lacking_factors: Sequence[Sequence[str]]) -> str:
    """Return the factors that runs lack: joined by "and" if all of them do, else by "or"."""
    if all(own == lacking_factors[0] for own in lacking_factors):
        return " and ".join(lacking_factors[0])
    every = (name for own in lacking_factors for factor in own for name in factor.split(" or "))
    return " or ".join(dict.fromkeys(every))
