"""Metrics of codes and factors, computed on arrays: `sbvae.scores.mig(codes, factors).value`.

Each function takes codes (posterior means, shape (N, K)) and factors (shape (N, F)), as arrays,
tensors or lists, in any units, and these optional arguments:

    names: Name of each factor; the default is factor0, factor1 and so on.
    circular: Names of factors whose range is a full turn.
    kinds: `levels` or `range` by name of a factor; for other factors the values decide.
    stds: Posterior stds, shape (N, K).
    held_out: Whether each row is in a held-out region, booleans of shape (N,).
    protocol: `paper`, `quick` or `dlib`: sample sizes and numbers of votes, as in `sbvae eval`.
    seed: Root seed of samples, splits and fits.

It returns `MetricScores`. It raises SbvaeError, with the name of the argument as `field`, if the
arrays do not fit each other or do not allow the metric. The reference explains the scores and their
intervals. The scores equal those of `sbvae eval` for a file of the same arrays. `sbvae.evaluate`
computes the scores that need a model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict, Unpack, get_args

from sbvae_cli.api.arguments import checked, convert, integer, items, one_of
from sbvae_cli.api.arrays import matrix, representation_of
from sbvae_cli.api.words import in_python_words
from sbvae_cli.config.names import FactorKind, ProtocolName
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.evaluate import evaluate_codes
from sbvae_cli.evaluation.representation import Representation
from sbvae_cli.metrics.protocol import Protocol, named_protocol
from sbvae_cli.metrics.score import Score
from sbvae_cli.metrics.udr import DisentanglementRanking, Similarity
from sbvae_cli.metrics.udr import udr as udr_of_arrays

__all__ = [
    "MetricScores",
    "beta_vae",
    "dci",
    "dci_fast",
    "explicitness",
    "factor_vae",
    "infomec",
    "irs",
    "mig",
    "modularity",
    "sap",
    "udr",
    "unsupervised",
]


class MetricScores(dict[str, Score]):
    """Scores of one metric by name; each has `value`, `low`, `high` and `details`.

    `low` and `high` are the ends of a 95 % interval, or None for a score without interval.
    `details` has the score of each factor, the number of bins and other facts.

    Attributes:
        notes: Sentences with cautions on the scores.

    Example:
        >>> factors = np.indices((4, 4)).reshape(2, -1).T.repeat(20, axis=0)
        >>> found = sbvae.scores.dci_fast(factors.astype(float), factors)
        >>> list(found)  # doctest: +NORMALIZE_WHITESPACE
        ['dci_fast_disentanglement', 'dci_fast_completeness', 'dci_fast_informativeness']
        >>> found["dci_fast_informativeness"].value
        1.0
    """

    def __init__(self, scores: Mapping[str, Score], notes: Sequence[str] = ()) -> None:
        super().__init__(scores)
        self.notes = list(notes)

    @property
    def score(self) -> Score:
        """First score; if a score has the name of the metric, it is this one."""
        return next(iter(self.values()))

    @property
    def value(self) -> float | None:
        """Value of the first score; None if it is undefined for these codes."""
        return self.score.value

    def __repr__(self) -> str:
        numbers = (
            f"{name}: {'none' if score.value is None else format(score.value, '.4g')}"
            + ("" if score.low is None else f" ({score.low:.4g} to {score.high:.4g})")
            for name, score in self.items()
        )
        return f"<{', '.join(numbers)}>"


class MetricOptions(TypedDict, total=False):
    """Optional arguments of each metric, described in the docstring of the module."""

    names: Sequence[str] | None
    circular: Sequence[str]
    kinds: Mapping[str, FactorKind] | None
    stds: Any
    held_out: Any
    protocol: ProtocolName
    seed: int


def mig(codes: Any, factors: Any, **options: Unpack[MetricOptions]) -> MetricScores:
    """Compute the mutual information gap, with equal-width and with equal-frequency bins.

    Source: Chen et al. 2018. `mig_subspace` treats x and y as one group, if `names` has both.

    Example:
        >>> factors = np.indices((20, 20)).reshape(2, -1).T / 19
        >>> found = sbvae.scores.mig(factors, factors, names=["x", "y"])
        >>> round(found.value, 3), found["mig_subspace"].details["latents"]
        (1.0, {'x,y': [0, 1]})
    """
    return _scores("mig", codes, factors, options)


def factor_vae(codes: Any, factors: Any, **options: Unpack[MetricOptions]) -> MetricScores:
    """Compute the FactorVAE score, a vote by the latent that varies least (Kim and Mnih 2018).

    Example:
        >>> factors = np.indices((4, 4)).reshape(2, -1).T.repeat(25, axis=0)
        >>> sbvae.scores.factor_vae(factors, factors, protocol="quick").value
        1.0
    """
    return _scores("factor-vae", codes, factors, options)


def beta_vae(codes: Any, factors: Any, **options: Unpack[MetricOptions]) -> MetricScores:
    """Compute the BetaVAE score, by a linear classifier of code differences (Higgins et al. 2017).

    Example:
        >>> factors = np.indices((4, 4)).reshape(2, -1).T.repeat(25, axis=0)
        >>> sbvae.scores.beta_vae(factors, factors, protocol="quick").value
        1.0
    """
    return _scores("beta-vae", codes, factors, options)


def dci(codes: Any, factors: Any, **options: Unpack[MetricOptions]) -> MetricScores:
    """Compute disentanglement, completeness and informativeness by gradient boosting.

    This takes minutes. Source: Eastwood and Williams 2018.

    Example:
        >>> factors = np.indices((2, 2)).reshape(2, -1).T.repeat(22, axis=0)
        >>> round(sbvae.scores.dci(factors, factors).value, 3)
        1.0
    """
    return _scores("dci", codes, factors, options)


def dci_fast(codes: Any, factors: Any, **options: Unpack[MetricOptions]) -> MetricScores:
    """Compute the scores of `dci` by a random forest, in seconds; not comparable with `dci`.

    Example:
        >>> factors = np.indices((4, 4)).reshape(2, -1).T.repeat(20, axis=0)
        >>> sbvae.scores.dci_fast(factors, factors)["dci_fast_informativeness"].value
        1.0
    """
    return _scores("dci-fast", codes, factors, options)


def sap(codes: Any, factors: Any, **options: Unpack[MetricOptions]) -> MetricScores:
    """Compute the SAP score, the gap between the two most predictive latents (Kumar et al. 2018).

    Example:
        >>> factors = np.indices((2, 2)).reshape(2, -1).T.repeat(75, axis=0)
        >>> sbvae.scores.sap(factors, factors).value > 0.3
        True
    """
    return _scores("sap", codes, factors, options)


def modularity(codes: Any, factors: Any, **options: Unpack[MetricOptions]) -> MetricScores:
    """Compute modularity: 1 if each latent informs on one factor only (Ridgeway and Mozer 2018).

    Example:
        >>> factors = np.indices((4, 4)).reshape(2, -1).T.repeat(25, axis=0)
        >>> sbvae.scores.modularity(factors, factors).value > 0.99
        True
    """
    return _scores("modularity", codes, factors, options)


def explicitness(codes: Any, factors: Any, **options: Unpack[MetricOptions]) -> MetricScores:
    """Compute explicitness, the ROC AUC of a linear classifier (Ridgeway and Mozer 2018).

    Example:
        >>> factors = np.indices((3, 3)).reshape(2, -1).T.repeat(33, axis=0)
        >>> sbvae.scores.explicitness(factors, factors).value > 0.99
        True
    """
    return _scores("explicitness", codes, factors, options)


def irs(codes: Any, factors: Any, **options: Unpack[MetricOptions]) -> MetricScores:
    """Compute the IRS: how little a latent changes while its factor is fixed (Suter et al. 2019).

    Example:
        >>> factors = np.indices((4, 4)).reshape(2, -1).T.repeat(25, axis=0)
        >>> sbvae.scores.irs(factors, factors).value
        1.0
    """
    return _scores("irs", codes, factors, options)


def infomec(codes: Any, factors: Any, **options: Unpack[MetricOptions]) -> MetricScores:
    """Compute the InfoMEC scores: modularity, explicitness and compactness (Hsu et al. 2023).

    Example:
        >>> factors = np.indices((3, 3)).reshape(2, -1).T.repeat(33, axis=0)
        >>> list(sbvae.scores.infomec(factors + 0.01 * np.sin(np.arange(len(factors)))[:, None],
        ...                           factors))
        ['infom', 'infoe', 'infoc']
    """
    return _scores("infomec", codes, factors, options)


def unsupervised(codes: Any, **options: Unpack[MetricOptions]) -> MetricScores:
    """Compute the dependence between latents from codes alone, in nats (Locatello et al. 2018).

    Example:
        >>> codes = np.indices((30, 30)).reshape(2, -1).T
        >>> sbvae.scores.unsupervised(codes)["gaussian_total_correlation"].value < 0.01
        True
    """
    return _scores("unsupervised", codes, None, options)


@checked
def udr(
    codes: Sequence[Any], kls: Sequence[Any], method: Similarity = "spearman"
) -> DisentanglementRanking:
    """Compute the unsupervised disentanglement ranking of models (Duan et al. 2020).

    A model scores high if its latents agree with those of most other models.

    Args:
        codes: Posterior means of R models for the same images, R arrays of shape (N, K).
        kls: Mean KL of each latent from the prior, in nats, R arrays of shape (K,).
        method: Similarity of two latents: `spearman`, their rank correlation; or `lasso`, by sparse
            regression.

    Returns:
        `pairwise`, the scores of all pairs of models, shape (R, R), and `scores`, the median of
        each model's pairs, shape (R,).

    Raises:
        SbvaeError: If the arrays do not fit each other, or there is only one model.

    Example:
        >>> codes = np.indices((15, 15)).reshape(2, -1).T
        >>> sbvae.scores.udr([codes, -codes[:, ::-1]], [[3.0, 2.0], [2.0, 3.0]]).scores > 0.9
        array([ True,  True])
    """
    one_of(method, get_args(Similarity), "method")
    models = [matrix(each, "codes") for each in _of_models(codes, "codes")]
    means = [matrix([kl], "kls")[0] for kl in _of_models(kls, "kls")]
    try:
        return udr_of_arrays(models, means, method)
    except ValueError as error:  # of shapes that differ
        raise SbvaeError(f"do not fit `codes`: {error}", field="kls") from error


def _of_models(value: Any, field: str) -> tuple[Any, ...]:
    found = items(value)
    if found is None or len(found) < 2:
        count = type(value).__name__ if found is None else f"of {len(found)} model"
        raise SbvaeError(f"are {count}; give a list with one array of each model", field=field)
    return found


@in_python_words()
def _scores(metric: str, codes: Any, factors: Any, options: MetricOptions) -> MetricScores:
    unknown = sorted(set(options) - set(MetricOptions.__annotations__))
    if unknown:  # Python does not check the keywords of a TypedDict
        raise TypeError(f"{metric} got an unexpected keyword argument {unknown[0]!r}")
    options = {key: convert(key, value) for key, value in options.items() if value is not None}  # type: ignore[assignment]
    arrays = {key: value for key, value in options.items() if key not in ("protocol", "seed")}
    representation: Representation = representation_of(codes, factors, **arrays)  # type: ignore[arg-type]
    protocol = protocol_of(options.get("protocol", "paper"), [metric], seed=options.get("seed", 0))
    found = evaluate_codes(representation, "this data", protocol)
    return MetricScores(found.scores, found.notes)


def protocol_of(
    name: ProtocolName, metrics: Sequence[str] | None = None, *, seed: int = 0, **sizes: Any
) -> Protocol:
    """Return the named protocol with other metrics, seed and fields.

    Raises:
        SbvaeError: If the protocol is unknown, or the seed is not from 0 to 2**32 - 1.
    """
    one_of(name, get_args(ProtocolName), "protocol")
    integer(seed, "seed", 0, 2**32 - 1)  # range of scikit-learn's seeds
    wanted = None if metrics is None else tuple(metrics)
    return replace(named_protocol(name), metrics=wanted, seed=seed, **sizes)
