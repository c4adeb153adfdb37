"""Describe each metric under each protocol, compared with the study of Locatello et al. (2018)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sbvae_cli.config.metrics import DEAD_BELOW_STD, MAX_LEVELS, METRICS, ROWS_OF_A_LEVEL
from sbvae_cli.config.names import ProtocolName

LIBRARY_BINS = 20  # bins of the discretiser of disentanglement_lib, the library of the study

_Origin = Literal["study", "library", "neither"]


@dataclass(frozen=True)
class ByProtocol:
    """Comparison of a metric with the study of 2018.

    Attributes:
        origin: "study" if the study reports it, "library" if only its library computes it, or
            "neither".
        paper: Computation under the protocols "paper" and "quick"; "" if "dlib" is the same.
        dlib: Computation under the protocol "dlib"; "" if it is the same.
    """

    origin: _Origin
    paper: str = ""
    dlib: str = ""

    def words(self, protocol: ProtocolName) -> str:
        """Return the description of the computation under a protocol; "" if all are the same."""
        return self.dlib if protocol == "dlib" else self.paper


_VOTES = "{votes_train:,} votes to train, {votes_eval:,} to score"
_DEAD = f"a latent is dead below a std of {DEAD_BELOW_STD}"

CLASSES = ByProtocol(  # for every metric that treats factors as classes
    "neither",
    f"cuts factors with a range, or with more than {MAX_LEVELS} levels, into bins",
    "cuts only factors with a range into bins",
)
BY_PROTOCOL: Mapping[str, ByProtocol] = {
    "rates": ByProtocol("neither"),
    "mig": ByProtocol("study"),
    "factor-vae": ByProtocol(
        "study",
        f"{_VOTES}; {_DEAD} (for codes without a model, below this share of the largest std of a "
        "latent, if that is below 1); if all are dead, the most frequent factor is the guess",
        f"{_VOTES}; {_DEAD}; if all are dead, the score is 0",
    ),
    "beta-vae": ByProtocol("study", _VOTES, _VOTES),
    "dci": ByProtocol("study"),
    "dci-fast": ByProtocol("neither"),
    "sap": ByProtocol("study"),
    "modularity": ByProtocol("study"),
    "explicitness": ByProtocol("library", "codes as they are", "codes standardised"),
    "irs": ByProtocol(
        "library",
        "factors as in other metrics; each value weighted by its number of images",
        f"every factor cut into {LIBRARY_BINS} bins; all values weighted equally",
    ),
    "infomec": ByProtocol("neither"),
    "unsupervised": ByProtocol("study"),
    "geometry": ByProtocol("neither"),
    "udr": ByProtocol(
        "library",
        "mean over all latents of both models",
        "mean over the latents of each model, then over both models",
    ),
}


def metric_settings(
    metrics: Collection[str],
    protocol: ProtocolName,
    votes: Mapping[str, int],
    bins: int,
    with_model: bool,
) -> dict[str, Any]:
    """Return the models and constants of metrics for a report, by metric.

    Args:
        metrics: Names of the computed metrics.
        protocol: Name of the protocol.
        votes: Numbers of votes, with the keys `votes_train` and `votes_eval`.
        bins: Number of bins of latents and continuous factors.
        with_model: Whether codes are those of a model, whose prior std of 1 is their scale.
    """
    from importlib.metadata import version

    unit = "prior stds"
    if not with_model:
        unit += ", or the largest latent std, if that is below 1"
    of_bins = {"bins": bins, "binning": "equal width over each latent's own range, left-closed"}
    most = None if protocol == "dlib" else MAX_LEVELS
    of_classes = {"levels_above": most, "rows_of_a_level_below": ROWS_OF_A_LEVEL}
    found: dict[str, dict[str, Any]] = {}
    for name in metrics:
        metric, words = METRICS[name], BY_PROTOCOL[name].words(protocol)
        found[name] = {
            **(of_bins if metric.bins else {}),
            **({"continuous": of_classes} if metric.classes else {}),
            **metric.settings,
            **({"protocol": words.format_map(votes)} if words else {}),
            **({"unit": unit} if metric.scaled else {}),
            **({metric.library: version(metric.library)} if metric.library else {}),
        }
    return {name: settings for name, settings in found.items() if settings}
