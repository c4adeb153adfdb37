"""`sbvae geometry`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sbvae_cli.cli.options import DeviceOption, JsonOption, OtherDataOption, PictureOption
from sbvae_cli.cli.parse import parse_levels, parse_pair, parse_two_latents
from sbvae_cli.config.names import Select

if TYPE_CHECKING:
    from sbvae_cli.evaluation.grid_embedding import GridEmbedding


def geometry(
    checkpoints: Annotated[
        list[Path],
        typer.Argument(
            metavar="CKPT...", help="Run folders or ckpt.pt; several are drawn side by side."
        ),
    ],
    out: PictureOption = Path("geometry.png"),
    json: JsonOption = None,
    factors: Annotated[
        str | None, typer.Option(help="Two factors, as x,y; default: the first two that vary.")
    ] = None,
    grid: Annotated[int, typer.Option(min=2, max=512, help="Grid points along a factor.")] = 32,
    at: Annotated[
        list[str] | None, typer.Option(help="Value of another factor, as hue=0.5 or shape=heart.")
    ] = None,
    select: Annotated[Select, typer.Option(help="How the two latents are chosen.")] = "auto",
    latents: Annotated[
        str | None, typer.Option(help="Use these two latents, as 9,3; overrides --select.")
    ] = None,
    data: OtherDataOption = None,
    device: DeviceOption = "auto",
) -> None:
    """Plot a factor grid in latent space, and score it (Figures 7 and 8)."""
    from sbvae_cli.cli.console import inform
    from sbvae_cli.cli.outputs import write_json, write_picture
    from sbvae_cli.data.factors import FactorSpace
    from sbvae_cli.evaluation.grid_embedding import embed_factor_grid
    from sbvae_cli.figures.geometry import draw_geometry
    from sbvae_cli.runs.open import open_checkpoint, open_data
    from sbvae_cli.training.devices import resolve_device

    pair = None if latents is None else parse_two_latents(latents)
    embeddings: dict[str, GridEmbedding] = {}
    models: list[dict[str, Any]] = []
    for path in checkpoints:
        checkpoint = open_checkpoint(path)
        source = open_data(checkpoint, data)
        embedding = embed_factor_grid(
            checkpoint.build_vae(resolve_device(device)),
            source,
            parse_pair(factors) if factors is not None else None,
            size=grid,
            at=parse_levels(at or [], source.space.factors),
            select=select,
            latents=pair,
            trained_on=FactorSpace(checkpoint.space),
        )
        config = checkpoint.config
        model = ", ".join(config.kinds)
        embeddings[model if len(checkpoints) == 1 else _name(path, checkpoints)] = embedding
        caption = f"{config.data.name}, {model}, step {checkpoint.step:,}"
        models.append(
            {"checkpoint": str(path), "step": checkpoint.step, **embedding.pair.as_dict()}
        )
    if len(models) > 1:
        caption = config.data.name
    write_picture(out, draw_geometry(embeddings, source, caption))
    _print_notes(embeddings)
    if json is not None:
        write_json(json, models[0] if len(models) == 1 else {"models": models})
    if json != "-":
        _print_scores(embeddings)
        inform(f"wrote {out}")


def _name(path: Path, others: list[Path]) -> str:
    """The run folder's name, or its path where another folder has the same name."""
    folder = path.parent if path.name == "ckpt.pt" else path
    alike = [p for p in others if folder.name in (p.name, p.parent.name)]
    return folder.name if len(alike) == 1 else str(folder)


def _print_notes(embeddings: "dict[str, GridEmbedding]") -> None:
    from sbvae_cli.cli.console import remark

    for name, embedding in embeddings.items():
        for line in embedding.notes:
            remark(f"note: {line}" if len(embeddings) == 1 else f"note: {name}: {line}")


def _print_scores(embeddings: "dict[str, GridEmbedding]") -> None:
    from sbvae_cli.cli.console import print_table

    first = next(iter(embeddings.values()))
    rows = [
        [name, *(_number(embedding.scores[name]) for embedding in embeddings.values())]
        for name, value in first.scores.items()
        if not isinstance(value, list)
    ]
    title = f"{' and '.join(first.grid.names)}, {first.grid.shape[0]}x{first.grid.shape[1]} grid"
    print_table(title, ["score", *embeddings], rows)
    for name, embedding in embeddings.items():
        choice = embedding.choice
        if choice.rules_agree:
            continue
        typer.echo(
            f"{name}: latents {choice.latents} by {choice.rule}; smallest variance has "
            f"{choice.by_variance}, most information {choice.by_information} (--select)"
        )


def _number(value: Any) -> str:
    return "-" if value is None else f"{value:.4f}"
