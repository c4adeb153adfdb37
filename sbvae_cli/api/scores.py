"""Every metric of codes beside factors, on arrays: `sbvae.scores.mig(codes, factors).value`.

Each function takes codes (posterior means, shape (N, K)) and factors (shape (N, F)), as arrays,
tensors or lists, in any scale, and what else is known:

    names: Name of each factor; without them they are factor0, factor1 and so on.
    circular: Names of factors whose range is a full turn.
    kinds: Whether a factor has `levels` or a `range`, by its name; else its values tell.
    stds: Posterior stds, shape (N, K).
    held_out: Rows that training left out, shape (N,) of booleans.
    protocol: `paper`, `quick` or `dlib`, as of `sbvae eval`: sizes of samples, numbers of votes.
    seed: Root seed of all that is drawn, split or fitted.

It gives `MetricScores`, and raises SbvaeError, with the argument's name as its `field`, for arrays
that do not fit, or where codes and factors do not allow the metric. What the scores mean, and how
their intervals are made, stands in the reference. The numbers are those of `sbvae eval` of a file
with the same arrays. Scores that need a model are given by `sbvae.evaluate`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict, Unpack, get_args

from sbvae_cli.api.arguments import by_rule, checked, items, one_of, whole
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

    `low` and `high` are the ends of a 95 % interval, None where there is none. `details` has the
    score of each factor, the bins and what else it depends on.

    Attributes:
        notes: Sentences on what the numbers do not say themselves.

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
        """The first of them, which has the metric's name where one has."""
        return next(iter(self.values()))

    @property
    def value(self) -> float | None:
        """The first one's number; None where it does not exist for these codes."""
        return self.score.value

    def __repr__(self) -> str:
        numbers = (
            f"{name}: {'none' if score.value is None else format(score.value, '.4g')}"
            + ("" if score.low is None else f" ({score.low:.4g} to {score.high:.4g})")
            for name, score in self.items()
        )
        return f"<{', '.join(numbers)}>"


class Known(TypedDict, total=False):
    """What each metric takes beside codes and factors; the module says what they are."""

    names: Sequence[str] | None
    circular: Sequence[str]
    kinds: Mapping[str, FactorKind] | None
    stds: Any
    held_out: Any
    protocol: ProtocolName
    seed: int


def mig(codes: Any, factors: Any, **known: Unpack[Known]) -> MetricScores:
    """Mutual information gap, in bins of equal width and of equal frequency (Chen et al. 2018).

    `mig_subspace` takes x and y together, where these are among the names.

    Example:
        >>> factors = np.indices((20, 20)).reshape(2, -1).T / 19
        >>> found = sbvae.scores.mig(factors, factors, names=["x", "y"])
        >>> round(found.value, 3), found["mig_subspace"].details["latents"]
        (1.0, {'x,y': [0, 1]})
    """
    return _scores("mig", codes, factors, known)


def factor_vae(codes: Any, factors: Any, **known: Unpack[Known]) -> MetricScores:
    """Accuracy of the majority vote of the latent that varies least (Kim and Mnih 2018).

    Example:
        >>> factors = np.indices((4, 4)).reshape(2, -1).T.repeat(25, axis=0)
        >>> sbvae.scores.factor_vae(factors, factors, protocol="quick").value
        1.0
    """
    return _scores("factor-vae", codes, factors, known)


def beta_vae(codes: Any, factors: Any, **known: Unpack[Known]) -> MetricScores:
    """Accuracy of a linear classifier of differences (Higgins et al. 2017).

    Example:
        >>> factors = np.indices((4, 4)).reshape(2, -1).T.repeat(25, axis=0)
        >>> sbvae.scores.beta_vae(factors, factors, protocol="quick").value
        1.0
    """
    return _scores("beta-vae", codes, factors, known)


def dci(codes: Any, factors: Any, **known: Unpack[Known]) -> MetricScores:
    """Disentanglement, completeness, informativeness by gradient boosting: takes minutes.

    (Eastwood and Williams 2018.)

    Example:
        >>> factors = np.indices((2, 2)).reshape(2, -1).T.repeat(22, axis=0)
        >>> round(sbvae.scores.dci(factors, factors).value, 3)
        1.0
    """
    return _scores("dci", codes, factors, known)


def dci_fast(codes: Any, factors: Any, **known: Unpack[Known]) -> MetricScores:
    """The scores of `dci` by a random forest, in seconds; compare them with their like alone.

    Example:
        >>> factors = np.indices((4, 4)).reshape(2, -1).T.repeat(20, axis=0)
        >>> sbvae.scores.dci_fast(factors, factors)["dci_fast_informativeness"].value
        1.0
    """
    return _scores("dci-fast", codes, factors, known)


