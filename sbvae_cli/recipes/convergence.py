"""Decide whether runs were trained for long enough to test a claim.

The rules were chosen on quick runs. A loss that is flat at the end proves little if the learning
rate falls to zero: a broadcast model of x and hue, trained for 1,500 steps, had not learned hue at
all, and its loss fell by 0.0 nats from the fourth to the last fifth of the steps. Losses also keep
falling long after grids have settled. On xy-hole, a broadcast model whose grid was flat after 1,000
steps went from 46.4 to 42.9 nats in three times the steps, and had lost 2.4 nats in the last fifth
of the first 1,000; a deconvolutional one, folded after 3,000 and after 9,000 steps, went from 49.3
to 44.9, and had lost 1.5. Where hue was not learned, the best latent had 3 and 17 % of its entropy.
Yet for x and y in flat grids with an R2 of 0.999 that are rotated by 45 degrees, the best latent
may have only 16 %, since a rotation spreads each factor over two latents. Colored sprites,
whose eight factors the paper's models keep in 4 to 9 latents, were kept in three of them by runs of
1,000 and 2,000 steps.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from sbvae_cli.runs.logs import records_of
from sbvae_cli.sweeps.collect import SweepRun

MIN_SHARE = 0.2  # of a factor's entropy that the best latent must have
MIN_R2 = 0.5  # of a factor predicted from the two latents of a grid
# Of data whose factors must all be learned; the paper's models of sprites do not learn all.
MAX_FACTORS = 3
MIN_USED = 0.5  # latents in use for each factor, for data with more factors
MAX_LOSS_CHANGE = 0.5  # share of the claimed difference by which a loss may still change
# Scores of how much the code keeps.
CODE_SIZE_SCORES = ("kl", "latents_used", "latents_used_by_mean")
RULES = """\
a claim counts as not converged if one of these holds:

- In data of up to three factors, at least half of the runs of a side lack a factor: its grid has \
collapsed, or no latent has 20 % of its entropy and no grid shows it (inverse R² below 0.5, and \
the grid is neither flat, bent, folded nor torn).
- In data of more factors, at least half of the runs of a side use fewer latents than half the \
number of factors. Claims on KL and on latents used are exempt from this.
- NLL, KL or ELBO still changed, on average over the runs of a side, from the fourth to the last \
fifth of the steps by more than half of the claimed difference.

For a trend, the first two must hold at each of its values."""

_COLLAPSED = "collapsed"  # beginnings of verdicts on grids
_SHEETS = ("flat", "bent", "folded", "torn")
_LOSSES = {"nll": ("nll",), "kl": ("kl",), "neg_elbo": ("nll", "kl")}


class Change(NamedTuple):
    """Change of a loss from the fourth to the last fifth of the steps, as the mean over runs.

    Attributes:
        nats: Change in nats, negative if the loss fell.
        error: Standard error of the change, from the scatter of the logged values.
    """

    nats: float
    error: float

    @property
    def least(self) -> float:
        """Absolute change beyond two standard errors, in nats, at least 0."""
        return max(0.0, abs(self.nats) - 2 * self.error)


def unlearned_factors(run: SweepRun, score: str = "") -> list[str]:
    """Return what a run has not learned: names of factors, or "half of the factors".

    A factor is lacking if its grid with another factor has collapsed, or if no latent has enough of
    its entropy (mutual information as in MIG, minus the bias of counting) and no grid shows it.
    Data with more than `MAX_FACTORS` factors, some of which the paper's models leave out, are
    judged by the number of latents in use instead.

    Args:
        run: A run; without scores, nothing is lacking.
        score: Score of the claim; if it measures how much the code keeps, the number of latents in
            use is not judged.
    """
    scores = (run.result or {}).get("scores", {})
    mig = scores.get("mig", {})
    factors = len(mig.get("by_factor", {}))
    if factors > MAX_FACTORS:
        used = scores.get("latents_used", {}).get("value")
        poor = used is not None and used < MIN_USED * factors and score not in CODE_SIZE_SCORES
        return ["half of the factors"] if poor else []
    shown = _learned_factors(run)
    missing = {name: None for name in _uninformed_factors(mig) if name not in shown}
    if len(run.verdicts) <= math.comb(MAX_FACTORS, 2):
        for pair, verdict in run.verdicts.items():
            if verdict.startswith(_COLLAPSED) and not missing.keys() & {*pair.split(",")}:
                missing[pair.replace(",", " or ")] = None
    return list(missing)


def change_of_loss(score: str, runs: Sequence[SweepRun]) -> Change | None:
    """Return the change of a loss near the end of runs; None for other scores or without logs."""
    terms = _LOSSES.get(score)
    if terms is None:
        return None
    found = [change for run in runs if (change := _change(run, terms)) is not None]
    if not found:
        return None
    error = math.sqrt(sum(each.error**2 for each in found)) / len(found)
    return Change(sum(each.nats for each in found) / len(found), error)


def _learned_factors(run: SweepRun) -> set[str]:
    """Return factors that two latents predict, or whose grid is flat, bent, folded or torn."""
    found: set[str] = set()
    for pair, geometry in (run.result or {}).get("geometry", {}).items():
        names, verdict = pair.split(","), run.verdicts.get(pair, "")
        r2 = geometry["scores"].get("inverse_r2_by_factor") or [0.0] * len(names)
        sheet = verdict.startswith(_SHEETS)
        found |= {n for n, own in zip(names, r2, strict=True) if sheet or own >= MIN_R2}
    return found


def _uninformed_factors(mig: Mapping[str, Any]) -> list[str]:
    """Return factors of which no latent has enough entropy, according to the details of MIG."""
    try:
        information = np.asarray(mig["information"], np.float64)  # latents, factors
        bias, entropies = (np.asarray(mig[name], np.float64) for name in ("bias", "entropies"))
        names = list(mig["by_factor"])
    except (KeyError, TypeError, ValueError):
        return []
    if information.shape[1:] != (len(names),):
        return []
    shares = (information.max(axis=0) - bias) / entropies
    return [name for name, share in zip(names, shares, strict=True) if share < MIN_SHARE]


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
