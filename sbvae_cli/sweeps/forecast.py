"""How long a sweep still takes, by the speeds that its runs' logs and scores tell."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from sbvae_cli.sweeps.folder import DONE, RunState
from sbvae_cli.sweeps.plan import group_of


@dataclass(frozen=True)
class Forecast:
    """Time until all runs have ended.

    Attributes:
        seconds: At the speeds of those that train or have been trained.
        with_scoring: Whether scoring is in it; none was seen yet where not.
    """

    seconds: float
    with_scoring: bool


def forecast(states: Sequence[RunState], lanes: int) -> Forecast | None:
    """Time until all runs have ended that are left and have not failed.

    A run that has no log yet takes as long a step as those of its settings, or as all do on average
    where none of these has begun.

    Args:
        states: All runs.
        lanes: Number of runs that work at once.

    Returns:
        None where no speed is known.
    """
    paces = _by_group((each, _pace(each)) for each in states)
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
    return Forecast(max(sum(work) / max(1, lanes), *work), bool(scorings))


def _pace(state: RunState) -> float | None:
    """Seconds of a step, as last logged."""
    if state.images_per_second <= 0:
        return None
    return state.replica.config.training.batch_size / state.images_per_second


def _by_group(values: Iterable[tuple[RunState, float | None]]) -> dict[str, float]:
    """Median of a group's values, where it has any."""
    found: dict[str, list[float]] = {}
    for state, value in values:
        if value is not None:
            found.setdefault(group_of(state.replica), []).append(value)
    return {group: median(own) for group, own in found.items()}


def _known_or_mean(values: Mapping[str, float]) -> Callable[[Hashable], float]:
    mean = fmean(values.values()) if values else 0.0
    return lambda group: values.get(str(group), mean)
