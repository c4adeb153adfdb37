"""Which latent carries which factor, in plain words."""

from collections.abc import Mapping, Sequence

import numpy as np

from sbvae_cli.evaluation.advice import Advice
from sbvae_cli.evaluation.result import PairGeometry
from sbvae_cli.evaluation.sheets import (
    collapsed_sheets,
    folded_sheets,
    is_flat,
    say_turned,
    torn_sheets,
    turned_sheet,
)
from sbvae_cli.metrics.score import Score
from sbvae_cli.metrics.validate import Floats

FOUND = 0.1  # of a factor's entropy: less is no more than a trace
MOST = 0.5  # of a factor's entropy: from here on a latent holds it
CLEAR = 0.7  # of a factor's entropy, in two latents: the second is a copy
ALONE = 0.5  # of the best latent's information: a second one below it is beside the point
APART = 0.75  # gap of the factors of a group that is only turned
RING = 0.5  # gap of a circular factor that two latents hold by their angle


def places(
    scores: Mapping[str, Score],
    geometry: Mapping[str, PairGeometry],
    names: Sequence[str],
    used: np.ndarray | None,
    advice: Advice,
) -> list[str]:
    """Sentences on where each factor is.

    Args:
        scores: By name, `mig` and `mig_quantile` among them.
        geometry: By pair of factors; says which are turned, slanted or folded.
        names: Of the factors.
        used: Whether each latent is in use, shape (K,); None where that is not known. Of what
            others say the prior's noise leaves nothing.
        advice: What could be done.
    """
    if scores["mig"].low is None:
        return ["where factors are cannot be told from so few rows; bring more"]
    known = _known(scores, used)
    order = np.argsort(-known, axis=0, kind="stable")
    gaps = _subspace_gaps(scores)
    rings, turned = _rings(scores, gaps, used), _turned_groups(scores, gaps, advice)
    collapsed = collapsed_sheets(geometry, advice)
    found: dict[str, int] = {}
    told, lines, missing = [], [], []
    for i, name in enumerate(names):
        first, second = int(order[0, i]), int(order[1, i])
        best, next_best = known[first, i], known[second, i]
        pair = turned_sheet(name, geometry)
        if name in rings:
            continue
        if next_best < ALONE * best and best >= MOST:
            found[name] = first
            told.append(f"{name} in latent {first} ({best:.0%})")
            if pair is not None and best < CLEAR:
                lines.append(say_turned(pair, advice))
        elif name in collapsed:
            lines.append(collapsed[name])
        elif pair is None and name in turned:
            lines.append(turned[name])
        elif pair is not None:
            lines.append(say_turned(pair, advice))
            if first not in pair.choice.latents and best >= FOUND:
                lines.append(f"{name} is in latent {first} ({best:.0%}) as well; {advice.spread}")
        elif best < FOUND:
            missing.append(name)
        else:
            lines.append(_unclear(name, (first, second), (best, next_best), advice))
    told += [f"{name} by the angle of latents {a} and {b}" for name, (a, b) in rings.items()]
    if told:
        lines.insert(0, f"found (share of all there is to know): {', '.join(told)}")
    if missing:
        crowded = used is not None and bool(used.all())
        remedy = advice.crowded if crowded else advice.missing
        lines += _nowhere(missing, scores, remedy)
    for latent in dict.fromkeys(found.values()):
        both = [name for name, k in found.items() if k == latent]
        if len(both) > 1:
            lines.append(f"latent {latent} carries {' and '.join(both)} at once; {advice.other}")
    lines += [*folded_sheets(found, geometry, advice), *torn_sheets(found, geometry, advice)]
    return list(dict.fromkeys(lines))


def latents_to_see(
    scores: Mapping[str, Score], geometry: Mapping[str, PairGeometry], used: np.ndarray | None
) -> list[int]:
    """The latent that knows most of each factor that is found, then those of flat sheets."""
    known = _known(scores, used)
    best = known.argmax(axis=0)
    found = [int(k) for i, k in enumerate(best) if known[k, i] >= FOUND]
    flat = [k for pair in geometry.values() if is_flat(pair) for k in pair.choice.latents]
    return list(dict.fromkeys(found + [k for k in flat if used is None or used[k]]))


