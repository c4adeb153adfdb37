"""`sbvae demo`."""

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from sbvae_cli.cli.options import ForceOption
from sbvae_cli.config.names import DecoderKind
from sbvae_cli.errors import SbvaeError

DATA = "circles:xy-hole"
DECODERS: tuple[DecoderKind, ...] = ("broadcast", "deconv")


def demo(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder for both runs and the pictures.")
    ] = Path("demo"),
    seed: Annotated[int, typer.Option(min=0, help="Of both models.")] = 0,
    force: ForceOption = False,
) -> None:
    """See the paper's main effect within minutes, on a CPU (Figure 8)."""
    if folder.exists() and not force:
        raise SbvaeError(f"{folder}: exists; replace its runs with --force, or name another folder")
    typer.echo(
        "Circles that vary in x and y, none of them near the middle: two models of them, which "
        "differ in the decoder."
    )
    _train(folder, seed, force)
    picture, scores = folder / "geometry.png", folder / "geometry.json"
    runs = [str(folder / decoder) for decoder in DECODERS]
    _run(["geometry", *runs, "--out", str(picture), "--json", str(scores)])
    typer.echo(
        f"Look at {picture}: black points are the middle, which neither model has seen.\n"
        "affine_r2 and inverse_r2 are 1 where the grid is embedded without a bend; fold_fraction\n"
        "is 0 where no part of it is turned over."
    )


def _train(folder: Path, seed: int, force: bool) -> None:
    """Train both models at once, on one thread each."""
    from sbvae_cli.config.presets import profile

    commands = {
        decoder: ["train", "--data", DATA, "--decoder", decoder, "--profile", "quick"]
        + ["--seed", str(seed), "--device", "cpu", "--threads", "1"]
        + ["--out", str(folder / decoder)]
        + (["--force"] if force else [])
        for decoder in DECODERS
    }
    steps = {decoder: profile("quick", decoder)["training"]["steps"] for decoder in DECODERS}
    processes = {}
    try:
        for decoder, command in commands.items():
            _show(command)
            processes[decoder] = subprocess.Popen(
                _program(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        _wait(processes, {d: folder / d / "log.jsonl" for d in DECODERS}, steps)
    finally:
        for process in processes.values():
            if process.poll() is None:
                process.terminate()
                process.wait()


def _wait(
    processes: "Mapping[DecoderKind, subprocess.Popen[str]]",
    logs: Mapping[DecoderKind, Path],
    steps: Mapping[DecoderKind, int],
) -> None:
    from sbvae_cli.cli.console import reporter

    with reporter("training", sum(steps.values())) as bar:
        while any(process.poll() is None for process in processes.values()):
            time.sleep(0.25)
            last = {decoder: _last_line(path) for decoder, path in logs.items()}
            bar.update(
                sum(int(line.get("step", 0)) for line in last.values()),
                "  ".join(f"{d} loss {line['loss']:.0f}" for d, line in last.items() if line),
            )
    for decoder, process in processes.items():
        _, errors = process.communicate()
        if process.returncode:
            lines = errors.strip().splitlines() or [f"exit code {process.returncode}"]
            raise SbvaeError(f"training of {decoder} failed: {lines[-1].removeprefix('error: ')}")


def _last_line(path: Path) -> dict[str, float]:
    """The newest whole line of a log, or nothing."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        record: dict[str, float] = json.loads(lines[-1])
        return record
    except (OSError, IndexError, ValueError):
        return {}


def _run(command: list[str]) -> None:
    _show(command)
    done = subprocess.run(_program(command), stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise SbvaeError(f"sbvae {command[0]} failed with exit code {done.returncode}")


def _show(command: list[str]) -> None:
    typer.secho(f"$ sbvae {shlex.join(command)}", bold=True)


def _program(command: list[str]) -> list[str]:
    return [sys.executable, "-m", "sbvae_cli", *command]
