"""Collect the runs of a sweep with their states and scores, and write them as CSV and JSON."""

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sbvae_cli.config.load import flat
from sbvae_cli.config.score_names import requested_score
from sbvae_cli.config.sweep import cells
from sbvae_cli.files import write_bytes
from sbvae_cli.runs.groups import Summary, as_cell, summarise
from sbvae_cli.runs.labels import config_labels, depths_of
from sbvae_cli.runs.replicas import Replica
from sbvae_cli.runs.scores_file import numbers_of
from sbvae_cli.sweeps.folder import RunState, State, SweepFolder
from sbvae_cli.sweeps.plan import SweepPlan, group_of, name_of
from sbvae_cli.sweeps.scoring import stored_scores


@dataclass(frozen=True)
class SweepRun:
    """A run of a sweep.

    Attributes:
        replica: Configuration and folder of the run.
        settings: All settings by name, such as `training.steps`, with `depth` and `mlp_depth`.
        state: State of the run.
        step: Number of updates made.
        why: Reason of a failure or divergence; else "".
        result: Output of `sbvae eval` for the run; None if the run is not finished.
    """

    replica: Replica
    settings: Mapping[str, Any]
    state: State
    step: int
    why: str = ""
    result: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """Group and seed, such as `xy-hole-broadcast-quick/0`."""
        return name_of(self.replica)

    @property
    def seed(self) -> int:
        """Root seed."""
        return self.replica.seed

    @cached_property
    def scores(self) -> dict[str, float]:
        """Finite scores by name; those of a pair of factors as `x,y:affine_r2`."""
        if self.result is None:
            return {}
        known = numbers_of(self.result).items()
        return {
            f"{factors}:{name}" if factors else name: value
            for (factors, name), value in known
            if value is not None and math.isfinite(value)
        }

    @cached_property
    def verdicts(self) -> dict[str, str]:
        """Verdict on the grid, such as flat or folded, by pair of factors such as "x,y"."""
        geometry = (self.result or {}).get("geometry", {})
        return {pair: found["verdict"] for pair, found in geometry.items() if found["verdict"]}

    def by_factor(self, pair: str, score: str) -> dict[str, float]:
        """Return a geometry score, such as `inverse_r2`, of each factor of a pair, by factor."""
        scores = (self.result or {}).get("geometry", {}).get(pair, {}).get("scores", {})
        values = scores.get(f"{score}_by_factor") or ()
        return {
            name: value
            for name, value in zip(pair.split(","), values, strict=False)
            if value is not None and math.isfinite(value)
        }

    def has(self, settings: Mapping[str, Any]) -> bool:
        """Return whether the run has these settings, all with these values."""
        return all(
            key in self.settings and plain(self.settings[key]) == plain(value)
            for key, value in settings.items()
        )


