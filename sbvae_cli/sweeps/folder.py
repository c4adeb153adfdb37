"""A sweep's folder, and how far each of its runs is, by what stands in the runs' own folders."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from sbvae_cli.commands import command
from sbvae_cli.config.load import build_config, read_yaml, to_yaml
from sbvae_cli.config.names import ProtocolName
from sbvae_cli.config.sweep import read_sweep
from sbvae_cli.errors import SbvaeError
from sbvae_cli.files import write_bytes
from sbvae_cli.runs.folder import RunFolder, hold_folder
from sbvae_cli.runs.naming import flat_settings
from sbvae_cli.runs.replicas import Replica, first_difference, is_run
from sbvae_cli.sweeps.doing import Doing, is_trained_otherwise, read_doing
from sbvae_cli.sweeps.plan import Plan, name_of, plan_sweep
from sbvae_cli.sweeps.scoring import stored_scores

State = Literal[
    "waiting", "training", "stopped", "scoring", "trained", "finished", "diverged", "failed"
]
DONE: tuple[State, ...] = ("finished", "diverged")  # nothing is left to do

_LOCK = ".lock"  # held while an engine works


@dataclass(frozen=True)
class RunState:
    """How far a run is.

    Attributes:
        replica: The run.
        state: `waiting` has not begun, `stopped` has begun and is not trained now, `trained` lacks
            scores, `diverged` and `failed` say why.
        step: Updates that its log has, of the last report.
        steps: Updates planned.
        terms: Loss terms of that report, nats.
        images_per_second: Speed of that report.
        scoring_seconds: What scoring took, of a run that is finished.
        why: What went wrong.
    """

    replica: Replica
    state: State
    step: int
    steps: int
    terms: dict[str, float] = field(default_factory=dict)
    images_per_second: float = 0.0
    scoring_seconds: float | None = None
    why: str = ""


class SweepFolder:
    """Paths of a sweep, and the lock that keeps a second engine out.

    Args:
        path: Path of the folder, which need not exist.
        runs: Folder of the runs, each in `GROUP/SEED`, where that is another one.
    """

    def __init__(self, path: Path, runs: Path | None = None) -> None:
        self.path = path
        self.runs = path if runs is None else runs
        self.plan = path / "sweep.yaml"
        self.csv = path / "scores.csv"
        self.json = path / "scores.json"

    def locked(self) -> AbstractContextManager[None]:
        """Hold the folder for one process that has its runs trained.

        Raises:
            SbvaeError: If another process holds it, or it cannot be created.
        """
        busy = "another process runs this sweep; wait for it, or choose another `out`"
        return hold_folder(self.path, _LOCK, busy)

    def open_plan(self) -> Plan:
        """The plan that the folder was made by.

        Raises:
            SbvaeError: If there is none, or its data are gone.
        """
        if not self.plan.is_file():
            begin = command("sweep run", "CONFIG.yaml", out=self.path)
            raise SbvaeError(f"{self.path}: holds no sweep; begin one by {begin}")
        return plan_sweep(read_sweep(self.plan), self.runs)

    def begin(self, plan: Plan) -> None:
        """Write the plan, complete, to `sweep.yaml`; a former one may lack runs that this one has.

        Raises:
            SbvaeError: If the folder was made by a plan with runs that this one lacks, or another
                run stands where one of its runs would be.
        """
        self.refuse_another(plan)
        self.write_plan(plan)

    def write_plan(self, plan: Plan) -> None:
        """Write a plan that goes with what stands in the folder, unless it stands there.

        Raises:
            SbvaeError: If it cannot be written.
        """
        text = to_yaml(plan.sweep.as_dict()).encode()
        if not self.plan.is_file() or self.plan.read_bytes() != text:
            write_bytes(self.plan, text)

    def refuse_another(self, plan: Plan) -> None:
        """Refuse a plan that does not go with what stands in the folder.

        Raises:
            SbvaeError: As by `begin`.
        """
        if is_run(self.path):
            raise SbvaeError(f"{self.path}: is the folder of a run; choose another `out`")
        if self.plan.is_file():
            planned = {name_of(each): each for each in plan.replicas}
            for each in self.open_plan().replicas:
                here = planned.get(name_of(each))
                if here is None or _settings(here) != _settings(each):
                    raise SbvaeError(
                        f"{self.path}: was made by another plan, with runs that this one has not, "
                        f"such as {name_of(each)}; keep them in the plan (sweep.yaml there has "
                        "it), or choose another `out`"
                    )
        for each in plan.replicas:
            refuse_other_run(each)

    def states(self, plan: Plan) -> list[RunState]:
        """How far each run of a plan is, in its order."""
        sweep = plan.sweep
        return [run_state(each, sweep.metrics, sweep.protocol) for each in plan.replicas]


def refuse_other_run(replica: Replica) -> None:
    """Refuse a folder with a run of other settings than the planned one.

    Raises:
        SbvaeError: With the first setting that differs.
    """
    file = replica.folder.config
    if not file.is_file():
        return
    there = build_config(read_yaml(file), str(file))
    wanted = {"training.seed": replica.seed, **_settings(replica)}
    found = {"training.seed": there.training.seed, **flat_settings(there, 0)}
    difference = first_difference(found, wanted)
    if difference:
        raise SbvaeError(
            f"{replica.folder.path}: holds another run, where {difference}; move it away, or "
            "choose another `out`"
        )


def run_state(replica: Replica, metrics: Sequence[str] | None, protocol: ProtocolName) -> RunState:
    """How far a run is, by its own files, so that any process on any machine may ask.

    Args:
        replica: The run.
        metrics: What it is to be scored by; None is what the paper reports.
        protocol: Sample sizes of the scores.
    """
    folder, steps = replica.folder, replica.config.training.steps
    record = folder.last_record() or {}
    state = RunState(
        replica,
        "waiting",
        int(record.get("step", 0)),
        steps,
        {name: value for name, value in record.items() if isinstance(value, float)},
        float(record.get("images_per_second", 0.0)),
    )
    if "diverged" in record:
        return replace(state, state="diverged", why=_why_diverged(record))
    now = read_doing(folder)
    if state.step >= steps and is_saved(folder, steps):
        scores = stored_scores(folder, metrics, protocol)
        if scores is not None:
            return replace(state, state="finished", scoring_seconds=scores.get("seconds"))
        return _unfinished(state, now, "scoring", "trained")
    begun = folder.log.exists() or folder.checkpoint.exists()
    found = _unfinished(state, now, "training", "stopped" if begun else "waiting")
    if found.state == "stopped" and is_trained_otherwise(folder):
        return replace(found, state="training")
    return found


def is_saved(folder: RunFolder, steps: int) -> bool:
    """Whether the checkpoint has all steps, of a run whose log has them.

    A run saves after it has logged; only where times are not kept, as by a copy, the file is read.
    """
    try:
        if folder.checkpoint.stat().st_mtime_ns >= folder.log.stat().st_mtime_ns:
            return True
    except OSError:
        return False
    from sbvae_cli.checkpoint import load_checkpoint  # loads PyTorch

    try:
        return load_checkpoint(folder.checkpoint).step >= steps
    except SbvaeError:
        return False


def _unfinished(state: RunState, now: Doing | None, busy: State, idle: State) -> RunState:
    if now and now.what == "failed":
        return replace(state, state="failed", why=now.why)
    return replace(state, state=busy if now and now.alive else idle)


def _why_diverged(record: dict[str, Any]) -> str:
    gone = record["diverged"]
    names = [str(name) for name in gone] if isinstance(gone, list) else [str(gone)]
    were = "were" if len(names) > 1 or names == ["weights"] else "was"
    return f"{' and '.join(names)} {were} not finite in step {record['step']:,}"


def _settings(replica: Replica) -> dict[str, object]:
    return flat_settings(replica.config, 0)
