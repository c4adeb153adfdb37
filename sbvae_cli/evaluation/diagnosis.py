"""What the numbers say of a model, in plain words, each with one thing to do."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.metrics import USED_BELOW
from sbvae_cli.evaluation.advice import OF_CODES, OF_MODELS
from sbvae_cli.evaluation.factor_locations import latents_to_see, places
from sbvae_cli.evaluation.result import PairGeometry
from sbvae_cli.metrics.score import Score
from sbvae_cli.metrics.validate import Floats

if TYPE_CHECKING:  # it needs torch, which codes from elsewhere do without
    from sbvae_cli.evaluation.rates import ImageRates

LOOSE = 10.0  # times the residuals that a fixed variance may be
GREY = 0.9  # of the Bernoulli NLL that may be the targets' own entropy
STUCK = 0.01  # of the pixels
SOMETIMES = 0.1  # of the images: a latent that is in use for fewer is not
SPARE = 3.0  # times as many latents as factors


def diagnose(
    scores: Mapping[str, Score],
    geometry: Mapping[str, PairGeometry],
    names: Sequence[str],
    rates: "ImageRates | None" = None,
    stds: Floats | None = None,
    with_model: bool = True,
) -> tuple[str, ...]:
    """Sentences on where factors are, on unused latents, collapse and ill-suited settings.

    Args:
        scores: By name; `mig` says where the factors are.
        geometry: By pair of factors; says which pairs are only turned.
        names: Of the factors.
        rates: Of training images; None where they were not asked for.
        stds: Of the posteriors, shape (N, K); None where none is known.
        with_model: Whether the codes are of a model that was trained here.
    """
    lines: list[str] = []
    if rates is not None:
        stds = rates.stds
    used = None
    if stds is not None:  # a latent may rest where an image is blank
        used = (stds < USED_BELOW).mean(axis=0) >= SOMETIMES
    if used is not None:
        kl = None if rates is None else float(rates.kl.mean())
        lines += _use(used, kl, len(names), with_model)
    anything = used is None or bool(used.any())
    if anything and "mig" in scores:
        lines += places(scores, geometry, names, used, OF_MODELS if with_model else OF_CODES)
        latents = latents_to_see(scores, geometry, used)
        if with_model and latents:
            lines.append(f"see them by `sbvae traverse --latents {' '.join(map(str, latents))}`")
    if rates is not None:
        lines += _likelihood(rates)
    return tuple(lines)


def _use(used: NDArray[np.bool_], kl: float | None, factors: int, with_model: bool) -> list[str]:
    count, latents = int(used.sum()), len(used)
    if count == 0:
        how = "" if kl is None else f" (KL {kl:.2g} nats)"
        smaller = "--model beta-vae --beta 0.5" if with_model else "a smaller beta"
        return [
            f"no latent is used{how}: the model hardly looks at its images; train longer, or with "
            + smaller
        ]
    lines = []
    idle = np.flatnonzero(~used).tolist()
    if idle:
        lines.append(
            f"unused: {_latents(idle)} of {latents}, which cost next to nothing; nothing to do"
        )
    if factors and count > SPARE * factors:
        larger = "--model beta-vae --beta 4" if with_model else "a larger beta"
        lines.append(f"{count} latents are used for {factors} factors; {larger} may gather them")
    return lines


def _latents(numbers: Sequence[int]) -> str:
    return f"latent{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def _likelihood(rates: "ImageRates") -> list[str]:
    lines = []
    error = float(rates.squared_error.mean())
    if rates.likelihood.startswith("gaussian"):
        variance = float(rates.likelihood.rpartition(" ")[2])
        if variance > LOOSE * error:
            lines.append(
                f"the Gaussian's variance is {variance:g}, the residuals' {error:.2g}: to the "
                f"model that is a beta of {variance / error:.0f}; try --likelihood learned-gaussian"
                " if details are missing"
            )
    if rates.likelihood == "bernoulli" and rates.floor.mean() > GREY * rates.nll.mean():
        lines.append(
            f"of the Bernoulli NLL of {rates.nll.mean():,.0f} nats {rates.floor.mean():,.0f} are "
            "the entropy of grey pixels, which no model can avoid; compare differences of NLL, or "
            "train with --likelihood gaussian"
        )
    stuck = float(rates.stuck.mean())
    if stuck > STUCK:
        lines.append(
            f"{stuck:.1%} of the outputs are saturated: black or white where the image is not; "
            "train longer at a smaller --lr"
        )
    return lines
