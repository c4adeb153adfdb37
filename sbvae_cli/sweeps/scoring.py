"""The scores of a run in its own folder, so that none is computed twice."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sbvae_cli.config.metrics import IN_PAPER, METRICS
from sbvae_cli.config.names import ProtocolName
from sbvae_cli.files import parse_json, write_bytes
from sbvae_cli.runs.folder import RunFolder

if TYPE_CHECKING:  # what computes scores needs torch, and what reads them does without
    from sbvae_cli.evaluation.evaluate import OnMetric


def score_run(
    folder: RunFolder,
    metrics: Sequence[str] | None,
    protocol: ProtocolName,
    device: str = "auto",
    on_note: Callable[[str], None] = lambda line: None,
    on_metric: "OnMetric" = lambda metric, number, total: None,
) -> None:
    """Score a run and write `scores.json` in its folder: what `sbvae eval` writes of one run.

    Metrics that its data or model do not allow are left out. Those that the file has already, of
    the same protocol, are computed again with the others.

    Args:
        folder: Folder of the run.
        metrics: Names of metrics; None is what the paper reports.
        protocol: Sample sizes.
        device: Name of the device that computes.
        on_note: Called with each line on what is left out.
        on_metric: Called with each metric before it is computed, as `evaluate_targets` has it.

    Raises:
        SbvaeError: If the run has no checkpoint, or its data are gone.
    """
    from sbvae_cli.metrics.protocol import named_protocol
    from sbvae_cli.runs.evaluate import evaluate_targets
    from sbvae_cli.runs.scores_file import result_of

    asked_before = _read(folder, protocol).get("asked", ())
    asked = tuple(name for name in METRICS if name in {*_wanted(metrics), *asked_before})
    own = replace(named_protocol(protocol), metrics=asked, lenient=True)
    began = time.monotonic()
    (found,) = evaluate_targets(
        [folder.path], own, device=device, on_note=on_note, on_metric=on_metric
    )
    result = result_of(found)
    seconds = round(time.monotonic() - began, 2)
    tree = {**result, "asked": list(asked), "seconds": seconds, "results": [result]}
    write_bytes(folder.scores, (json.dumps(tree, indent=2, allow_nan=False) + "\n").encode())


def stored_scores(
    folder: RunFolder, step: int, metrics: Sequence[str] | None, protocol: ProtocolName
) -> dict[str, Any] | None:
    """The scores in a run's folder: what `result_of` gave of it.

    It has besides which metrics were `asked` for, and the `seconds` that scoring took.

    Args:
        folder: Folder of the run.
        step: Updates that it had made.
        metrics: What is wanted; None is what the paper reports.
        protocol: Sample sizes.

    Returns:
        None where there are none, they are of another step or protocol, or lack a metric that is
        wanted and was not asked for.
    """
    found = _read(folder, protocol)
    if found.get("step") != step or not {*_wanted(metrics)} <= {*found["asked"]}:
        return None
    return {name: value for name, value in found.items() if name != "results"}


def _read(folder: RunFolder, protocol: ProtocolName) -> dict[str, Any]:
    """What the file of scores has; nothing where it is missing, or of another protocol."""
    try:
        tree: dict[str, Any] = parse_json(folder.scores.read_text(encoding="utf-8"))
        own = tree["protocol"]["name"] == protocol
        return {**tree, "asked": [str(name) for name in tree["asked"]]} if own else {}
    except (OSError, ValueError, KeyError, TypeError):  # none, or damaged
        return {}


def _wanted(metrics: Sequence[str] | None) -> tuple[str, ...]:
    return IN_PAPER if metrics is None else tuple(metrics)
