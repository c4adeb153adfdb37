"""Prints, draws and writes the results of `sbvae geometry` for models and for replicas."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sbvae_cli.config.names import GeometryScore, ProtocolName

if TYPE_CHECKING:
    from sbvae_cli.cli.outputs import PictureOptions
    from sbvae_cli.evaluation.pair_geometry import PairGeometry
    from sbvae_cli.runs.geometry import Embedded
    from sbvae_cli.runs.replica_geometry import Embed, EmbeddedReplicas, Pick
    from sbvae_cli.runs.run_facts import RunFacts

_SHOWN = (
    *("inverse_r2", "affine_r2", "fold_fraction", "tear"),
    *("latents_used", "information_outside"),
)


@dataclass(frozen=True)
class ReplicaScoring:
    """Settings of the scores of replicas, and the choice of replicas to draw.

    Attributes:
        by: Score that ranks the replicas.
        picks: Ranks or seeds of the replicas to draw.
        protocol: Name of the protocol.
        data: Dataset to score on; None is the data of each model.
        device: Name of the device.
    """

    by: GeometryScore
    picks: "Sequence[Pick]"
    protocol: ProtocolName
    data: str | None
    device: str


def report(
    names: Sequence[str],
    embedded: "Sequence[Embedded]",
    content: dict[str, Any],
    out: Path,
    json: str | None,
    print_scores: Callable[[], None],
) -> None:
    """Print the results, and write them as JSON if a file is named.

    Args:
        names: Name of each embedding; an empty name for a single embedding.
        embedded: Embeddings in the order in which they are drawn.
        content: Content of the JSON file.
        out: The picture, which is written already.
        json: JSON file to write; `-` prints the JSON, and nothing else, on stdout.
        print_scores: Prints the table of scores.
    """
    from sbvae_cli.cli.console import print_info
    from sbvae_cli.cli.outputs import write_json

    if json != "-":
        _print_headlines(names, embedded)
    _print_notes(names, embedded)
    if json is not None:
        write_json(json, content)
    if json != "-":
        print_scores()
        print_info(f"wrote {out}")


def _print_notes(names: Sequence[str], embedded: "Sequence[Embedded]") -> None:
    """Print cautions on the scores, after the name of the run."""
    from sbvae_cli.cli.console import print_status
    from sbvae_cli.cli.flags import with_flags

    for name, each in zip(names, embedded, strict=True):
        for line in each.embedding.notes:
            print_status(f"note: {f'{name}: ' if name else ''}{with_flags(line)}")


def _print_headlines(names: Sequence[str], embedded: "Sequence[Embedded]") -> None:
    """Print the verdicts, before the scores: a grid collapsed to a line has a high affine_r2."""
    from sbvae_cli.cli.console import print_line
    from sbvae_cli.evaluation.findings.verdict import headlines

    for name, each in zip(names, embedded, strict=True):
        for line in headlines(each.embedding.pair):
            print_line(f"{name}: {line}" if name else line)


def print_panel(groups: "Sequence[EmbeddedReplicas]", by: GeometryScore) -> None:
    """Print a line on each model's replicas, and a table of the replicas that are drawn."""
    from statistics import median

    from sbvae_cli.cli.console import print_line, print_table
    from sbvae_cli.runs.replica_geometry import drawn_names

    for group in groups:
        scores = group.replicas.scores
        count = "1 replica" if len(scores) == 1 else f"{len(scores)} replicas"
        summary = f"{by} {_number(scores[0])}"
        if len(scores) > 1:
            ends = f"{_number(min(scores))} to {_number(max(scores))}"
            summary = f"{by} {ends}, median {_number(median(scores))}"
        print_line(f"{group.replicas.name}: {count}, {summary}")
    pairs = [each.embedding.pair for group in groups for each in group.embedded]
    values = [group.replicas.scores[c.number] for group in groups for c in group.replicas.chosen]
    known = [name for name in _SHOWN if name != by]
    rows = [
        [name, _number(value), *_row(pair, known)]
        for name, value, pair in zip(drawn_names(groups), values, pairs, strict=True)
    ]
    title = f"{' and '.join(pairs[0].names)}, {pairs[0].layout}"
    print_table(title, ["replica", by, *known], rows, spare=len(known) - 2)


def _row(pair: "PairGeometry", names: Sequence[str]) -> list[str]:
    return [_number(pair.scores[name]) for name in names]


def _number(value: Any) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.4f}"


def score_and_draw(
    groups: "Mapping[str, Sequence[RunFacts]]",
    scoring: ReplicaScoring,
    embed: "Embed",
    out: Path,
    json: str | None,
    options: "PictureOptions",
    on_note: Callable[[str], None],
) -> None:
    """Score all replicas, draw the chosen ones of each model, and print the results.

    Args:
        groups: Replicas by model.
        scoring: Settings of the scores, and the choice of replicas.
        embed: Function that embeds the factors for a run.
        out: Picture to write.
        json: JSON file to write; `-` for stdout, None for none.
        options: Scale and theme of the picture.
        on_note: Called with each note.
    """
    from sbvae_cli.cli.evaluation_progress import EvaluationProgress
    from sbvae_cli.cli.outputs import write_picture
    from sbvae_cli.metrics.protocol import named_protocol
    from sbvae_cli.runs.replica_geometry import (
        drawn_names,
        embed_replicas,
        panel_as_dict,
        panel_metadata,
        panel_picture,
    )

    by, progress = scoring.by, EvaluationProgress()
    found = embed_replicas(
        groups,
        by,
        scoring.picks,
        embed,
        protocol=named_protocol(scoring.protocol),
        data=scoring.data,
        device=scoring.device,
        on_note=on_note,
        on_target=progress.run,
        on_metric=progress.metric,
        showing=progress.images,
    )
    content = panel_as_dict(found, by)
    write_picture(out, panel_picture(found, by), panel_metadata(found, by), options)
    embedded = [each for group in found for each in group.embedded]
    report(drawn_names(found), embedded, content, out, json, lambda: print_panel(found, by))
