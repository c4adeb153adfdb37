"""`sbvae eval`."""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sbvae_cli.cli.console import detail, inform, remark
from sbvae_cli.cli.evaluation_inputs import (
    Opened,
    has_codes,
    named,
    open_target,
    refuse_images_of_codes,
    split_comparison,
    validation_rows_of,
)
from sbvae_cli.cli.options import DeviceOption, JsonOption
from sbvae_cli.config.metrics import IN_PAPER, METRICS, OF_CODES
from sbvae_cli.config.names import ColorBasis, ProtocolName

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sbvae_cli.cli.console import Reporter
    from sbvae_cli.cli.evaluation_tables import Evaluated
    from sbvae_cli.evaluation.cost import Cost
    from sbvae_cli.evaluation.result import Evaluation
    from sbvae_cli.metrics.protocol import Protocol

LONG = 20.0  # seconds, from which on a line says what is to come
MOST_SEED = 2**32 - 1  # that scikit-learn takes


def evaluate(
    targets: Annotated[
        list[Path],
        typer.Argument(
            metavar="CKPT|NPZ...",
            help="Run folders, ckpt.pt files, or NPZ files of codes and factors.",
        ),
    ],
    data: Annotated[
        str | None, typer.Option(help="Other data than the model's own, or their file.")
    ] = None,
    json: JsonOption = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            help=f"all, or of {', '.join(METRICS)}; default: {', '.join(IN_PAPER[:-1])} and "
            f"{IN_PAPER[-1]}, of codes alone all.",
        ),
    ] = None,
    protocol: Annotated[
        ProtocolName,
        typer.Option(
            help="Sample sizes: paper (800 votes to train and 800 to score), dlib (10,000 and "
            "5,000) or quick (200 and 200)."
        ),
    ] = "paper",
    group: Annotated[
        list[str] | None,
        typer.Option(help="Factors that mig_subspace takes together, as x,y; repeat for several."),
    ] = None,
    population: Annotated[
        Literal["full", "train"],
        typer.Option(help="Images for metrics of factors: held-out regions included or not."),
    ] = "full",
    images: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=10_000_000,
            help="Of each population, and half as many to test what is fitted; default 10,000.",
        ),
    ] = None,
    votes: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1_000_000,
            help="Of factor-vae and beta-vae: so many to train, and as many to score.",
        ),
    ] = None,
    color_basis: Annotated[
        ColorBasis | None,
        typer.Option(help="Colours as the metrics see them; default: as the data have them."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=MOST_SEED, help="Of all that is drawn, split or fitted.")
    ] = 0,
    device: DeviceOption = "auto",
) -> None:
    """Score models or codes: NLL, KL, MIG, FactorVAE score, DCI, geometry and more."""
    from dataclasses import replace

    from sbvae_cli.cli.parse import parse_groups, parse_metrics
    from sbvae_cli.metrics.protocol import named_protocol

    wanted = None if metrics is None else parse_metrics(metrics)
    settings = replace(
        named_protocol(protocol),
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
    # All are opened, and what cannot be done is refused, before the first one takes its time.
    refuse_images_of_codes(targets, data, settings, device)
    opened = {path: open_target(path, data, device) for path in targets if not has_codes(path)}
    sources = {path: each.source for path, each in opened.items()}
    wanted, rank = split_comparison(targets, sources, wanted, settings.lenient)
    found = [
        _of_model(path, opened[path], data, settings, wanted)
        if path in opened
        else _of_codes(path, settings, wanted, bool(opened))
        for path in targets
    ]
    if rank:
        from sbvae_cli.evaluation.compare import compare_models

        models = [opened[path] for path in targets]
        compared = compare_models(
            [each.found for each in found],
            [model.vae for model in models],
            models[0].source,
            settings,
        )
        found = [replace(each, found=other) for each, other in zip(found, compared, strict=True)]
    _report(found, json)


def _report(found: "Sequence[Evaluated]", json: str | None) -> None:
    from sbvae_cli.cli.evaluation_tables import print_evaluations, shared_notes
    from sbvae_cli.cli.outputs import write_json

    for line in shared_notes(found):
        remark(f"note: {line}")
    try:
        if json is not None:
            results = [each.as_dict() for each in found]
            write_json(json, results[0] if len(results) == 1 else {"results": results})
    finally:  # on a full disk too: who waited for the scores gets to see them
        if json != "-":
            print_evaluations(found)
    if json not in (None, "-"):
        inform(f"wrote {json}")


def _of_codes(
    path: Path,
    settings: "Protocol",
    wanted: "tuple[str, ...] | None",
    beside_models: bool,
) -> "Evaluated":
    """Default: all that codes allow, or, beside models, what these get."""
    from dataclasses import replace

    from sbvae_cli.cli.evaluation_tables import Evaluated
    from sbvae_cli.evaluation.codes_file import read_codes
    from sbvae_cli.evaluation.evaluate import evaluate_codes

    default = tuple(m for m in OF_CODES if m in IN_PAPER) if beside_models else OF_CODES
    file = read_codes(path)
    settings = replace(
        settings,
        metrics=default if wanted is None else wanted,
        lenient=settings.lenient or wanted is None,
    )
    with named(path):
        found = evaluate_codes(file, path.name, settings, _announce)
    rows, latents = file.shown.codes.shape
    title = f"{path.name}, {rows:,} rows, {latents} latent{'s' if latents > 1 else ''}"
    return Evaluated(str(path), title, found, {"codes": str(path)})


def _of_model(
    path: Path,
    opened: Opened,
    data: str | None,
    settings: "Protocol",
    wanted: "tuple[str, ...] | None",
) -> "Evaluated":
    from dataclasses import replace

    from sbvae_cli.cli.evaluation_tables import Evaluated
    from sbvae_cli.evaluation.plan import other_factors

    checkpoint, source, _ = opened
    with named(path):
        found = _evaluate(
            opened, replace(settings, metrics=wanted), validation_rows_of(opened, data)
        )
    difference = other_factors(checkpoint.space, source.space) if data else None
    about = {
        "checkpoint": str(path),
        "step": checkpoint.step,
        "data": checkpoint.config.data.source if data is None else data,
        "model": ", ".join(checkpoint.config.kinds),
    }
    title = ", ".join([source.name, *checkpoint.config.kinds, f"step {checkpoint.step:,}"])
    return Evaluated(str(path), title, found, about, difference)


def _evaluate(
    opened: Opened, protocol: "Protocol", validation: "NDArray[np.int64] | None"
) -> "Evaluation":
    from sbvae_cli.cli.console import duration
    from sbvae_cli.data.factors import FactorSpace
    from sbvae_cli.evaluation.cost import estimate_cost
    from sbvae_cli.evaluation.evaluate_model import evaluate_model
    from sbvae_cli.evaluation.plan import make_plan

    source, vae = opened.source, opened.vae
    trained_on = FactorSpace(opened.checkpoint.space)
    cost = estimate_cost(vae, make_plan(vae, source, protocol, trained_on))
    if cost.seconds > LONG:
        device = next(vae.parameters()).device.type
        remark(
            f"evaluation: {cost.encode:,} images to encode, {cost.decode:,} to decode, "
            f"about {duration(cost.seconds)} on this {device}"
        )
    done = 0
    with _reporter(cost) as bar:

        def advance(images: int) -> None:
            nonlocal done
            done += images
            if bar:
                bar.update(done, "images encoded")

        return evaluate_model(vae, source, protocol, advance, trained_on, validation, _announce)


def _announce(metric: str) -> None:
    if metric == "dci":
        remark("dci: gradient boosting for each factor, which may take minutes; dci-fast, seconds")
    else:
        detail(f"{metric} ...")


def _reporter(cost: "Cost") -> "AbstractContextManager[Reporter | None]":
    """Lines in a log are only worth it where one waits for them."""
    from sbvae_cli.cli.console import reporter

    if cost.seconds > LONG or sys.stderr.isatty():
        bar: AbstractContextManager[Reporter | None] = reporter("evaluating", cost.encode)
        return bar
    return nullcontext()
