"""`sbvae train --resume` of a folder of replicas: all that are unfinished go on together."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.cli.console import note
from sbvae_cli.cli.replicas import at_once, start_job, train_in_processes
from sbvae_cli.cli.several_runs import Row
from sbvae_cli.cli.side_by_side import Job
from sbvae_cli.cli.training_report import say_what_is_kept
from sbvae_cli.commands import command
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.replicas import Replica, reserved
from sbvae_cli.runs.resume import changed_config, prepare_resumption
from sbvae_cli.training.devices import resolve_device

_DATA = "data.source"


@dataclass(frozen=True)
class _Standing:
    """Where a replica stands.

    Attributes:
        replica: The run, with what changes in its configuration.
        step: Updates that its checkpoint has; None without one.
        threads: CPU threads that it goes on with.
    """

    replica: Replica
    step: int | None
    threads: int

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.step is not None and self.step >= self.replica.config.training.steps


def go_on_with_replicas(
    group: Path,
    replicas: Sequence[Replica],
    wanted: Mapping[str, Any],
    names: Mapping[str, str],
) -> None:
    """Train all replicas further that are not finished and have not diverged.

    Args:
        group: Folder of the replicas.
        replicas: All that are in it.
        wanted: Settings that are to change, by their keys.
        names: What messages call a setting, where that is not its key.

    Raises:
        SbvaeError: If a setting may not change, a folder is in use, nothing is left to do, or a
            run failed.
        DivergedError: If a run diverged; the others are trained.
        StoppedError: If a signal asked for an end; the runs were saved.
    """
    with reserved(replicas):
        standing = [_standing(each, wanted, names) for each in _without_diverged(replicas)]
        unfinished = [each for each in standing if not each.finished]
        if not unfinished:
            raise _nothing_left(group, standing)
        _check_each(unfinished, wanted, names)
        configs = [each.replica.config for each in unfinished]
        if configs[0].training.keep_checkpoints:
            first = min(each.step or 0 for each in unfinished)
            say_what_is_kept(configs[0], group, first, len(unfinished))
        rows = {each.replica.seed: _row(each) for each in standing}
        words = [f"--set={key}={json.dumps(value)}" for key, value in wanted.items()]
        jobs = [_job(each, words, rows[each.replica.seed]) for each in unfinished]
        device = resolve_device(configs[0].training.device).type
        number = at_once(device, max(each.threads for each in unfinished))
        steps = wanted.get("training.steps")
        train_in_processes(jobs, group, number, list(rows.values()), steps)


def _without_diverged(replicas: Sequence[Replica]) -> list[Replica]:
    """Those that have not diverged: the others would do so again, at the same step."""
    left = []
    for each in replicas:
        last = each.folder.last_record() or {}
        if "diverged" in last:
            step = last.get("step", 0)
            note(f"{each.folder.path} diverged in step {step:,} and stays as it is")
        else:
            left.append(each)
    return left


def _standing(replica: Replica, wanted: Mapping[str, Any], names: Mapping[str, str]) -> _Standing:
    folder, settings = replica.folder, {k: v for k, v in wanted.items() if k != _DATA}
    if not folder.checkpoint.exists():
        config = changed_config(folder, replica.config, settings, names)
        return _Standing(Replica(config, folder), None, config.training.threads or 1)
    checkpoint = load_checkpoint(folder.checkpoint)
    config = changed_config(folder, checkpoint.config, settings, names)
    threads = settings.get("training.threads") or checkpoint.threads
    return _Standing(Replica(config, folder), checkpoint.step, threads)


def _check_each(
    standing: Sequence[_Standing], wanted: Mapping[str, Any], names: Mapping[str, str]
) -> None:
    """Say once what each of them would say, and refuse what one of them would, before any begins.

    Raises:
        SbvaeError: If one of them cannot go on so.
    """
    lines: dict[str, None] = {}
    collect: Callable[[str], None] = lines.setdefault
    for each in standing:
        if each.step is not None:
            prepare_resumption(each.replica.folder, wanted, names, collect)
    for line in lines:
        note(line)


def _nothing_left(group: Path, standing: Sequence[_Standing]) -> SbvaeError:
    if not standing:
        return SbvaeError(f"{group}: all replicas have diverged; start new ones, more slowly")
    most = max(each.step or 0 for each in standing)
    more = command("train", resume=group, steps=str(2 * most))
    return SbvaeError(
        f"{group}: its replicas have made {most:,} steps, all that are asked for; go on with more, "
        f"as {more}"
    )


def _row(standing: _Standing) -> Row:
    training, step = standing.replica.config.training, standing.step or 0
    row = Row(str(standing.replica.seed), training.steps, training.batch_size, step)
    row.state = "finished" if standing.finished else "waiting"
    return row


def _job(standing: _Standing, words: Sequence[str], row: Row) -> Job:
    folder = standing.replica.folder
    if standing.step is None:  # it ended before its first checkpoint
        return Job(folder, start_job(standing.replica, words).command, row)
    return Job(folder, ["train", f"--resume={folder.path}", *words], row)
