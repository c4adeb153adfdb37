"""What a sweep takes before it begins, by a few updates and images of each kind of run."""

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
from sbvae_cli.sweeps.plan import Plan, group_of
from sbvae_cli.training.devices import resolve_device


@dataclass(frozen=True)
class GroupCost:
    """What is left of the runs of a setting.

    Attributes:
        group: Name of the runs.
        runs: Number of runs that are left.
        steps: Updates that are left of all of them.
        seconds_per_step: Seconds of an update of one, measured.
        scoring_seconds: Seconds of encoding and decoding to score one, measured; metrics that are
            fitted take more.
    """

    group: str
    runs: int
    steps: int
    seconds_per_step: float
    scoring_seconds: float

    @property
    def work_seconds(self) -> float:
        """Seconds of all that is left, one after the other."""
        return self.steps * self.seconds_per_step + self.runs * self.scoring_seconds


def plan_cost(
    plan: Plan,
    states: Sequence[RunState],
    device: str,
    on_group: Callable[[str], None] = lambda group: None,
    known: dict[str, tuple[float, float]] | None = None,
) -> list[GroupCost]:
    """What each group of a plan takes that is not done; settings of one cost are measured once.

    Args:
        plan: All runs.
        states: How far they are, in the plan's order, or some of them.
        device: Name of the device; replicas that a GPU trains at once take less.
        on_group: Called with each group before it is measured.
        known: What was measured of other plans, which this one adds to.

    Raises:
        SbvaeError: If a setting cannot be trained.
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


def seconds_of(costs: Sequence[GroupCost], lanes: int) -> float:
    """Time for all, so many runs at once; no shorter than the longest run."""
    longest = max((each.work_seconds / each.runs for each in costs), default=0.0)
    return max(sum(each.work_seconds for each in costs) / lanes, longest)


def _kind(config: Config) -> str:
    """What the cost of a step depends on."""
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
    """Seconds of a step, and of encoding and decoding what scores need."""
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
