"""Reuse the scores that a sweep has stored in a run's folder, if they are the requested ones."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sbvae_cli.config.metrics import METRICS
from sbvae_cli.config.score_names import RequestedScore, metrics_of
from sbvae_cli.files import parse_json
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.run_facts import RunFacts
from sbvae_cli.runs.scores_file import DAMAGED, ScoreRecord, record_of_result

if TYPE_CHECKING:  # takes a while to load, and most runs have no stored scores
    from sbvae_cli.metrics.protocol import Protocol

# Entries of a protocol that are checked otherwise: by `asked`, and by the absence of groups.
_NOT_COMPARED = ("metrics", "groups")


def read_stored(folder: RunFolder) -> dict[str, Any] | None:
    """Read the scores of a run's folder, and the metrics that were `asked` for.

    Returns:
        The file's contents, or None if it is missing or damaged.
    """
    try:
        tree: dict[str, Any] = parse_json(folder.scores.read_text(encoding="utf-8"))
        return {**tree, "asked": [str(name) for name in tree["asked"]]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def stored_records(facts: Sequence[RunFacts], protocol: "Protocol") -> dict[Path, ScoreRecord]:
    """Return the records of runs whose folders have all requested scores.

    Stored scores are used if they belong to the same settings, step, seed and data, and were
    computed by the same protocol, with its seed and sample sizes.

    Args:
        facts: Facts of the runs.
        protocol: Protocol of the scores, with the necessary metrics.

    Returns:
        Records by the paths of the runs that have one.
    """
    if any(METRICS[name].source == "models" for name in protocol.metrics or ()):
        return {}  # a sweep scores each run alone
    found = {each.path: _record(each, protocol) for each in facts}
    return {path: record for path, record in found.items() if record is not None}


def _record(facts: RunFacts, protocol: "Protocol") -> ScoreRecord | None:
    path = facts.path
    if path.suffix.lower() == ".npz":
        return None
    tree = read_stored(RunFolder(path.parent if path.is_file() else path))
    if tree is None or not {*(protocol.metrics or ())} <= {*tree["asked"]}:
        return None
    try:
        record, used = record_of_result(tree), tree["protocol"]
    except DAMAGED:
        return None
    compared = {n: v for n, v in protocol.as_dict().items() if n not in _NOT_COMPARED}
    same = all(used.get(name) == value for name, value in compared.items()) and not used["groups"]
    known = record.seed, record.images, _plain(record.settings)
    if not same or known != (facts.seed, facts.images, _plain(facts.settings)):
        return None
    return replace(record, name=str(path), group=facts.group)


def protocol_of_scores(
    protocol: "Protocol | None", wanted: Iterable[RequestedScore], lenient: bool
) -> "Protocol":
    """Return the protocol with just the metrics that the scores need."""
    from sbvae_cli.metrics.protocol import Protocol

    wanted = list(wanted)
    own = replace(protocol or Protocol(), metrics=metrics_of(wanted), lenient=lenient)
    if any(score.name == "mig_subspace" for score in wanted):
        return own
    return replace(own, groups=())  # the search for groups takes longer than the rest of MIG


def _plain(settings: Any) -> str:
    """Return settings as JSON, in which tuples and lists are equal."""
    return json.dumps(settings, sort_keys=True, default=str)
