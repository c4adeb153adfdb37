"""The command `sbvae demo`, which trains, draws and scores two models."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from sbvae_cli.cli.console import console_settings
from sbvae_cli.cli.options import ForceOption
from sbvae_cli.cli.outputs import run_folder
from sbvae_cli.cli.signals import SIGNALLED, Interrupted
from sbvae_cli.commands import as_typed
from sbvae_cli.errors import SbvaeError, StoppedError

# Fewer images and metrics than the defaults of `eval`: the demo must end within minutes on a CPU.
QUICK_EVAL = ("--protocol", "quick", "--metrics", "rates,mig,factor-vae")


def demo(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR",
            callback=run_folder,
            help="Folder for both runs and the pictures; default: demo, or demo-SEED.",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0, help="Root seed of both models; default: that of the runs in the folder, or 0."
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=1, help="Updates of the broadcast model; the other gets three times as many."
        ),
    ] = None,
    force: ForceOption = False,
) -> None:
    """Show the paper's main effect within minutes, on a CPU (Figure 8).

    Repeat the command to resume an interrupted demo.
    """
    from sbvae_cli.cli.demo_runs import train_both

    folder = folder or Path(f"demo-{seed}" if seed else "demo")
    typer.echo(
        "Data: circles at varying x and y, none near the middle. Models: two, which differ in "
        "the decoder."
    )
    try:
        train_both(folder, seed, steps, force)
        _draw_and_score(folder)
    except Interrupted as signal:
        options = {"--seed": seed, "--steps": steps}
        words = [word for name, value in options.items() if value for word in (name, str(value))]
        again = as_typed(["demo", folder, *words])
        raise StoppedError(
            f"stopped; the training so far is saved; resume with: {again}", signal.number
        ) from None


def _draw_and_score(folder: Path) -> None:
    """Draw and score both models."""
    from sbvae_cli.cli.demo_runs import DECODERS

    paths = [str(folder / decoder) for decoder in DECODERS]
    pictures = [folder / "geometry.png", folder / "traversal.png"]
    geometry, scores = folder / "geometry.json", folder / "eval.json"
    _run(["geometry", *paths, "--out", str(pictures[0]), "--json", str(geometry)])
    _run(["traverse", *paths, "--out", str(pictures[1])])
    _run(["eval", *paths, *QUICK_EVAL, "--json", str(scores)])
    pictures += _explore(folder, paths)
    _compare(_read(geometry)["models"], _read(scores)["results"])
    typer.echo(
        "affine_r2 and inverse_r2 are 1 if the grid of x and y is flat in latent space;\n"
        "fold_fraction is 0 if no part of it is folded. Copies are latents that change with x and\n"
        "y in addition to the two of the grid; information_outside is their share of the\n"
        "information about x and y. MIG can be low for a flat grid too: copies lower it, and so\n"
        "does a rotation of x and y (Section 4.4). Look at:"
    )
    for picture in pictures:
        typer.echo(f"  {picture}")


def _explore(folder: Path, paths: list[str]) -> list[Path]:
    """Write the explorer page of both models, or say which package it needs."""
    from sbvae_cli.export.packages import require_onnx

    page = folder / "explorer.html"
    try:
        require_onnx()
    except SbvaeError as error:
        typer.echo(f"{page} is not written: {error}")
        return []
    _run(["explore", *paths, "--out", str(page)])
    return [page]


def _compare(geometry: list[dict[str, Any]], evaluations: list[dict[str, Any]]) -> None:
    from sbvae_cli.cli.console import print_table
    from sbvae_cli.cli.demo_runs import DECODERS

    rows = []
    for name in ("neg_elbo", "nll", "kl", "nll_heldout", "latents_used", "mig", "factor_vae"):
        values = [model["scores"][name]["value"] for model in evaluations]
        rows.append([name, *(f"{value:.3f}" for value in values)])
    for name in (
        *("inverse_r2", "affine_r2", "fold_fraction", "tear", "heldout_nrmse"),
        "information_outside",
    ):
        values = [model["scores"][name] for model in geometry]
        rows.append([name, *("-" if value is None else f"{value:.3f}" for value in values)])
    verdicts = [model["verdict"] for model in geometry]
    print_table("The two decoders", ["score", *DECODERS], [["grid of x and y", *verdicts], *rows])


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _run(command: list[str]) -> None:
    """Run a command in this process, where PyTorch is loaded, without its output.

    Raises:
        Interrupted: If a signal ended the command.
        SbvaeError: If the command failed.
    """
    from sbvae_cli.cli.app import main
    from sbvae_cli.cli.demo_runs import require_success, show

    show(command)
    errors, settings = io.StringIO(), replace(console_settings)
    with redirect_stdout(io.StringIO()), redirect_stderr(errors):
        code = main(command)
    vars(console_settings).update(vars(settings))
    if code > SIGNALLED:
        raise Interrupted(code - SIGNALLED)
    require_success(command[0], code, errors.getvalue())
