"""`sbvae eval`."""

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sbvae_cli.cli.console import inform, remark
from sbvae_cli.cli.options import CheckpointArgument, DeviceOption
from sbvae_cli.config.names import ColorBasis

if TYPE_CHECKING:
    from sbvae_cli.analysis.protocol import Cost, Protocol
    from sbvae_cli.analysis.rates import Score
    from sbvae_cli.analysis.scores import Evaluation
    from sbvae_cli.cli.console import Reporter
    from sbvae_cli.data.source import Source
    from sbvae_cli.models.vae import VAE

LONG = 20.0  # seconds, from which on a line says what is to come


def evaluate(
    checkpoint: CheckpointArgument,
    data: Annotated[
        str | None, typer.Option(help="Other data than the model was trained on.")
    ] = None,
    json: Annotated[
        str | None, typer.Option(help="JSON file of the scores, or - for stdout.")
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(help="Of rates,mig,factor-vae,geometry; default: all that the data allows."),
    ] = None,
    population: Annotated[
        Literal["full", "train"],
        typer.Option(help="Images for mig and factor-vae: held-out regions included or not."),
    ] = "full",
    images: Annotated[
        int | None,
        typer.Option(min=2, max=10_000_000, help="For rates and mig; default 10,000."),
    ] = None,
    votes: Annotated[
        int | None,
        typer.Option(min=1, max=1_000_000, help="To train, and to score, factor-vae; default 800."),
    ] = None,
    color_basis: Annotated[
        ColorBasis | None,
        typer.Option(
            help="Colours as mig and factor-vae see them; default: as the data have them."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the images and posterior samples.")] = 0,
    device: DeviceOption = "auto",
) -> None:
    """Score a model: NLL, KL, latents used, MIG, FactorVAE score, geometry."""
    from sbvae_cli.analysis.protocol import Protocol, other_factors, parse_groups
    from sbvae_cli.cli.console import write_json
    from sbvae_cli.models.devices import resolve_device
    from sbvae_cli.runs.open import open_checkpoint, open_data

    groups = None if metrics is None else parse_groups(metrics)
    opened = open_checkpoint(checkpoint)
    source = open_data(opened, data)
    vae = opened.build_vae(resolve_device(device))
    sizes = {"images": images, "votes_train": votes, "votes_eval": votes}
    given = {name: size for name, size in sizes.items() if size is not None}
    protocol = Protocol(groups, population, color_basis, seed, **given)
    found = _evaluate(vae, source, protocol)
    difference = other_factors(opened.space, source.space.config) if data else None
    for line in [difference, *found.notes]:
        if line:
            remark(f"note: {line}")
    name = opened.config.data.source if data is None else data
    if json is not None:
        about = {"checkpoint": str(checkpoint), "step": opened.step, "data": name}
        about["model"] = ", ".join(opened.config.kinds)
        write_json(json, {**about, **found.as_dict()})
    if json != "-":
        _print(found, ", ".join([source.name, *opened.config.kinds, f"step {opened.step:,}"]))
        if json is not None:
            inform(f"wrote {json}")


def _evaluate(vae: "VAE", source: "Source", protocol: "Protocol") -> "Evaluation":
    from sbvae_cli.analysis.protocol import estimate_cost
    from sbvae_cli.analysis.scores import evaluate as evaluate_model
    from sbvae_cli.cli.console import duration

    cost = estimate_cost(vae, source, protocol)
    if cost.seconds > LONG:
        device = next(vae.parameters()).device.type
        remark(
            f"evaluation: {cost.encode:,} images to encode, {cost.decode:,} to decode, "
            f"about {duration(cost.seconds)} on this {device}"
        )
    done = 0
    with _reporter(cost) as bar:

        def advance(images: int) -> None:
            nonlocal done
            done += images
            if bar:
                bar.update(done, "images encoded")

        return evaluate_model(vae, source, protocol, advance)


def _reporter(cost: "Cost") -> "AbstractContextManager[Reporter | None]":
    """Lines in a log are only worth it where one waits for them."""
    from sbvae_cli.cli.console import reporter

    if cost.seconds > LONG or sys.stderr.isatty():
        bar: AbstractContextManager[Reporter | None] = reporter("evaluating", cost.encode)
        return bar
    return nullcontext()


def _print(found: "Evaluation", title: str) -> None:
    from sbvae_cli.cli.console import print_table

    if found.scores:
        rows = [_row(name, score) for name, score in found.scores.items()]
        print_table(title, ["score", "value", "low..high", "population"], rows)
    for embedding in found.geometry.values():
        grid, latents = embedding.grid, embedding.choice.latents
        rows = [
            [name, "-" if value is None else f"{value:.4f}"]
            for name, value in embedding.scores.items()
            if not isinstance(value, list)
        ]
        heading = (
            f"{' and '.join(grid.names)}, {grid.shape[0]}x{grid.shape[1]}, "
            f"latents {latents[0]} and {latents[1]}"
        )
        print_table(heading, ["score", "value"], rows)


def _row(name: str, score: "Score") -> list[str]:
    chance = score.details.get("chance")
    label = name if chance is None else f"{name} (chance {chance:.2f})"
    if score.details.get("likelihood"):
        label = f"{name} ({score.details['likelihood']})"
    if score.value is None:
        return [label, "-", "", score.population]
    interval = ""
    if score.low is not None and score.high is not None:
        interval = f"{score.low:.4f}..{score.high:.4f}"
    return [label, f"{score.value:.4f}", interval, score.population]
