"""The command `sbvae eval`, which scores models and codes."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sbvae_cli.cli.console import print_info, print_status
from sbvae_cli.cli.evaluation_progress import EvaluationProgress
from sbvae_cli.cli.flags import with_flags
from sbvae_cli.cli.options import CsvOption, DeviceOption, JsonOption
from sbvae_cli.config.metrics import METRICS, PAPER_METRICS
from sbvae_cli.config.names import ColorBasis, ProtocolName
from sbvae_cli.errors import SbvaeError

if TYPE_CHECKING:
    from sbvae_cli.runs.evaluate import Evaluated

MAX_SEED = 2**32 - 1  # largest seed of scikit-learn

Targets = Annotated[
    list[Path],
    typer.Argument(
        metavar="CKPT|NPZ...",
        help="Run folders, folders of replicas or of several runs, ckpt.pt files, or NPZ files of "
        "codes and factors.",
    ),
]
Data = Annotated[
    str | None,
    typer.Option(
        help="Data to score on instead of the model's own, or the file that it was trained on."
    ),
]
Metrics = Annotated[
    str | None,
    typer.Option(
        help=f"all, or some of {', '.join(METRICS)}; default: {', '.join(PAPER_METRICS[:-1])} and "
        f"{PAPER_METRICS[-1]}; for files of codes: all that apply, "
        "without dci.",
    ),
]
Sizes = Annotated[
    ProtocolName,
    typer.Option(
        help="Sample sizes: paper (800 votes to train and 800 to score), dlib (10,000 and "
        "5,000) or quick (200 and 200)."
    ),
]
Groups = Annotated[
    list[str] | None,
    typer.Option(help="Factors that mig_subspace takes together, such as x,y; may be repeated."),
]
FullOrTrain = Annotated[
    Literal["full", "train"],
    typer.Option(
        help="Images to score on. full: the whole factor space; train: without held-out regions."
    ),
]
Images = Annotated[
    int | None,
    typer.Option(
        min=2,
        max=10_000_000,
        help="Number of images of each population; half as many are added to test classifiers. "
        "Default: 10,000.",
    ),
]
Votes = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=1_000_000,
        help="Number of votes to train the classifiers of factor-vae and beta-vae; as many other "
        "votes score them.",
    ),
]
Basis = Annotated[
    ColorBasis | None,
    typer.Option(
        help="Colour space in which metrics see colour factors; default: that of the data."
    ),
]
Summary = Annotated[
    bool,
    typer.Option(
        "--summary", help="Print mean, std and median over runs that differ only in the seed."
    ),
]
Seed = Annotated[
    int, typer.Option(min=0, max=MAX_SEED, help="Seed of samples, splits and classifiers.")
]


def evaluate(
    targets: Targets,
    data: Data = None,
    json: JsonOption = None,
    csv: CsvOption = None,
    summary: Summary = False,
    metrics: Metrics = None,
    protocol: Sizes = "paper",
    group: Groups = None,
    population: FullOrTrain = "full",
    images: Images = None,
    votes: Votes = None,
    color_basis: Basis = None,
    seed: Seed = 0,
    device: DeviceOption = "auto",
) -> None:
    """Score models or codes: NLL, KL, MIG, FactorVAE score, DCI, geometry and more."""
    from dataclasses import replace

    from sbvae_cli.cli.parse import parse_groups, parse_metrics
    from sbvae_cli.metrics.protocol import named_protocol
    from sbvae_cli.runs.evaluate import evaluate_targets

    if json == csv == "-":
        raise SbvaeError("--json and --csv cannot both be on stdout; name a file for one of them")
    wanted = None if metrics is None else parse_metrics(metrics)
    settings = replace(
        named_protocol(protocol),
        metrics=wanted,
        population=population,
        color_basis=color_basis,
        seed=seed,
        groups=parse_groups(group or [], wanted),
        lenient="all" in [name.strip().lower() for name in (metrics or "").split(",")],
    )
    if images is not None:
        settings = replace(settings, images=images, test_images=max(1, images // 2))
    if votes is not None:
        settings = replace(settings, votes_train=votes, votes_eval=votes)
    progress = EvaluationProgress()
    found = evaluate_targets(
        targets,
        settings,
        data,
        device,
        on_note=lambda line: print_status(f"note: {with_flags(line)}"),
        on_target=progress.target,
        on_metric=progress.metric,
        showing=progress.images,
    )
    _report(found, json, csv, summary)


def _report(found: "Sequence[Evaluated]", json: str | None, csv: str | None, summary: bool) -> None:
    from sbvae_cli.cli.evaluation_tables import as_json, print_evaluations, shared_notes
    from sbvae_cli.cli.outputs import write_csv, write_json
    from sbvae_cli.cli.several_tables import print_groups
    from sbvae_cli.runs.groups import csv_rows, csv_rows_of_groups, groups_of

    groups = groups_of(found)
    for names in [names for group in groups for names in group.shared_seeds]:
        those = ", ".join(names)
        print_status(f"note: {those} have equal seeds and settings and may be copies of one run")
    for line in shared_notes(found):
        print_status(f"note: {line}")
    try:
        if json is not None:
            of_groups = {"summary": [group.as_dict() for group in groups]} if summary else {}
            write_json(json, {**as_json(found), **of_groups})
        if csv is not None:
            write_csv(csv, csv_rows_of_groups(groups) if summary else csv_rows(found))
    finally:  # scores are printed even if a file cannot be written
        if "-" not in (json, csv):
            print_groups(groups) if summary else print_evaluations(found)
    for path in (json, csv):
        if path not in (None, "-"):
            print_info(f"wrote {path}")
