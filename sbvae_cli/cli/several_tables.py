"""Prints tables of several evaluations, with runs as columns or with means of groups."""

from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from sbvae_cli.cli.console import print_line, print_table
from sbvae_cli.cli.wrap import terminal_width
from sbvae_cli.config.metrics import METRICS

if TYPE_CHECKING:
    from sbvae_cli.evaluation.result import Evaluation
    from sbvae_cli.runs.evaluate import Evaluated
    from sbvae_cli.runs.groups import Group

MAIN_SCORES = METRICS["geometry"].main_scores
MAX_PAIRS = 10  # pairs of factors in a table; JSON has all
_LONG = 16  # characters; the common prefix of longer names of columns is left out


def print_several(several: "Sequence[Evaluated]") -> None:
    """Print a row for each score and a column for each run, in blocks that fit the terminal.

    Scores that depend on the likelihood have a separate row for each likelihood.
    """
    columns = [_column(each.evaluation) for each in several]
    names, shared = column_names([each.name for each in several])
    title = f"{len(several)} evaluations" + (f" of {shared}" if shared else "")
    rows = [
        [label, *(column.get(label, "-") for column in columns)]
        for label in dict.fromkeys(label for column in columns for label in column)
    ]
    print_blocks(title, ["score", *names], rows)


def _column(found: "Evaluation") -> dict[str, str]:
    from sbvae_cli.evaluation.findings.verdict import verdict_label

    pairs = list(found.geometry.values())[:MAX_PAIRS]
    column = {f"grid of {' and '.join(pair.names)}": verdict_label(pair) or "-" for pair in pairs}
    for name, score in found.scores.items():
        kind = score.details.get("likelihood")
        if score.value is not None or "why" in score.details:
            column[f"{name} ({kind})" if kind else name] = number(score.value)
    if len(found.geometry) == 1:
        (pair,) = found.geometry.values()
        known = {name: pair.scores[name] for name in MAIN_SCORES}
        column |= {name: number(value) for name, value in known.items() if value is not None}
    return column


def print_groups(groups: "Sequence[Group]") -> None:
    """Print a table for each group, with mean, standard deviation and median of each score."""
    for group in groups:
        count = len(group.members)
        seeds = f", seed{'s' if count > 1 else ''} {', '.join(map(str, group.seeds))}"
        title = f"{group.name}: {count} run{'s' if count > 1 else ''}"
        rows = []
        scores = group.scores
        pairs = {factors for factors, _ in scores if factors}
        for (factors, name), summary in scores.items():
            if factors and (name not in MAIN_SCORES or len(pairs) > 1):
                continue  # JSON and CSV have all
            of = "" if summary.n == count else f" ({summary.n} of {count})"
            figures = (summary.mean, summary.std, summary.median)
            rows.append([name + of, *map(number, figures)])
        columns = ["score", "mean", "std", "median"]
        print_table(title + (seeds if group.seeds else ""), columns, rows)
        for factors, counts in list(group.verdicts.items())[:MAX_PAIRS]:
            between = "; " if any("," in verdict for verdict in counts) else ", "
            listed = between.join(f"{count} {verdict}" for verdict, count in counts.items())
            print_line(f"- grid of {factors.replace(',', ' and ')}: {listed}")


def print_blocks(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table in several blocks that fit the terminal, each with the first column."""
    width = terminal_width() or 500
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


def column_names(names: Sequence[str]) -> tuple[list[str], str]:
    """Shorten names for columns; return them and the omitted prefix, as `runs/...`, or "".

    The common folder is omitted; long names also lose their common prefix, up to a separator
    between words. Equal names are numbered.
    """
    start = 0
    if len(set(names)) > 1:
        alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
        shared = "".join(letters[0] for letters in alike)
        start = 1 + shared.rfind("/")
        if max(map(len, names)) - start > _LONG:
            start = 1 + max(shared.rfind(sign) for sign in "/-_ ")
    short = [name[start:] for name in names]
    if not all(short):
        start, short = 0, list(names)
    seen: Counter[str] = Counter()
    for i, name in enumerate(short):
        seen[name] += 1
        short[i] = f"{name} ({seen[name]})" if seen[name] > 1 else name
    return short, f"{names[0][:start]}..." if start else ""


def number(value: float | None) -> str:
    """Format a score for a table."""
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.4f}"
