"""Open models and files of codes, score them and compare them."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sbvae_cli.config.metrics import CODE_METRICS, METRICS, PAPER_METRICS
from sbvae_cli.data.contents import recognise_contents
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.codes_file import HOW_TO_WRITE, read_codes
from sbvae_cli.evaluation.evaluate import OnMetric, evaluate_codes, no_report
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.representation import Representation
from sbvae_cli.evaluation.result import Evaluation
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.runs.targets import resolve_targets

if TYPE_CHECKING:  # these load torch, which user-supplied codes do not need
    import numpy as np
    from numpy.typing import NDArray

    from sbvae_cli.checkpoint import Checkpoint
    from sbvae_cli.data.source import Source
    from sbvae_cli.evaluation.cost import Cost
    from sbvae_cli.models.vae import VAE

# Errors about files with these endings do not tell how to write codes.
_CHECKPOINTS_AND_DATASETS = (".pt", ".pth", ".h5", ".hdf5", ".hdf", ".he5")

Showing = Callable[["Cost", str], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True)
class Evaluated:
    """Evaluation of one model or file of codes.

    Attributes:
        name: Path of the target as the user wrote it.
        title: Heading of its table.
        evaluation: Scores and findings.
        about: Description of the model and data in plain containers.
        difference: How the factors of the data differ from those of the training data; None if
            equal.
        data: Data that the user named in place of the training data.
        settings: Settings of the model by name, without the seed; empty for codes.
        seed: Root seed of the run; None for codes.
        group: Name of the group of runs that differ only in the seed.
        images: Hash of the distribution of the scored images; "" for codes.
    """

    name: str
    title: str
    evaluation: Evaluation
    about: dict[str, Any]
    difference: str | None = None
    data: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    group: str = "codes"
    images: str = ""


class OpenedModel(NamedTuple):
    """A model with the data on which it is evaluated."""

    checkpoint: "Checkpoint"
    source: "Source"
    vae: "VAE"


def evaluate_targets(
    targets: Sequence[Path],
    protocol: Protocol,
    data: str | None = None,
    device: str = "auto",
    on_note: Callable[[str], None] = lambda line: None,
    on_target: Callable[[Path, Sequence[Path]], None] = lambda path, targets: None,
    on_metric: OnMetric = no_report,
    showing: Showing = lambda cost, device: nullcontext(lambda images: None),
) -> list[Evaluated]:
    """Score models and codes, and compare models where `udr` is asked for.

    All targets are opened and checked before the first one is scored.

    Args:
        targets: Run folders, folders of replicas or of several runs, checkpoints, and NPZ files of
            codes; a target named twice counts once.
        protocol: Metrics and their settings; by default, models get the metrics of the paper, and
            codes without models get all possible ones except the slow ones.
        data: Data in place of the training data.
        device: Name of the device that computes.
        on_note: Called with each line about an argument without effect or an item that is left out.
        on_target: Called with each target before it is scored, and the list of all targets.
        on_metric: Called with each metric before it is computed, its number from 1, and the total.
        showing: Called with the cost of a model's evaluation and its device; the context manager
            gives a function that is called with the number of images since its last call.

    Raises:
        SbvaeError: If a target cannot be used, or a metric cannot be computed.
    """
    targets = resolve_targets(targets, on_note)
    _refuse_images_of_codes(targets, data, device, on_note)
    models = {path: _open(path, data, device, on_note) for path in targets if not _has_codes(path)}
    models = _with_shared_files(models)
    protocol, compared = _without_comparison(targets, models, protocol, on_note)
    found = []
    for path in targets:
        on_target(path, targets)
        found.append(
            evaluate_opened(path, models[path], data, protocol, on_metric, showing)
            if path in models
            else _evaluate_codes(path, protocol, bool(models), on_metric)
        )
    if not compared:
        return found
    from sbvae_cli.evaluation.compare import compare_models

    vaes = [models[path].vae for path in targets]
    own = [each.evaluation for each in found]
    others = compare_models(own, vaes, models[targets[0]].source, protocol)
    return [replace(each, evaluation=other) for each, other in zip(found, others, strict=True)]


def _has_codes(path: Path) -> bool:
    return path.suffix.lower() == ".npz"


def _refuse_images_of_codes(
    targets: Sequence[Path], data: str | None, device: str, on_note: Callable[[str], None]
) -> None:
    """Refuse arguments that only images use, and files without codes, before anything is scored."""
    codes = [path for path in targets if _has_codes(path)]
    if codes and data:
        raise SbvaeError(f"{codes[0]}: has codes, not images: `data` has no effect; leave it out")
    for path in codes:
        contents = recognise_contents(path, missing=HOW_TO_WRITE)
        if contents.kind in ("images", "dsprites"):
            raise SbvaeError(f"{path}: {contents.description}, without codes; {contents.advice}")
    if len(codes) == len(targets) and device not in ("auto", "cpu"):
        on_note("`device` has no effect: codes are scored on the CPU")


def _open(path: Path, data: str | None, device: str, on_note: Callable[[str], None]) -> OpenedModel:
    from sbvae_cli.runs.open import open_checkpoint, open_data

    try:
        checkpoint = open_checkpoint(path)
    except SbvaeError as error:
        other = os.path.isfile(path) and recognise_contents(path).kind in ("other", "pytorch")
        if other and path.suffix.lower() not in _CHECKPOINTS_AND_DATASETS:
            raise SbvaeError(f"{error}; if it has codes, {HOW_TO_WRITE}") from error
        raise
    source = open_data(checkpoint, data, on_note)
    from sbvae_cli.training.devices import resolve_device  # loads PyTorch

    return OpenedModel(checkpoint, source, checkpoint.build_vae(resolve_device(device)))


def _with_shared_files(models: dict[Path, OpenedModel]) -> dict[Path, OpenedModel]:
    """Return the models, with one shared source for each data file, so that it is read once."""
    found: dict[Path, OpenedModel] = {}
    sources: dict[Path, Source] = {}
    for path, model in models.items():
        file = model.source.file
        if file is not None:
            first = sources.setdefault(file.path.resolve(), model.source)
            if first is not model.source:
                file.close()
                first.cache_rows()
                model = model._replace(source=first)
        found[path] = model
    return found


def _without_comparison(
    targets: Sequence[Path],
    models: dict[Path, OpenedModel],
    protocol: Protocol,
    on_note: Callable[[str], None],
) -> tuple[Protocol, bool]:
    """Return the protocol for each target alone, and whether models are compared."""
    metrics, one_model = protocol.metrics or (), len(targets) == len(models) == 1
    if "udr" not in metrics or one_model:
        return protocol, False
    codes = [path for path in targets if path not in models]
    others = [] if codes else [path for path in models if _differ(models[path], models[targets[0]])]
    obstacle: str | None
    if codes:
        obstacle, use = f"{codes[0]} has only codes", ""
    elif others:
        obstacle = f"the data of {others[0]} are not those of {targets[0]}"
        use = "name one dataset by `data`, or "
    else:
        one_image = models[targets[0]].source.count == 1
        obstacle, use = f"{targets[0]} has data of one image" if one_image else None, ""
    if obstacle and not protocol.lenient:
        raise SbvaeError(f"udr compares models; {obstacle}; {use}leave udr out")
    if obstacle:
        on_note(f"without udr: it compares models; {obstacle}")
    return replace(protocol, metrics=tuple(m for m in metrics if m != "udr")), obstacle is None


def _differ(one: OpenedModel, other: OpenedModel) -> bool:
    def images(source: "Source") -> tuple[object, ...]:
        return source.space, source.height, source.width, source.channels

    return images(one.source) != images(other.source)


def _evaluate_codes(
    path: Path, protocol: Protocol, beside_models: bool, on_metric: OnMetric
) -> Evaluated:
    default = (
        tuple(m for m in CODE_METRICS if m in PAPER_METRICS) if beside_models else CODE_METRICS
    )
    by_default = protocol.metrics is None
    if by_default:
        protocol = replace(protocol, metrics=default, lenient=True)
    codes = read_codes(path)
    with _naming_errors(path):
        found = evaluate_codes(codes, path.name, protocol, on_metric)
    if by_default and not beside_models and _may_be_boosted(codes):
        found = replace(found, findings=(*found.findings, Finding("without-boosting")))
    rows, latents = codes.nonblank.codes.shape
    title = f"{path.name}, {rows:,} rows, {latents} latent{'s' if latents > 1 else ''}"
    return Evaluated(str(path), title, found, {"codes": str(path)})


def _may_be_boosted(codes: Representation) -> bool:
    dci, shown = METRICS["dci"], codes.nonblank
    return shown.codes.shape[1] >= dci.least_latents and len(shown.varying) >= dci.least_factors


def evaluate_opened(
    path: Path,
    model: OpenedModel,
    data: str | None,
    protocol: Protocol,
    on_metric: OnMetric = no_report,
    showing: Showing = lambda cost, device: nullcontext(lambda images: None),
) -> Evaluated:
    """Score one model, named `path`; other arguments and errors as in `evaluate_targets`."""
    from sbvae_cli.data.factors import FactorSpace
    from sbvae_cli.data.fingerprint import hash_of_distribution
    from sbvae_cli.evaluation.cost import estimate_cost
    from sbvae_cli.evaluation.evaluate_model import evaluate_plan
    from sbvae_cli.evaluation.plan import make_plan, other_factors
    from sbvae_cli.runs.naming import flat_settings, group_name

    checkpoint, source, vae = model
    trained_on, rows = FactorSpace(checkpoint.space), _validation_rows(model, data)
    with _naming_errors(path):
        plan = make_plan(vae, source, protocol, trained_on)
        cost = estimate_cost(vae, plan)
        with showing(cost, next(vae.parameters()).device.type) as on_images:
            found = evaluate_plan(vae, plan, on_images, rows, on_metric)
    difference = other_factors(checkpoint.space, source.space) if data else None
    about = {
        "checkpoint": str(path),
        "step": checkpoint.step,
        "data": checkpoint.config.data.source if data is None else data,
        "model": ", ".join(checkpoint.config.kinds),
    }
    shape = source.channels, source.height, source.width
    title = ", ".join([source.name, *checkpoint.config.kinds, f"step {checkpoint.step:,}"])
    return Evaluated(
        *(str(path), title, found, about, difference, data),
        settings=flat_settings(checkpoint.config, checkpoint.step),
        seed=checkpoint.config.training.seed,
        group=group_name(checkpoint.config),
        images=hash_of_distribution(source.name, shape, source.space.as_dict()),
    )


def _validation_rows(model: OpenedModel, data: str | None) -> "NDArray[np.int64] | None":
    """Return the validation rows if `source` is the training data and some were kept, else None."""
    from sbvae_cli.data.validation_split import validation_rows
    from sbvae_cli.runs.own_data import compare_data

    checkpoint, source, _ = model
    training, trained_on = checkpoint.config.training, checkpoint.config.data
    if not training.validation or source.count is None:
        return None
    found = compare_data(trained_on, source)
    moved = Path(source.label).resolve() != Path(trained_on.source).resolve()
    if found.differences or (moved and not found.is_sure):
        return None
    return validation_rows(source, training.validation, training.seed)


@contextmanager
def _naming_errors(path: Path) -> Iterator[None]:
    """Prefix errors with the path of the target."""
    try:
        yield
    except SbvaeError as error:
        if str(error).startswith(f"{path}: "):
            raise
        raise SbvaeError(f"{path}: {error.line}") from error
