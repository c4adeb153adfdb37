"""Estimate the cost of a sweep before it begins, from a few updates and images of each kind."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from sbvae_cli.config.names import ProtocolName
from sbvae_cli.config.schema import Config
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.cost import estimate_cost
from sbvae_cli.evaluation.plan import make_plan
from sbvae_cli.metrics.protocol import named_protocol
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.compute_settings import cpu_threads
from sbvae_cli.runs.cost import measure_training_cost
from sbvae_cli.runs.own_data import open_own_data
from sbvae_cli.runs.replicas import Replica
from sbvae_cli.sweeps.folder import DONE, RunState
from sbvae_cli.sweeps.job import make_job
from sbvae_cli.sweeps.plan import SweepPlan, group_of
from sbvae_cli.training.devices import resolve_device


@dataclass(frozen=True)
class GroupCost:
    """Remaining cost of the runs of one setting.

    Attributes:
        group: Name of the group.
        runs: Number of runs that are left.
        steps: Number of updates left, summed over these runs.
        seconds_per_step: Measured seconds of one update of one run.
        scoring_seconds: Measured seconds of encoding and decoding to score one run, without fitting
            the metrics.
    """

    group: str
    runs: int
    steps: int
    seconds_per_step: float
    scoring_seconds: float

    @property
    def work_seconds(self) -> float:
        """Seconds of all remaining work of the group, one run after another."""
        return self.steps * self.seconds_per_step + self.runs * self.scoring_seconds


def plan_cost(
    plan: SweepPlan,
    states: Sequence[RunState],
    device: str,
    on_group: Callable[[str], None] = lambda group: None,
    known: dict[str, tuple[float, float]] | None = None,
) -> list[GroupCost]:
    """Estimate the remaining cost of each group; groups of equal cost are measured once.

    Args:
        plan: Plan of the sweep.
        states: States of all runs or of some of them.
        device: Name of the device; replicas that train together on a GPU take less time.
        on_group: Called with each group before it is measured.
        known: Measurements of other plans, to which those of this one are added.

    Raises:
        SbvaeError: If the runs of a setting cannot be trained.
    """
    left: dict[str, list[RunState]] = {group: [] for group in plan.groups}
    for each in states:
        if each.state not in DONE:
            left[group_of(each.replica)].append(each)
    known = {} if known is None else known
    found = []
    for group, own in left.items():
        if not own:
            continue
        (replica,) = make_job(plan, [own[0].replica], device).replicas
        kind = f"{_kind(replica.config)} {plan.sweep.metrics} {plan.sweep.protocol}"
        if kind not in known:
            on_group(group)
            known[kind] = _measure(replica, plan.sweep.metrics, plan.sweep.protocol)
        steps = sum(each.steps - min(each.step, each.steps) for each in own)
        found.append(GroupCost(group, len(own), steps, *known[kind]))
    return found


def seconds_of(costs: Sequence[GroupCost], at_once: int) -> float:
    """Estimate the time of all runs, `at_once` at once; it is at least that of the longest run."""
    longest = max((each.work_seconds / each.runs for each in costs), default=0.0)
    return max(sum(each.work_seconds for each in costs) / at_once, longest)


def _kind(config: Config) -> str:
    """Return a key of the settings on which the time of a step depends."""
    tree = config.as_dict()
    data, training = tree["data"], tree["training"]
    own = {
        "data": {key: data[key] for key in ("source", "height", "width")},
        "model": tree["model"],
        "objective": tree["objective"]["kind"],
        **{key: training[key] for key in ("batch_size", "threads", "precision", "fixed_set")},
    }
    return json.dumps(own, sort_keys=True, default=str)


def _measure(
    replica: Replica, metrics: tuple[str, ...] | None, protocol: ProtocolName
) -> tuple[float, float]:
    """Measure the seconds of a step, and those of encoding and decoding for the scores."""
    config = replica.config
    source = open_own_data(config.data, replica.folder.path)
    step = measure_training_cost(config, source).seconds_per_step
    vae = build_vae(config.model, config.data.image_shape)
    vae = vae.to(resolve_device(config.training.device))
    own = replace(named_protocol(protocol), metrics=metrics, lenient=True)
    scoring = 0.0
    with suppress(SbvaeError), cpu_threads(config.training.threads):  # no metric is possible
        plan = make_plan(vae, source, own, FactorSpace(config.data.space))
        scoring = estimate_cost(vae, plan).seconds
    if source.file:
        source.file.close()
    return step, scoring
