"""Table of metrics: requirements and settings of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sbvae_cli.config.score_meanings import SCORES_OF, ScoreMeaning

USED_BELOW_STD = 0.5  # posterior std of a latent in use (Appendix F)
DEAD_BELOW_STD = 0.05  # std of a dead latent's means, in prior stds (Kim and Mnih 2018)
MAX_LEVELS = 100  # a factor with more levels counts as continuous
ROWS_OF_A_LEVEL = 5  # a factor with fewer rows per level on average counts as continuous
PAIRS_PER_VOTE = 64  # pairs of images per vote of the BetaVAE score
# Deeper trees fit the noise of blurred codes (disentanglement 0.41; boosting gives 0.76), and
# smaller leaves fit the noise of a thousand rows (0.35; boosting gives 0.46).
FOREST: Mapping[str, Any] = {
    "n_estimators": 10, "max_depth": 6, "min_samples_leaf": 5, "max_features": None,
    "max_samples": 0.5,
}  # fmt: skip
SAP_PENALTY = 0.01  # C of the support vector machine
IRS_QUANTILE = 0.99  # quantile of the absolute deviations
NEIGHBOURS = 10  # neighbours in InfoMEC's estimator of mutual information


@dataclass(frozen=True)
class Metric:
    """Record of a metric, for its computation, help, reports and documents.

    Attributes:
        help: Description in one line.
        scores: Meaning of each score, by name, in the order of reports.
        source: Input: "codes" with factors, codes of a "grid" of two factors, a "model", or several
            "models".
        least_latents: Smallest number of latents.
        least_factors: Smallest number of varying factors.
        fitted: Whether it fits a model to some rows and tests it on others.
        votes: Whether it uses votes, sets of images with the same value of a factor.
        bins: Whether it discretises codes in the protocol's bins.
        scaled: Whether it has a threshold in the unit of the codes.
        settings: Models and constants.
        library: Distribution on whose version the scores depend; None if there is none.
        in_paper: Whether the paper reports it.
        in_all: Whether `all` includes it; a substitute for another metric is not included.
        slow: Whether it takes minutes, so that it is computed only on request.
        main_scores: Scores that a table of several pairs of factors shows.
    """

    help: str
    scores: Mapping[str, ScoreMeaning]
    source: Literal["codes", "grid", "model", "models"] = "codes"
    least_latents: int = 1
    least_factors: int = 1
    fitted: bool = False
    votes: bool = False
    bins: bool = False
    scaled: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    library: str | None = None
    in_paper: bool = False
    in_all: bool = True
    slow: bool = False
    main_scores: tuple[str, ...] = ()

    @property
    def classes(self) -> bool:
        """Whether it treats factors as classes."""
        return self.source == "codes" and self.least_factors > 0


_SAP = "LinearSVC on one raw code"
_EXPLICITNESS = "multinomial LogisticRegression"
_ROC = "one-versus-rest ROC AUC, mean over classes"
_SUMMED = "summed over trees, then normalised"

METRICS: Mapping[str, Metric] = {
    "rates": Metric(
        help="NLL, KL and latents used (Appendix F)",
        scores=SCORES_OF["rates"],
        source="model",
        least_factors=0,
        settings={"posterior_samples": 1, "used_below": USED_BELOW_STD},
        in_paper=True,
    ),
    "mig": Metric(
        help="mutual information gap and variants (Chen et al. 2018)",
        scores=SCORES_OF["mig"],
        least_latents=2,
        bins=True,
        settings={"codes": "posterior means"},
        in_paper=True,
    ),
    "factor-vae": Metric(
        help="votes of the latent that varies least (Kim and Mnih 2018)",
        scores=SCORES_OF["factor-vae"],
        least_factors=2,
        votes=True,
        scaled=True,
        settings={"least_std": DEAD_BELOW_STD, "variance": "ddof 1"},
        in_paper=True,
    ),
    "beta-vae": Metric(
        help="linear classifier of differences (Higgins et al. 2017)",
        scores=SCORES_OF["beta-vae"],
        least_factors=2,
        votes=True,
        settings={"classifier": "LogisticRegression, raw features", "pairs": PAIRS_PER_VOTE},
    ),
    "dci": Metric(
        help="DCI by gradient boosting (Eastwood and Williams 2018)",
        scores=SCORES_OF["dci"],
        least_latents=2,
        least_factors=2,
        fitted=True,
        settings={"model": "GradientBoostingClassifier", "settings": {}, "importance": _SUMMED},
        library="scikit-learn",
        slow=True,
    ),
    "dci-fast": Metric(
        help="DCI by a random forest, in seconds instead of minutes",
        scores=SCORES_OF["dci-fast"],
        least_latents=2,
        least_factors=2,
        fitted=True,
        settings={"model": "RandomForestClassifier", "settings": FOREST, "importance": _SUMMED},
        library="scikit-learn",
        in_all=False,  # `all` has `dci` instead, whose numbers other studies publish
    ),
    "sap": Metric(
        help="gap between the two best linear SVMs (Kumar et al. 2018)",
        scores=SCORES_OF["sap"],
        least_latents=2,
        fitted=True,
        settings={"classifier": _SAP, "C": SAP_PENALTY, "class_weight": "balanced"},
    ),
    "modularity": Metric(
        help="one factor for each latent (Ridgeway and Mozer 2018)",
        scores=SCORES_OF["modularity"],
        least_factors=2,
        bins=True,
    ),
    "explicitness": Metric(
        help="factors predicted linearly (Ridgeway and Mozer 2018)",
        scores=SCORES_OF["explicitness"],
        fitted=True,
        settings={"classifier": _EXPLICITNESS, "C": 1.0, "score": _ROC},
    ),
    "irs": Metric(
        help="interventional robustness (Suter et al. 2019)",
        scores=SCORES_OF["irs"],
        settings={"quantile": IRS_QUANTILE},
    ),
    "infomec": Metric(
        help="modularity, explicitness, compactness (Hsu et al. 2023)",
        scores=SCORES_OF["infomec"],
        least_latents=2,
        least_factors=2,
        settings={"estimator": "Ross (2014)", "neighbours": NEIGHBOURS},
    ),
    "unsupervised": Metric(
        help="dependence between latents (Locatello et al. 2018)",
        scores=SCORES_OF["unsupervised"],
        least_latents=2,
        least_factors=0,
        bins=True,
    ),
    "geometry": Metric(
        help="how flat two factors lie in two latents (Section 4.4)",
        scores=SCORES_OF["geometry"],
        source="grid",
        least_latents=2,
        least_factors=2,
        scaled=True,
        settings={"dead_below": DEAD_BELOW_STD},
        in_paper=True,
        main_scores=(
            *("inverse_r2", "affine_r2", "monotone_r2", "fold_fraction", "tear"),
            *("heldout_nrmse", "heldout_area_ratio", "information_outside"),
        ),
    ),
    "udr": Metric(
        help="whether models agree on their latents (Duan et al. 2020)",
        scores=SCORES_OF["udr"],
        source="models",
        least_factors=0,
    ),
}
ALL_METRICS = tuple(name for name, metric in METRICS.items() if metric.in_all)


def metric_of(score: str, of_pair: bool) -> str:
    """Return the name of the metric that computes a score, of a pair of factors if `of_pair`."""
    return next(
        name
        for name, metric in METRICS.items()
        if score in metric.scores and (metric.source == "grid") == of_pair
    )


CODE_METRICS = tuple(  # metrics of codes that are computed by default
    name
    for name in ALL_METRICS
    if METRICS[name].source in ("codes", "grid") and not METRICS[name].slow
)
PAPER_METRICS = tuple(name for name, metric in METRICS.items() if metric.in_paper)
