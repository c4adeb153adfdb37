"""Read the logs of runs, whether they are finished, still training or diverged."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sbvae_cli.commands import command
from sbvae_cli.config.load import build_config, read_yaml
from sbvae_cli.config.schema import Config
from sbvae_cli.errors import SbvaeError
from sbvae_cli.figures.losses import Curve, RunLog
from sbvae_cli.files import parse_json
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.labels import config_labels
from sbvae_cli.runs.targets import run_folders
from sbvae_cli.system_errors import unreadable

_MAX_STEPS, _LARGEST = 1e15, 1e100  # limits on a log, since axes of larger values would overflow
_NO_TERMS = ("step", "diverged")


def read_logs(
    targets: Sequence[Path], on_note: Callable[[str], None] = lambda line: None
) -> list[RunLog]:
    """Read the logs of runs, each once, in the order of the targets.

    Args:
        targets: Run folders, their checkpoints or logs, and folders of replicas or of runs.
        on_note: Called with a line for each run that has logged nothing yet and is left out.

    Raises:
        SbvaeError: If a target is not a run and contains none, or no run has logged anything.
    """
    found: list[tuple[RunFolder, Config, list[dict[str, Any]]]] = []
    for folder in run_folders(targets):
        records = records_of(folder)
        if records:
            config = build_config(read_yaml(folder.config), str(folder.config))
            found.append((folder, config, records))
        else:
            on_note(f"{folder.path} has logged nothing yet and is left out")
    if not found:
        raise SbvaeError(
            f"{targets[0]}: no run there has logged anything yet; wait for it, or train one as "
            f"{command('train', out=targets[0])}"
        )
    labels = config_labels([config for _, config, _ in found])
    return [_run_log(*each, label) for each, label in zip(found, labels, strict=True)]


def records_of(folder: RunFolder) -> list[dict[str, Any]]:
    """Return the lines of a log in the order of steps; the later one if a step was logged twice.

    A half-written line, such as the last one of a killed run, is left out.

    Raises:
        SbvaeError: If the log exists but cannot be read.
    """
    try:
        text = folder.log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unreadable(folder.log, error) from error
    found: dict[float, dict[str, Any]] = {}
    for line in text.splitlines():
        try:
            record = parse_json(line)
            step = float(record["step"])
        except (ValueError, KeyError, TypeError, OverflowError):
            continue
        if not 0 <= step < _MAX_STEPS:
            continue
        while "diverged" not in record and found and next(reversed(found)) >= step:
            found.popitem()  # a resumed run logged this step again
        found[step] = {**record, "step": step}
    return list(found.values())


def _run_log(
    folder: RunFolder, config: Config, records: Sequence[dict[str, Any]], label: str
) -> RunLog:
    diverged = next((int(each["step"]) for each in records if "diverged" in each), None)
    kept = [each for each in records if "diverged" not in each]
    names = dict.fromkeys(name for each in kept for name in each if name not in _NO_TERMS)
    curves = {}
    for name in names:
        points = [(each["step"], each[name]) for each in kept if _is_number(each.get(name))]
        if points:
            steps, values = np.array(points, dtype=np.float64).T
            curves[name] = Curve(steps, values)
    about = str(folder.path), label, config.data.name, config.model.decoder.kind
    return RunLog(*about, config.training.steps, curves, diverged, config.training.seed)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) < _LARGEST
