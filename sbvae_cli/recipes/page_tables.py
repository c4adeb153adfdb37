"""Tables of a recipe's page: how a tier differs from the paper, groups, and every seed's values."""

import json
from collections.abc import Sequence
from typing import Any

from sbvae_cli.config.load import flat
from sbvae_cli.config.score_names import score_label, wanted_score
from sbvae_cli.figures.table import PAPER, Cell
from sbvae_cli.recipes.claims import Hidden, Value
from sbvae_cli.recipes.markdown import table
from sbvae_cli.recipes.outcome import Verdict
from sbvae_cli.recipes.paper import paper_number
from sbvae_cli.recipes.schema import Recipe
from sbvae_cli.runs.logs import records_of
from sbvae_cli.sweeps.collect import Collected, RunGroup, SweepRun
from sbvae_cli.sweeps.plan import Plan

_LONGEST = 40  # characters of a setting in a table
_TOLD = {  # settings that a tier changes, as a reader calls them
    "training.steps": "steps",
    "data.height": "image size",
    "training.learning_rate": "learning rate",
    "training.learning_rate_schedule": "its schedule",
    "training.batch_size": "batch size",
    "model.encoder.hidden_channels": "encoder, channels",
    "model.encoder.hidden_units": "encoder, units",
    "model.decoder.hidden_channels": "decoder, channels",
    "model.decoder.hidden_units": "decoder, units",
    "objective.beta_schedule.kind": "weight of the KL",
    "objective.beta_schedule.peak": "its peak",
    "objective.beta": "beta",
    "objective.gamma": "gamma",
    "objective.kind": "objective",
    "model.likelihood.kind": "likelihood",
}


def differences_table(here: Plan, paper: Plan) -> str:
    """What a tier has in place of the paper's settings; "" where nothing differs.

    Args:
        here: Plan of the tier.
        paper: Plan of the tier that has the paper's settings.
    """
    rows = []
    for key, label in _TOLD.items():
        own, other = _values(here, key), _values(paper, key)
        if own != other:
            rows.append([label, own or "-", other or "-"])
    counts = here.sweep.replicas, paper.sweep.replicas
    if counts[0] != counts[1]:
        rows.append(["replicas of each setting", *map(str, counts)])
    if here.sweep.protocol != paper.sweep.protocol:
        rows.append(["sample sizes of scores", here.sweep.protocol, paper.sweep.protocol])
    return table(["setting", "here", "paper"], rows) if rows else ""


def groups_table(collected: Collected, scores: Sequence[str]) -> str:
    """Mean, standard deviation and median of scores over the replicas of each setting."""
    rows = []
    for group in collected.groups:
        count = len(group.scored)
        cells = [Cell([*group.values(name).values()], count).text_with_median for name in scores]
        gone = group.states.get("diverged", 0)
        diverged = f", {gone} diverged" if gone else ""
        rows.append([group.label, f"{count} of {len(group.runs)}{diverged}", *cells])
    return table(["setting", "runs", *map(label_of, scores)], rows)


def grids_lines(collected: Collected) -> list[str]:
    """For each setting how many grids are flat, folded and so on, as a list in Markdown."""
    return [
        f"- {group.label}, grid of {pair.replace(',', ' and ')}: "
        + "; ".join(f"{count} {verdict}" for verdict, count in counts.items())
        for group in collected.groups
        for pair, counts in group.verdicts.items()
        if len(group.verdicts) <= 3  # of sprites there are many pairs
    ]


def seeds_table(collected: Collected, scores: Sequence[str]) -> str:
    """A row for each run: its seed, its state where it has no scores, and its values."""
    rows = []
    for group in collected.groups:
        for run in group.runs:
            values = [_number(run, name) for name in scores]
            state = "" if run.state == "finished" else f" ({run.state})"
            rows.append([group.label, f"{run.seed}{state}", *values])
    return table(["setting", "seed", *map(label_of, scores)], rows)


def value_rows(verdicts: Sequence[Verdict]) -> list[list[str]]:
    """For each claim that is a number of the paper: what it is, the paper's, ours, the outcome."""
    rows = []
    for each in verdicts:
        if isinstance(each.claim.test, Value):
            number = paper_number(each.claim.test.paper)
            label = f"{number.row}, {label_of(number.score)}"
            rows.append([label, number.text, each.ours or "-", each.outcome])
    return rows


def values_table(verdicts: Sequence[Verdict]) -> str:
    """The paper's numbers beside ours; "" where no claim is one of a number."""
    rows = value_rows(verdicts)
    return table(["number", "paper", "here", "outcome"], rows) if rows else ""


def page_scores(recipe: Recipe, collected: Collected) -> list[str]:
    """Scores that a page shows: those of its claims, then the paper's columns."""
    tests = [claim.test for claim in recipe.claims if claim.test is not None]
    asked = [
        name
        for test in tests
        for name in (test.score, *([test.shown_by] if isinstance(test, Hidden) else []))
    ]
    names = [collected.find(name) for name in (*asked, *PAPER)]
    return list(dict.fromkeys(name for name in names if name is not None))


def training_seconds(runs: Sequence[SweepRun]) -> float:
    """Seconds that training took, one run after the other, by the speeds that were logged."""
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
    """A score as the heading of a column."""
    return score_label(score, wanted_score(score).factors).replace(" (nats an image)", "")


def _number(run: SweepRun, score: str) -> str:
    return f"{run.scores[score]:.4g}" if score in run.scores else "-"


def _values(plan: Plan, key: str) -> str:
    """The values that a plan's runs have of a setting, in words."""
    found: dict[str, None] = {}
    for own in plan.groups.values():
        settings = flat(own[0].config.as_dict())
        if key in settings:
            found[_text(key, settings)] = None
    text = "; ".join(found)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]} ..."


def _text(key: str, settings: dict[str, Any]) -> str:
    value = settings[key]
    if key == "data.height":
        return f"{value}x{settings['data.width']}"
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else json.dumps(value).strip('"')


def settings_count(groups: Sequence[RunGroup]) -> str:
    """How many settings there are, in words."""
    return "1 setting" if len(groups) == 1 else f"{len(groups)} settings"
