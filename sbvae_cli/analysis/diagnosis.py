"""What the numbers say of a model, in plain words, each with one thing to do."""

from collections.abc import Mapping, Sequence

import numpy as np

from sbvae_cli.analysis.rates import USED_BELOW, ImageRates
from sbvae_cli.metrics.information import Floats
from sbvae_cli.metrics.score import Score

FOUND = 0.1  # of a factor's entropy: less is no more than a trace
ALONE = 0.5  # of the best latent's information: a second one below it is beside the point
LOOSE = 10.0  # times the residuals that a fixed variance may be
GREY = 0.5  # of the Bernoulli NLL that may be the targets' own entropy
STUCK = 0.01  # of the pixels
SPARE = 3.0  # times as many latents as factors


def diagnose(
    scores: Mapping[str, Score], names: Sequence[str], rates: ImageRates | None = None
) -> tuple[str, ...]:
    """Sentences on where factors are, on unused latents, collapse and ill-suited settings.

    Args:
        scores: By name; `mig` says where the factors are.
        names: Of the factors.
        rates: Of training images; None where only codes are known.
    """
    lines: list[str] = []
    if rates is not None:
        lines += _use(rates, len(names))
    if "mig" in scores and scores["mig"].value is not None:
        details = scores["mig"].details
        known = np.array(details["information"]) / np.array(details["entropies"])
        subspace = scores.get("mig_subspace")
        lines += _places(known, names, subspace)
    if rates is not None:
        lines += _likelihood(rates)
    return tuple(lines)


def _places(known: Floats, names: Sequence[str], subspace: Score | None) -> list[str]:
    """Which latent carries which factor, from shares of what there is to know, (K, F)."""
    order = np.argsort(-known, axis=0, kind="stable")
    best, second = known[order[0], range(len(names))], known[order[1], range(len(names))]
    alone = [i for i in range(len(names)) if best[i] >= FOUND and second[i] < ALONE * best[i]]
    spread = [i for i in range(len(names)) if best[i] >= FOUND and i not in alone]
    lines = []
    if alone:
        places = [f"{names[i]} in latent {order[0, i]} ({best[i]:.0%})" for i in alone]
        latents = " ".join(str(k) for k in dict.fromkeys(int(order[0, i]) for i in alone))
        lines.append(
            f"found: {', '.join(places)}, of all there is to know of each; look at them by "
            f"`sbvae traverse` with --latents {latents}"
        )
    for i in spread:
        line = (
            f"{names[i]} is spread over latents {order[0, i]} ({best[i]:.0%}) and "
            f"{order[1, i]} ({second[i]:.0%})"
        )
        own = {} if subspace is None else subspace.details.get("by_factor", {})
        turned = own.get(names[i], 0.0) > ALONE
        lines.append(
            f"{line}; together they know it (see mig_subspace), so it is only turned: no harm, or "
            "train other seeds"
            if turned
            else f"{line}; train other seeds, or with --model beta-vae --beta 4"
        )
    missing = [names[i] for i in range(len(names)) if best[i] < FOUND]
    if missing:
        lines.append(
            f"in no latent: {', '.join(missing)}; train longer, or with more --latents or --model "
            "beta-vae --beta 0.5"
        )
    shared = [k for k in range(len(known)) if sum(order[0, i] == k for i in alone) > 1]
    for k in shared:
        both = " and ".join(names[i] for i in alone if order[0, i] == k)
        lines.append(f"latent {k} carries {both} at once; train longer or other seeds")
    return lines


def _use(rates: ImageRates, factors: int) -> list[str]:
    used = rates.deviations.mean(axis=0) < USED_BELOW
    count, latents = int(used.sum()), len(used)
    if count == 0:
        return [
            f"no latent is used (KL {rates.kl.mean():.2g} nats): the model hardly looks at its "
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


def _likelihood(rates: ImageRates) -> list[str]:
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
            "use --likelihood gaussian"
        )
    stuck = float(rates.stuck.mean())
    if stuck > STUCK:
        lines.append(
            f"{stuck:.1%} of the outputs are saturated: black or white where the image is not; "
            "train longer at a smaller --lr"
        )
    return lines
