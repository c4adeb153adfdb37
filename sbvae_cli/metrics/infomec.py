"""InfoMEC (Hsu et al. 2023): modularity, explicitness and compactness as information shares."""

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

ACTIVE_RANGE = 1 / 20  # of the widest latent's range; latents with a smaller range are inactive
FIT_STEPS = 300
MIN_VARIANCE = 1e-10  # of a direction in standardised codes; smaller ones are rounding errors


@dataclass(frozen=True)
class InfoMec:
    """The three scores of InfoMEC, in [0, 1], and their parts.

    Attributes:
        infom: Modularity: 1 if each active latent informs on one factor, 0 if on all equally.
        infoe: Explicitness: share of the factors' entropy that a linear classifier removes.
        infoc: Compactness: 1 if one active latent informs on each factor, 0 if all do equally.
        nmi: Information of each latent on each factor, divided by the factor's entropy, shape (K,
            F); as an estimate it can slightly exceed 1.
        explicitness: InfoE of each factor, shape (F,).
        active: Numbers of the latents that enter InfoM and InfoC, ascending.
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
    """Compute InfoM, InfoE and InfoC of latents (Hsu et al. 2023, "latent quantization").

    InfoM is the mean over active latents of the largest share of one factor in the latent's
    information. InfoC is the mean over factors of the largest share of one active latent. Both are
    rescaled so that equal shares give 0. As in the authors' code, a latent is active if its range
    is above a twentieth of the largest range, and InfoC is rescaled by the number of active
    latents. A latent or factor without information counts as 0, where that code divides 0 by 0.

    Shares do not measure amounts: noise that informs on one factor by chance looks modular (ten
    noise latents and eight factors give an InfoM of about 0.45). Compare them with InfoE.

    Args:
        codes: Posterior means, shape (N, K).
        classes: Class of each factor, from 0, shape (N, F). With one factor InfoM is 1 if there is
            any information, and with one active latent so is InfoC.
        neighbours: Number of neighbours of the estimator; see `nearest_information`.
        names: Names of the factors, for errors; None for their numbers.

    Returns:
        The scores and their parts; all are 0 if every latent is dead.

    Raises:
        ValueError: If the arrays do not fit each other; see `nearest_information`.
        SbvaeError: If a factor has a single level.
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
    """Compute a linear classifier's predictive information on each factor, over its entropy.

    This is 1 - H_V(s | z) / H_V(s), where V are the multinomial logistic regressions on all
    latents, fitted and evaluated on the same samples with nearly no regularisation, as in the code
    of Hsu et al. (2023). There are two differences from that code. It balances the classes; here
    they count by their frequency, as in the definition, so that H_V(s) is the entropy; for equally
    frequent classes there is no difference. And it takes 100 steps on standardised latents, which
    can stop far from the optimum (0.85 instead of 0.998 for perfect codes under an uneven linear
    map); here latents are whitened, which does not change the optimum, and there are 300 steps.

    Independent codes get about K (classes - 1) / 2N nats through overfitting.

    Args:
        codes: Posterior means, shape (N, K).
        classes: Class of each factor, at least two of each, shape (N, F).

    Returns:
        Shares in [0, 1], shape (F,).
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
    kept = variances > MIN_VARIANCE
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
    """Average over rows the largest entry's share, rescaled from 0 (equal shares) to 1."""
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
    """Compute InfoM, InfoE and InfoC, by name."""
    codes, classes = sample.first

    def fit(rows: Indices | slice) -> tuple[InfoMec, list[str]]:
        some = classes[rows]
        several = np.flatnonzero((some != some[:1]).any(axis=0))  # a part may lack a rare level
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
    # Shares of noise vary as much over all rows as over parts, so there is no valid interval.
    infom, infoc = (replace(score, low=None, high=None) for score in (infom, infoc))
    read = {"by_factor": dict(zip(names, whole.explicitness.tolist(), strict=True))}
    return {"infom": infom, "infoe": replace(infoe, details=read), "infoc": infoc}
