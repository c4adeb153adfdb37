"""The best setting of a sweep, chosen as the paper chose its own: by the loss (Appendix F)."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from sbvae_cli.config.load import Tree
from sbvae_cli.config.score_names import NATS, score_style, wanted_score
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.naming import OF_RUN, has_own_space, setting_label
from sbvae_cli.sweeps.collect import Collected, RunGroup, plain

PAPER = "neg_elbo"
_SIZE = ["height", "width"]

# Settings of models that are not chosen among: their losses do not compare, or what tells them
# apart is what is asked about.
_APART = (
    *("data.source", "data.height", "data.width", "data.channels"),
    *("model.decoder.kind", "objective.kind", "model.likelihood.kind"),
)


@dataclass(frozen=True)
class Best:
    """The best of those groups that are chosen among.

    Attributes:
        name: What tells these groups from others, as `broadcast`; "" where there are no others.
        group: The one with the best mean.
        mean: Its mean over replicas.
        others: The others that have the score, best first.
        lacking: Those that no run has the score of.
    """

    name: str
    group: RunGroup
    mean: float
    others: tuple[RunGroup, ...]
    lacking: tuple[RunGroup, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain containers for JSON."""
        return {
            "of": self.name,
            "group": self.group.name,
            "settings": dict(self.group.cell),
            "mean": self.mean,
            "others": [group.name for group in self.others],
        }


def choose_best(collected: Collected, score: str) -> list[Best]:
    """The setting with the best mean of a score over replicas, of each decoder by itself.

    Data, image sizes, objectives and likelihoods are not chosen among either.

    Args:
        collected: Runs of a sweep.
        score: Name of the score, as `SweepRun.scores` has it.

    Raises:
        SbvaeError: If no value of the score is better than another, or no run has it.
    """
    style = score_style(wanted_score(score).name)
    if style.unit == "#" or (style.unit == NATS and not style.lower_is_better):
        raise SbvaeError(f"{score} has no best value; choose by {PAPER}, as the paper did")
    sign = 1 if style.lower_is_better else -1
    parts: dict[tuple[str, ...], list[RunGroup]] = {}
    apart = [*_APART, *(k for k in collected.keys if k.startswith("data.") and k not in _APART)]
    for group in collected.groups:
        parts.setdefault(tuple(plain(group.settings.get(key)) for key in apart), []).append(group)
    differing = [i for i in range(len(apart)) if len({part[i] for part in parts}) > 1]
    found = []
    for part, groups in parts.items():
        means = {g.name: fmean(values) for g in groups if (values := g.values(score).values())}
        known = sorted((g for g in groups if g.name in means), key=lambda g: sign * means[g.name])
        if known:
            name = "-".join(_told(apart[i], part[i]) for i in differing)
            lacking = tuple(g for g in groups if g.name not in means)
            found.append(Best(name, known[0], means[known[0].name], tuple(known[1:]), lacking))
    if not found:
        raise SbvaeError(f"no run has {score} yet")
    return found


def cautions(best: Best, score: str) -> list[str]:
    """Lines on what the choice does not rest on alike: numbers of runs, and those that diverged."""
    lines = []
    groups = (best.group, *best.others)
    counts = {group.label: len(group.values(score)) for group in groups}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{count} of {label}" for label, count in counts.items())
        lines.append(f"means are over unequal numbers of runs: {told}")
    diverged = {
        group.label: group.states["diverged"]
        for group in (*groups, *best.lacking)
        if "diverged" in group.states
    }
    if diverged:
        told = ", ".join(f"{count} of {label}" for label, count in diverged.items())
        lines.append(f"runs that diverged have no scores and count in no mean: {told}")
    if best.lacking:
        lines.append(f"no run has {score} of {_names(best.lacking)}, not chosen among")
    if not best.others:
        lines.append(f"there is no other setting than {best.group.label} to choose among")
    return lines


def as_config(group: RunGroup) -> Tree:
    """Settings of a group as a tree that `sbvae train` takes, but for seed and machine."""
    config = group.runs[0].replica.config
    tree, data = config.as_dict(), config.data.model_dump(mode="json")
    for name in ("seed", *OF_RUN):
        tree["training"].pop(name, None)
    tree["preset"].pop("changed", None)
    kept = ["source"]
    if config.data.count is None:  # what is drawn has a size, and perhaps a space of its own
        kept += _SIZE if has_own_space(config.data) else [*_SIZE, "name", "space"]
    return {**tree, "data": {name: data[name] for name in kept}}


def _told(key: str, value: str) -> str:
    """A value in a name: a word by itself, a number after what it is of."""
    word = value.strip('"')
    return word if word != value else f"{setting_label(key)}{word}"


def _names(groups: Sequence[RunGroup]) -> str:
    return ", ".join(group.label for group in groups)
