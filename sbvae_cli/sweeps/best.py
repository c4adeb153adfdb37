"""Choose the best setting of a sweep as the paper chose its own: by the loss (Appendix F)."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from sbvae_cli.config.load import Tree
from sbvae_cli.config.score_names import NATS, requested_score, score_style
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.naming import EXECUTION_SETTINGS, has_own_space, setting_label
from sbvae_cli.sweeps.collect import Collected, RunGroup, plain

PAPER_SCORE = "neg_elbo"
_SIZE = ["height", "width"]

# Settings by which models are kept apart instead of chosen: losses are not comparable between
# their values, or the difference is the subject of the study.
_SEPARATED_BY = (
    *("data.source", "data.height", "data.width", "data.channels"),
    *("model.decoder.kind", "objective.kind", "model.likelihood.kind"),
)


@dataclass(frozen=True)
class Best:
    """The best group among groups that are comparable.

    Attributes:
        name: Settings that all these groups share and others do not, such as `broadcast`; "" if
            there are no others.
        group: Group with the best mean.
        mean: Mean of the score over the replicas of this group.
        others: Other groups that have the score, best first.
        lacking: Groups in which no run has the score.
    """

    name: str
    group: RunGroup
    mean: float
    others: tuple[RunGroup, ...]
    lacking: tuple[RunGroup, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the choice as plain containers, for JSON."""
        return {
            "of": self.name,
            "group": self.group.name,
            "settings": dict(self.group.cell),
            "mean": self.mean,
            "others": [group.name for group in self.others],
        }


def choose_best(collected: Collected, score: str) -> list[Best]:
    """Choose the setting with the best mean score over replicas, separately for each decoder.

    Data, image sizes, objectives and likelihoods are also kept apart.

    Args:
        collected: Runs of a sweep.
        score: Name of the score, as in `SweepRun.scores`.

    Raises:
        SbvaeError: If the score has no best direction, or no run has the score.
    """
    style = score_style(requested_score(score).name)
    if style.unit == "#" or (style.unit == NATS and not style.lower_is_better):
        raise SbvaeError(f"{score} has no best value; choose by {PAPER_SCORE}, as the paper did")
    sign = 1 if style.lower_is_better else -1
    parts: dict[tuple[str, ...], list[RunGroup]] = {}
    apart = [
        *_SEPARATED_BY,
        *(k for k in collected.keys if k.startswith("data.") and k not in _SEPARATED_BY),
    ]
    for group in collected.groups:
        parts.setdefault(tuple(plain(group.settings.get(key)) for key in apart), []).append(group)
    differing = [i for i in range(len(apart)) if len({part[i] for part in parts}) > 1]
    found = []
    for part, groups in parts.items():
        means = {g.name: fmean(values) for g in groups if (values := g.values(score).values())}
        known = sorted((g for g in groups if g.name in means), key=lambda g: sign * means[g.name])
        if known:
            name = "-".join(_format_setting(apart[i], part[i]) for i in differing)
            lacking = tuple(g for g in groups if g.name not in means)
            found.append(Best(name, known[0], means[known[0].name], tuple(known[1:]), lacking))
    if not found:
        raise SbvaeError(f"no run has {score} yet")
    return found


def cautions(best: Best, score: str) -> list[str]:
    """Return lines about unequal numbers of runs, diverged runs, and groups without the score."""
    lines = []
    groups = (best.group, *best.others)
    counts = {group.label: len(group.values(score)) for group in groups}
    if len(set(counts.values())) > 1:
        counts_text = ", ".join(f"{count} of {label}" for label, count in counts.items())
        lines.append(f"means are over unequal numbers of runs: {counts_text}")
    diverged = {
        group.label: group.states["diverged"]
        for group in (*groups, *best.lacking)
        if "diverged" in group.states
    }
    if diverged:
        counts_text = ", ".join(f"{count} of {label}" for label, count in diverged.items())
        lines.append(
            f"runs that diverged have no scores and count in none of the means: {counts_text}"
        )
    if best.lacking:
        lines.append(f"no run of {_names(best.lacking)} has {score}, so it is not compared")
    if not best.others:
        lines.append(f"{best.group.label} is the only setting, so there is nothing to choose")
    return lines


def as_config(group: RunGroup) -> Tree:
    """Return the settings of a group as a tree for `sbvae train`, without seed and device."""
    config = group.runs[0].replica.config
    tree, data = config.as_dict(), config.data.model_dump(mode="json")
    for name in ("seed", *EXECUTION_SETTINGS):
        tree["training"].pop(name, None)
    tree["preset"].pop("changed", None)
    kept = ["source"]
    if config.data.count is None:  # procedural data have a size, and perhaps their own space
        kept += _SIZE if has_own_space(config.data) else [*_SIZE, "name", "space"]
    return {**tree, "data": {name: data[name] for name in kept}}


def _format_setting(key: str, value: str) -> str:
    """Format a setting in a name: a word alone, a number behind its label."""
    word = value.strip('"')
    return word if word != value else f"{setting_label(key)}{word}"


def _names(groups: Sequence[RunGroup]) -> str:
    return ", ".join(group.label for group in groups)
