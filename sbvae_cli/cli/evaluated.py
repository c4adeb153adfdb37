"""Tables of one evaluation or of several."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import typer

from sbvae_cli.cli.console import print_table, remark

if TYPE_CHECKING:
    from sbvae_cli.analysis.evaluation.result import Evaluation, PairGeometry
    from sbvae_cli.data.source import Source
    from sbvae_cli.metrics.protocol import Protocol
    from sbvae_cli.metrics.score import Score
    from sbvae_cli.models.vae import VAE

_OF_A_PAIR = (
    "affine_r2", "inverse_r2", "monotone_r2", "fold_fraction", "tear", "heldout_nrmse",
    "heldout_area_ratio",
)  # fmt: skip
_MOST_PAIRS = 10  # in a table; JSON has all


@dataclass(frozen=True)
class Evaluated:
    """An evaluation, what it is of, and the model where there is one.

    Attributes:
        name: As the user wrote it.
        title: Of its table.
        found: Its scores.
        about: Leads the JSON.
        difference: How the data differ from the model's own.
        vae: The model.
        source: Its data.
    """

    name: str
    title: str
    found: "Evaluation"
    about: dict[str, Any]
    difference: str | None = None
    vae: "VAE | None" = None
    source: "Source | None" = None

    @property
    def notes(self) -> list[str]:
        """Lines on what the numbers do not say."""
        return [line for line in (self.difference, *self.found.notes) if line]

    def as_dict(self) -> dict[str, Any]:
        """Plain containers for JSON."""
        return {**self.about, **self.found.as_dict()}


def ranked(several: Sequence[Evaluated], protocol: "Protocol") -> list[Evaluated]:
    """With the scores of agreement, where all are models of the same data; else with a line."""
    from sbvae_cli.analysis.evaluation.ranking import rank_models

    models = [each.vae for each in several if each.vae is not None]
    spaces = [each.source.space.config for each in several if each.source is not None]
    source = several[0].source
    if source is None or len(models) < len(several) or any(s != spaces[0] for s in spaces):
        remark("note: without udr: it compares models of the same data; name one by --data")
        return list(several)
    scores = rank_models(models, source, protocol)
    return [
        replace(each, found=replace(each.found, scores={**each.found.scores, **own}))
        for each, own in zip(several, scores, strict=True)
    ]


def print_evaluations(several: Sequence[Evaluated]) -> None:
    """One in full, several in one table with a row for each."""
    if len(several) == 1:
        _print_one(several[0])
    else:
        _print_rows(several)


def _print_one(each: Evaluated) -> None:
    found = each.found
    if found.scores:
        rows = [_row(name, score) for name, score in found.scores.items()]
        print_table(each.title, ["score", "value", "low..high", "population"], rows)
    pairs = list(found.geometry.values())
    if len(pairs) == 1:
        _print_pair(pairs[0])
    elif pairs:
        _print_pairs(pairs)
    for line in found.diagnosis:
        typer.echo(f"- {line}")


def _row(name: str, score: "Score") -> list[str]:
    chance = score.details.get("chance")
    label = name if chance is None else f"{name} (chance {chance:.2f})"
    if score.details.get("likelihood"):
        label = f"{name} ({score.details['likelihood']})"
    if score.value is None:
        return [label, "-", str(score.details.get("why", "")), score.population]
    interval = ""
    if score.low is not None and score.high is not None:
        interval = f"{score.low:.4f}..{score.high:.4f}"
    return [label, f"{score.value:.4f}", interval, score.population]


def _print_pair(pair: "PairGeometry") -> None:
    latents = pair.choice.latents
    rows = [
        [name, _number(value)] for name, value in pair.scores.items() if not isinstance(value, list)
    ]
    heading = (
        f"{' and '.join(pair.names)}, {pair.shape[0]}x{pair.shape[1]}, "
        f"latents {latents[0]} and {latents[1]}"
    )
    print_table(heading, ["score", "value"], rows)


def _print_pairs(pairs: "Sequence[PairGeometry]") -> None:
    rows = []
    for pair in pairs[:_MOST_PAIRS]:
        latents = ",".join(map(str, pair.choice.latents))
        values = [_number(pair.scores[name]) for name in _OF_A_PAIR]
        rows.append([",".join(pair.names), latents, *values])
    title = "geometry of pairs of factors"
    if len(pairs) > _MOST_PAIRS:
        title += f" (the first {_MOST_PAIRS} of {len(pairs)}; --json has all)"
    _print_wide(title, ["factors", "latents", *_OF_A_PAIR], rows)


def _print_rows(several: Sequence[Evaluated]) -> None:
    """Figures of different likelihoods stand in columns of their own."""
    columns: dict[str, None] = {}
    values: list[dict[str, str]] = []
    for each in several:
        row: dict[str, str] = {}
        for name, score in each.found.scores.items():
            kind = score.details.get("likelihood")
            row[f"{name} ({kind})" if kind else name] = _number(score.value)
        if len(each.found.geometry) == 1:
            (pair,) = each.found.geometry.values()
            row |= {name: _number(pair.scores[name]) for name in _OF_A_PAIR}
        columns |= dict.fromkeys(row)
        values.append(row)
    rows = [
        [each.name, *(row.get(name, "-") for name in columns)]
        for each, row in zip(several, values, strict=True)
    ]
    _print_wide(f"{len(several)} evaluations", ["", *columns], rows)
    for each in several:
        for line in each.found.diagnosis:
            typer.echo(f"- {each.name}: {line}")


def _print_wide(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """In as many tables as the terminal's width asks for, the first column in each."""
    import shutil

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 500
    widths = [max(len(row[i]) for row in [columns, *rows]) + 3 for i in range(len(columns))]
    start = 1
    while start < len(columns):
        stop, room = start + 1, width - 1 - widths[0] - widths[start]
        while stop < len(columns) and room >= widths[stop]:
            room -= widths[stop]
            stop += 1
        parts = [[row[0], *row[start:stop]] for row in rows]
        print_table(title, [columns[0], *columns[start:stop]], parts)
        start, title = stop, ""


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
