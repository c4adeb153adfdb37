"""`sbvae demo`."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from sbvae_cli.cli.options import ForceOption
from sbvae_cli.cli.outputs import run_folder
from sbvae_cli.commands import as_typed
from sbvae_cli.config.names import DecoderKind
from sbvae_cli.errors import SbvaeError

# Fewer images than `eval` takes by itself: on a slow CPU the demo must end within minutes.
QUICK_EVAL = ("--metrics", "rates,mig,factor-vae", "--images", "4000", "--votes", "400")
DATA = "circles:xy-hole"
DECODERS: tuple[DecoderKind, ...] = ("broadcast", "deconv")


def demo(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", callback=run_folder, help="Folder for both runs and the pictures."
        ),
    ] = Path("demo"),
    seed: Annotated[int, typer.Option(min=0, help="Root seed of both models.")] = 0,
    steps: Annotated[
        int | None,
        typer.Option(
            min=1, help="Updates of the broadcast model; the other gets three times as many."
        ),
    ] = None,
    force: ForceOption = False,
) -> None:
    """Show the paper's main effect within minutes, on a CPU (Figure 8)."""
    if folder.exists() and not force:
        raise SbvaeError(f"{folder}: exists; replace its runs with --force, or name another folder")
    typer.echo(
        "Circles that vary in x and y, none of them near the middle: two models of them, which "
        "differ in the decoder."
    )
    _train(folder, seed, steps, force)
    runs = {decoder: folder / decoder for decoder in DECODERS}
    geometry = folder / "geometry.png"
    scores = folder / "geometry.json"
    paths = [str(path) for path in runs.values()]
    _run(["geometry", *paths, "--out", str(geometry), "--json", str(scores)])
    pictures = [geometry]
    for path in runs.values():
        pictures.append(path / "traversal.png")
        _run(["traverse", str(path), "--out", str(pictures[-1])])
        _run(["eval", str(path), *QUICK_EVAL, "--json", str(path / "eval.json")])
    _compare(json.loads(scores.read_text()), {d: _read(runs[d] / "eval.json") for d in DECODERS})
    typer.echo(
        "affine_r2 and inverse_r2 are 1 where the grid of x and y lies in latent space without\n"
        "a bend, fold_fraction is 0 where no part of it is turned over. MIG may be low even so:\n"
        "it punishes a rotation of x and y (Section 4.4). Look at:"
    )
    for picture in pictures:
        typer.echo(f"  {picture}")


def _compare(geometry: dict[str, Any], evaluations: Mapping[DecoderKind, dict[str, Any]]) -> None:
    from sbvae_cli.cli.console import print_table

    rows = []
    for name in ("neg_elbo", "nll", "kl", "nll_heldout", "latents_used", "mig", "factor_vae"):
        values = [evaluations[d]["scores"][name]["value"] for d in DECODERS]
        rows.append([name, *(f"{value:.3f}" for value in values)])
    for name in ("affine_r2", "inverse_r2", "fold_fraction", "tear", "heldout_nrmse"):
        values = [model["scores"][name] for model in geometry["models"]]
        rows.append([name, *("-" if value is None else f"{value:.3f}" for value in values)])
    print_table("The two decoders", ["score", *DECODERS], rows)


def _train(folder: Path, seed: int, wanted: int | None, force: bool) -> None:
    """Train both models at once, on one thread each."""
    from sbvae_cli.config.presets import paper_preset, profile

    presets = {decoder: paper_preset("vae", "circles", decoder) for decoder in DECODERS}
    steps = {d: profile("quick", preset)["training"]["steps"] for d, preset in presets.items()}
    if wanted is not None:
        steps = {d: steps[d] * wanted // steps["broadcast"] for d in DECODERS}
    commands = {
        decoder: ["train", "--data", DATA, "--decoder", decoder, "--profile", "quick"]
        + ["--steps", str(steps[decoder])]
        + ["--seed", str(seed), "--device", "cpu", "--threads", "1"]
        + ["--out", str(folder / decoder)]
        + (["--force"] if force else [])
        for decoder in DECODERS
    }
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
                start_new_session=True,  # Ctrl-C reaches us; we ask them to end, once
            )
        _wait(processes, {d: folder / d for d in DECODERS}, steps)
    finally:
        for process in processes.values():
            if process.poll() is None:
                process.terminate()
                process.wait()


def _wait(
    processes: "Mapping[DecoderKind, subprocess.Popen[str]]",
    folders: Mapping[DecoderKind, Path],
    steps: Mapping[DecoderKind, int],
) -> None:
    from sbvae_cli.cli.console import reporter
    from sbvae_cli.runs.folder import RunFolder

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
        _require_success(f"train --decoder {decoder}", process.returncode, errors)


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _run(command: list[str]) -> None:
    _show(command)
    process = subprocess.run(
        _program(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # the table at the end says it all
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    _require_success(command[0], process.returncode, process.stderr)


def _require_success(what: str, code: int, errors: str) -> None:
    if code:
        lines = errors.strip().splitlines() or [f"exit code {code}"]
        raise SbvaeError(f"sbvae {what} failed: {lines[-1].removeprefix('error: ')}")


def _show(command: list[str]) -> None:
    typer.secho(f"$ {as_typed(command)}", bold=True)


def _program(command: list[str]) -> list[str]:
    return [sys.executable, "-m", "sbvae_cli", *command]
