"""Whether runs have been trained for long enough to be held against a claim.

The rules were chosen by looking at quick runs. A loss that is flat in the end proves little where
the learning rate falls to zero: a broadcast model of x and hue, of 1,500 steps, had not found hue
at all and lost 0.0 nats from the fourth to the last fifth of them. Losses go on falling long after
grids have settled: on xy-hole, three times the steps took a broadcast model, flat after 1,000, from
46.4 to 42.9 nats, where it had lost 2.4 at last, and a deconvolutional one, folded after 3,000 and
after 9,000, from 49.3 to 44.9, where it had lost 1.5. Of hue that was not found some latent told
3 and 17 %; but of x and y in flat grids with an R2 of 0.999, turned by half a right angle, 16 % and
more, since a rotation splits what they are known by. Colored sprites, whose eight factors the
paper's models keep in 4 to 9 latents, were in three of runs of 1,000 and 2,000 steps.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from sbvae_cli.runs.logs import records_of
from sbvae_cli.sweeps.collect import SweepRun

LEAST_SHARE = 0.2  # of a factor's entropy, that the latent which knows most of it tells
LEAST_R2 = 0.5  # of a factor by two latents, that a grid is drawn in
MOST_FACTORS = 3  # of data whose models find all of them; of sprites the paper's do not
LEAST_USED = 0.5  # latents for each factor, of data with more
OF_DIFFERENCE = 0.5  # that a loss may still change by, of the difference that is claimed
OF_CODE = ("kl", "latents_used", "latents_used_by_mean")  # scores that say how much is kept
RULES = (
    "Not converged: half of the runs or more of either side lack a factor, or, of data with more "
    "than three factors, use fewer latents than half of them; of a trend, at each of its values. A "
    "factor is lacking where its grid has collapsed, or where no latent tells 20 % of its entropy "
    "and no grid shows it (inverse R² below 0.5 and no shape). Claims on KL and latents used are "
    "not held to the number of latents. Or, of losses (NLL, KL, ELBO), they still changed from "
    "the fourth to the last fifth of the steps by more than half of the difference that is claimed"
)

_COLLAPSED = "collapsed"  # how verdicts on grids begin
_SHEETS = ("flat", "bent", "folded", "torn")
_LOSSES = {"nll": ("nll",), "kl": ("kl",), "neg_elbo": ("nll", "kl")}


class Change(NamedTuple):
    """How a loss changed from the fourth to the last fifth of the steps, mean over runs.

    Attributes:
        nats: The change, below 0 where it fell.
        error: Its standard error, by the scatter of what was logged.
    """

    nats: float
    error: float

    @property
    def least(self) -> float:
        """What of it is no scatter, in nats, at least 0."""
        return max(0.0, abs(self.nats) - 2 * self.error)


def lacking(run: SweepRun, score: str = "") -> list[str]:
    """What a run has not found: factors, or half of them; without scores, nothing.

    A factor is lacking where the grid of it and another has collapsed, or where no latent tells a
    share of its entropy, as MIG counts it less the bias of counting, and no grid shows it either.
    Of data with many factors, of which the paper's models leave some out, it is counted how many
    latents are in use.

    Args:
        run: A run.
        score: The score that a claim is about: by the number of latents in use none is judged that
            is about how much a model keeps.
    """
    scores = (run.result or {}).get("scores", {})
    mig = scores.get("mig", {})
    factors = len(mig.get("by_factor", {}))
    if factors > MOST_FACTORS:
        used = scores.get("latents_used", {}).get("value")
        poor = used is not None and used < LEAST_USED * factors and score not in OF_CODE
        return ["half of the factors"] if poor else []
    shown = _shown(run)
    missing = {name: None for name in _untold(mig) if name not in shown}
    if len(run.verdicts) <= math.comb(MOST_FACTORS, 2):
        for pair, verdict in run.verdicts.items():
            if verdict.startswith(_COLLAPSED) and not missing.keys() & {*pair.split(",")}:
                missing[pair.replace(",", " or ")] = None
    return list(missing)


def change_of_loss(score: str, runs: Sequence[SweepRun]) -> Change | None:
    """How a loss changed near the end of runs; None of other scores, and without logs."""
    terms = _LOSSES.get(score)
    if terms is None:
        return None
    found = [change for run in runs if (change := _change(run, terms)) is not None]
    if not found:
        return None
    error = math.sqrt(sum(each.error**2 for each in found)) / len(found)
    return Change(sum(each.nats for each in found) / len(found), error)


def _shown(run: SweepRun) -> set[str]:
    """Factors that two latents give together, or whose grid is a sheet, be it folded or torn."""
    found: set[str] = set()
    for pair, geometry in (run.result or {}).get("geometry", {}).items():
        names, verdict = pair.split(","), run.verdicts.get(pair, "")
        r2 = geometry["scores"].get("inverse_r2_by_factor") or [0.0] * len(names)
        sheet = verdict.startswith(_SHEETS)
        found |= {n for n, own in zip(names, r2, strict=True) if sheet or own >= LEAST_R2}
    return found


def _untold(mig: Mapping[str, Any]) -> list[str]:
    """Factors of which no latent tells enough, by what MIG was computed from."""
    try:
        information = np.asarray(mig["information"], np.float64)  # latents, factors
        bias, entropies = (np.asarray(mig[name], np.float64) for name in ("bias", "entropies"))
        names = list(mig["by_factor"])
    except (KeyError, TypeError, ValueError):
        return []
    if information.shape[1:] != (len(names),):
        return []
    shares = (information.max(axis=0) - bias) / entropies
    return [name for name, share in zip(names, shares, strict=True) if share < LEAST_SHARE]


def _change(run: SweepRun, terms: Sequence[str]) -> Change | None:
    records = [r for r in records_of(run.replica.folder) if all(name in r for name in terms)]
    steps = run.replica.config.training.steps
    place = np.array([record["step"] / steps for record in records])
    values = np.array([sum(record[name] for name in terms) for record in records], np.float64)
    former, last = values[(place > 0.6) & (place <= 0.8)], values[place > 0.8]
    if min(len(former), len(last)) < 2 or not np.isfinite(values).all():
        return None
    error = math.sqrt(former.var(ddof=1) / len(former) + last.var(ddof=1) / len(last))
    return Change(float(last.mean() - former.mean()), error)
