"""Forecast the remaining time of a sweep from the speeds in its runs' logs and scores."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from sbvae_cli.sweeps.folder import DONE, RunState
from sbvae_cli.sweeps.plan import group_of


@dataclass(frozen=True)
class Forecast:
    """Remaining time of a sweep.

    Attributes:
        seconds: Seconds until all runs have ended, at the speeds measured so far.
        with_scoring: Whether this includes scoring, which is unknown until a run was scored.
    """

    seconds: float
    with_scoring: bool


def forecast(states: Sequence[RunState], at_once: int) -> Forecast | None:
    """Forecast the time until all runs have ended, without failed ones.

    A run without a log is assumed to be as fast as others of its setting, or as all runs on
    average.

    Args:
        states: States of all runs.
        at_once: Number of runs that work at once.

    Returns:
        The forecast, or None if no speed is known.
    """
    paces = _by_group((each, _seconds_per_step(each)) for each in states)
    scorings = _by_group((each, each.scoring_seconds) for each in states)
    left = [each for each in states if each.state not in (*DONE, "failed")]
    if not paces and any(each.step < each.steps for each in left):
        return None
    training, scoring = _known_or_mean(paces), _known_or_mean(scorings)
    work = []
    for each in left:
        group = group_of(each.replica)
        share = 0.5 if each.state == "scoring" else 1.0
        work.append((each.steps - each.step) * training(group) + share * scoring(group))
    if not work:
        return Forecast(0.0, True)
    return Forecast(max(sum(work) / max(1, at_once), *work), bool(scorings))


def _seconds_per_step(state: RunState) -> float | None:
    """Return the seconds of a step according to the log, or None."""
    if state.images_per_second <= 0:
        return None
    return state.replica.config.training.batch_size / state.images_per_second


def _by_group(values: Iterable[tuple[RunState, float | None]]) -> dict[str, float]:
    """Return the median of the known values of each group."""
    found: dict[str, list[float]] = {}
    for state, value in values:
        if value is not None:
            found.setdefault(group_of(state.replica), []).append(value)
    return {group: median(own) for group, own in found.items()}


def _known_or_mean(values: Mapping[str, float]) -> Callable[[Hashable], float]:
    mean = fmean(values.values()) if values else 0.0
    return lambda group: values.get(str(group), mean)
