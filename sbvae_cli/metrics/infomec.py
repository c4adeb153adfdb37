"""InfoMEC (Hsu et al. 2023): modularity, explicitness and compactness in shares of information."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import entr

from sbvae_cli.config.metrics import NEIGHBOURS
from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.fitting import expected_warnings
from sbvae_cli.metrics.intervals import PARTS
from sbvae_cli.metrics.labelled_codes import Indices, LabelledCodes
from sbvae_cli.metrics.neighbour_information import nearest_information
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Scores
from sbvae_cli.metrics.subsampling import enough_parts, scores_by_parts
from sbvae_cli.metrics.validate import Floats, Ints, codes_and_classes

ACTIVE_RANGE = 1 / 20  # of the widest latent's range
FIT_STEPS = 300
LEAST_VARIANCE = 1e-10  # of a direction in standardised codes; below it is rounding


@dataclass(frozen=True)
class InfoMec:
    """The three scores, in [0, 1], and what they were computed from.

    Attributes:
        infom: Modularity: 1 where each active latent informs on one factor, 0 where on all alike.
        infoe: Explicitness: share of the factors' entropy that a linear classifier removes.
        infoc: Compactness: 1 where one active latent informs on each factor, 0 where all alike.
        nmi: Information of each latent on each factor over the factor's entropy, shape (K, F); an
            estimate, which can pass 1 by a little.
        explicitness: InfoE of each factor, shape (F,).
        active: The latents that InfoM and InfoC see, in order.
    """

    infom: float
    infoe: float
    infoc: float
    nmi: Floats
    explicitness: Floats
    active: tuple[int, ...]


def infomec(
    codes: ArrayLike,
    classes: ArrayLike,
    neighbours: int = NEIGHBOURS,
    *,
    names: Sequence[str] | None = None,
) -> InfoMec:
    """InfoM, InfoE and InfoC of continuous latents (Hsu et al. 2023, "latent quantization").

    InfoM is the mean over active latents of the largest share that one factor has in a latent's
    information, InfoC the mean over factors of the largest share of one active latent; both are
    rescaled so that equal shares give 0. A latent is active if its range is above a twentieth of
    the widest one's, as in the authors' code, which InfoC's number of latents follows too. A
    latent or factor without any information counts 0, where that code divides 0 by 0.

    Shares say nothing of amounts: noise that informs by chance on one factor looks modular (ten
    noise latents and eight factors give an InfoM of about 0.45). Read them beside InfoE.

    Args:
        codes: Posterior means, shape (N, K).
        classes: Class of each factor, from 0, shape (N, F). With one factor InfoM says nothing:
            it is 1 if there is information; so is InfoC with one active latent.
        neighbours: Number of neighbours of the estimator; see `nearest_information`.
        names: Names of the factors, for errors.

    Returns:
        The scores and their parts; all 0 where every latent is dead.

    Raises:
        ValueError: If arrays do not fit; see `nearest_information`.
        SbvaeError: If a factor has one level.
    """
    z, levels = codes_and_classes(codes, classes)
    information = nearest_information(z, levels, neighbours)
    entropies = np.array([_entropy(column) for column in levels.T])
    for factor in np.flatnonzero(entropies == 0).tolist():
        name = names[factor] if names else f"{factor}"
        raise SbvaeError(f"factor {name} has one level, InfoMEC needs two; leave it out")
    nmi = information / entropies
    ranges = np.ptp(z, axis=0)
    active = np.flatnonzero(ranges > ACTIVE_RANGE * ranges.max())
    explicitness = explicit_information(z, levels)
    return InfoMec(
        infom=_concentration(nmi[active]),
        infoe=float(explicitness.mean()),
        infoc=_concentration(nmi[active].T),
        nmi=nmi,
        explicitness=explicitness,
        active=tuple(active.tolist()),
    )


def explicit_information(codes: ArrayLike, classes: ArrayLike) -> Floats:
    """Predictive information of a linear classifier on each factor, over the factor's entropy.

    1 - H_V(s | z) / H_V(s), V the multinomial logistic regressions of all latents, fitted and
    evaluated on the same samples without regularisation to speak of, as in the code of Hsu et al.
    (2023). That code differs in two ways. It balances the classes; here they count as often as
    they occur, as in the definition, so that H_V(s) is the entropy; where classes are equally
    frequent that is the same. And it takes 100 steps on standardised latents, which can stop far
    from the optimum (0.85 of 0.998 for perfect codes under an uneven linear map); here latents are
    whitened, which changes no optimum, and the fit takes 300 steps.

    Independent codes get about K (classes - 1) / 2N nats by overfitting.

    Args:
        codes: Posterior means, shape (N, K).
        classes: Class of each factor, at least two, shape (N, F).

    Returns:
        Shape (F,), in [0, 1].
    """
    z, levels = codes_and_classes(codes, classes)
    white = _whitened(z)
    if white.shape[1] == 0:
        return np.zeros(levels.shape[1])
    shares = [1 - _log_loss(white, column) / _entropy(column) for column in levels.T]
    return np.clip(shares, 0.0, 1.0)


def _whitened(z: Floats) -> Floats:
    live = z[:, np.ptp(z, axis=0) > 0]
    standard = (live - live.mean(axis=0)) / live.std(axis=0)
    variances, directions = np.linalg.eigh(standard.T @ standard / len(z))
    kept = variances > LEAST_VARIANCE
    white: Floats = standard @ directions[:, kept] / np.sqrt(variances[kept])
    return white


def _log_loss(latents: Floats, classes: Ints) -> float:
    from sklearn.linear_model import LogisticRegression

    _, target = np.unique(classes, return_inverse=True)
    with expected_warnings():
        model = LogisticRegression(C=1e9, max_iter=FIT_STEPS).fit(latents, target)
    likelihood = model.predict_proba(latents)[np.arange(len(target)), target]
    return -float(np.log(np.maximum(likelihood, np.finfo(np.float64).tiny)).mean())


def _concentration(information: Floats) -> float:
    """Mean over rows of the largest entry's share of the row, from 0 (equal shares) to 1."""
    rows, columns = information.shape
    if rows == 0 or columns == 0:
        return 0.0
    total, largest = information.sum(axis=1), information.max(axis=1)
    if columns == 1:
        return float((total > 0).mean())
    equal = np.full(rows, 1 / columns)
    share = np.divide(largest, total, out=equal, where=total > 0)
    return float((share.mean() - 1 / columns) / (1 - 1 / columns))


def _entropy(classes: Ints) -> float:
    return float(entr(np.bincount(classes) / len(classes)).sum())


def infomec_scores(sample: LabelledCodes, protocol: Protocol) -> Scores:
    """InfoM, InfoE and InfoC by name."""
    codes, classes = sample.first

    def fit(rows: Indices | slice) -> tuple[InfoMec, list[str]]:
        some = classes[rows]
        several = np.flatnonzero((some != some[:1]).any(axis=0))  # a rare level may be missing
        return infomec(codes[rows], some[:, several]), [sample.names[i] for i in several]

    def three(found: InfoMec) -> list[float]:
        return [found.infom, found.infoe, found.infoc]

    whole, names = fit(slice(None))
    infom, infoe, infoc = scores_by_parts(
        sample,
        protocol,
        lambda rows: three(fit(rows)[0]),
        three(whole),
        len(codes),
        min(PARTS, enough_parts(len(codes), classes)),
    )
    # Shares of noise scatter as much in all rows as in parts of them.
    infom, infoc = (replace(score, low=None, high=None) for score in (infom, infoc))
    read = {"by_factor": dict(zip(names, whole.explicitness.tolist(), strict=True))}
    return {"infom": infom, "infoe": replace(infoe, details=read), "infoc": infoc}
