"""Prints tables of evaluations, and converts evaluations to JSON."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sbvae_cli.cli.console import print_info, print_line, print_table
from sbvae_cli.cli.flags import with_flags
from sbvae_cli.cli.several_tables import (
    MAIN_SCORES,
    MAX_PAIRS,
    number,
    print_blocks,
    print_several,
)
from sbvae_cli.cli.wrap import terminal_width

if TYPE_CHECKING:
    from sbvae_cli.evaluation.pair_geometry import PairGeometry
    from sbvae_cli.metrics.score import Score
    from sbvae_cli.runs.evaluate import Evaluated

_SPARE = 2  # number of last columns that a narrow terminal may leave out
_MAX_LINES = 12  # lines of notes or of the diagnosis of one evaluation; JSON has all
_LINES_OF_EACH = 4  # lines for each of several evaluations


def as_json(several: "Sequence[Evaluated]") -> dict[str, Any]:
    """Return evaluations as a list `results`; keys of a single one are also at the top level."""
    results = [as_dict(each) for each in several]
    return {**(results[0] if len(results) == 1 else {}), "results": results}


def as_dict(each: "Evaluated") -> dict[str, Any]:
    """Return an evaluation as plain containers for JSON, with flags in its sentences."""
    from sbvae_cli.runs.scores_file import result_of

    return flags_in_result(result_of(each), each.data)


def flags_in_result(result: dict[str, Any], data: str | None = None) -> dict[str, Any]:
    """Rewrite the sentences of an evaluation's result with the flags of the command line.

    Args:
        result: Result of `result_of`, computed or read from a file of scores.
        data: Dataset that the user named instead of the model's own; None if none.
    """
    protocol = result["protocol"]
    notes = [with_flags(line) for line in protocol["notes"]]
    diagnosis = _with_names(result["diagnosis"], result["run"]["name"], data)
    return {**result, "protocol": {**protocol, "notes": notes}, "diagnosis": diagnosis}


def _diagnosis(each: "Evaluated") -> list[str]:
    return _with_names(each.evaluation.diagnosis, each.name, each.data)


def _with_names(lines: Sequence[str], name: str, data: str | None) -> list[str]:
    """Rewrite sentences on a model: their commands name the model and the dataset."""
    named: list[str | Path] = [Path(name), *(["--data", data] if data else [])]
    return [with_flags(line, named) for line in lines]


def _notes(each: "Evaluated") -> list[str]:
    """Return the cautions on an evaluation, with flags."""
    return [with_flags(line) for line in (each.difference, *each.evaluation.notes) if line]


def shared_notes(several: "Sequence[Evaluated]") -> list[str]:
    """Return the distinct notes of evaluations, with the names of their runs if there are several.

    Further notes beyond the greatest number of lines are only counted.
    """
    from sbvae_cli.evaluation.findings.sentences import abbreviate

    names: dict[str, list[str]] = {}
    for each in several:
        for note in dict.fromkeys(_notes(each)):
            names.setdefault(note, []).append(each.name)
    if len(several) == 1:
        return _shorten(list(names), _MAX_LINES)
    lines = [f"{abbreviate(those, ', ')}: {note}" for note, those in names.items()]
    return _shorten(lines, max(_MAX_LINES, _LINES_OF_EACH * len(several)))


def _shorten(lines: Sequence[str], most: int) -> list[str]:
    more = len(lines) - most
    if more <= 0:
        return list(lines)
    return [*lines[:most], f"... and {more:,} more line{'s' if more > 1 else ''} (--json has all)"]


def print_evaluations(several: "Sequence[Evaluated]") -> None:
    """Print one evaluation in full, or several in one table with a column for each."""
    if len(several) == 1:
        _print_one(several[0])
    else:
        print_several(several)
        for each in several:
            for line in _shorten(_diagnosis(each), _LINES_OF_EACH):
                print_line(f"- {each.name}: {line}")


def _print_one(each: "Evaluated") -> None:
    found = each.evaluation
    rows = [_row(name, score) for name, score in found.scores.items() if _is_shown(score)]
    if rows:
        columns = ["score", "value", "low..high", "population"]
        left_out = print_table(each.title, columns, rows, spare=_SPARE)
        if left_out:
            print_info(f"({' and '.join(left_out)}: on a wider terminal, or in --json)")
    for name, score in found.scores.items():
        if score.value is None and "why" in score.details:
            print_line(f"- {name}: {score.details['why']}")
    pairs = list(found.geometry.values())
    if len(pairs) == 1:
        _print_pair(pairs[0])
    elif pairs:
        _print_pairs(pairs)
    for line in _shorten(_diagnosis(each), _MAX_LINES):
        print_line(f"- {line}")


def _is_shown(score: "Score") -> bool:
    return score.value is not None or "why" in score.details


def _row(name: str, score: "Score") -> list[str]:
    chance = score.details.get("chance")
    label = name if chance is None else f"{name} (chance {chance:.2f})"
    if score.details.get("likelihood"):
        label = f"{name} ({score.details['likelihood']})"
    interval = ""
    if score.low is not None and score.high is not None:
        interval = f"{score.low:.4f}..{score.high:.4f}"
    return [label, number(score.value), interval, score.population]


def _print_pair(pair: "PairGeometry") -> None:
    from sbvae_cli.evaluation.findings.verdict import headlines

    latents = pair.choice.latents
    print_line(headlines(pair)[0])  # the others are part of the diagnosis
    rows = [
        [name, number(value)]
        for name, value in pair.scores.items()
        if value is not None and not isinstance(value, list)
    ]
    heading = f"{' and '.join(pair.names)}, {pair.layout}, latents {latents[0]} and {latents[1]}"
    print_table(heading, ["score", "value"], rows)


def _print_pairs(pairs: "Sequence[PairGeometry]") -> None:
    from sbvae_cli.evaluation.findings.verdict import verdict_label

    shown = pairs[:MAX_PAIRS]
    names = [n for n in MAIN_SCORES if any(pair.scores[n] is not None for pair in shown)]
    rows = []
    for pair in shown:
        latents = ",".join(map(str, pair.choice.latents))
        values = [number(pair.scores[name]) for name in names]
        rows.append([",".join(pair.names), latents, verdict_label(pair), *values])
    title = "geometry of pairs of factors"
    if len(pairs) > MAX_PAIRS:
        title += f" (the first {MAX_PAIRS} of {len(pairs)}; --json has all)"
    _print_wide(title, ["factors", "latents", "lie", *names], rows)


def _print_wide(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table in several blocks that fit the terminal, each with the first column."""
    width = terminal_width() or 500
    widths = [max(len(row[i]) for row in [columns, *rows]) + 3 for i in range(len(columns))]
    if 1 + widths[0] + sum(sorted(widths[1:])[-2:]) > width:
        _print_transposed(title, columns, rows)
        return
    print_blocks(title, columns, rows)


def _print_transposed(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table for each row, of names and values, for a narrow terminal."""
    typer.echo(title)
    for name, *values in rows:
        pairs = zip(columns[1:], values, strict=True)
        known = [[column, value] for column, value in pairs if value != "-"]
        print_table(name, ["score", "value"], known)
