"""Collect scores of many runs by name: compute them, or read the output of `sbvae eval`."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sbvae_cli.config.score_names import (
    RequestedScore,
    depends_on_likelihood,
    requested_score,
)
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.findings.sentences import abbreviate
from sbvae_cli.runs.groups import group_names
from sbvae_cli.runs.run_facts import RunFacts, read_facts
from sbvae_cli.runs.scores_file import (
    ScoreRecord,
    is_scores_file,
    read_records,
    record_of,
    without_copies,
)
from sbvae_cli.runs.stored_scores import protocol_of_scores, stored_records
from sbvae_cli.runs.targets import resolve_targets

if TYPE_CHECKING:  # evaluation takes a second to load, and files of scores do not need it
    from sbvae_cli.evaluation.evaluate import OnMetric
    from sbvae_cli.metrics.protocol import Protocol
    from sbvae_cli.runs.evaluate import Evaluated, Showing


Require = Callable[[Sequence["RunScores"]], None]


@dataclass(frozen=True)
class RunScores:
    """Requested scores of a run, or of user-supplied codes.

    Attributes:
        name: Name on the command line, such as `runs/xy/3`.
        group: Name of the group; runs share it exactly if they differ only in the seed.
        seed: Root seed; None for codes.
        step: Number of updates made; None for codes.
        path: Path of the run or file; it may be missing if the scores were read from a JSON file.
        settings: Settings that define the model, without the seed, by names such as
            `model.decoder.kind`; empty for codes.
        data: Name of the data of the scores; "" for codes.
        images: Hash of the distribution of these data; "" for codes.
        protocol: Name of the protocol and number of images, as text.
        values: Scores by requested name; a score that the run lacks has no entry.
        factors: Pair of factors, such as "x,y", of each score that depends on a pair.
    """

    name: str
    group: str
    seed: int | None
    step: int | None
    path: Path
    settings: Mapping[str, Any]
    data: str
    images: str
    protocol: str
    values: Mapping[str, float]
    factors: Mapping[str, str]

    @property
    def decoder(self) -> str:
        """Kind of the decoder; "" for codes."""
        return str(self.settings.get("model.decoder.kind", ""))

    @property
    def model(self) -> str:
        """Kind of the model, such as `factor-vae`; "" for codes."""
        return str(self.settings.get("objective.kind", ""))

    @property
    def likelihood(self) -> str:
        """Kind of the likelihood; "" for codes."""
        return str(self.settings.get("model.likelihood.kind", ""))


def score_runs(
    targets: Sequence[Path],
    scores: Sequence[str],
    *,
    optional: Sequence[str] = (),
    facts: Sequence[RunFacts] | None = None,
    require: "Require" = lambda runs: None,
    data: str | None = None,
    device: str = "auto",
    protocol: "Protocol | None" = None,
    on_note: Callable[[str], None] = lambda line: None,
    on_target: Callable[[Path, Sequence[Path]], None] = lambda path, targets: None,
    on_metric: "OnMetric" = lambda metric, number, total: None,
    showing: "Showing" = lambda cost, device: nullcontext(lambda images: None),
) -> list[RunScores]:
    """Collect scores of runs by name, and compute only the metrics that they need.

    Args:
        targets: Run folders, folders of replicas or of several runs, checkpoints, NPZ files of
            codes, and JSON files that `sbvae eval` wrote, whose scores are not computed again.
        scores: Names such as `mig` and `nll`; for a score of a pair of factors, `affine_r2` means
            the first pair, and `x,y:affine_r2` names one. Case and hyphens are ignored.
        optional: Names of further scores, which may be missing.
        facts: Facts of the targets that are not JSON files; None reads them.
        require: Called with all runs before any is scored, with NaN for unknown scores, and again
            with the final scores; raises an error if the runs cannot be shown together.
        data: Data in place of the training data; without effect on JSON files.
        device: Name of the device that computes.
        protocol: Sample sizes of the scores; None for those of the paper.
        on_note: Called with each line about a run that is left out or not quite comparable.
        on_target: Called with each target before it is scored, and the list of all targets.
        on_metric: Called with each metric before it is computed, as in `evaluate_targets`.
        showing: Called with the cost of a model's evaluation, as in `evaluate_targets`.

    Returns:
        The runs, each once, in the order of the targets. The keys of `values` and `factors` are
        the requested names.

    Raises:
        SbvaeError: If a score is unknown, a target cannot be used, or no run has one of `scores`.
    """
    wanted = {name: requested_score(name) for name in (*scores, *optional)}
    read = {path: read_records(path) for path in targets if is_scores_file(path)}
    paths = resolve_targets([path for path in targets if path not in read], on_note)
    known = [each for own in read.values() for each in own]
    facts = [read_facts(path, data) for path in paths] if facts is None else facts
    _refuse_other_factors(facts, known, wanted)
    named = [_select(each, each.group, wanted) for each in known]
    require([*named, *(_described(each, wanted) for each in facts)])
    own = protocol_of_scores(protocol, wanted.values(), lenient=bool(optional))

    def compute(left: Sequence[Path]) -> "list[Evaluated]":
        from sbvae_cli.runs.evaluate import evaluate_targets

        return evaluate_targets(left, own, data, device, on_note, on_target, on_metric, showing)

    computed = _computed(paths, facts, own, on_note, compute)
    records = _in_order(targets, read, computed)
    records = without_copies(records, on_note)
    found = [
        _select(record, group, wanted)
        for record, group in zip(records, group_names(records), strict=True)
    ]
    require(found)
    _refuse_lacking(found, records, {name: wanted[name] for name in scores})
    for line in _cautions(found, scores):
        on_note(line)
    return found


def _computed(
    paths: Sequence[Path],
    facts: Sequence[RunFacts],
    protocol: "Protocol",
    on_note: Callable[[str], None],
    compute: Callable[[Sequence[Path]], Sequence["Evaluated"]],
) -> list[ScoreRecord]:
    """Return the records of models and codes, computing those that no folder holds already."""
    stored = stored_records(facts, protocol)
    left = [path for path in paths if path not in stored]
    if stored:
        of = f" of {len(stored)} of {len(paths)} runs" if len(paths) > 1 else ""
        on_note(f"the scores{of} are read from scores.json in their folders")
    return [*stored.values(), *map(record_of, compute(left) if left else ())]


def _described(facts: RunFacts, wanted: Iterable[str]) -> RunScores:
    """Return a run before it is scored, with NaN for each score."""
    own = str(facts.path), facts.group, facts.seed, None, facts.path, facts.settings
    values = dict.fromkeys(wanted, math.nan)
    return RunScores(*own, facts.data, facts.images, "", values, {})


def _refuse_other_factors(
    facts: Sequence[RunFacts], known: Sequence[ScoreRecord], wanted: Mapping[str, RequestedScore]
) -> None:
    """Refuse a pair of factors that no run's data have, before any run is scored."""
    if not facts or not all(each.factors for each in facts):  # codes are read only when scored
        return
    for text, score in wanted.items():
        pair = set(filter(None, score.factors.split(",")))
        there = any(pair <= set(each.factors) for each in facts)
        if not there and not any(_is(score, *key) for each in known for key in each.numbers):
            names = abbreviate(facts[0].factors, " and ")
            raise SbvaeError(f"no run has {text}; the factors of {facts[0].path} are {names}")


