"""Both models of `sbvae demo`: trained side by side, or further where a demo was interrupted."""

import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import typer

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.cli.console import reporter
from sbvae_cli.commands import as_typed
from sbvae_cli.config.load import build_config, flat, read_yaml
from sbvae_cli.config.names import DecoderKind
from sbvae_cli.config.presets import paper_preset, profile
from sbvae_cli.config.schema import Config
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.folder import RunFolder

DATA = "circles:xy-hole"
DECODERS: tuple[DecoderKind, ...] = ("broadcast", "deconv")


@dataclass(frozen=True)
class _Found:
    """A run of a demo that is there.

    Attributes:
        config: Its configuration.
        step: Updates that its checkpoint has; 0 without one.
    """

    config: Config
    step: int


def train_both(folder: Path, seed: int | None, steps: int | None, force: bool) -> None:
    """Train both models at once, on one thread each; what a folder has of them goes on.

    Args:
        folder: Folder of both runs.
        seed: Root seed of both; None takes that of the runs there, or 0.
        steps: Updates of the broadcast model; None takes those of the runs there, or the profile's.
        force: Whether runs there are replaced.

    Raises:
        SbvaeError: If the folder holds something else, or a training fails.
    """
    found = {} if force else _find_runs(folder)
    if not force and not found and folder.exists() and any(folder.iterdir()):
        raise SbvaeError(f"{folder}: holds other files and no demo; name another folder")
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
            typer.echo(f"{path}: goes on from step {run.step:,} of {planned[decoder]:,}")
            commands[decoder] = ["train", "--resume", str(path)]
        else:
            commands[decoder] = _first_command(path, decoder, *settings, force)
    _run_side_by_side(commands, {d: folder / d for d in DECODERS}, planned)


def _find_runs(folder: Path) -> dict[DecoderKind, _Found]:
    found = {}
    for decoder in DECODERS:
        run = RunFolder(folder / decoder)
        if run.checkpoint.exists():
            checkpoint = load_checkpoint(run.checkpoint)
            found[decoder] = _Found(checkpoint.config, checkpoint.step)
        elif run.config.exists():  # interrupted before its first checkpoint
            found[decoder] = _Found(build_config(read_yaml(run.config), str(run.config)), 0)
    return found


def _planned_steps(
    wanted: int | None, found: Mapping[DecoderKind, _Found]
) -> dict[DecoderKind, int]:
    """Updates of each model, in the same proportion whatever their number."""
    presets = {decoder: paper_preset("vae", "circles", decoder) for decoder in DECODERS}
    usual = {d: int(profile("quick", p)["training"]["steps"]) for d, p in presets.items()}
    for decoder, run in found.items():
        if wanted is None:
            wanted = run.config.training.steps * usual["broadcast"] // usual[decoder]
    if wanted is None:
        return usual
    return {decoder: usual[decoder] * wanted // usual["broadcast"] for decoder in DECODERS}


def _refuse_another(path: Path, run: _Found, decoder: DecoderKind, seed: int, steps: int) -> None:
    """Refuse to go on with a run that the demo would not have made.

    Raises:
        SbvaeError: With what differs.
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


def _first_command(
    path: Path, decoder: DecoderKind, seed: int, steps: int, force: bool
) -> list[str]:
    return [
        *("train", "--data", DATA, "--decoder", decoder, "--profile", "quick"),
        *("--steps", str(steps), "--seed", str(seed), "--device", "cpu", "--threads", "1"),
        *("--out", str(path)),
        *(["--force"] if force else []),
    ]


def _run_side_by_side(
    commands: Mapping[DecoderKind, list[str]],
    folders: Mapping[DecoderKind, Path],
    steps: Mapping[DecoderKind, int],
) -> None:
    processes = {}
    try:
        for decoder, command in commands.items():
            show(command)
            processes[decoder] = subprocess.Popen(
                program(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,  # Ctrl-C reaches us; we ask them to end, once
            )
        if processes:
            _wait(processes, folders, steps)
    finally:
        for process in processes.values():
            if process.poll() is None:
                process.terminate()
        for process in processes.values():
            process.wait()


def _wait(
    processes: Mapping[DecoderKind, subprocess.Popen[str]],
    folders: Mapping[DecoderKind, Path],
    steps: Mapping[DecoderKind, int],
) -> None:
    with reporter("training", sum(steps.values())) as bar:
        while any(process.poll() is None for process in processes.values()):
            time.sleep(0.25)
            last = {d: RunFolder(path).last_record() or {} for d, path in folders.items()}
            losses = {d: line.get("loss") for d, line in last.items()}
            bar.update(
                sum(int(line.get("step", 0)) for line in last.values()),
                "  ".join(f"{d} loss {x:.0f}" for d, x in losses.items() if isinstance(x, float)),
            )
    for decoder, process in processes.items():
        _, errors = process.communicate()
        require_success(f"train --decoder {decoder}", process.returncode, errors)


def require_success(what: str, code: int, errors: str) -> None:
    """Turn the end of a command that failed into an error.

    Raises:
        SbvaeError: With the command's last line.
    """
    if code:
        lines = errors.strip().splitlines() or [f"exit code {code}"]
        raise SbvaeError(f"sbvae {what} failed: {lines[-1].removeprefix('error: ')}")


def show(command: list[str]) -> None:
    """Print a command as a user would type it."""
    typer.secho(f"$ {as_typed(command)}", bold=True)


def program(command: list[str]) -> list[str]:
    """The arguments of a process that runs a command."""
    return [sys.executable, "-m", "sbvae_cli", *command]
