"""Scores and geometry of a run, of a model, or of codes from another library."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from sbvae_cli.api.arguments import checked, integers, one_of, path_of
from sbvae_cli.api.arrays import representation_of
from sbvae_cli.api.model import Model, load
from sbvae_cli.api.scores import protocol_of
from sbvae_cli.api.words import in_python_words, note
from sbvae_cli.config.metrics import ALL_METRICS, CODE_METRICS, METRICS
from sbvae_cli.config.names import ColorBasis, FactorKind, ProtocolName, Select
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError, unknown_name
from sbvae_cli.evaluation.codes_embedding import embed_codes
from sbvae_cli.evaluation.codes_file import read_codes
from sbvae_cli.evaluation.evaluate import evaluate_codes
from sbvae_cli.evaluation.factor_embedding import FactorEmbedding
from sbvae_cli.evaluation.representation import Representation
from sbvae_cli.evaluation.result import Evaluation
from sbvae_cli.evaluation.stored_embedding import embed_factors
from sbvae_cli.runs.evaluate import OpenedModel, evaluate_opened
from sbvae_cli.runs.open import open_data

Target = Model | str | os.PathLike[str]


@checked
def evaluate(
    run: Target | Any,
    factors: Any = None,
    *,
    metrics: str | Sequence[str] | None = None,
    protocol: ProtocolName = "paper",
    population: Literal["full", "train"] = "full",
    color_basis: ColorBasis | None = None,
    seed: int = 0,
    data: str | os.PathLike[str] | None = None,
    device: str = "auto",
    names: Sequence[str] | None = None,
    circular: Sequence[str] = (),
    kinds: Mapping[str, FactorKind] | None = None,
    stds: Any = None,
    held_out: Any = None,
) -> Evaluation:
    """Score a model (Appendix F), or codes with their factors, as `sbvae eval` does.

    Args:
        run: Run folder, checkpoint or model; NPZ file of codes; or array of codes (posterior
            means), shape (N, K).
        factors: Factors of an array of codes, shape (N, F); None for a run.
        metrics: Name or names of metrics, or `all`; None is the metrics of the paper, and for codes
            the metrics that they allow.
        protocol: `paper`, `quick` (a fifth of the images) or `dlib`.
        population: `full` for the whole factor space, `train` without held-out regions.
        color_basis: `hsv` or `rgb`, the colour factors that metrics see; None is those of the data.
        seed: Root seed of samples, splits and fits.
        data: Dataset to score a model on; None is the model's training data.
        device: Device of the model, if `run` is a path.
        names: Name of each factor of an array.
        circular: Names of factors of an array whose range is a full turn.
        kinds: `levels` or `range` by name of a factor of an array; None lets the values decide.
        stds: Posterior stds of an array of codes, shape (N, K).
        held_out: Whether each row of an array is in a held-out region, booleans of shape (N,).

    Returns:
        `scores` by name, each with `value`, `low`, `high` and `details`; `geometry` by pair of
        factors, such as "x,y", each with its `scores`; `notes` and `diagnosis`, lists of sentences;
        `as_dict()`.

    Raises:
        SbvaeError: If the run cannot be read, an argument is invalid, or a named metric cannot be
            computed.

    Example:
        >>> found = sbvae.evaluate("runs/circles", metrics="rates", protocol="quick")
        >>> list(found.scores)[:3], found.scores["kl"].low < found.scores["kl"].value
        (['neg_elbo', 'nll', 'kl'], True)
        >>> factors = np.indices((20, 20)).reshape(2, -1).T / 19
        >>> found = sbvae.evaluate(factors @ [[1, 0], [0, 2]], factors, names=["x", "y"],
        ...                        metrics="geometry")
        >>> round(found.geometry["x,y"].scores["affine_r2"], 3)
        1.0
    """
    one_of(population, ("full", "train"), "population")
    wanted, lenient = _metrics(metrics)
    settings = protocol_of(
        protocol,
        wanted,
        seed=seed,
        population=population,
        color_basis=color_basis,
        lenient=lenient,
    )
    codes = _codes(run, factors, names, circular, kinds, stds, held_out)
    if codes is not None:
        _refuse_data(data)
        if wanted is None:
            settings = protocol_of(
                protocol, CODE_METRICS, seed=seed, population=population, color_basis=color_basis,
                lenient=True,
            )  # fmt: skip
        return evaluate_codes(codes, "this data", settings)
    model = _model(run, device)
    text = None if data is None else str(path_of(data, "data"))
    opened = OpenedModel(model.checkpoint, _data(model, text), model.module)
    name = model.path or Path("model")
    return evaluate_opened(name, opened, text, settings).evaluation


@checked
def geometry(
    run: Target | Any,
    factors: Any = None,
    *,
    pair: tuple[str, str] | None = None,
    grid: int = 32,
    at: Mapping[str, float] | None = None,
    select: Select = "auto",
    latents: tuple[int, int] | None = None,
    data: str | os.PathLike[str] | None = None,
    device: str = "auto",
    names: Sequence[str] | None = None,
    circular: Sequence[str] = (),
    kinds: Mapping[str, FactorKind] | None = None,
    stds: Any = None,
    held_out: Any = None,
) -> FactorEmbedding:
    """Embed a grid of two factors in two latents and score its shape (Section 4.4, Figures 7, 8).

    Args:
        run: Run folder, checkpoint, model, NPZ file of codes, or array of codes, as in `evaluate`.
        factors: Factors of an array of codes, shape (N, F); None for a run.
        pair: Names of two factors; None is x and y if these vary, else the first two that vary.
        grid: Number of points along each factor; stored images that form no grid give at most
            grid**2 points.
        at: Values of the other factors by name, in their units; the default of a factor is the
            middle of its range.
        select: Rule that chooses the two latents: `variance`, the lowest posterior variances;
            `informative`, the highest mutual information with the factors; `auto`, the first rule
            if no other factor varies, else the second.
        latents: Indices of two latents instead, the first for the first factor.
        data: Dataset to embed; None is the model's training data.
        device: Device of the model, if `run` is a path.
        names: Name of each factor of an array.
        circular: Names of factors of an array whose range is a full turn.
        kinds: `levels` or `range` by name of a factor of an array; None lets the values decide.
        stds: Posterior stds of an array of codes, shape (N, K).
        held_out: Whether each row of an array is in a held-out region, booleans of shape (N,).

    Returns:
        `points.values`, factors in their units, shape (n0, n1, 2) for a grid or (N, 2) for
        scattered points; `codes`, posterior means of the two latents, of the same shape;
        `points.held_out`; `choice.latents`; `scores` by name; `notes`. `sbvae.draw.geometry` draws
        the result.

    Raises:
        SbvaeError: If a factor or a latent does not exist, or fewer than two factors vary.

    Example:
        >>> found = sbvae.geometry("runs/circles", grid=8)
        >>> found.points.names, found.codes.shape, len(found.choice.latents)
        (('x', 'y'), (8, 8, 2), 2)
        >>> 0 <= found.scores["inverse_r2"] <= 1
        True
    """
    which = None if latents is None else integers(latents, "latents", 2)
    codes = _codes(run, factors, names, circular, kinds, stds, held_out)
    wanted: dict[str, Any] = {"size": grid, "at": at, "select": select, "latents": which}

    def at_fault(line: str) -> str:
        named = any(name in line for name in at or ())
        return "latents" if line.startswith("latents") else "at" if named else "pair"

    if codes is not None:
        _refuse_data(data)
        with in_python_words(of=at_fault):
            return embed_codes(codes, pair, **wanted)
    model = _model(run, device)
    source = _data(model, None if data is None else str(path_of(data, "data")))
    trained_on = FactorSpace(model.space)
    with in_python_words(of=at_fault):
        return embed_factors(model.module, source, pair, **wanted, trained_on=trained_on)


def _metrics(metrics: str | Sequence[str] | None) -> tuple[tuple[str, ...] | None, bool]:
    """Return names of metrics, and whether metrics that the data do not allow are left out."""
    if metrics is None:
        return None, False
    named = (metrics,) if isinstance(metrics, str) else metrics
    if "all" in named:
        return tuple(name for name in ALL_METRICS if METRICS[name].source != "models"), True
    for name in named:
        if name not in METRICS:
            raise SbvaeError(f"has {name}: {unknown_name(name, METRICS, 'metric')}", "metrics")
        if METRICS[name].source == "models":
            why = f"has {name}, which compares models; `scores.{name}` takes their codes"
            raise SbvaeError(why, field="metrics")
    return tuple(dict.fromkeys(named)), False


def _codes(
    run: Any,
    factors: Any,
    names: Sequence[str] | None,
    circular: Sequence[str],
    kinds: Mapping[str, FactorKind] | None,
    stds: Any,
    held_out: Any,
) -> Representation | None:
    """Return the codes of an array or of an NPZ file; None if `run` is a run or a model."""
    if not isinstance(run, str | os.PathLike | Model):
        try:
            return representation_of(
                run, factors, names=names, circular=circular, kinds=kinds, stds=stds,
                held_out=held_out,
            )  # fmt: skip
        except SbvaeError as error:  # names `codes`, but the argument is called `run` here
            raise _of_run(error, run) from error
    given = {"factors": factors, "names": names, "kinds": kinds, "stds": stds, "held_out": held_out}
    for name, value in {**given, "circular": circular or None}.items():
        if value is not None:
            raise SbvaeError("applies only to an array of codes; leave it out", field=name)
    if not isinstance(run, Model) and Path(run).suffix.lower() == ".npz":
        with in_python_words(of="run"):
            return read_codes(path_of(run, "run"))
    return None


def _of_run(error: SbvaeError, run: Any) -> SbvaeError:
    message, field = str(error).replace("`codes`", "`run`"), error.field
    if field != "codes":
        return SbvaeError(message, field=field)
    if "have dtype" in message:
        kind = "None" if run is None else f"of type {type(run).__name__}, without numbers"
        way = "give a run folder, a model, or codes (N, K)"
        return SbvaeError(f"is {kind}; {way}", field="run")
    return SbvaeError(f"has codes that {message}".replace("codes[", "run["), field="run")


def _model(run: Target, device: str) -> Model:
    return run if isinstance(run, Model) else load(run, device=device)


def _data(model: Model, data: str | None) -> Source:
    with in_python_words(of="data"):
        return model.data if data is None else open_data(model.checkpoint, data, note)


def _refuse_data(data: object) -> None:
    if data is not None:
        raise SbvaeError("applies to models; codes have no images, leave it out", field="data")