def require_comparable(runs: Sequence[RunScores]) -> None:
    """Refuse runs whose scores are not comparable.

    Raises:
        SbvaeError: If two runs are scored on different data, or have different likelihoods and a
            score that depends on the likelihood.
    """
    known = [run for run in runs if run.images]  # codes do not name their data
    other = next((run for run in known if run.images != known[0].images), None)
    if other:
        one, two = known[0].data, other.data
        difference = f"data {two}, {known[0].name} on {one}"
        if one == two:
            difference = f"images of {two} with another size or other factors than {known[0].name}"
        raise SbvaeError(
            f"{other.name}: is scored on {difference}: their scores are not comparable; name runs "
            "on the same data, or score all on one dataset by `data`"
        )
    rated = [r for r in runs if r.likelihood and any(map(depends_on_likelihood, r.values))]
    other = next((run for run in rated if run.likelihood != rated[0].likelihood), None)
    if other:
        raise SbvaeError(
            f"{other.name}: has the likelihood {other.likelihood}, {rated[0].name} "
            f"{rated[0].likelihood}: their NLLs are not comparable; name runs of one likelihood"
        )


def _in_order(
    targets: Sequence[Path],
    read: Mapping[Path, Sequence[ScoreRecord]],
    computed: Sequence[ScoreRecord],
) -> list[ScoreRecord]:
    """Return all records in the order of their targets."""

    def place(record: ScoreRecord) -> int:
        path = Path(record.name)
        return next(i for i, target in enumerate(targets) if target in (path, *path.parents))

    placed = [(place(record), record) for record in computed]
    placed += [(targets.index(path), record) for path in read for record in read[path]]
    return [record for _, record in sorted(placed, key=lambda pair: pair[0])]