def _known(scores: Mapping[str, Score], used: np.ndarray | None) -> Floats:
    """Share of each factor's entropy that each latent knows, less the bias of counting, (K, F).

    0 of latents that are not in use.
    Of bins of either kind, whichever tell more: a code far out leaves others in one bin of width.
    """
    shares = []
    for name in ("mig", "mig_quantile"):
        details = scores[name].details
        entropies = np.array(details["entropies"])
        share = np.minimum(np.array(details["information"]) / entropies, 1.0)
        # All that chance adds is there where nothing is known, and nothing where all is.
        shares.append(share - (1 - share) * np.array(details["bias"]) / entropies)
    known: Floats = np.maximum(np.maximum(*shares), 0.0)
    if used is not None:
        known[~used] = 0
    return known


def _subspace_gaps(scores: Mapping[str, Score]) -> dict[str, float]:
    """Of each factor, the gap that forgives a rotation; empty where it is not known."""
    subspace = scores.get("mig_subspace")
    if subspace is None or subspace.value is None:
        return {}
    return dict(subspace.details["by_factor"])


def _rings(
    scores: Mapping[str, Score], gaps: Mapping[str, float], used: np.ndarray | None
) -> dict[str, list[int]]:
    """Circular factors that two latents hold, by name."""
    latents = scores["mig_subspace"].details["latents"] if gaps else {}
    return {
        name: own
        for name, own in latents.items()
        if name in gaps
        and len(own) == 2
        and gaps[name] >= RING
        and (used is None or bool(used[own].all()))
    }


def _turned_groups(
    scores: Mapping[str, Score], gaps: Mapping[str, float], advice: Advice
) -> dict[str, str]:
    """By factor, a sentence on its group where that is only turned; for want of geometry."""
    latents = scores["mig_subspace"].details["latents"] if gaps else {}
    sentences: dict[str, str] = {}
    for group, own in latents.items():
        names = [group] if group in gaps else group.split(",")
        if len(names) > 1 and min(gaps[name] for name in names) >= APART:
            least = min(gaps[name] for name in names)
            sentence = (
                f"{' and '.join(names)} are turned within latents {' and '.join(map(str, own))} "
                f"(mig_subspace {least:.2f} or more), which MIG punishes{advice.look}"
            )
            sentences |= dict.fromkeys(names, sentence)
    return sentences


def _nowhere(missing: Sequence[str], scores: Mapping[str, Score], remedy: str) -> list[str]:
    """Of factors that no latent knows, though all together may."""
    read = scores["infoe"].details["by_factor"] if "infoe" in scores else {}
    mixed = [name for name in missing if read.get(name, 0.0) >= MOST]
    absent = [name for name in missing if name not in mixed]
    lines = []
    if mixed:
        shares = ", ".join(f"{name} ({read[name]:.0%})" for name in mixed)
        lines.append(
            f"mixed into many latents, from which a linear classifier reads them: {shares}; other "
            "seeds may part them"
        )
    if absent:
        lines.append(f"in no single latent: {', '.join(absent)}; {remedy}")
    return lines


def _unclear(
    name: str, latents: tuple[int, int], shares: tuple[float, float], advice: Advice
) -> str:
    """Of a factor that no latent holds by itself."""
    both = f"latents {latents[0]} ({shares[0]:.0%}) and {latents[1]} ({shares[1]:.0%})"
    if shares[1] >= CLEAR:
        return f"{name} is in {both} alike, of which MIG counts neither; {advice.spread}"
    if shares[1] >= ALONE * shares[0]:
        return f"{name} is spread over {both}; {advice.spread}"
    return f"{name} is in latent {latents[0]} ({shares[0]:.0%}) in part; {advice.other}"
