"""Meaning of each score, by the metric that computes it, as documents explain it."""

from collections.abc import Mapping
from typing import NamedTuple


class ScoreMeaning(NamedTuple):
    """Meaning of a score, as the reference and the pages of results explain it.

    Attributes:
        measures: What it measures, with its unit.
        values: Range of its values.
        better: Which values are better; begins with "lower", "higher", "near" or "neither".
        missing: When it has no value.
    """

    measures: str
    values: str
    better: str
    missing: str


SCORES_OF: Mapping[str, Mapping[str, ScoreMeaning]] = {
    "rates": {
        "neg_elbo": ScoreMeaning(
            "negative ELBO: `nll` + `kl`, in nats an image, whatever objective the model was "
            "trained with",
            "any number",
            "lower; compare only the same likelihood",
            "without a model",
        ),
        "nll": ScoreMeaning(
            "negative log likelihood of an image given one sample of its posterior, in nats "
            "an image",
            "any number, at least 0 for Bernoulli pixels",
            "lower; compare only the same likelihood",
            "without a model",
        ),
        "kl": ScoreMeaning(
            "KL divergence of the posterior from the prior, summed over latents, in nats an image",
            "0 or more",
            "neither; a lower `kl` usually comes with a higher `nll`",
            "without a model",
        ),
        "latents_used": ScoreMeaning(
            "number of latents whose posterior std is below 0.5, counted for each image and "
            "averaged over images",
            "0 to the number of latents",
            "neither; compare it with the number of factors",
            "without a model",
        ),
        "latents_used_by_mean": ScoreMeaning(
            "number of latents whose posterior std, averaged over images, is below 0.5",
            "0 to the number of latents",
            "neither; compare it with the number of factors",
            "without a model",
        ),
        "nll_heldout": ScoreMeaning(
            "`nll` on images of the held-out region, which training never showed",
            "as `nll`",
            "lower",
            "without a model or a held-out region, or if images cannot be rendered",
        ),
        "kl_heldout": ScoreMeaning(
            "`kl` on images of the held-out region",
            "as `kl`",
            "neither",
            "as `nll_heldout`",
        ),
        "nll_validation": ScoreMeaning(
            "`nll` on the images of a file that training kept out for validation",
            "as `nll`",
            "lower",
            "without a model, or if no images were kept out",
        ),
        "kl_validation": ScoreMeaning(
            "`kl` on the images of a file that training kept out for validation",
            "as `kl`",
            "neither",
            "as `nll_validation`",
        ),
    },
    "mig": {
        "mig": ScoreMeaning(
            "mutual information gap: the information of the best latent on a factor minus "
            "that of the second best, divided by the factor's entropy, and averaged over "
            "factors; each latent is cut into 20 bins of equal width. It falls if x and y are "
            "rotated, does not detect folds, and is below 1 if a factor has more than 20 "
            "levels",
            "0 to 1",
            "higher",
            "with one latent, or if no factor varies",
        ),
        "mig_quantile": ScoreMeaning(
            "`mig` with bins of equal frequency, which a monotone warp of a latent does not "
            "change. With 4,000 images, exact codes of a continuous factor lose about a tenth "
            "of the score",
            "0 to 1",
            "higher",
            "as `mig`",
        ),
        "mig_subspace": ScoreMeaning(
            "`mig` for factors that two latents encode together: x and y, or pairs that are "
            "named. The two latents with the most information on a pair are rotated so that "
            "each has a factor of its own; a circular factor may be the angle in the plane of "
            "two latents. The rotation is chosen on one half of the images. On the other "
            "half, the gap is taken to the best latent, or rotated pair of latents, outside "
            "the plane",
            "0 to 1",
            "higher",
            "without such a pair or a circular factor, or with fewer latents than factors",
        ),
        "present_information": ScoreMeaning(
            "information of the best latent on whether an image is blank, in nats",
            "0 to 0.69, which is ln 2",
            "higher",
            "if no image is blank",
        ),
    },
    "factor-vae": {
        "factor_vae": ScoreMeaning(
            "accuracy of a majority vote (Kim and Mnih 2018). The images of a vote share the "
            "value of one factor, and the latent that varies least among them predicts which. "
            "Of a file, one half of the images trains the classifier and the other half "
            "scores it",
            "0 to 1; chance is 1 over the number of factors",
            "higher",
            "if fewer than two factors vary, or images of a file do not share values",
        ),
    },
    "beta-vae": {
        "beta_vae": ScoreMeaning(
            "accuracy of a linear classifier that says which factor pairs of images share, "
            "from the mean absolute difference of their codes (Higgins et al. 2017). It can "
            "be 1 although a factor is not encoded, and falls to chance if codes are small",
            "0 to 1; chance is 1 over the number of factors",
            "higher",
            "as `factor_vae`",
        ),
    },
    "dci": {
        "dci_disentanglement": ScoreMeaning(
            "whether each latent matters for one factor only (Eastwood and Williams 2018): 1 "
            "minus the normalised entropy of its importance over the factors, where "
            "importances come from gradient boosting; averaged over latents, weighted by "
            "importance",
            "0 to 1",
            "higher",
            "with fewer than two latents or two factors that vary",
        ),
        "dci_completeness": ScoreMeaning(
            "whether each factor depends on one latent only: 1 minus the normalised entropy "
            "of the latents' importance for it, averaged over factors",
            "0 to 1",
            "higher",
            "as `dci_disentanglement`",
        ),
        "dci_informativeness": ScoreMeaning(
            "how well all latents together predict the factors: accuracy on images that were "
            "not used to fit",
            "0 to 1",
            "higher",
            "as `dci_disentanglement`",
        ),
    },
    "dci-fast": {
        "dci_fast_disentanglement": ScoreMeaning(
            "`dci_disentanglement` with a random forest instead of gradient boosting. Compare "
            "the scores of a forest only with each other",
            "0 to 1",
            "higher",
            "as `dci_disentanglement`",
        ),
        "dci_fast_completeness": ScoreMeaning(
            "`dci_completeness` with a random forest",
            "0 to 1",
            "higher",
            "as `dci_disentanglement`",
        ),
        "dci_fast_informativeness": ScoreMeaning(
            "`dci_informativeness` with a random forest",
            "0 to 1",
            "higher",
            "as `dci_disentanglement`",
        ),
    },
    "sap": {
        "sap": ScoreMeaning(
            "difference in accuracy between the two latents that best predict a factor, each "
            "alone by a linear SVM (Kumar et al. 2018), averaged over factors. It depends on "
            "the scale of the codes and on the numbers of levels and images",
            "0 to 1",
            "higher",
            "with one latent, or if no factor varies",
        ),
    },
    "modularity": {
        "modularity": ScoreMeaning(
            "whether each latent has information on one factor only (Ridgeway and Mozer "
            "2018), averaged over latents; a constant latent counts as 0",
            "0 to 1",
            "higher",
            "if fewer than two factors vary",
        ),
    },
    "explicitness": {
        "explicitness": ScoreMeaning(
            "how well a linear classifier of all latents predicts the classes of a factor: "
            "area under the ROC curve (Ridgeway and Mozer 2018), averaged over classes and "
            "factors. It is lower if codes are small",
            "0 to 1; chance is 0.5",
            "higher",
            "if no factor varies",
        ),
    },
    "irs": {
        "irs": ScoreMeaning(
            "interventional robustness: how little a latent changes while its factor is held "
            "and the others vary (Suter et al. 2019), averaged over latents",
            "at most 1; noise has about 0.35",
            "higher",
            "if no factor varies",
        ),
    },
    "infomec": {
        "infom": ScoreMeaning(
            "modularity: the largest share that one factor has in a latent's information, "
            "averaged over latents and rescaled so that equal shares give 0 (Hsu et al. "
            "2023). Noise is above 0, so read it together with `infoe`",
            "0 to 1",
            "higher",
            "with fewer than two latents or two factors that vary",
        ),
        "infoe": ScoreMeaning(
            "explicitness: the share of the factors' entropy that a linear classifier of all "
            "latents removes",
            "0 to 1",
            "higher",
            "as `infom`",
        ),
        "infoc": ScoreMeaning(
            "compactness: the largest share that one latent has in the information on a "
            "factor, averaged over factors and rescaled so that equal shares give 0",
            "0 to 1",
            "higher",
            "as `infom`",
        ),
    },
    "unsupervised": {
        "gaussian_total_correlation": ScoreMeaning(
            "total correlation of a Gaussian with the codes' covariance, in nats. It needs no "
            "factors, and does not show what the latents encode",
            "0 or more",
            "lower: latents depend less on each other",
            "with one latent",
        ),
        "gaussian_wasserstein": ScoreMeaning(
            "squared 2-Wasserstein distance between a Gaussian with the codes' covariance and "
            "one with independent latents, in squared units of the codes",
            "0 or more",
            "lower",
            "with one latent",
        ),
        "gaussian_wasserstein_normed": ScoreMeaning(
            "`gaussian_wasserstein` divided by the sum of the latents' variances",
            "0 to 2",
            "lower",
            "with one latent",
        ),
        "latent_mutual_information": ScoreMeaning(
            "mutual information of two latents in 20 bins of equal width, in nats, averaged "
            "over pairs of latents",
            "0 or more",
            "lower",
            "with one latent",
        ),
    },
    "geometry": {
        "affine_r2": ScoreMeaning(
            "how well an affine map predicts the two latents from the two factors: R², "
            "averaged over both latents",
            "0 to 1",
            "higher",
            "for a circular factor",
        ),
        "affine_r2_by_latent": ScoreMeaning(
            "`affine_r2` of each of the two latents",
            "0 to 1",
            "higher",
            "for a circular factor",
        ),
        "inverse_r2": ScoreMeaning(
            "how well an affine map predicts the two factors from the two latents: R² of the "
            "worse factor",
            "0 to 1",
            "higher",
            "never",
        ),
        "inverse_r2_by_factor": ScoreMeaning(
            "`inverse_r2` of each of the two factors",
            "0 to 1",
            "higher",
            "never",
        ),
        "similarity_r2": ScoreMeaning(
            "`affine_r2` of a map that may only rotate, reflect, shift and scale both axes alike",
            "0 to 1",
            "higher",
            "for a circular factor",
        ),
        "monotone_r2": ScoreMeaning(
            "`inverse_r2` after a monotone warp of each axis, so that uneven spacing does not "
            "lower it",
            "0 to 1",
            "higher",
            "for a circular factor, or without a grid",
        ),
        "monotone_r2_by_factor": ScoreMeaning(
            "`monotone_r2` of each of the two factors",
            "0 to 1",
            "higher",
            "as `monotone_r2`",
        ),
        "fold_fraction": ScoreMeaning(
            "share of the grid's triangles that are turned over in latent space, compared "
            "with the majority, without the held-out region. Fine grids also count jitter of "
            "less than a pixel",
            "0 to 0.5",
            "lower",
            "for a circular factor, or without a grid",
        ),
        "fold_fraction_heldout": ScoreMeaning(
            "share of triangles in the held-out region, or at its edge, that are turned over "
            "in latent space, compared with the majority of the grid",
            "0 to 1",
            "lower",
            "as `fold_fraction`, or without a held-out region",
        ),
        "tear": ScoreMeaning(
            "largest distance between the codes of neighbouring points, divided by the median "
            "distance, for the worse factor",
            "1 or more; 1 to 3 for a smooth grid",
            "lower",
            "without a grid, or if all codes are equal",
        ),
        "affine_axis_ratio": ScoreMeaning(
            "shorter axis divided by longer axis of the ellipse to which the affine map takes "
            "a circle",
            "0 to 1",
            "higher; near 0 both latents encode the same mixture",
            "for a circular factor",
        ),
        "axis_angle_degrees": ScoreMeaning(
            "angle between the directions of the two factors in latent space",
            "0 to 90",
            "higher; below 90 the grid is slanted",
            "for a circular factor, or if a factor moves no latent",
        ),
        "axis_turn_degrees": ScoreMeaning(
            "angle between the direction of a factor and the nearest latent axis, for the "
            "worse factor",
            "0 to 45",
            "neither; at 0 each factor has its own latent, and a turned grid is as flat",
            "as `axis_angle_degrees`",
        ),
        "support_nrmse": ScoreMeaning(
            "root mean square error of the affine map outside the held-out region, where it "
            "was fitted, in stds of the codes",
            "0 to 1",
            "lower",
            "for a circular factor",
        ),
        "heldout_nrmse": ScoreMeaning(
            "root mean square error of the affine map in the held-out region, in stds of the codes",
            "0 or more",
            "lower",
            "for a circular factor, or without a held-out region",
        ),
        "heldout_ratio": ScoreMeaning(
            "`heldout_nrmse` divided by `support_nrmse`",
            "0 or more",
            "lower",
            "as `heldout_nrmse`",
        ),
        "heldout_area_ratio": ScoreMeaning(
            "area of the held-out region in latent space, divided by the area that the affine "
            "map predicts",
            "any number",
            "near 1; below 1 the model contracts the region, below 0 it turns it over",
            "as `heldout_nrmse`, without a grid, or if the map has almost no area",
        ),
        "latents_used": ScoreMeaning(
            "number of latents whose posterior std, averaged over the grid, is below 0.5",
            "0 to the number of latents",
            "neither; two latents suffice for two factors",
            "if stds are unknown",
        ),
        "information_outside": ScoreMeaning(
            "share of all latents' information about the grid that is outside of the two: a "
            "third if another latent has as much as each of them. Moving such a latent "
            "changes the image too",
            "0 to 1",
            "lower",
            "if stds are unknown, other factors vary too, or latents have almost no information",
        ),
    },
    "udr": {
        "udr_spearman": ScoreMeaning(
            "whether models with different seeds find the same latents (Duan et al. 2020), by "
            "rank correlation: median over the other models",
            "0 to 1",
            "higher",
            "for a single model",
        ),
        "udr_lasso": ScoreMeaning(
            "`udr_spearman` with sparse regression instead of rank correlation",
            "0 or more",
            "higher",
            "for a single model",
        ),
    },
}
