"""Store the scores of a run in its folder, so that none is computed twice."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sbvae_cli.config.metrics import METRICS, PAPER_METRICS
from sbvae_cli.config.names import ProtocolName
from sbvae_cli.files import write_bytes
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.stored_scores import read_stored

if TYPE_CHECKING:  # computing scores needs PyTorch, reading them does not
    from sbvae_cli.evaluation.evaluate import OnMetric


def score_run(
    folder: RunFolder,
    metrics: Sequence[str] | None,
    protocol: ProtocolName,
    device: str = "auto",
    on_note: Callable[[str], None] = lambda line: None,
    on_metric: "OnMetric" = lambda metric, number, total: None,
) -> None:
    """Score a run and write `scores.json` into its folder, in the format of `sbvae eval`.

    Metrics that the data or model do not allow are left out. Metrics that the file already has
    under the same protocol are computed again with the others.

    Args:
        folder: Folder of the run.
        metrics: Names of metrics; None for those that the paper reports.
        protocol: Sample sizes of the scores.
        device: Name of the device that computes.
        on_note: Called with each line about a metric that is left out.
        on_metric: Called with each metric before it is computed, as in `evaluate_targets`.

    Raises:
        SbvaeError: If the run has no checkpoint, or its data are missing.
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
    """Read the scores in a run's folder, in the format of `result_of`.

    The result also has the names of the metrics that were `asked` for, and the `seconds` that
    scoring took.

    Args:
        folder: Folder of the run.
        step: Number of updates that the run must have made when it was scored.
        metrics: Names of the wanted metrics; None for those that the paper reports.
        protocol: Sample sizes of the scores.

    Returns:
        The scores, or None if there are none, they are of another step or protocol, or a wanted
        metric was not asked for.
    """
    found = _read(folder, protocol)
    if found.get("step") != step or not {*_wanted(metrics)} <= {*found["asked"]}:
        return None
    return {name: value for name, value in found.items() if name != "results"}


def _read(folder: RunFolder, protocol: ProtocolName) -> dict[str, Any]:
    """Read the file of scores; empty if it is missing, damaged or of another protocol."""
    tree = read_stored(folder) or {}
    used = tree.get("protocol")
    return tree if isinstance(used, dict) and used.get("name") == protocol else {}


def _wanted(metrics: Sequence[str] | None) -> tuple[str, ...]:
    return PAPER_METRICS if metrics is None else tuple(metrics)
