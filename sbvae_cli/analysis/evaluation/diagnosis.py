"""What the numbers say of a model, in plain words, each with one thing to do."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.analysis.evaluation.result import PairGeometry
from sbvae_cli.analysis.evaluation.settings import USED_BELOW
from sbvae_cli.metrics.information import Floats
from sbvae_cli.metrics.score import Score

if TYPE_CHECKING:  # it needs torch, which codes from elsewhere do without
    from sbvae_cli.analysis.evaluation.rates import ImageRates

FOUND = 0.1  # of a factor's entropy: less is no more than a trace
ALONE = 0.5  # of the best latent's information: a second one below it is beside the point
LOOSE = 10.0  # times the residuals that a fixed variance may be
FLAT = 0.9  # affine_r2 and inverse_r2 of a pair of factors that is only turned
GREY = 0.9  # of the Bernoulli NLL that may be the targets' own entropy
STUCK = 0.01  # of the pixels
SPARE = 3.0  # times as many latents as factors


def diagnose(
    scores: Mapping[str, Score],
    geometry: Mapping[str, PairGeometry],
    names: Sequence[str],
    rates: "ImageRates | None" = None,
) -> tuple[str, ...]:
    """Sentences on where factors are, on unused latents, collapse and ill-suited settings.

    Args:
        scores: By name; `mig` says where the factors are.
        geometry: By pair of factors; says which pairs are only turned.
        names: Of the factors.
        rates: Of training images; None where only codes are known.
    """
    lines: list[str] = []
    used = None if rates is None else rates.deviations.mean(axis=0) < USED_BELOW
    if rates is not None and used is not None:
        lines += _use(used, float(rates.kl.mean()), len(names))
    anything = used is None or bool(used.any())
    if anything and "mig" in scores and scores["mig"].value is not None:
        details = scores["mig"].details
        known = np.array(details["information"]) / np.array(details["entropies"])
        if used is not None:
            known[~used] = 0  # of what such a latent says the prior's noise leaves nothing
        lines += _places(known, names, _turned(geometry), rates is not None)
    if rates is not None:
        lines += _likelihood(rates)
    return tuple(lines)


def _turned(geometry: Mapping[str, PairGeometry]) -> dict[str, PairGeometry]:
    """Factors that lie flat beside another, each with its flattest pair."""
    flat: dict[str, PairGeometry] = {}
    for pair in geometry.values():
        straight = pair.scores["affine_r2"]
        if straight is None or min(straight, pair.scores["inverse_r2"]) < FLAT:
            continue
        for name in pair.names:
            if name not in flat or flat[name].scores["affine_r2"] < straight:
                flat[name] = pair
    return flat


def _places(
    known: Floats, names: Sequence[str], flat: Mapping[str, PairGeometry], model: bool
) -> list[str]:
    """Which latent carries which factor, from shares of what there is to know, (K, F)."""
    order = np.argsort(-known, axis=0, kind="stable")
    best, second = known[order[0], range(len(names))], known[order[1], range(len(names))]
    alone = [i for i in range(len(names)) if best[i] >= FOUND and second[i] < ALONE * best[i]]
    lines = []
    if alone:
        places = [f"{names[i]} in latent {order[0, i]} ({best[i]:.0%})" for i in alone]
        latents = " ".join(str(k) for k in dict.fromkeys(int(order[0, i]) for i in alone))
        look = f"; see them by `sbvae traverse --latents {latents}`" if model else ""
        lines.append(f"found (share of all there is to know): {', '.join(places)}{look}")
    for i in range(len(names)):
        if best[i] < FOUND or i in alone:
            continue
        line = (
            f"{names[i]} is spread over latents {order[0, i]} ({best[i]:.0%}) and "
            f"{order[1, i]} ({second[i]:.0%})"
        )
        if names[i] in flat:
            pair = flat[names[i]]
            line += (
                f"; {pair.names[0]} and {pair.names[1]} lie flat in latents "
                f"{pair.choice.latents[0]} and {pair.choice.latents[1]} (affine_r2 "
                f"{pair.scores['affine_r2']:.2f}), only turned, which MIG punishes: look at "
                "`sbvae geometry`"
            )
        else:
            line += "; train other seeds, or with --model beta-vae --beta 4"
        lines.append(line)
    missing = [names[i] for i in range(len(names)) if best[i] < FOUND]
    if missing:
        lines.append(
            f"in no latent: {', '.join(missing)}; train longer, or with more --latents or --model "
            "beta-vae --beta 0.5"
        )
    for k in range(len(known)):
        both = [names[i] for i in alone if order[0, i] == k]
        if len(both) > 1:
            lines.append(
                f"latent {k} carries {' and '.join(both)} at once; train longer or other seeds"
            )
    return lines


def _use(used: NDArray[np.bool_], kl: float, factors: int) -> list[str]:
    count, latents = int(used.sum()), len(used)
    if count == 0:
        return [
            f"no latent is used (KL {kl:.2g} nats): the model hardly looks at its "
            "images; train longer, or with --model beta-vae --beta 0.5"
        ]
    lines = []
    idle = np.flatnonzero(~used).tolist()
    if idle:
        lines.append(
            f"unused: {_latents(idle)} of {latents}, which cost next to nothing; nothing to do"
        )
    if factors and count > SPARE * factors:
        lines.append(
            f"{count} latents are used for {factors} factors; --model beta-vae --beta 4 may gather "
            "them"
        )
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
