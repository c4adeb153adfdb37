"""The command `sbvae geometry`, which draws and scores two factors in latent space."""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

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
from sbvae_cli.config.names import GeometryScore, ProtocolName, Rank, Select
from sbvae_cli.errors import SbvaeError, closest_name

if TYPE_CHECKING:
    from sbvae_cli.cli.outputs import PictureOptions
    from sbvae_cli.runs.geometry import Embedded
    from sbvae_cli.runs.run_facts import RunFacts

MAX_PICKS = 6  # replicas in a row of the figure
Targets = Annotated[
    list[Path],
    typer.Argument(
        metavar="CKPT|NPZ...",
        help="Run folders, folders of replicas or of several runs, ckpt.pt files, or NPZ files of "
        "codes and factors; several are drawn side by side, replicas of a model in a row.",
    ),
]


def geometry(
    targets: Targets,
    out: PictureOption = Path("geometry.png"),
    json: JsonOption = None,
    factors: Annotated[
        str | None, typer.Option(help="Two factors, such as x,y; default: the first two that vary.")
    ] = None,
    grid: Annotated[
        int,
        typer.Option(
            min=2,
            max=512,
            help="Number N of grid points along each factor; of stored images that form no grid, "
            "at most N x N are used.",
        ),
    ] = 32,
    at: Annotated[
        list[str] | None,
        typer.Option(help="Value at which another factor is held, such as hue=0.5 or shape=heart."),
    ] = None,
    select: Annotated[Select, typer.Option(help="How the two latents are chosen.")] = "auto",
    latents: Annotated[
        str | None, typer.Option(help="Two latents to use, such as 9,3; overrides --select.")
    ] = None,
    by: Annotated[
        GeometryScore | None,
        typer.Option(
            help="Score that the histograms show and that ranks the replicas; default: mig."
        ),
    ] = None,
    replica: Annotated[
        str | None,
        typer.Option(
            metavar="worst|median|best|SEED",
            help="Which replicas of each model are drawn; several as median,3; default: "
            "worst,best.",
        ),
    ] = None,
    protocol: Annotated[
        ProtocolName,
        typer.Option(help="Sample sizes with which replicas are scored, as in sbvae eval."),
    ] = "paper",
    data: OtherDataOption = None,
    device: DeviceOption = "auto",
    scale: ScaleOption = 1.0,
    theme: ThemeOption = "light",
    show: ShowOption = False,
) -> None:
    """Plot two factors in latent space and score them (Figures 7, 8, 13 to 22).

    Runs that differ only in the seed are replicas of one model. With replicas,
    the figure has a row for each model: the histogram of a score over the
    replicas, and the factors in latents of the worst and the best replica.
    """
    from sbvae_cli.cli.console import note_once
    from sbvae_cli.cli.geometry_panel import ReplicaScoring, score_and_draw
    from sbvae_cli.cli.outputs import PictureOptions
    from sbvae_cli.runs.geometry import EmbeddingSettings, embed_target
    from sbvae_cli.runs.targets import resolve_targets

    settings = EmbeddingSettings(
        None if factors is None else parse_pair(factors),
        grid,
        select,
        None if latents is None else parse_two_latents(latents),
    )
    note = note_once()  # a run is opened twice, to be drawn and to be scored
    picks = _parse_picks(replica or "worst,best")

    def embed(path: Path) -> "Embedded":
        levels = partial(parse_levels, at or [])
        return embed_target(path, settings, levels, data, device, note)

    asked = by is not None or replica is not None
    targets = resolve_targets(targets, note)
    options = PictureOptions(scale, theme, show)
    groups = _groups(targets, asked) if targets[1:] else {}
    if groups:
        scoring = ReplicaScoring(by or "mig", picks, protocol, data, device)
        score_and_draw(groups, scoring, embed, out, json, options, note)
        return
    if asked:
        note("`by` and `replica` do not apply to a single run: they choose among replicas")
    _draw([embed(path) for path in targets], out, json, options)


