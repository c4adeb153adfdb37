"""Table of metrics: scores, requirements and settings of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

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
        scores: Description of each score, by name, in the order of reports.
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
    scores: Mapping[str, str]
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
        scores={
            "neg_elbo": "`nll` + `kl`, in nats an image, whatever the model minimised",
            "nll": "negative log likelihood of one posterior sample, in nats an image; "
            "compare only values of the same likelihood, which the report names",
            "kl": "of the posterior from the prior, in nats an image",
            "latents_used": "latents whose posterior std is below 0.5, averaged over images",
            "latents_used_by_mean": "latents whose mean posterior std is below 0.5",
            "nll_heldout": "`nll` on the held-out region",
            "kl_heldout": "`kl` on the held-out region",
            "nll_validation": "`nll` on the images of a file that training kept out",
            "kl_validation": "`kl` on the images of a file that training kept out",
        },
        source="model",
        least_factors=0,
        settings={"posterior_samples": 1, "used_below": USED_BELOW_STD},
        in_paper=True,
    ),
    "mig": Metric(
        help="mutual information gap and variants (Chen et al. 2018)",
        scores={
            "mig": "mutual information gap in 20 bins of equal width. It falls under a rotation of "
            "x and y, does not detect folds, and is below 1 if a factor has more than 20 levels",
            "mig_quantile": "the same in bins of equal frequency, which see no warp, and of which "
            "exact codes of a continuous factor lose a tenth with 4,000 images",
            "mig_subspace": "the gap when two factors are taken together (x and y, or those that "
            "are named): the two latents with the most information on them are rotated; the "
            "rotation is chosen on half of the images and scored on the other half, against the "
            "best other latent or rotated pair. A circular factor takes one latent or two, by "
            "their angle",
            "present_information": "information of the best latent, in nats, on whether an image "
            "is blank",
        },
        least_latents=2,
        bins=True,
        settings={"codes": "posterior means"},
        in_paper=True,
    ),
    "factor-vae": Metric(
        help="votes of the latent that varies least (Kim and Mnih 2018)",
        scores={
            "factor_vae": "accuracy of the majority vote of Kim and Mnih (2018); chance is one "
            "over the number of factors. Of a file's images one half makes the classifier and the "
            "other is scored"
        },
        least_factors=2,
        votes=True,
        scaled=True,
        settings={"least_std": DEAD_BELOW_STD, "variance": "ddof 1"},
        in_paper=True,
    ),
    "beta-vae": Metric(
        help="linear classifier of differences (Higgins et al. 2017)",
        scores={
            "beta_vae": "accuracy of a linear classifier of differences (Higgins et al. 2017), "
            "from the images of `factor_vae`; can be 1 where a factor is missing, and falls to "
            "chance where codes are small"
        },
        least_factors=2,
        votes=True,
        settings={"classifier": "LogisticRegression, raw features", "pairs": PAIRS_PER_VOTE},
    ),
    "dci": Metric(
        help="importances by gradient boosting (Eastwood and Williams 2018)",
        scores={
            "dci_disentanglement": "whether a latent matters for one factor alone (Eastwood and "
            "Williams 2018), by gradient boosting",
            "dci_completeness": "whether a factor depends on one latent alone",
            "dci_informativeness": "how well all latents predict: accuracy on other images",
        },
        least_latents=2,
        least_factors=2,
        fitted=True,
        settings={"model": "GradientBoostingClassifier", "settings": {}, "importance": _SUMMED},
        library="scikit-learn",
        slow=True,
    ),
    "dci-fast": Metric(
        help="the same by a random forest, seconds in place of minutes",
        scores={
            "dci_fast_disentanglement": "`dci_disentanglement` by a random forest; compare it "
            "only with other values of `dci_fast_disentanglement`",
            "dci_fast_completeness": "`dci_completeness` by a random forest",
            "dci_fast_informativeness": "`dci_informativeness` by a random forest",
        },
        least_latents=2,
        least_factors=2,
        fitted=True,
        settings={"model": "RandomForestClassifier", "settings": FOREST, "importance": _SUMMED},
        library="scikit-learn",
        in_all=False,  # `all` has `dci` instead, whose numbers other studies publish
    ),
    "sap": Metric(
        help="gap between the two best linear SVMs (Kumar et al. 2018)",
        scores={
            "sap": "gap between the two latents that predict a factor best by a linear SVM (Kumar "
            "et al. 2018); depends on the scale of codes, the number of levels and that of images"
        },
        least_latents=2,
        fitted=True,
        settings={"classifier": _SAP, "C": SAP_PENALTY, "class_weight": "balanced"},
    ),
    "modularity": Metric(
        help="one factor for each latent (Ridgeway and Mozer 2018)",
        scores={
            "modularity": "whether each latent has information on one factor only (Ridgeway and "
            "Mozer 2018); constant latents count as 0. Its interval covers the limit of many rows "
            "in the same bins"
        },
        least_factors=2,
        bins=True,
    ),
    "explicitness": Metric(
        help="factors by a linear classifier (Ridgeway and Mozer 2018)",
        scores={
            "explicitness": "area under the ROC curve of a linear classifier of all latents, "
            "chance 0.5, lower where codes are small (Ridgeway and Mozer 2018)"
        },
        fitted=True,
        settings={"classifier": _EXPLICITNESS, "C": 1.0, "score": _ROC},
    ),
    "irs": Metric(
        help="interventional robustness (Suter et al. 2019)",
        scores={
            "irs": "how still a latent is while its factor is held (Suter et al. 2019); in the "
            "library of the study of 2018, not among its metrics; noise has about 0.35"
        },
        settings={"quantile": IRS_QUANTILE},
    ),
    "infomec": Metric(
        help="modularity, explicitness, compactness (Hsu et al. 2023)",
        scores={
            "infom": "modularity in shares of information (Hsu et al. 2023); read it with "
            "`infoe`, since noise is above 0",
            "infoe": "explicitness: share of the factors' entropy that a linear classifier removes",
            "infoc": "compactness in shares of information",
        },
        least_latents=2,
        least_factors=2,
        settings={"estimator": "Ross (2014)", "neighbours": NEIGHBOURS},
    ),
    "unsupervised": Metric(
        help="dependence between latents (Locatello et al. 2018)",
        scores={
            "gaussian_total_correlation": "dependence between latents as Gaussians, in nats; it "
            "needs no factors and tells nothing of what is encoded",
            "gaussian_wasserstein": "distance of the codes' Gaussian from one of independent "
            "latents, in the codes' squared unit",
            "gaussian_wasserstein_normed": "the same over the sum of the latents' variances",
            "latent_mutual_information": "mean over pairs of latents, in nats, in bins of equal "
            "width",
        },
        least_latents=2,
        least_factors=0,
        bins=True,
    ),
    "geometry": Metric(
        help="how flat two factors lie in two latents (Section 4.4)",
        scores={
            "affine_r2": "of two factors and two latents: how well an affine map gives the latents "
            "from the factors",
            "affine_r2_by_latent": "the same for each of both latents",
            "inverse_r2": "how well one gives the factors from the latents, the worse of both",
            "inverse_r2_by_factor": "the same for each of both factors",
            "similarity_r2": "`affine_r2` with a rotation and one scale only",
            "monotone_r2": "`inverse_r2` after a monotone warp of each axis",
            "monotone_r2_by_factor": "the same for each of both factors",
            "fold_fraction": "share of the grid's triangles that are turned over in latent space, "
            "against the majority, so at most 0.5. Finer grids also see jitter below a pixel",
            "fold_fraction_heldout": "the share in the held-out region, against the same majority",
            "tear": "largest over median distance between neighbouring points: 1 to 3 for a smooth "
            "grid, none if all codes are equal",
            "affine_axis_ratio": "shorter over longer axis of the affine map's ellipse: 0 if both "
            "latents encode the same mixture",
            "axis_angle_degrees": "angle between the images of the factors' axes, 90 unless "
            "slanted",
            "axis_turn_degrees": "angle between these and the latents' axes, 0 if each factor has "
            "its own, at most 45",
            "support_nrmse": "error of the affine map where it was fitted",
            "heldout_nrmse": "error of the affine map in the held-out region",
            "heldout_ratio": "`heldout_nrmse` over `support_nrmse`",
            "heldout_area_ratio": "the held-out region's area over that of the affine map: below 1 "
            "the model contracts the hole",
            "latents_used": "latents whose mean posterior std over the grid is below 0.5",
            "information_outside": "share of the latents' information on the grid that is outside "
            "of the two: a third if another latent has as much; moving it changes the image too",
        },
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
        scores={
            "udr_spearman": "whether models that differ in the seed agree on latents (Duan et al. "
            "2020), by rank correlation",
            "udr_lasso": "the same by sparse regression",
        },
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