def _select(record: ScoreRecord, group: str, wanted: Mapping[str, RequestedScore]) -> RunScores:
    """Return a run with those requested scores that it has and that are finite."""
    values: dict[str, float] = {}
    factors: dict[str, str] = {}
    for text, score in wanted.items():
        keys = [key for key in record.numbers if _is(score, *key)]
        value = record.numbers[keys[0]] if keys else None
        if value is not None and math.isfinite(value):
            values[text] = value
            factors |= {text: keys[0][0]} if score.of_pair else {}
    own = record.name, group, record.seed, record.step, Path(record.name), record.settings
    return RunScores(*own, record.data, record.images, record.protocol, values, factors)


def _is(wanted: RequestedScore, factors: str, name: str) -> bool:
    """Return whether a score is the requested one; the order of the two factors is ignored."""
    if name != wanted.name or bool(factors) != wanted.of_pair:
        return False
    return not wanted.factors or set(wanted.factors.split(",")) == set(factors.split(","))


def _refuse_lacking(
    found: Sequence[RunScores],
    records: Sequence[ScoreRecord],
    wanted: Mapping[str, RequestedScore],
) -> None:
    """Refuse a requested score that no run has."""
    for text, score in wanted.items():
        if any(text in run.values for run in found):
            continue
        pairs = dict.fromkeys(f for record in records for f, n in record.numbers if n == score.name)
        there = [pair for pair in pairs if pair]
        if score.of_pair and there:
            raise SbvaeError(f"no run has {text}; its pairs are {abbreviate(there, ' and ')}")
        raise SbvaeError(
            f"no run has {text}: its data or model have none, or a JSON file was written without "
            f"it; write that by `sbvae eval RUNS metrics={score.metric} json=FILE`"
        )


def _cautions(found: Sequence[RunScores], scores: Sequence[str]) -> list[str]:
    """Return lines about runs that lack a score, and about scores that are not quite comparable."""
    lines = []
    for score in scores:
        lacking = [run.name for run in found if score not in run.values]
        if lacking:
            has, is_ = ("has", "is") if len(lacking) == 1 else ("have", "are")
            lines.append(f"{abbreviate(lacking, ', ')} {has} no {score} and {is_} left out")
    protocols = dict.fromkeys(run.protocol for run in found)
    if len(protocols) > 1:
        lines.append(f"scores were computed by different protocols: {' and '.join(protocols)}")
    unfinished = [run for run in found if (run.step or 0) < run.settings.get("training.steps", 0)]
    for run in unfinished:
        of = run.settings["training.steps"]
        lines.append(
            f"{run.name} is at step {run.step or 0:,} of {of:,}, and grouped only with runs at "
            "that step"
        )
    seeds: dict[tuple[str, int], list[str]] = {}
    for run in found:
        if run.seed is not None:
            seeds.setdefault((run.group, run.seed), []).append(run.name)
    for names in seeds.values():
        if len(names) > 1:
            alike = "have the same seed and settings and may be copies of one run"
            lines.append(f"{', '.join(names)} {alike}")
    return lines
