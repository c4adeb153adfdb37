"""What `sbvae geometry` says of replicas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sbvae_cli.cli.geometry_report import print_headlines, print_notes
from sbvae_cli.config.names import GeometryScore, ProtocolName

if TYPE_CHECKING:
    from sbvae_cli.cli.outputs import Look
    from sbvae_cli.evaluation.pair_geometry import PairGeometry
    from sbvae_cli.runs.replica_geometry import Embed, EmbeddedReplicas, Pick
    from sbvae_cli.runs.run_facts import RunFacts

_SHOWN = (
    *("inverse_r2", "affine_r2", "fold_fraction", "tear"),
    *("latents_used", "information_outside"),
)


@dataclass(frozen=True)
class Scoring:
    """How replicas are scored, and which of them are drawn."""

    by: GeometryScore
    picks: "Sequence[Pick]"
    protocol: ProtocolName
    data: str | None
    device: str


def panel_caption(groups: "Sequence[EmbeddedReplicas]") -> str:
    """What data, and how many models and replicas."""
    first = next(each for group in groups for each in group.embedded)
    factors = " and ".join(first.found.points.names)
    models = "one model" if len(groups) == 1 else f"{len(groups)} models"
    replicas = sum(len(group.runs) for group in groups)
    data = f"{first.data}: " if first.source else ""
    return f"{data}{factors} in the latents of {models}, {replicas} replicas"


def panel_as_dict(groups: "Sequence[EmbeddedReplicas]", by: GeometryScore) -> dict[str, Any]:
    """Plain containers for JSON: the scores of all replicas, and what is drawn."""
    from sbvae_cli.evaluation.findings.verdict import word

    tables, models = [], []
    for group in groups:
        replicas = [
            {"run": str(run.path), "seed": run.seed, by: score}
            for run, score in zip(group.runs, group.shown.scores, strict=True)
        ]
        tables.append({"group": group.shown.name, "by": by, "replicas": replicas})
        for chosen, each in zip(group.shown.chosen, group.embedded, strict=True):
            own = {"group": group.shown.name, "replica": chosen.mark or chosen.name}
            pair = each.found.pair
            score = group.shown.scores[chosen.number]
            models.append({**each.about, **own, by: score, **pair.as_dict(), "verdict": word(pair)})
    return {"groups": tables, "models": models}


def drawn_names(groups: "Sequence[EmbeddedReplicas]") -> list[str]:
    """What each drawn replica is called: its model, its mark and its name."""
    return [
        f"{', '.join(filter(None, [group.shown.name, chosen.mark]))} ({chosen.name})"
        for group in groups
        for chosen in group.shown.chosen
    ]


def print_panel(groups: "Sequence[EmbeddedReplicas]", by: GeometryScore) -> None:
    """A line on each model's replicas, and a table of those that are drawn."""
    from statistics import median

    from sbvae_cli.cli.console import print_table, say

    for group in groups:
        scores = group.shown.scores
        count = "1 replica" if len(scores) == 1 else f"{len(scores)} replicas"
        told = f"{by} {_number(scores[0])}"
        if len(scores) > 1:
            ends = f"{_number(min(scores))} to {_number(max(scores))}"
            told = f"{by} {ends}, median {_number(median(scores))}"
        say(f"{group.shown.name}: {count}, {told}")
    pairs = [each.found.pair for group in groups for each in group.embedded]
    values = [group.shown.scores[c.number] for group in groups for c in group.shown.chosen]
    known = [name for name in _SHOWN if name != by]
    rows = [
        [name, _number(value), *_row(pair, known)]
        for name, value, pair in zip(drawn_names(groups), values, pairs, strict=True)
    ]
    title = f"{' and '.join(pairs[0].names)}, {pairs[0].layout}"
    print_table(title, ["replica", by, *known], rows, spare=len(known) - 2)


def _told_runs(groups: "Sequence[EmbeddedReplicas]", by: GeometryScore) -> list[dict[str, Any]]:
    """What the file of a picture tells of each run."""
    return [
        {
            "run": str(run.path),
            "group": group.shown.name,
            "seed": run.seed,
            "step": run.settings.get("step"),
            "scores": {by: score},
        }
        for group in groups
        for run, score in zip(group.runs, group.shown.scores, strict=True)
    ]


def _row(pair: "PairGeometry", names: Sequence[str]) -> list[str]:
    return [_number(pair.scores[name]) for name in names]


def _number(value: Any) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.4g}"


def score_and_draw(
    groups: "Mapping[str, Sequence[RunFacts]]",
    scoring: Scoring,
    embed: "Embed",
    out: Path,
    json: str | None,
    look: "Look",
) -> None:
    """Score all replicas, draw those that are wanted of each model, and say what was found."""
    from sbvae_cli.cli.console import inform, note
    from sbvae_cli.cli.evaluation_progress import EvaluationProgress
    from sbvae_cli.cli.outputs import write_json, write_picture
    from sbvae_cli.figures.panel import draw_panel
    from sbvae_cli.metrics.protocol import named_protocol
    from sbvae_cli.runs.replica_geometry import embed_replicas

    by, progress = scoring.by, EvaluationProgress()
    found = embed_replicas(
        groups,
        by,
        scoring.picks,
        embed,
        protocol=named_protocol(scoring.protocol),
        data=scoring.data,
        device=scoring.device,
        on_note=note,
        on_target=progress.target,
        on_metric=progress.metric,
        showing=progress.images,
    )
    embedded = [each for group in found for each in group.embedded]
    first, shown = embedded[0], [group.shown for group in found]
    names = drawn_names(found)
    picture = draw_panel(shown, first.trained, first.source, by, panel_caption(found))
    content = panel_as_dict(found, by)
    write_picture(out, picture, {"runs": _told_runs(found, by), "drawn": names}, look)
    if json != "-":
        print_headlines(names, embedded)
    print_notes(names, embedded)
    if json is not None:
        write_json(json, content)
    if json != "-":
        print_panel(found, by)
        inform(f"wrote {out}")