def sap(codes: Any, factors: Any, **known: Unpack[Known]) -> MetricScores:
    """Gap between the two latents that predict a factor best by a linear SVM (Kumar et al. 2018).

    Example:
        >>> factors = np.indices((2, 2)).reshape(2, -1).T.repeat(75, axis=0)
        >>> sbvae.scores.sap(factors, factors).value > 0.3
        True
    """
    return _scores("sap", codes, factors, known)


def modularity(codes: Any, factors: Any, **known: Unpack[Known]) -> MetricScores:
    """Whether a latent knows of one factor alone (Ridgeway and Mozer 2018).

    Example:
        >>> factors = np.indices((4, 4)).reshape(2, -1).T.repeat(25, axis=0)
        >>> sbvae.scores.modularity(factors, factors).value > 0.99
        True
    """
    return _scores("modularity", codes, factors, known)


def explicitness(codes: Any, factors: Any, **known: Unpack[Known]) -> MetricScores:
    """Area under the ROC curve of a linear classifier of all latents (Ridgeway and Mozer 2018).

    Example:
        >>> factors = np.indices((3, 3)).reshape(2, -1).T.repeat(33, axis=0)
        >>> sbvae.scores.explicitness(factors, factors).value > 0.99
        True
    """
    return _scores("explicitness", codes, factors, known)


def irs(codes: Any, factors: Any, **known: Unpack[Known]) -> MetricScores:
    """How still a latent is while its factor is held (Suter et al. 2019).

    Example:
        >>> factors = np.indices((4, 4)).reshape(2, -1).T.repeat(25, axis=0)
        >>> sbvae.scores.irs(factors, factors).value
        1.0
    """
    return _scores("irs", codes, factors, known)


def infomec(codes: Any, factors: Any, **known: Unpack[Known]) -> MetricScores:
    """Modularity, explicitness and compactness in shares of information (Hsu et al. 2023).

    Example:
        >>> factors = np.indices((3, 3)).reshape(2, -1).T.repeat(33, axis=0)
        >>> list(sbvae.scores.infomec(factors + 0.01 * np.sin(np.arange(len(factors)))[:, None],
        ...                           factors))
        ['infom', 'infoe', 'infoc']
    """
    return _scores("infomec", codes, factors, known)


def unsupervised(codes: Any, **known: Unpack[Known]) -> MetricScores:
    """Dependence between latents, of codes alone (Locatello et al. 2018), in nats.

    Example:
        >>> codes = np.indices((30, 30)).reshape(2, -1).T
        >>> sbvae.scores.unsupervised(codes)["gaussian_total_correlation"].value < 0.01
        True
    """
    return _scores("unsupervised", codes, None, known)


@checked
def udr(
    codes: Sequence[Any], kls: Sequence[Any], method: Similarity = "spearman"
) -> DisentanglementRanking:
    """Whether models agree on their latents, one with all others (Duan et al. 2020).

    Args:
        codes: Posterior means of each of R models for the same images, each (N, K).
        kls: Mean KL of each latent from the prior, in nats, for each model (K,).
        method: `spearman`, the rank correlation of two latents; `lasso`, sparse regression.

    Returns:
        `scores` (R,), and `pairwise` (R, R) that they are the medians of.

    Raises:
        SbvaeError: If the arrays do not fit each other, or there is one model.

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
def _scores(metric: str, codes: Any, factors: Any, known: Known) -> MetricScores:
    unknown = sorted(set(known) - set(Known.__annotations__))
    if unknown:  # as Python says it of arguments that stand by themselves
        raise TypeError(f"{metric} got an unexpected keyword argument {unknown[0]!r}")
    known = {key: by_rule(key, value) for key, value in known.items() if value is not None}  # type: ignore[assignment]
    arrays = {key: value for key, value in known.items() if key not in ("protocol", "seed")}
    representation: Representation = representation_of(codes, factors, **arrays)  # type: ignore[arg-type]
    protocol = protocol_of(known.get("protocol", "paper"), [metric], seed=known.get("seed", 0))
    found = evaluate_codes(representation, "this data", protocol)
    return MetricScores(found.scores, found.notes)


def protocol_of(
    name: ProtocolName, metrics: Sequence[str] | None = None, *, seed: int = 0, **sizes: Any
) -> Protocol:
    """The protocol of a name, with metrics, a seed and sizes of one's own.

    Raises:
        SbvaeError: If there is no such protocol or seed.
    """
    one_of(name, get_args(ProtocolName), "protocol")
    whole(seed, "seed", 0, 2**32 - 1)  # as scikit-learn takes it
    wanted = None if metrics is None else tuple(metrics)
    return replace(named_protocol(name), metrics=wanted, seed=seed, **sizes)
