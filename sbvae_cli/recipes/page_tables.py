"""Tables of a recipe's page: scores of groups, scores of each seed, and their meanings."""

from collections.abc import Sequence
from statistics import fmean

from sbvae_cli.config.metrics import METRICS
from sbvae_cli.config.score_names import (
    depends_on_likelihood,
    requested_score,
    score_label,
    score_style,
)
from sbvae_cli.evaluation.findings.grids import (
    MAX_SHRUNK_RATIO,
    MIN_FLAT_R2,
    MIN_FOLD_FRACTION,
    MIN_TORN_DISTANCE,
)
from sbvae_cli.evaluation.findings.verdict import MIN_COPIED_SHARE
from sbvae_cli.figures.table import PAPER_SCORES, Cell
from sbvae_cli.recipes.claims import Hidden, Value
from sbvae_cli.recipes.markdown import table
from sbvae_cli.recipes.outcome import Verdict
from sbvae_cli.recipes.paper import paper_number
from sbvae_cli.recipes.schema import Recipe
from sbvae_cli.runs.logs import records_of
from sbvae_cli.sweeps.collect import Collected, RunGroup, SweepRun

_WORDS = {  # on grids, as in `sbvae geometry`
    "flat": "an affine map gives latents from factors, and back, with an R² of "
    f"{MIN_FLAT_R2} or more",
    "bent": "less flat than that, but neither folded nor torn",
    "folded": f"{100 * MIN_FOLD_FRACTION:.0f} % or more of the grid's triangles are turned over",
    "torn": f"neighbours lie {MIN_TORN_DISTANCE:g} times as far apart as is typical, or more",
    "collapsed": "the grid has become a line or a point, so that a factor is lost",
    "hole shrunk": f"the held-out region has less than {100 * MAX_SHRUNK_RATIO:.0f} % of its area",
    "with copies": f"other latents have {100 * MIN_COPIED_SHARE:.0f} % or more of all information "
    "about the grid",
}


def groups_table(collected: Collected, scores: Sequence[str]) -> str:
    """Return a table with mean, std and median of scores over the replicas of each setting."""
    rows = []
    for group in collected.groups:
        count = len(group.scored)
        cells = [Cell([*group.values(name).values()], count).text_with_median for name in scores]
        gone = group.states.get("diverged", 0)
        diverged = f", {gone} diverged" if gone else ""
        rows.append([group.label, f"{count} of {len(group.runs)}{diverged}", *cells])
    return table(["setting", "runs", *map(label_of, scores)], rows)


def grids_lines(collected: Collected) -> list[str]:
    """Return a Markdown list of the number of grids with each verdict, for each setting."""
    return [
        f"- {group.label}, grid of {pair.replace(',', ' and ')}: "
        + "; ".join(f"{count} {verdict}" for verdict, count in counts.items())
        for group in collected.groups
        for pair, counts in group.verdicts.items()
        if len(group.verdicts) <= 3  # sprites have too many pairs for a list
    ]


def factors_lines(collected: Collected) -> list[str]:
    """Return a Markdown list of how well a linear map of two latents predicts each factor.

    Only grids of different factors, such as x and hue, are listed: one of them alone may be
    linear.
    """
    lines = []
    for group in collected.groups:
        for pair in group.verdicts:
            names = pair.split(",")
            if names in (["x", "y"], ["red", "green"]) or len(group.verdicts) > 3:
                continue
            own = [run.by_factor(pair, "inverse_r2") for run in group.scored]
            known = [[each[name] for each in own if name in each] for name in names]
            means = [
                f"{name} {fmean(values):.3f}"
                for name, values in zip(names, known, strict=True)
                if values
            ]
            if means:
                lines.append(
                    f"- {group.label}, how well a linear map of both latents gives each factor "
                    f"(R², mean over runs): {', '.join(means)}"
                )
    return lines


def seeds_table(collected: Collected, scores: Sequence[str]) -> str:
    """Return a table with a row for each run: its seed, its state if unfinished, and its scores."""
    rows = []
    for group in collected.groups:
        for run in group.runs:
            values = [_number(run, name) for name in scores]
            state = "" if run.state == "finished" else f" ({run.state})"
            rows.append([group.label, f"{run.seed}{state}", *values])
    return table(["setting", "seed", *map(label_of, scores)], rows)


def value_rows(verdicts: Sequence[Verdict]) -> list[list[str]]:
    """Return a row for each claim on a number: its label, the paper's, ours, and the outcome."""
    rows = []
    for each in verdicts:
        if isinstance(each.claim.test, Value):
            number = paper_number(each.claim.test.paper)
            label = f"{number.row}, {label_of(number.score)}"
            rows.append([label, number.text, each.ours or "-", each.outcome])
    return rows


def values_table(verdicts: Sequence[Verdict]) -> str:
    """Return a table of the paper's numbers beside ours, or "" without claims on numbers."""
    rows = value_rows(verdicts)
    return table(["number", "paper", "here", "outcome"], rows) if rows else ""


def page_scores(recipe: Recipe, collected: Collected) -> list[str]:
    """Return the scores on a page: those of the recipe's claims, then the paper's columns.

    If runs have different likelihoods, scores that depend on them are left out.
    """
    tests = [claim.test for claim in recipe.claims if claim.test is not None]
    asked = [
        name
        for test in tests
        for name in (test.score, *([test.shown_by] if isinstance(test, Hidden) else []))
    ]
    names = [collected.find(name) for name in (*asked, *PAPER_SCORES)]
    mixed = len(likelihoods(collected)) > 1
    return list(
        dict.fromkeys(
            name
            for name in names
            if name is not None and not (mixed and depends_on_likelihood(name))
        )
    )


def likelihoods(collected: Collected) -> list[str]:
    """Return the kinds of likelihood of the runs."""
    kinds = (group.settings.get("model.likelihood.kind") for group in collected.groups)
    return list(dict.fromkeys(map(str, kinds)))


def scores_lines(collected: Collected, scores: Sequence[str]) -> list[str]:
    """Return a Markdown list with the meaning of each score, and of each verdict on a grid."""
    lines = []
    for name in dict.fromkeys(requested_score(score).name for score in scores):
        metric = METRICS[requested_score(name).metric]
        label = score_style(name).label
        meaning = metric.scores[name]
        values = f"Range: {meaning.values}. Better: {meaning.better}."
        lines.append(f"- **{label}**: {meaning.measures}. {values}")
    found = {v for group in collected.groups for own in group.verdicts.values() for v in own}
    words = {word for verdict in found for word in _WORDS if word in verdict}
    lines += [f"- *{word}*: {_WORDS[word]}." for word in _WORDS if word in words]
    return lines


def training_seconds(runs: Sequence[SweepRun]) -> float:
    """Compute the seconds of training, summed over runs, from the logged speeds."""
    total = 0.0
    for run in runs:
        former = 0.0
        for record in records_of(run.replica.folder):
            speed = record.get("images_per_second", 0.0)
            if speed:
                images = (record["step"] - former) * run.replica.config.training.batch_size
                total += images / speed
            former = record["step"]
    return total


def label_of(score: str) -> str:
    """Return the label of a score for the heading of a column."""
    return score_label(score, requested_score(score).factors).replace(" (nats an image)", "")


def _number(run: SweepRun, score: str) -> str:
    return f"{run.scores[score]:.4g}" if score in run.scores else "-"


def settings_count(groups: Sequence[RunGroup]) -> str:
    """Return the number of settings as text."""
    return "1 setting" if len(groups) == 1 else f"{len(groups)} settings"