def _parse_picks(text: str) -> tuple[str | int, ...]:
    """Parse ranks and seeds of replicas, such as `worst,best`, `median` or `3,7`.

    Raises:
        SbvaeError: If a part is neither a rank nor a seed, or there are too many for a row.
    """
    ranks = get_args(Rank)
    picks: list[str | int] = []
    for part in text.split(","):
        word = part.strip().lower()
        if re.fullmatch(r"\d{1,18}", word):
            picks.append(int(word))
        elif word in ranks:
            picks.append(word)
        else:
            near = closest_name(word, ranks)
            hint = f"did you mean {near}?" if near else "name worst, median, best or seeds, as 3"
            raise SbvaeError(f"{part.strip() or text}: is not a replica; {hint}", field="replica")
    if len(picks) > MAX_PICKS:
        raise SbvaeError(f"{text}: a row has room for {MAX_PICKS} at most", field="replica")
    return tuple(dict.fromkeys(picks))


def _groups(targets: Sequence[Path], asked: bool) -> "dict[str, list[RunFacts]]":
    """Group runs by model; return no groups if no model has replicas, unless `asked` is true."""
    from sbvae_cli.runs.replica_groups import groups_of_runs, have_replicas  # loads SciPy
    from sbvae_cli.runs.run_facts import read_facts

    groups = groups_of_runs([read_facts(path) for path in targets])
    return groups if asked or have_replicas(groups) else {}


def _draw(
    embedded: "Sequence[Embedded]", out: Path, json: str | None, options: "PictureOptions"
) -> None:
    """Draw and score one model, or several models side by side."""
    from sbvae_cli.cli.geometry_panel import report
    from sbvae_cli.cli.outputs import write_picture
    from sbvae_cli.evaluation.findings.verdict import verdict_label
    from sbvae_cli.figures.geometry import draw_geometry
    from sbvae_cli.runs.run_facts import run_metadata
    from sbvae_cli.runs.several_models import short_names

    titles = _titles(embedded)
    found = {title: each.embedding for title, each in zip(titles, embedded, strict=True)}
    picture = draw_geometry(found, embedded[0].source, _caption(embedded))
    models = [
        {
            **each.about,
            **each.embedding.pair.as_dict(),
            "verdict": verdict_label(each.embedding.pair),
        }
        for each in embedded
    ]
    # The keys of a single model are also at the top level.
    content = {**(models[0] if len(models) == 1 else {}), "models": models}
    runs = [
        run_metadata(e.path, e.about.get("seed"), e.about.get("step"), e.embedding.scores)
        for e in embedded
    ]
    write_picture(out, picture, {"runs": runs}, options)
    names = [""] if len(embedded) == 1 else short_names([each.path for each in embedded])
    report(names, embedded, content, out, json, lambda: _print_scores(names, embedded))


def _caption(embedded: "Sequence[Embedded]") -> str:
    """Return the caption of the figure: data, factors, and the model if there is only one."""
    first = embedded[0]
    factors = " and ".join(first.embedding.points.names)
    datas = ", ".join(dict.fromkeys(each.data for each in embedded))
    if len(embedded) > 1:
        return f"{datas}: {factors}, and where {len(embedded)} models put them in two latents"
    return f"{datas}: {factors} in two latents" + (f" of {first.model}" if first.model else "")


def _titles(embedded: "Sequence[Embedded]") -> list[str]:
    from sbvae_cli.runs.several_models import short_names

    if len(embedded) == 1:
        return ["latent space"]
    names = short_names([each.path for each in embedded])
    return [
        name + (f"\n{each.model}" if each.model else "")
        for name, each in zip(names, embedded, strict=True)
    ]


def _print_scores(names: Sequence[str], embedded: "Sequence[Embedded]") -> None:
    from sbvae_cli.cli.console import print_line, print_table
    from sbvae_cli.cli.several_tables import number

    first = embedded[0].embedding
    rows = [
        [name, *(number(each.embedding.scores[name]) for each in embedded)]
        for name, value in first.scores.items()
        if not (isinstance(value, list) or name.endswith(("_by_latent", "_by_factor")))
    ]
    title = f"{' and '.join(first.points.names)}, {first.pair.layout}"
    print_table(title, ["score", *(name or "value" for name in names)], rows)
    for name, each in zip(names, embedded, strict=True):
        choice = each.embedding.choice
        if not choice.rules_agree:
            print_line(
                f"{f'{name}: ' if name else ''}latents {choice.latents} by {choice.rule}; smallest "
                f"variance has {choice.by_variance}, most information {choice.by_information} "
                "(--select)"
            )
