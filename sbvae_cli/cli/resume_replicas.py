"""Resumes all unfinished replicas of a folder together, for `sbvae train --resume`."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sbvae_cli.checkpoint import Checkpoint, load_checkpoint
from sbvae_cli.cli.console import note, print_unwrapped
from sbvae_cli.cli.flags import with_flags
from sbvae_cli.cli.replica_ends import OtherReplicas
from sbvae_cli.cli.replicas import (
    print_preview_notes,
    processes_at_once,
    start_job,
    train_in_processes,
)
from sbvae_cli.cli.several_runs import Row
from sbvae_cli.cli.side_by_side import Job, TrainingEnd
from sbvae_cli.cli.stacked import Stackable, train_stacked
from sbvae_cli.cli.training_report import print_kept_checkpoints
from sbvae_cli.commands import command
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.memory import processes_that_fit, replicas_that_fit
from sbvae_cli.runs.own_data import open_own_data
from sbvae_cli.runs.replicas import Replica, reserved
from sbvae_cli.runs.resume import Resumption, changed_config, prepare_resumption
from sbvae_cli.training.devices import resolve_device

_DATA = "data.source"


@dataclass(frozen=True)
class _ReplicaProgress:
    """Progress of a replica.

    Attributes:
        replica: The run, with the changed configuration.
        step: Number of updates of its checkpoint; None without a checkpoint.
        threads: Number of CPU threads to resume with.
    """

    replica: Replica
    step: int | None
    threads: int

    @property
    def finished(self) -> bool:
        """Whether all planned updates are made."""
        return self.step is not None and self.step >= self.replica.config.training.steps


def resume_replicas(
    group: Path,
    replicas: Sequence[Replica],
    wanted: Mapping[str, Any],
    names: Mapping[str, str],
) -> None:
    """Resume all replicas that are neither finished nor diverged.

    Args:
        group: Folder of the replicas.
        replicas: All replicas in the folder.
        wanted: Changed settings by key.
        names: Flags of settings by key, for messages; other settings are named by their key.

    Raises:
        SbvaeError: If a setting may not change, a folder is in use, all replicas are finished or
            diverged, or a run failed.
        DivergedError: If a run diverged; the others were trained.
        StoppedError: If a signal stopped the training; the runs were saved.
    """
    with reserved(replicas):
        for each in replicas:
            if not each.folder.config.exists():  # the process that should begin it was killed
                each.folder.write_config(each.config)
        left, left_out = _load_checkpoints(_without_diverged(replicas))
        progress = [_progress_of(*each, wanted, names) for each in left]
        unfinished = [each for each in progress if not each.finished]
        if not unfinished:
            raise _nothing_to_resume(group, progress, wanted.get("training.steps"), left_out)
        resumptions = _check_each(unfinished, wanted, names)
        config = unfinished[0].replica.config
        if config.training.keep_checkpoints:
            first = min(each.step or 0 for each in unfinished)
            print_kept_checkpoints(config, group, first, len(unfinished))
        rows = {each.replica.seed: _row(each) for each in progress}
        others = OtherReplicas(list(rows.values()), wanted.get("training.steps"), left_out)
        device = resolve_device(config.training.device).type
        source = _source(unfinished, resumptions)
        number = processes_at_once(device, max(each.threads for each in unfinished))
        number = processes_that_fit(config, source, number)
        if device == "cuda":
            _resume_stacked(group, unfinished, resumptions, source, others)
            return
        words = [f"--set={key}={json.dumps(value)}" for key, value in wanted.items()]
        print_preview_notes(config, source)
        jobs = [_job(each, words, rows[each.replica.seed]) for each in unfinished]
        train_in_processes(jobs, group, number, others)


def _resume_stacked(
    group: Path,
    unfinished: Sequence[_ReplicaProgress],
    resumptions: Mapping[int, Resumption | None],
    source: Source,
    others: OtherReplicas,
) -> None:
    """Resume replicas in this process; those without a checkpoint begin after the others."""
    _require_same_step(group, [each for each in unfinished if each.step is not None])
    replicas = [each.replica for each in unfinished]
    _require_same_settings(group, replicas)
    config = replicas[0].config
    rows = {row.name: row for row in others.rows}
    runs = [Stackable(each, rows[str(each.seed)], resumptions[each.seed]) for each in replicas]
    number = replicas_that_fit(config, len(runs))
    train_stacked(runs, source, group, number, others=others)


def _source(
    unfinished: Sequence[_ReplicaProgress], resumptions: Mapping[int, Resumption | None]
) -> Source:
    """Return the data of the replicas, whose file may have been moved."""
    for resumption in resumptions.values():
        if resumption:
            return resumption.source
    first = unfinished[0].replica
    return open_own_data(first.config.data, first.folder.path)


def _require_same_settings(group: Path, replicas: Sequence[Replica]) -> None:
    """Check that all settings of training except the seed are equal.

    Raises:
        SbvaeError: If a setting differs, such as the precision.
    """
    first, *others = (each.config.training.model_dump() for each in replicas)
    for name, value in first.items():
        if name != "seed" and any(other[name] != value for other in others):
            alone = command("train", resume=replicas[0].folder.path)
            raise SbvaeError(
                f"{group}: its replicas differ in training.{name}, but are trained together on a "
                f"GPU; train each alone, as {alone}"
            )


def _require_same_step(group: Path, progress: Sequence[_ReplicaProgress]) -> None:
    """Check that all replicas are at the same step, since one update on a GPU trains them all.

    Raises:
        SbvaeError: If steps differ; the message has commands that make them equal.
    """
    steps = {each.step or 0 for each in progress}
    if len(steps) <= 1:
        return
    where, most = _seeds_by_step(progress), max(steps)
    behind = next(each for each in progress if (each.step or 0) < most)
    training = behind.replica.config.training
    alone = {"steps": str(most)} if training.learning_rate_schedule == "constant" else {}
    first = command("train", resume=behind.replica.folder.path, **alone)
    then = command("train", resume=group, steps=str(training.steps))
    raise SbvaeError(
        f"{group}: its replicas are at different steps ({where}), but are trained together on a "
        f"GPU; train those that are behind alone, as {first}, then all: {then}"
    )


def _seeds_by_step(progress: Sequence[_ReplicaProgress]) -> str:
    """List the seeds of the replicas by step, such as `1 at 2; 0, 2 at 4`."""
    seeds: dict[int, list[int]] = {}
    for each in progress:
        seeds.setdefault(each.step or 0, []).append(each.replica.seed)
    return "; ".join(f"{', '.join(map(str, s))} at {step:,}" for step, s in sorted(seeds.items()))


def _without_diverged(replicas: Sequence[Replica]) -> list[Replica]:
    """Return the replicas that have not diverged; the others would diverge again."""
    left = []
    for each in replicas:
        last = each.folder.last_record() or {}
        if "diverged" in last:
            step = last.get("step", 0)
            note(f"{each.folder.path} diverged in step {step:,} and stays as it is")
        else:
            left.append(each)
    return left


def _load_checkpoints(
    replicas: Sequence[Replica],
) -> tuple[list[tuple[Replica, Checkpoint | None]], list[TrainingEnd]]:
    """Load the checkpoints of replicas, None if there is none, and report damaged ones.

    Replicas with a damaged checkpoint are returned as failed ones, and the others are resumed.
    """
    found: list[tuple[Replica, Checkpoint | None]] = []
    left_out = []
    for each in replicas:
        file, kept = each.folder.checkpoint, each.folder.kept_steps()
        try:
            found.append((each, load_checkpoint(file) if file.exists() else None))
        except SbvaeError as error:
            way = "delete it to start this replica again"
            if kept:
                way = f"copy {each.folder.kept(kept[-1])} to it to resume from that step"
            print_unwrapped(f"{with_flags(str(error))}; left out: {way}")
            row = Row(str(each.seed), each.config.training.steps, each.config.training.batch_size)
            row.state = "failed"
            left_out.append(TrainingEnd(each.folder, row, str(error)))
    return found, left_out


def _progress_of(
    replica: Replica,
    checkpoint: Checkpoint | None,
    wanted: Mapping[str, Any],
    names: Mapping[str, str],
) -> _ReplicaProgress:
    folder, settings = replica.folder, {k: v for k, v in wanted.items() if k != _DATA}
    if checkpoint is None:
        config = changed_config(folder, replica.config, settings, names)
        return _ReplicaProgress(Replica(config, folder), None, config.training.threads or 1)
    config = changed_config(folder, checkpoint.config, settings, names)
    threads = settings.get("training.threads") or checkpoint.threads
    return _ReplicaProgress(Replica(config, folder), checkpoint.step, threads)


def _check_each(
    progress: Sequence[_ReplicaProgress], wanted: Mapping[str, Any], names: Mapping[str, str]
) -> dict[int, Resumption | None]:
    """Check that all replicas can be resumed, before one begins, and print each note once.

    Returns:
        Prepared resumptions by seed; None for a replica without a checkpoint.

    Raises:
        SbvaeError: If a replica cannot be resumed with these settings.
    """
    lines: dict[str, None] = {}
    collect: Callable[[str], None] = lines.setdefault
    found = {
        each.replica.seed: None
        if each.step is None
        else prepare_resumption(each.replica.folder, wanted, names, collect)
        for each in progress
    }
    for line in lines:
        note(line)
    return found


def _nothing_to_resume(
    group: Path,
    progress: Sequence[_ReplicaProgress],
    wanted_steps: int | None,
    left_out: Sequence[TrainingEnd],
) -> SbvaeError:
    """Return the error for replicas that are all finished, diverged or damaged, with advice."""
    if not progress and left_out:
        return SbvaeError(f"{group}: none of its replicas can be resumed, see above")
    if not progress:
        return SbvaeError(
            f"{group}: all replicas have diverged; start new ones with a smaller `learning_rate`, "
            "or `clip_grad=1`"
        )
    steps = sorted({each.step or 0 for each in progress})
    most = steps[-1]
    made = f"{group}: its {'other ' if left_out else ''}replicas have made"
    if len(steps) > 1:
        all_of = "all steps that were" if wanted_steps is None else f"the {wanted_steps:,} steps"
        level = command("train", resume=group, steps=str(most))
        return SbvaeError(
            f"{made} {all_of} requested, or more ({_seeds_by_step(progress)}); "
            f"train all to the same step with {level}"
        )
    beyond = wanted_steps is not None and most > wanted_steps
    of = f"more than the {wanted_steps:,} requested" if beyond else "all that were requested"
    more = command("train", resume=group, steps=str(2 * most))
    return SbvaeError(f"{made} {most:,} steps, {of}; train more with {more}")


def _row(progress: _ReplicaProgress) -> Row:
    """Return the row of the progress table; a replica beyond the requested steps is finished."""
    training, step = progress.replica.config.training, progress.step or 0
    row = Row(str(progress.replica.seed), max(training.steps, step), training.batch_size, step)
    row.state = "finished" if progress.finished else "waiting"
    return row


def _job(progress: _ReplicaProgress, words: Sequence[str], row: Row) -> Job:
    folder = progress.replica.folder
    if progress.step is None:  # ended before its first checkpoint
        return Job(folder, start_job(progress.replica, words).command, row)
    return Job(folder, ["train", f"--resume={folder.path}", *words], row)
