"""A sweep's folder, and the state of each run, determined from the run's own folder."""

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
from sbvae_cli.runs.folder import RunFolder, lock_folder
from sbvae_cli.runs.naming import flat_settings
from sbvae_cli.runs.replicas import Replica, first_difference, is_run
from sbvae_cli.sweeps.activity import Activity, is_trained_elsewhere, read_activity
from sbvae_cli.sweeps.plan import SweepPlan, name_of, plan_sweep
from sbvae_cli.sweeps.scoring import stored_scores

State = Literal[
    "waiting", "training", "stopped", "scoring", "trained", "finished", "diverged", "failed"
]
DONE: tuple[State, ...] = ("finished", "diverged")  # nothing is left to do
WORKING: tuple[State, ...] = ("scoring", "training")  # a process is working on the run
REMAINING: tuple[State, ...] = ("trained", "stopped", "waiting")  # no process is working on the run

_LOCK = ".lock"  # held while an engine runs
_SEED = re.compile(r"^  seed: (\d+)$", re.MULTILINE)  # seed in a run's config.yaml
_SETTINGS_CACHE: dict[str, dict[str, object]] = {}  # settings by the file's text without the seed


@dataclass(frozen=True)
class RunState:
    """State and progress of a run.

    Attributes:
        replica: The run.
        state: `waiting` before the first log line; `stopped` after it, without a process that
            trains; `trained` without scores; `finished` with scores; `diverged` and `failed` with a
            reason in `why`.
        step: Number of updates in the last line of the log.
        steps: Number of updates planned.
        terms: Numbers of that line, among them the loss terms in nats.
        images_per_second: Training speed in that line.
        scoring_seconds: Seconds that scoring took; None before it is finished.
        why: Reason of a failure or divergence; else "".
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
        path: Path of the folder, which may not exist yet.
        runs: Folder of the runs, each in `GROUP/SEED`; None for the folder of the sweep.
    """

    def __init__(self, path: Path, runs: Path | None = None) -> None:
        self.path = path
        self.runs = path if runs is None else runs
        self.plan = path / "sweep.yaml"
        self.csv = path / "scores.csv"
        self.json = path / "scores.json"

    def locked(self) -> AbstractContextManager[None]:
        """Hold the folder for one process that has the runs trained.

        Raises:
            SbvaeError: If another process holds the folder, or it cannot be created.
        """
        busy = "another process runs this sweep; wait for it, or choose another `out`"
        return lock_folder(self.path, _LOCK, busy)

    def open_plan(self) -> SweepPlan:
        """Read the plan of the folder and resolve it.

        Raises:
            SbvaeError: If the folder has no plan, or its data are missing.
        """
        if not self.plan.is_file():
            self._refuse_run()
            begin = command("sweep run", "CONFIG.yaml", out=self.path)
            raise SbvaeError(f"{self.path}: holds no sweep; begin one by {begin}")
        sweep = read_sweep(self.plan)
        try:
            return plan_sweep(sweep, self.runs)
        except SbvaeError as error:  # for example, data that were moved
            raise SbvaeError(f"{self.plan}: {error.line}") from error

    def _refuse_run(self) -> None:
        """Raise the error for a run, a part of a sweep or a file in place of a sweep."""
        above = [
            each for each in self.path.absolute().parents[:2] if (each / "sweep.yaml").exists()
        ]
        if above and self.path.exists():
            raise SbvaeError(f"{self.path}: is a part of a sweep; name its folder, {above[0]}")
        if is_run(self.path) or self.path.is_file():
            what = "file" if self.path.is_file() else "run"
            raise SbvaeError(f"{self.path}: is a {what}; name the folder of a sweep")

    def write_plan(self, plan: SweepPlan) -> None:
        """Write a complete plan, unless the folder has the same one.

        Raises:
            SbvaeError: If the plan cannot be written.
        """
        text = to_yaml(plan.sweep.as_dict()).encode()
        if not self.plan.is_file() or self.plan.read_bytes() != text:
            write_bytes(self.plan, text)

    def refuse_another(self, plan: SweepPlan) -> None:
        """Refuse a plan that lacks runs which another plan has begun in the folder.

        Raises:
            SbvaeError: If there is such a run, or the folder is that of a run.
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
                        f"{self.path}: belongs to another plan (its sweep.yaml), with runs that "
                        f"this plan lacks, such as {name_of(each)}; keep these runs in the plan, "
                        "or choose another `out`"
                    )

    def states(self, plan: SweepPlan) -> list[RunState]:
        """Return the state of each run of a plan, in the plan's order."""
        sweep = plan.sweep
        return [run_state(each, sweep.metrics, sweep.protocol) for each in plan.replicas]


