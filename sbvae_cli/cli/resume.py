"""Resumes a run, or replicas, for `sbvae train --resume`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sbvae_cli.cli.console import note, print_unwrapped
from sbvae_cli.cli.train_options import SETTINGS, settings_of
from sbvae_cli.cli.training_report import report_training
from sbvae_cli.commands import as_typed, flag
from sbvae_cli.config.load import flat, parse_settings
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.observers import Observer
from sbvae_cli.runs.replicas import find_replicas
from sbvae_cli.runs.resume import (
    GroupProgress,
    RunProgress,
    list_replica_folders,
    list_runs,
    prepare_resumption,
    run_folder,
)
from sbvae_cli.runs.train import resume_runs


def resume_run(path: Path, given: Mapping[str, Any]) -> None:
    """Resume a run, or all replicas in a folder.

    Args:
        path: Run folder, its checkpoint, or the folder of replicas.
        given: Options of the command line by name.

    Raises:
        SbvaeError: If `path` is not a run, or the run cannot be resumed with these options.
    """
    replicas = find_replicas(path)
    if not replicas:
        _list_runs(path)
    folder = run_folder(path)
    apart = {"resume", "settings", "profile", "replicas", *SETTINGS}
    others = [name for name in given if name not in apart]
    if others:
        raise SbvaeError(
            f"{flag(others[0])}: applies only to new runs; {folder.path} is resumed in its folder "
            "with its own settings"
        )
    _check_number(path, len(replicas), given.get("replicas"))
    names = {key: flag(name) for name, key in SETTINGS.items() if name in given}
    wanted = settings_of(given) | flat(parse_settings(given.get("settings") or ()))
    if "profile" in given:
        names["preset.profile"], wanted["preset.profile"] = "--profile", given["profile"]
    if replicas:
        from sbvae_cli.cli.resume_replicas import resume_replicas

        resume_replicas(path, replicas, wanted, names)
        return
    run = prepare_resumption(folder, wanted, names, note)

    def call(observe: Observer, stop: Callable[[], bool]) -> int:
        return resume_runs([run], observers=[observe], stop=stop, on_note=note)[0]

    report_training(run.config, folder.path, call, run.checkpoint.step)


def _check_number(path: Path, found: int, wanted: int | None) -> None:
    """Check that the requested number of replicas, if any, is the existing one.

    Raises:
        SbvaeError: If the numbers differ.
    """
    if wanted in (None, found):
        return
    there = f"{found} replica{'s' * (found != 1)}" if found else "one run"
    raise SbvaeError(f"--replicas {wanted}: {path} holds {there}; leave --replicas out to resume")


def _list_runs(path: Path) -> None:
    """Print the runs and folders of replicas in a folder, with the command that resumes each.

    Raises:
        SbvaeError: If there are any, since the user has to choose one.
    """
    runs, groups = list_runs(path), list_replica_folders(path)
    for run in runs:
        _print_progress(run, "")
    for group in groups:
        several = "1 replica" if group.count == 1 else f"{group.count} replicas"
        least = (
            ", the one with the fewest steps at "
            if group.count > 1 and group.step < group.steps
            else ", "
        )
        _print_progress(group, f"{several}{least}")
    if runs or groups:
        what = "folders" if groups else "runs"
        raise SbvaeError(f"{path}: is not a run folder; name one of the {what} listed above")


def _print_progress(found: RunProgress | GroupProgress, before: str) -> None:
    command = as_typed(["train", "--resume", found.path])
    if found.step < found.steps:
        line = f"{found.step:,} of {found.steps:,} steps; resume with `{command}`"
    else:
        line = f"finished, {found.steps:,} steps; more with `{command} --steps {2 * found.steps}`"
    print_unwrapped(f"{found.path}: {before}{line}")
