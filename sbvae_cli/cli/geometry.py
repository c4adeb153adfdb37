"""`sbvae geometry`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sbvae_cli.cli.options import (
    DeviceOption,
    JsonOption,
    OtherDataOption,
    PictureOption,
    ScaleOption,
    ShowOption,
    ThemeOption,
)
from sbvae_cli.cli.parse import parse_levels, parse_pair, parse_two_latents
from sbvae_cli.config.names import Select

if TYPE_CHECKING:
    from sbvae_cli.runs.geometry import Embedded

Targets = Annotated[
    list[Path],
    typer.Argument(
        metavar="CKPT|NPZ...",
        help="Run folders, folders of replicas, ckpt.pt files, or NPZ files of codes and factors; "
        "several are drawn side by side.",
    ),
]


def geometry(
    targets: Targets,
    out: PictureOption = Path("geometry.png"),
    json: JsonOption = None,
    factors: Annotated[
        str | None, typer.Option(help="Two factors, as x,y; default: the first two that vary.")
    ] = None,
    grid: Annotated[
        int,
        typer.Option(
            min=2,
            max=512,
            help="Grid points along a factor; of images in no grid, its square are shown.",
        ),
    ] = 32,
    at: Annotated[
        list[str] | None, typer.Option(help="Value of another factor, as hue=0.5 or shape=heart.")
    ] = None,
    select: Annotated[Select, typer.Option(help="How the two latents are chosen.")] = "auto",
    latents: Annotated[
        str | None, typer.Option(help="Use these two latents, as 9,3; overrides --select.")
    ] = None,
    data: OtherDataOption = None,
    device: DeviceOption = "auto",
    scale: ScaleOption = 1.0,
    theme: ThemeOption = "light",
    show: ShowOption = False,
) -> None:
    """Plot two factors in latent space and score them (Figures 7 and 8)."""
    from sbvae_cli.cli.console import inform, note
    from sbvae_cli.cli.outputs import Look, write_json, write_picture
    from sbvae_cli.evaluation.findings.verdict import word
    from sbvae_cli.figures.geometry import draw_geometry
    from sbvae_cli.runs.geometry import Wanted, embed_target
    from sbvae_cli.runs.targets import each_once

    wanted = Wanted(
        None if factors is None else parse_pair(factors),
        grid,
        select,
        None if latents is None else parse_two_latents(latents),
    )
    targets = each_once(targets, note)
    embedded = [
        embed_target(path, wanted, lambda known: parse_levels(at or [], known), data, device, note)
        for path in targets
    ]
    titles = _titles(embedded)
    found = {title: each.found for title, each in zip(titles, embedded, strict=True)}
    picture = draw_geometry(found, embedded[0].source, _caption(embedded))
    write_picture(out, picture, look=Look(scale, theme, show))
    names = [""] if len(embedded) == 1 else [_name(each.path, targets) for each in embedded]
    if json != "-":
        _print_headlines(names, embedded)
    _print_notes(names, embedded)
    if json is not None:
        models = [
            {**each.about, **each.found.pair.as_dict(), "verdict": word(each.found.pair)}
            for each in embedded
        ]
        # The keys of one alone stand at the top as well.
        write_json(json, {**(models[0] if len(models) == 1 else {}), "models": models})
    if json != "-":
        _print_scores(names, embedded)
        inform(f"wrote {out}")


def _caption(embedded: "Sequence[Embedded]") -> str:
    """What data, and which model, where there is one."""
    first = embedded[0]
    factors = " and ".join(first.found.points.names)
    datas = ", ".join(dict.fromkeys(each.data for each in embedded))
    if len(embedded) > 1:
        return f"{datas}: {factors}, and where {len(embedded)} models put them in two latents"
    return f"{datas}: {factors} in two latents" + (f" of {first.model}" if first.model else "")


def _titles(embedded: "Sequence[Embedded]") -> list[str]:
    if len(embedded) == 1:
        return ["latent space"]
    paths = [each.path for each in embedded]
    return [
        _name(each.path, paths) + (f"\n{each.model}" if each.model else "") for each in embedded
    ]


def _name(path: Path, others: Sequence[Path]) -> str:
    """The run folder's name, or its path where another folder has the same name."""
    folder = path.parent if path.name == "ckpt.pt" else path
    alike = [p for p in others if folder.name in (p.name, p.parent.name)]
    return folder.name if len(alike) == 1 else str(folder)


def _print_notes(names: Sequence[str], embedded: "Sequence[Embedded]") -> None:
    from sbvae_cli.cli.console import remark
    from sbvae_cli.cli.flags import with_flags

    for name, each in zip(names, embedded, strict=True):
        for line in each.found.notes:
            remark(f"note: {f'{name}: ' if name else ''}{with_flags(line)}")


def _print_headlines(names: Sequence[str], embedded: "Sequence[Embedded]") -> None:
    """What is most telling comes first: a line that has collapsed has a high affine_r2."""
    from sbvae_cli.cli.console import say
    from sbvae_cli.evaluation.findings.verdict import headlines

    for name, each in zip(names, embedded, strict=True):
        for line in headlines(each.found.pair):
            say(f"{name}: {line}" if name else line)


def _print_scores(names: Sequence[str], embedded: "Sequence[Embedded]") -> None:
    from sbvae_cli.cli.console import print_table, say

    first = embedded[0].found
    rows = [
        [name, *(_number(each.found.scores[name]) for each in embedded)]
        for name, value in first.scores.items()
        if not (isinstance(value, list) or name.endswith(("_by_latent", "_by_factor")))
    ]
    title = f"{' and '.join(first.points.names)}, {first.pair.layout}"
    print_table(title, ["score", *(name or "value" for name in names)], rows)
    for name, each in zip(names, embedded, strict=True):
        choice = each.found.choice
        if not choice.rules_agree:
            say(
                f"{f'{name}: ' if name else ''}latents {choice.latents} by {choice.rule}; smallest "
                f"variance has {choice.by_variance}, most information {choice.by_information} "
                "(--select)"
            )


def _number(value: Any) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.4f}"