def refuse_other_run(replica: Replica) -> None:
    """Refuse a folder that contains a run with other settings than the planned one.

    Raises:
        SbvaeError: If a setting differs; the message names the first one.
    """
    found = _read_settings(replica.folder.config)
    wanted = {"training.seed": replica.seed, **_settings(replica)}
    difference = None if found is None else first_difference(found, wanted)
    if difference:
        raise SbvaeError(
            f"{replica.folder.path}: holds another run, where {difference}; move it away, or "
            "choose another `out`"
        )


def _read_settings(file: Path) -> dict[str, object] | None:
    """Read the settings of a run's file, or None if it is missing; those of replicas are cached."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError):  # `read_yaml` below explains the error
        text = ""
    if not text and not file.is_file():
        return None
    seeds = _SEED.findall(text)
    if len(seeds) != 1:
        config = build_config(read_yaml(file), str(file))
        return {"training.seed": config.training.seed, **flat_settings(config, 0)}
    kind = _SEED.sub("", text)
    if kind not in _SETTINGS_CACHE:
        _SETTINGS_CACHE[kind] = flat_settings(build_config(read_yaml(file), str(file)), 0)
    return {"training.seed": int(seeds[0]), **_SETTINGS_CACHE[kind]}


def run_state(replica: Replica, metrics: Sequence[str] | None, protocol: ProtocolName) -> RunState:
    """Determine the state of a run from its files, so that any process on any machine can ask.

    Args:
        replica: The run.
        metrics: Names of the metrics of its scores; None for those that the paper reports.
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
    now = read_activity(folder)
    if state.step >= steps and is_saved(folder, steps):
        return _unfinished(state, now, "scoring", "trained")
    begun = folder.log.exists() or folder.checkpoint.exists()
    found = _unfinished(state, now, "training", "stopped" if begun else "waiting")
    if found.state == "stopped" and is_trained_elsewhere(folder):
        return replace(found, state="training")
    return found


def is_saved(folder: RunFolder, steps: int) -> bool:
    """Return whether the checkpoint has all steps, if the log does.

    A run saves after it logs, so the files' times usually tell. The checkpoint is read only if
    they do not, as after a copy.
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


def _unfinished(state: RunState, now: Activity | None, busy: State, idle: State) -> RunState:
    if now and now.kind == "failed" and not now.is_past:
        return replace(state, state="failed", why=now.why)
    return replace(state, state=busy if now and now.alive else idle)


def without_path(why: str, replica: Replica) -> str:
    """Return an error message without the path of its run, which is printed before it anyway."""
    path = replica.folder.path
    return why.removeprefix(f"{path}: ").removeprefix(f"{path}{os.sep}")


def _why_diverged(record: dict[str, Any]) -> str:
    gone = record["diverged"]
    names = [str(name) for name in gone] if isinstance(gone, list) else [str(gone)]
    were = "were" if len(names) > 1 or names == ["weights"] else "was"
    return f"{' and '.join(names)} {were} not finite in step {record['step']:,}"


def _settings(replica: Replica) -> dict[str, object]:
    return flat_settings(replica.config, 0)
