"""Prints tables of a sweep's scores: groups of runs, and comparisons of two settings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sbvae_cli.cli.console import print_line
from sbvae_cli.cli.parse import parse_scores
from sbvae_cli.cli.several_tables import MAIN_SCORES, MAX_PAIRS, print_blocks
from sbvae_cli.errors import SbvaeError

if TYPE_CHECKING:
    from sbvae_cli.sweeps.collect import Collected, RunGroup
    from sbvae_cli.sweeps.comparison import ComparedValues


def shown_scores(found: "Collected", text: str | None) -> list[str]:
    """Return the scores that a table shows: the requested ones, or the main ones that runs have.

    Args:
        found: Runs of a sweep with their scores.
        text: Value of the option; None if it is not set.

    Raises:
        SbvaeError: If a score is unknown, or some runs have scores but none has this one.
    """
    if text is None:
        from sbvae_cli.figures.table import PAPER_SCORES

        pairs = dict.fromkeys(name.rpartition(":")[0] for name in found.score_names)
        of_pair = MAIN_SCORES if len(pairs) == 2 else ()  # one pair, and "" for other scores
        known = [found.find(name) for name in (*PAPER_SCORES, *of_pair)]
        return [name for name in known if name is not None]
    names = []
    for asked in parse_scores(text):
        name = found.find(asked)
        if name is None and found.score_names:
            from sbvae_cli.evaluation.findings.sentences import abbreviate

            there = abbreviate(found.score_names, ", ")
            raise SbvaeError(f"--scores: no run has {asked}; there are {there}")
        names += [] if name is None else [name]
    return names


def print_groups_of(found: "Collected", scores: Sequence[str]) -> None:
    """Print a row for each group: number of scored runs, and mean, std and median of scores."""
    from sbvae_cli.config.score_names import requested_score, score_style
    from sbvae_cli.figures.table import Cell

    columns = ["setting", "runs", *(score_style(requested_score(n).name).label for n in scores)]
    rows = []
    for group in found.groups:
        cells = [Cell([*group.values(name).values()], len(group.scored)) for name in scores]
        rows.append([group.label, _count(group), *(cell.text_with_median for cell in cells)])
    if any(group.scored for group in found.groups):
        what = "mean ± standard deviation over replicas, median in brackets"
        print_blocks(f"Scores: {what}", columns, rows)
    for group in found.groups:
        for factors, counts in list(group.verdicts.items())[:MAX_PAIRS]:
            between = "; " if any("," in verdict for verdict in counts) else ", "
            listed = between.join(f"{count} {verdict}" for verdict, count in counts.items())
            print_line(f"- {group.label}, grid of {factors.replace(',', ' and ')}: {listed}")


def print_comparison(compared: "ComparedValues") -> None:
    """Print a row for each score: probability that one value is better, and its interval."""
    from sbvae_cli.config.score_names import requested_score, score_style
    from sbvae_cli.sweeps.comparison import direction_of

    rows, counts = [], dict[str, None]()
    for name, found in compared.scores.items():
        if found is None:
            continue
        counts[found.replicas] = None
        label = score_style(requested_score(name).name).label
        p, low, high = found.superiority
        outcome = "yes" if low > 0.5 else "no" if high < 0.5 else "undecided"
        rows.append([label, direction_of(name), f"{p:.2f}", f"{low:.2f}..{high:.2f}", outcome])
    one, other = compared.one, compared.other
    if not rows:
        print_line(f"- {one} against {other}: no runs of both have scores yet")
        return
    title = f"Probability that a run of {one} scores lower or higher than one of {other}"
    columns = ["score", f"{one} is", "P", "95 % interval", "is it"]
    print_blocks(f"{title} ({' or '.join(counts)})", columns, rows)


def _count(group: "RunGroup") -> str:
    """Format the numbers of scored, of all and of diverged runs."""
    gone = group.states.get("diverged", 0)
    return f"{len(group.scored)} of {len(group.runs)}" + (f", {gone} diverged" if gone else "")