@dataclass(frozen=True)
class RunGroup:
    """Runs of one combination of the grid, which differ only in the seed.

    Attributes:
        name: Name of the folder of the runs.
        label: Short name that tells the group from the others.
        cell: Values of the combination by the grid's keys.
        runs: All runs by seed, finished or not.
    """

    name: str
    label: str
    cell: Mapping[str, Any]
    runs: tuple[SweepRun, ...]

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings of the runs by name, with the seed of the first run."""
        return self.runs[0].settings

    @property
    def scored(self) -> list[SweepRun]:
        """Runs that have scores."""
        return [run for run in self.runs if run.result is not None]

    @property
    def states(self) -> dict[str, int]:
        """Number of runs in each state, the most frequent first."""
        return dict(Counter(run.state for run in self.runs).most_common())

    def values(self, score: str) -> dict[int, float]:
        """Return a score, named as in `SweepRun.scores`, by seed of the runs that have it."""
        return {run.seed: run.scores[score] for run in self.scored if score in run.scores}

    @property
    def summaries(self) -> dict[str, Summary]:
        """Summary of each score over the runs that have it."""
        names = dict.fromkeys(name for run in self.scored for name in run.scores)
        return {name: summarise([*self.values(name).values()]) for name in names}

    @property
    def verdicts(self) -> dict[str, dict[str, int]]:
        """Number of runs with each verdict, the most frequent first, by pair of factors."""
        found: dict[str, Counter[str]] = {}
        for run in self.scored:
            for pair, verdict in run.verdicts.items():
                found.setdefault(pair, Counter())[verdict] += 1
        return {pair: dict(counts.most_common()) for pair, counts in found.items()}


@dataclass(frozen=True)
class Collected:
    """All runs of a sweep.

    Attributes:
        groups: Groups in the order of the grid.
        keys: Keys of the grid whose values differ between groups.
    """

    groups: tuple[RunGroup, ...]
    keys: tuple[str, ...] = field(default=())

    @property
    def runs(self) -> list[SweepRun]:
        """All runs, group by group."""
        return [run for group in self.groups for run in group.runs]

    @property
    def score_names(self) -> list[str]:
        """Names of all scores, those of pairs of factors last."""
        names = dict.fromkeys(name for run in self.runs for name in run.scores)
        return sorted(names, key=lambda name: ":" in name)

    def find(self, text: str) -> str | None:
        """Find the full name under which runs have a score.

        Args:
            text: Name of the score, such as `mig` or `affine_r2`; without a pair of factors, the
                first pair is found.

        Returns:
            The name as in `SweepRun.scores`, or None if no run has the score.

        Raises:
            SbvaeError: If there is no score of this name.
        """
        wanted = requested_score(text)
        for name in self.score_names:
            factors, _, score = name.rpartition(":")
            if score == wanted.name and bool(factors) == wanted.of_pair:
                same = set(factors.split(",")) == set(wanted.factors.split(","))
                if same or not wanted.factors:
                    return name
        return None

    def select(self, settings: Mapping[str, Any]) -> list[RunGroup]:
        """Return the groups with these settings; all groups if there are none."""
        return [group for group in self.groups if group.runs[0].has(settings)]

    def csv_rows(self) -> list[list[Any]]:
        """Return a heading, and a row for each run with its settings, state and scores."""
        names = self.score_names
        rows: list[list[Any]] = [
            ["run", "group", "seed", *self.keys, "state", "step", "steps", *names]
        ]
        for group in self.groups:
            for run in group.runs:
                cells = [as_cell(run.settings.get(key, "")) for key in self.keys]
                far = [run.state, run.step, run.replica.config.training.steps]
                scores = [run.scores.get(name, "") for name in names]
                rows.append([run.name, group.name, run.seed, *cells, *far, *scores])
        return rows

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON that `sbvae eval` writes of several runs, with the state of each run."""
        return {
            "results": [run.result for run in self.runs if run.result is not None],
            "runs": [
                {
                    "run": run.name,
                    "seed": run.seed,
                    "settings": {key: run.settings.get(key) for key in self.keys},
                    "state": run.state,
                    "step": run.step,
                    "steps": run.replica.config.training.steps,
                    **({"why": run.why} if run.why else {}),
                }
                for run in self.runs
            ],
            "summary": [
                {
                    "group": group.name,
                    "settings": {key: group.settings.get(key) for key in self.keys},
                    "states": group.states,
                    "scores": {name: each.as_dict() for name, each in group.summaries.items()},
                    "verdicts": group.verdicts,
                }
                for group in self.groups
            ],
        }


def collect(folder: SweepFolder, plan: SweepPlan) -> Collected:
    """Read the state of each run of a plan, and the scores of finished ones, without writing.

    Args:
        folder: Folder of the sweep.
        plan: Plan of the sweep.
    """
    combinations = cells(plan.sweep)
    grid_keys = {cell_key: None for cell in combinations for cell_key in cell}
    by_group: dict[str, list[RunState]] = {}
    for state in folder.states(plan):
        by_group.setdefault(group_of(state.replica), []).append(state)
    labels = config_labels([own[0].replica.config for own in by_group.values()])
    groups = tuple(
        RunGroup(name, label, cell, tuple(_sweep_run(each, cell, plan) for each in own))
        for (name, own), label, cell in zip(by_group.items(), labels, combinations, strict=True)
    )
    firsts = [group.settings for group in groups]
    keys = [key for key in grid_keys if len({plain(own.get(key)) for own in firsts}) > 1]
    return Collected(groups, tuple(keys))


def write_collected(folder: SweepFolder, collected: Collected) -> None:
    """Write `scores.csv` and `scores.json` in the root of the folder.

    Raises:
        SbvaeError: If they cannot be written.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(collected.csv_rows())
    write_bytes(folder.csv, text.getvalue().encode())
    tree = json.dumps(collected.as_dict(), indent=2, allow_nan=False)
    write_bytes(folder.json, (tree + "\n").encode())


def plain(value: Any) -> str:
    """Convert a setting's value to text that is equal for equal values, such as 1 and 1.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True, default=str)


def _sweep_run(state: RunState, cell: Mapping[str, Any], plan: SweepPlan) -> SweepRun:
    replica = state.replica
    whole = flat(replica.config.as_dict())
    settings = {**whole, **depths_of(whole), **cell}
    result = None
    if state.state == "finished":
        steps, sweep = replica.config.training.steps, plan.sweep
        stored = stored_scores(replica.folder, steps, sweep.metrics, sweep.protocol)
        result = None if stored is None else _named(stored, name_of(replica))
    return SweepRun(replica, settings, state.state, state.step, state.why, result)


def _named(result: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the result under the run's name in the sweep, wherever it was scored."""
    left = {key: value for key, value in result.items() if key != "asked"}
    return {**left, "checkpoint": f"{name}/ckpt.pt", "run": {**result["run"], "name": name}}
