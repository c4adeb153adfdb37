"""Trains both models of `sbvae demo` side by side, or resumes their training."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import typer

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.cli.several_runs import Row
from sbvae_cli.cli.side_by_side import Job, run_side_by_side
from sbvae_cli.cli.signals import Interrupted, defer_signals
from sbvae_cli.commands import as_typed
from sbvae_cli.config.load import build_config, flat, read_yaml
from sbvae_cli.config.names import DecoderKind
from sbvae_cli.config.presets import paper_preset, profile
from sbvae_cli.config.schema import Config, TrainingConfig
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.folder import RunFolder

DATA = "circles:xy-hole"
DECODERS: tuple[DecoderKind, ...] = ("broadcast", "deconv")


@dataclass(frozen=True)
class _ExistingRun:
    """An existing run of a demo.

    Attributes:
        config: Configuration of the run.
        step: Number of updates of its checkpoint; 0 without a checkpoint.
    """

    config: Config
    step: int


def train_both(folder: Path, seed: int | None, steps: int | None, force: bool) -> None:
    """Train both models at once, on one thread each, or resume the runs in the folder.

    Args:
        folder: Folder of both runs.
        seed: Root seed of both models; None is that of the existing runs, or 0.
        steps: Number of updates of the broadcast model; None is that of the existing runs, or of
            the profile.
        force: Whether existing runs are replaced.

    Raises:
        SbvaeError: If the folder has other files or other runs, or a training fails.
        Interrupted: If a signal stopped the training; both models were saved.
    """
    found = {} if force else _find_runs(folder)
    if not force and not found and folder.exists() and any(folder.iterdir()):
        raise SbvaeError(f"{folder}: holds other files, not a demo; name another folder")
    planned = _planned_steps(steps, found)
    if seed is None:
        seed = next((run.config.training.seed for run in found.values()), 0)
    commands = {}
    for decoder in DECODERS:
        path, run, settings = folder / decoder, found.get(decoder), (seed, planned[decoder])
        if run:
            _refuse_another(path, run, decoder, *settings)
        if run and run.step >= planned[decoder]:
            typer.echo(f"{path}: is trained already, {run.step:,} steps")
        elif run and run.step:
            typer.echo(f"{path}: resumes at step {run.step:,} of {planned[decoder]:,}")
            commands[decoder] = ["train", "--resume", str(path)]
        else:
            commands[decoder] = _start_command(path, decoder, *settings, force)
    _train(commands, {d: folder / d for d in DECODERS}, found, planned)


def _find_runs(folder: Path) -> dict[DecoderKind, _ExistingRun]:
    found = {}
    for decoder in DECODERS:
        run = RunFolder(folder / decoder)
        if run.checkpoint.exists():
            checkpoint = load_checkpoint(run.checkpoint)
            found[decoder] = _ExistingRun(checkpoint.config, checkpoint.step)
        elif run.config.exists():  # interrupted before its first checkpoint
            found[decoder] = _ExistingRun(build_config(read_yaml(run.config), str(run.config)), 0)
    return found


def _planned_steps(
    wanted: int | None, found: Mapping[DecoderKind, _ExistingRun]
) -> dict[DecoderKind, int]:
    """Return the number of updates of each model, in the proportion of the quick profile."""
    presets = {decoder: paper_preset("vae", "circles", decoder) for decoder in DECODERS}
    usual = {d: int(profile("quick", p)["training"]["steps"]) for d, p in presets.items()}
    for decoder, run in found.items():
        if wanted is None:
            wanted = run.config.training.steps * usual["broadcast"] // usual[decoder]
    if wanted is None:
        return usual
    return {decoder: usual[decoder] * wanted // usual["broadcast"] for decoder in DECODERS}


def _refuse_another(
    path: Path, run: _ExistingRun, decoder: DecoderKind, seed: int, steps: int
) -> None:
    """Refuse to resume a run with other settings than those of the demo.

    Raises:
        SbvaeError: If a setting differs.
    """
    wanted = {
        "data.source": DATA,
        "model.decoder.kind": decoder,
        "preset.profile": "quick",
        "training.seed": seed,
        "training.steps": steps,
    }
    own = flat(run.config.as_dict())
    for key, value in wanted.items():
        if own[key] != value:
            raise SbvaeError(
                f"{path}: is another run, its {key} is {own[key]}, not {value}; name another "
                "folder, or replace it with --force"
            )


def _start_command(
    path: Path, decoder: DecoderKind, seed: int, steps: int, force: bool
) -> list[str]:
    return [
        *("train", "--data", DATA, "--decoder", decoder, "--profile", "quick"),
        *("--steps", str(steps), "--seed", str(seed), "--device", "cpu", "--threads", "1"),
        *("--out", str(path)),
        *(["--force"] if force else []),
    ]


def _train(
    commands: Mapping[DecoderKind, list[str]],
    folders: Mapping[DecoderKind, Path],
    found: Mapping[DecoderKind, _ExistingRun],
    steps: Mapping[DecoderKind, int],
) -> None:
    """Run the commands that train, side by side.

    Raises:
        SbvaeError: If a training failed.
        Interrupted: If a signal stopped the training; both models were saved.
    """
    rows = {}
    for decoder in DECODERS:
        run = found.get(decoder)
        batch = run.config.training.batch_size if run else TrainingConfig().batch_size
        rows[decoder] = Row(decoder, steps[decoder], batch, run.step if run else 0)
        rows[decoder].state = "waiting" if decoder in commands else "finished"
    jobs = [Job(RunFolder(folders[d]), words, rows[d]) for d, words in commands.items()]
    for job in jobs:
        show(job.command)
    if not jobs:
        return
    with defer_signals() as request:
        ended = run_side_by_side(jobs, len(jobs), "decoder", request, list(rows.values()))
    if request.number is not None and any(each.row.state != "finished" for each in ended):
        raise Interrupted(request.number)
    for each in ended:
        if each.why:
            raise SbvaeError(f"{each.folder.path}: {each.why}")


def require_success(what: str, code: int, errors: str) -> None:
    """Raise an error if a command failed.

    Args:
        what: Name of the command.
        code: Its exit code.
        errors: Its output on stderr.

    Raises:
        SbvaeError: If `code` is not 0; the message has the last line of `errors`.
    """
    if code:
        lines = errors.strip().splitlines() or [f"exit code {code}"]
        raise SbvaeError(f"sbvae {what} failed: {lines[-1].removeprefix('error: ')}")


def show(command: list[str]) -> None:
    """Print a command as a user would type it."""
    typer.secho(f"$ {as_typed(command)}", bold=True)
