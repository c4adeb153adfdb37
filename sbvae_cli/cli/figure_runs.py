"""Shared options of the figures of many runs, and scoring of runs with progress."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sbvae_cli.config.names import ProtocolName

if TYPE_CHECKING:
    from sbvae_cli.runs.scores import Require, RunScores

RunsArgument = Annotated[
    list[Path],
    typer.Argument(
        metavar="RUNS...",
        help="Run folders, folders of replicas or of several runs, ckpt.pt files, NPZ files of "
        "codes, or JSON files written by eval, whose scores are not computed again.",
    ),
]
ProtocolOption = Annotated[
    ProtocolName,
    typer.Option(help="Sample sizes, as in eval; quick takes a fifth of the images."),
]
MANY_RUNS = 3  # least number of models for which a note suggests to store the scores


def score_with_progress(
    targets: Sequence[Path],
    scores: Sequence[str],
    protocol: ProtocolName,
    data: str | None = None,
    device: str = "auto",
    optional: Sequence[str] = (),
    require: "Require" = lambda runs: None,
) -> "list[RunScores]":
    """Compute or read the scores of runs, with notes and progress on stderr.

    Args:
        targets: Runs, codes or files of scores, as for `score_runs`.
        scores: Names of scores that at least one run must have.
        protocol: Name of the protocol.
        data: Dataset to score on; None is the data of each model.
        device: Name of the device.
        optional: Names of scores that all runs may lack.
        require: Raises an error for runs that the figure cannot show.

    Raises:
        SbvaeError: If a score is unknown, a target cannot be read, no run has a score, or scores of
            runs are not comparable.
    """
    from sbvae_cli.cli.console import note
    from sbvae_cli.cli.evaluation_progress import EvaluationProgress
    from sbvae_cli.commands import command
    from sbvae_cli.config.score_names import metrics_of, requested_score
    from sbvae_cli.metrics.protocol import named_protocol
    from sbvae_cli.runs.figure_data import comparable_and
    from sbvae_cli.runs.scores import score_runs
    from sbvae_cli.runs.scores_file import is_scores_file

    progress = EvaluationProgress()

    def on_target(path: Path, models: Sequence[Path]) -> None:
        if path == models[0] and len(models) >= MANY_RUNS:
            paths = [path for path in targets if not is_scores_file(path)]
            given: dict[str, str] = {}
            if not optional:  # `eval` would refuse optional metrics that data do not allow
                given["metrics"] = ",".join(metrics_of(map(requested_score, scores)))
            if data is not None:
                given["data"] = data
            sizes = {"device": device, "protocol": protocol}
            given |= {name: v for name, v in sizes.items() if v not in ("auto", "paper")}
            keep = command("eval", *paths, **given, json="scores.json")
            note(f"scoring {len(models)} models; {keep} would keep the scores for later figures")
        progress.run(path, models)

    return score_runs(
        targets,
        scores,
        optional=optional,
        require=comparable_and(require),
        data=data,
        device=device,
        protocol=named_protocol(protocol),
        on_note=note,
        on_target=on_target,
        on_metric=progress.metric,
        showing=progress.images,
    )
