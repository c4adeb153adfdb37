"""A sweep's folder, and how far each of its runs is, by what stands in the runs' own folders."""

import os
import re
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
WORKING: tuple[State, ...] = ("scoring", "training")  # a process is at it
LEFT: tuple[State, ...] = ("trained", "stopped", "waiting")  # nobody is at it

_LOCK = ".lock"  # held while an engine works
_SEED = re.compile(r"^  seed: (\d+)$", re.MULTILINE)  # in the file of a run's settings
_KNOWN: dict[str, dict[str, object]] = {}  # settings by such files, but for the seed


@dataclass(frozen=True)
class RunState:
    """How far a run is.

    Attributes:
        replica: The run.
        state: `waiting` has not begun, `stopped` has begun and is not trained now, `trained` lacks
            scores, `diverged` and `failed` say why.
        step: Updates that its log has, of the last report.
        steps: Updates planned.
        terms: What that report told, loss terms in nats among it.
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
        """Hold the folder for one process, which has the runs trained.

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
            self._refuse_run()
            begin = command("sweep run", "CONFIG.yaml", out=self.path)
            raise SbvaeError(f"{self.path}: holds no sweep; begin one by {begin}")
        sweep = read_sweep(self.plan)
        try:
            return plan_sweep(sweep, self.runs)
        except SbvaeError as error:  # such as data that lie elsewhere by now
            raise SbvaeError(f"{self.plan}: {error.line}") from error

    def _refuse_run(self) -> None:
        """Say what a folder is that holds a run, or a file, where a sweep is wanted."""
        above = [
            each for each in self.path.absolute().parents[:2] if (each / "sweep.yaml").exists()
        ]
        if above and self.path.exists():
            raise SbvaeError(f"{self.path}: is a part of a sweep; name its folder, {above[0]}")
        if is_run(self.path) or self.path.is_file():
            what = "file" if self.path.is_file() else "run"
            raise SbvaeError(f"{self.path}: is a {what}; name the folder of a sweep")

    def write_plan(self, plan: Plan) -> None:
        """Write a plan, complete, that goes with what stands in the folder, unless it is there.

        Raises:
            SbvaeError: If it cannot be written.
        """
        text = to_yaml(plan.sweep.as_dict()).encode()
        if not self.plan.is_file() or self.plan.read_bytes() != text:
            write_bytes(self.plan, text)

    def refuse_another(self, plan: Plan) -> None:
        """Refuse a plan that lacks runs which another plan has begun in the folder.

        Raises:
            SbvaeError: With the first of them, or that the folder is a run's.
        """
        if is_run(self.path):
            run = RunFolder(self.path)
            name = (run.checkpoint if run.checkpoint.is_file() else run.config).name
            raise SbvaeError(f"{self.path}: holds {name}, as a run does; choose another `out`")
        if self.plan.is_file():
            planned = {name_of(each): each for each in plan.replicas}
            for each in self.open_plan().replicas:
                here = planned.get(name_of(each))
                other = here is None or _settings(here) != _settings(each)
                if other and each.folder.path.exists():
                    raise SbvaeError(
                        f"{self.path}: was made by another plan, with runs that this one has not, "
                        f"such as {name_of(each)}; keep them in the plan (sweep.yaml there has "
                        "it), or choose another `out`"
                    )

    def states(self, plan: Plan) -> list[RunState]:
        """How far each run of a plan is, in its order."""
        sweep = plan.sweep
        return [run_state(each, sweep.metrics, sweep.protocol) for each in plan.replicas]


def refuse_other_run(replica: Replica) -> None:
    """Refuse a folder with a run of other settings than the planned one.

    Raises:
        SbvaeError: With the first setting that differs.
    """
    found = _settings_there(replica.folder.config)
    wanted = {"training.seed": replica.seed, **_settings(replica)}
    difference = None if found is None else first_difference(found, wanted)
    if difference:
        raise SbvaeError(
            f"{replica.folder.path}: holds another run, where {difference}; move it away, or "
            "choose another `out`"
        )


def _settings_there(file: Path) -> dict[str, object] | None:
    """Settings in the file of a run; those of its replicas are read once. None without a file."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError):  # what is wrong with it is said when it is read as YAML
        text = ""
    if not text and not file.is_file():
        return None
    seeds = _SEED.findall(text)
    if len(seeds) != 1:
        config = build_config(read_yaml(file), str(file))
        return {"training.seed": config.training.seed, **flat_settings(config, 0)}
    kind = _SEED.sub("", text)
    if kind not in _KNOWN:
        _KNOWN[kind] = flat_settings(build_config(read_yaml(file), str(file)), 0)
    return {"training.seed": int(seeds[0]), **_KNOWN[kind]}


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
        min(int(record.get("step", 0)), steps),
        steps,
        {name: value for name, value in record.items() if isinstance(value, float)},
        float(record.get("images_per_second", 0.0)),
    )
    try:
        refuse_other_run(replica)
    except SbvaeError as error:
        return replace(state, state="failed", why=without_path(error.line, replica))
    if "diverged" in record:
        return replace(state, state="diverged", why=_why_diverged(record))
    scores = stored_scores(folder, steps, metrics, protocol)
    if scores is not None and folder.checkpoint.exists():
        seconds = scores.get("seconds")
        return replace(state, state="finished", step=steps, scoring_seconds=seconds)
    now = read_doing(folder)
    if state.step >= steps and is_saved(folder, steps):
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
    if now and now.what == "failed" and not now.is_past:
        return replace(state, state="failed", why=now.why)
    return replace(state, state=busy if now and now.alive else idle)


def without_path(why: str, replica: Replica) -> str:
    """An error without the folder of its run, which stands before it anyway."""
    path = replica.folder.path
    return why.removeprefix(f"{path}: ").removeprefix(f"{path}{os.sep}")


def _why_diverged(record: dict[str, Any]) -> str:
    gone = record["diverged"]
    names = [str(name) for name in gone] if isinstance(gone, list) else [str(gone)]
    were = "were" if len(names) > 1 or names == ["weights"] else "was"
    return f"{' and '.join(names)} {were} not finite in step {record['step']:,}"


def _settings(replica: Replica) -> dict[str, object]:
    return flat_settings(replica.config, 0)
