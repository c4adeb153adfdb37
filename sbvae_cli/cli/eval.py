"""`sbvae eval`."""

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sbvae_cli.cli.console import detail, inform, remark
from sbvae_cli.cli.options import DeviceOption
from sbvae_cli.config.names import ColorBasis, Metric, ProtocolName
from sbvae_cli.errors import SbvaeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sbvae_cli.analysis.evaluation.plan import Cost
    from sbvae_cli.analysis.evaluation.result import Evaluation
    from sbvae_cli.cli.console import Reporter
    from sbvae_cli.cli.evaluated import Evaluated
    from sbvae_cli.data.factors import FactorSpace
    from sbvae_cli.data.source import Source
    from sbvae_cli.metrics.protocol import Protocol
    from sbvae_cli.models.vae import VAE

LONG = 20.0  # seconds, from which on a line says what is to come


def evaluate(
    targets: Annotated[
        list[Path],
        typer.Argument(
            metavar="CKPT|NPZ...",
            help="Run folders, ckpt.pt files, or NPZ files of codes and factors.",
        ),
    ],
    data: Annotated[
        str | None, typer.Option(help="Other data than the model was trained on.")
    ] = None,
    json: Annotated[
        str | None, typer.Option(help="JSON file of the scores, or - for stdout.")
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            help="all, or of rates, mig, factor-vae, beta-vae, dci, dci-fast, sap, modularity, "
            "explicitness, irs, infomec, unsupervised, geometry, udr; default: rates, mig, "
            "factor-vae and geometry, of codes all.",
        ),
    ] = None,
    protocol: Annotated[
        ProtocolName,
        typer.Option(help="Sample sizes: paper (800 votes), dlib (10,000 votes) or quick."),
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
        typer.Option(min=1, max=1_000_000, help="To train, and to score, factor-vae and beta-vae."),
    ] = None,
    color_basis: Annotated[
        ColorBasis | None,
        typer.Option(help="Colours as the metrics see them; default: as the data have them."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn, split or fitted.")] = 0,
    device: DeviceOption = "auto",
) -> None:
    """Score models or codes: NLL, KL, MIG, FactorVAE score, DCI, geometry and more."""
    from dataclasses import replace

    from sbvae_cli.cli.console import write_json
    from sbvae_cli.cli.evaluated import print_evaluations, ranked
    from sbvae_cli.metrics.protocol import named_protocol, parse_groups, parse_metrics

    wanted = None if metrics is None else parse_metrics(metrics)
    settings = replace(
        named_protocol(protocol),
        population=population,
        color_basis=color_basis,
        seed=seed,
        groups=parse_groups(group or []),
        lenient="all" in [name.strip() for name in (metrics or "").split(",")],
    )
    if images is not None:
        settings = replace(settings, images=images, test_images=max(1, images // 2))
    if votes is not None:
        settings = replace(settings, votes_train=votes, votes_eval=votes)
    rank = len(targets) > 1 and "udr" in (wanted or ())
    if rank:
        wanted = tuple(metric for metric in wanted or () if metric != "udr")
    found = [_evaluated(path, data, settings, wanted, device) for path in targets]
    if rank:
        found = ranked(found, settings)
    for each in found:
        for line in each.notes:
            remark(f"note: {each.name}: {line}" if len(found) > 1 else f"note: {line}")
    if json is not None:
        results = [each.as_dict() for each in found]
        write_json(json, results[0] if len(results) == 1 else {"results": results})
    if json != "-":
        print_evaluations(found)
        if json is not None:
            inform(f"wrote {json}")


def _evaluated(
    path: Path,
    data: str | None,
    settings: "Protocol",
    wanted: "tuple[Metric, ...] | None",
    device: str,
) -> "Evaluated":
    if path.suffix.lower() == ".npz":
        if data or settings.color_basis or settings.population != "full":
            raise SbvaeError(
                f"{path}: has codes, not images: --data, --population and --color-basis are of no "
                "use; leave them out"
            )
        return _of_codes(path, settings, wanted)
    return _of_model(path, data, settings, wanted, device)


def _of_codes(path: Path, settings: "Protocol", wanted: "tuple[Metric, ...] | None") -> "Evaluated":
    """Default: all that codes allow, since no training waits for it."""
    from dataclasses import replace

    from sbvae_cli.analysis.evaluation.of_codes import evaluate_codes
    from sbvae_cli.cli.evaluated import Evaluated
    from sbvae_cli.data.codes_file import read_codes
    from sbvae_cli.metrics.protocol import OF_CODES

    file = read_codes(path)
    settings = replace(
        settings, metrics=wanted or OF_CODES, lenient=settings.lenient or wanted is None
    )
    found = evaluate_codes(file, path.name, settings, _announce)
    latents = file.codes.shape[1]
    title = f"{path.name}, {len(file.codes):,} rows, {latents} latent{'s' if latents > 1 else ''}"
    return Evaluated(str(path), title, found, {"codes": str(path)})


def _of_model(
    path: Path,
    data: str | None,
    settings: "Protocol",
    wanted: "tuple[Metric, ...] | None",
    device: str,
) -> "Evaluated":
    from dataclasses import replace

    from sbvae_cli.analysis.evaluation.plan import other_factors
    from sbvae_cli.cli.evaluated import Evaluated
    from sbvae_cli.data.batches import held_out_rows
    from sbvae_cli.data.factors import FactorSpace
    from sbvae_cli.data.source import FileSource
    from sbvae_cli.models.devices import resolve_device
    from sbvae_cli.runs.open import open_checkpoint, open_data

    opened = open_checkpoint(path)
    source = open_data(opened, data)
    vae = opened.build_vae(resolve_device(device))
    settings = replace(settings, metrics=wanted)
    training = opened.config.training
    kept_out = None
    if training.holdout and data is None and isinstance(source, FileSource):
        kept_out = held_out_rows(source, training.holdout, training.seed)
    found = _evaluate(vae, source, settings, FactorSpace(opened.space), kept_out)
    difference = other_factors(opened.space, source.space.config) if data else None
    about = {
        "checkpoint": str(path),
        "step": opened.step,
        "data": opened.config.data.source if data is None else data,
        "model": ", ".join(opened.config.kinds),
    }
    title = ", ".join([source.name, *opened.config.kinds, f"step {opened.step:,}"])
    return Evaluated(str(path), title, found, about, difference, vae, source)


def _evaluate(
    vae: "VAE",
    source: "Source",
    protocol: "Protocol",
    trained_on: "FactorSpace",
    kept_out: "NDArray[np.int64] | None",
) -> "Evaluation":
    from sbvae_cli.analysis.evaluation.of_model import evaluate as evaluate_model
    from sbvae_cli.analysis.evaluation.plan import estimate_cost
    from sbvae_cli.cli.console import duration

    cost = estimate_cost(vae, source, protocol, trained_on)
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

        return evaluate_model(vae, source, protocol, advance, trained_on, kept_out, _announce)


def _announce(metric: Metric) -> None:
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
