"""Read names of scores, such as `nll`, `affine_r2` or `x,y:affine_r2`, and label the scores."""

from collections.abc import Iterable
from typing import NamedTuple

from sbvae_cli.config.metrics import ALL_METRICS, METRICS
from sbvae_cli.errors import SbvaeError, closest_name, unknown_name

_LISTS = ("_by_latent", "_by_factor")  # suffixes of scores that are several numbers
_LISTED = ("nll", "kl", "mig", "factor_vae", "affine_r2")  # examples in the error message
NATS = "nats an image"
DEFAULT_SCORES = ("neg_elbo", "mig")  # of a figure of scores


class ScoreStyle(NamedTuple):
    """Format of a score in figures and tables; unit "%" is a share in percent, "#" a count."""

    label: str
    unit: str
    lower_is_better: bool

    @property
    def least_bin(self) -> float:
        """Smallest width of a histogram's bin; smaller differences have no meaning."""
        return 0.1 if self.unit == NATS else 0.01


_LABELS = {  # and units
    "nll": ("NLL", NATS),
    "kl": ("KL", NATS),
    "neg_elbo": ("negative ELBO", NATS),
    "nll_heldout": ("held-out NLL", NATS),
    "kl_heldout": ("held-out KL", NATS),
    "nll_validation": ("validation NLL", NATS),
    "kl_validation": ("validation KL", NATS),
    "mig": ("MIG", ""),
    "factor_vae": ("FactorVAE score", ""),
    "latents_used": ("latents used", "#"),
    "inverse_r2": ("inverse R²", ""),
    "affine_r2": ("affine R²", ""),
    "similarity_r2": ("similarity R²", ""),
    "monotone_r2": ("monotone R²", ""),
    "fold_fraction": ("folded", "%"),
    "tear": ("tear", ""),
    "heldout_nrmse": ("held-out NRMSE", ""),
    "heldout_ratio": ("held-out error", ""),
    "heldout_area_ratio": ("held-out area", ""),
    "information_outside": ("in other latents", "%"),
    "axis_turn_degrees": ("turn of axes, degrees", ""),
    "present_information": ("information on presence, nats", ""),
}
_LOWER_IS_BETTER = {
    name
    for metric in METRICS.values()
    for name, meaning in metric.scores.items()
    if meaning.better.startswith("lower")
}


class RequestedScore(NamedTuple):
    """Score that the user asked for.

    Attributes:
        name: Name of the score.
        factors: Pair of factors, as "x,y"; "" for a score without pair, or for the first pair.
        metric: Name of the metric that computes it.
        of_pair: Whether it is a score of a pair of factors.
    """

    name: str
    factors: str
    metric: str
    of_pair: bool


def requested_score(text: str) -> RequestedScore:
    """Read `mig`, `affine_r2` or `x,y:affine_r2`, ignoring case and punctuation.

    Raises:
        SbvaeError: If the score is unknown or has several numbers, or if a pair is given for a
            score without pair; the message suggests the closest name.
    """
    factors, colon, name = text.rpartition(":")
    pair = [part.strip() for part in factors.split(",")]
    if colon and (len(pair) != 2 or not all(pair)):
        raise SbvaeError(f"score {text}: name a pair of factors before the colon, as x,y:affine_r2")
    known = _known(of_pair=True) if colon else {**_known(of_pair=True), **_known(of_pair=False)}
    found = closest_name(name.strip(), known)
    if found is None or _plain(found) != _plain(name):
        raise _unknown(name.strip(), found, list(known), of_pair=bool(colon))
    of_pair = METRICS[known[found]].source == "grid"
    return RequestedScore(found, ",".join(pair) if colon else "", known[found], of_pair)


def metrics_of(wanted: Iterable[RequestedScore]) -> tuple[str, ...]:
    """Return the metrics that compute these scores, in the order of the table."""
    needed = {score.metric for score in wanted}
    return tuple(name for name in METRICS if name in needed)


def metrics_named(names: Iterable[str]) -> tuple[str, ...]:
    """Return the named metrics in the order of the table.

    Args:
        names: Names of metrics, or of scores for the metric that computes them, or `all`; case and
            hyphens are ignored.

    Raises:
        SbvaeError: If a name is unknown; the message suggests the closest name.
    """
    found = {_metric_named(name) for name in names}
    return tuple(
        name for name in METRICS if name in found or ("all" in found and name in ALL_METRICS)
    )


def depends_on_likelihood(score: str) -> bool:
    """Return whether values of a score are not comparable between likelihoods."""
    return score.startswith(("nll", "neg_elbo"))


def score_label(score: str, factors: str = "") -> str:
    """Return the label of a score's axis, with its unit or its pair of factors.

    Args:
        score: Name of the score, for `requested_score`.
        factors: Pair of factors, as "x,y"; "" for no pair.

    Raises:
        SbvaeError: If the score is unknown or has several numbers.
    """
    style = score_style(requested_score(score).name)
    if factors:
        return f"{style.label} ({factors.replace(',', ', ')})"
    return f"{style.label} ({NATS})" if style.unit == NATS else style.label


def score_style(name: str) -> ScoreStyle:
    """Return the style of a score; by default its label is its name."""
    label, unit = _LABELS.get(name, (name, ""))
    return ScoreStyle(label, unit, name in _LOWER_IS_BETTER)


def _metric_named(text: str) -> str:
    """Return the metric of this name, or the metric that computes the score of this name."""
    name = text.lower().replace("-", "_")
    for metric, record in METRICS.items():
        if name == metric.replace("-", "_") or name in record.scores:
            return metric
    if name == "all":
        return name
    scores = [score for record in METRICS.values() for score in record.scores]
    near = closest_name(text, [*METRICS, "all", *scores])
    raise unknown_name(text, [near] if near else [*METRICS, "all"], "metric")


def _known(of_pair: bool) -> dict[str, str]:
    """Return the metric of each score of one number, by the name of the score."""
    return {
        score: name
        for name, metric in METRICS.items()
        for score in metric.scores
        if (metric.source == "grid") == of_pair and not score.endswith(_LISTS)
    }


def _unknown(name: str, near: str | None, known: list[str], of_pair: bool) -> SbvaeError:
    own = METRICS[name].scores if name in METRICS else ()
    what = "score of a pair of factors" if of_pair else "score"
    if own:
        return SbvaeError(f"{what} {name} is unknown: it is a metric; name {' or '.join(own)}")
    if near:
        return SbvaeError(f"{what} {name} is unknown; did you mean {near}?")
    some = [each for each in _LISTED if each in known]
    raise SbvaeError(
        f"{what} {name} is unknown; there are {', '.join(some)} and {len(known) - len(some)} more, "
        "which `sbvae help eval` names by metric"
    )


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
