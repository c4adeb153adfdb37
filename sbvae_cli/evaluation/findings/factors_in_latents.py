"""Find the latents that carry each factor."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.evaluation.findings.finding import Finding, unique
from sbvae_cli.evaluation.findings.grids import (
    collapsed,
    flat,
    flattest_turned,
    folded_and_torn,
    is_flat,
)
from sbvae_cli.evaluation.followed import MIN_SECOND_RATIO, MIN_SHARE
from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.metrics.information import beyond_chance
from sbvae_cli.metrics.score import Score
from sbvae_cli.metrics.validate import Floats

MIN_HELD_SHARE = 0.5  # share of a factor's entropy from which a latent holds it
MIN_COPY_SHARE = 0.7  # share of a factor's entropy in a second latent from which it is a copy
MIN_ROTATED_GAP = 0.75  # smallest gap of a group of factors that is rotated in its latents
MIN_RING_GAP = 0.5  # smallest gap of a circular factor that two latents hold by their angle

Used = NDArray[np.bool_] | None


def find_places(
    scores: Mapping[str, Score],
    geometry: Mapping[str, PairGeometry],
    names: Sequence[str],
    used: Used,
) -> list[Finding]:
    """Find the place of each factor: factors with their own latent first, then the problems.

    Args:
        scores: Scores by name, among them `mig` and `mig_quantile`.
        geometry: Geometry by pair of factors; says which pairs are rotated, slanted or folded.
        names: Names of the factors.
        used: Whether each latent is in use, shape (K,); None if unknown. Unused latents are
            ignored, because the noise of their posterior hides what they encode.
    """
    if scores["mig"].low is None:
        return [Finding("unknown")]
    known = _known(scores, used)
    rings = _rings(scores, used)
    turned_groups, mixtures = _turned_groups(scores), collapsed(geometry)
    found: dict[str, Finding] = {}
    others, missing = [], []
    for column, name in enumerate(names):
        if name in rings:
            continue
        best = _best(known[:, column])
        pair = flattest_turned(name, geometry)
        if best.alone and best.shares[0] >= MIN_HELD_SHARE:
            found[name] = _in_first("found", name, best)
            if pair is not None and best.shares[0] < MIN_COPY_SHARE:
                others.append(flat(pair))
        elif name in mixtures:
            others.append(mixtures[name])
        elif pair is None and name in turned_groups:
            others.append(turned_groups[name])
        elif pair is not None:
            others.append(flat(pair))
            if best.latents[0] not in pair.choice.latents and best.shares[0] >= MIN_SHARE:
                others.append(_beside(pair, name, best))
        elif best.shares[0] < MIN_SHARE:
            missing.append(name)
        else:
            others.append(_unclear(name, best))
    places = {name: finding.latents[0] for name, finding in found.items()}
    return unique(
        [
            *found.values(),
            *rings.values(),
            *others,
            *_nowhere(missing, scores, used),
            *_shared(places),
            *folded_and_torn(places, geometry),
        ]
    )


def latents_to_see(
    scores: Mapping[str, Score], geometry: Mapping[str, PairGeometry], used: Used
) -> list[Finding]:
    """List the best latent of each factor that has one, then the latents of flat grids."""
    known = _known(scores, used)
    best = known.argmax(axis=0)
    found = [int(k) for i, k in enumerate(best) if known[k, i] >= MIN_SHARE]
    of_flat = [k for pair in geometry.values() if is_flat(pair) for k in pair.choice.latents]
    latents = dict.fromkeys(found + [k for k in of_flat if used is None or used[k]])
    return [Finding("to-see", latents=tuple(latents))] if latents else []


class _Best(NamedTuple):
    """The two latents with the most information on a factor, and their shares of its entropy."""

    latents: tuple[int, int]
    shares: tuple[float, float]

    @property
    def alone(self) -> bool:
        return self.shares[1] < MIN_SECOND_RATIO * self.shares[0]


def _best(known: Floats) -> _Best:
    first, second = np.argsort(-known, kind="stable")[:2].tolist()
    return _Best((first, second), (float(known[first]), float(known[second])))


def _in_first(code: str, name: str, best: _Best) -> Finding:
    return Finding(code, (name,), best.latents[:1], {"share": best.shares[0]})


def _beside(pair: PairGeometry, name: str, best: _Best) -> Finding:
    """Report the best latent of a factor whose grid is flat in two other latents."""
    (other,) = set(pair.names) - {name}
    values = {"share": best.shares[0], "beside": list(pair.choice.latents), "other": other}
    return Finding("also", (name,), best.latents[:1], values)


def _unclear(name: str, best: _Best) -> Finding:
    """Report a factor that no single latent holds: in part, copied or spread."""
    if best.shares[1] < MIN_COPY_SHARE and best.alone:
        return _in_first("partial", name, best)
    code = "copied" if best.shares[1] >= MIN_COPY_SHARE else "spread"
    return Finding(code, (name,), best.latents, {"shares": list(best.shares)})


def _known(scores: Mapping[str, Score], used: Used) -> Floats:
    """Compute each latent's share of each factor's entropy, minus the bias of counting, (K, F).

    The share is 0 for unused latents. It is the larger one of both kinds of bins, since an outlier
    among the codes leaves most others in one bin of equal width.
    """
    shares = []
    for name in ("mig", "mig_quantile"):
        details = scores[name].details
        entropies = np.array(details["entropies"])
        share = np.array(details["information"]) / entropies
        shares.append(beyond_chance(share, np.array(details["bias"]) / entropies))
    known: Floats = np.maximum(*shares)
    if used is not None:
        known[~used] = 0
    return known


def _subspaces(scores: Mapping[str, Score]) -> dict[tuple[str, ...], tuple[list[int], float]]:
    """Return the latents of each group of factors with its smallest gap; empty if unknown."""
    subspace = scores.get("mig_subspace")
    if subspace is None or subspace.value is None:
        return {}
    gaps = subspace.details["by_factor"]
    groups = {
        (group,) if group in gaps else tuple(group.split(",")): own
        for group, own in subspace.details["latents"].items()
    }
    return {group: (own, min(gaps[name] for name in group)) for group, own in groups.items()}


def _rings(scores: Mapping[str, Score], used: Used) -> dict[str, Finding]:
    """Return findings on circular factors that two latents hold by their angle, by factor."""
    return {
        group[0]: Finding("ring", group, tuple(own), {"gap": gap})
        for group, (own, gap) in _subspaces(scores).items()
        if len(group) == 1
        and len(own) == 2
        and gap >= MIN_RING_GAP
        and (used is None or bool(used[own].all()))
    }


def _turned_groups(scores: Mapping[str, Score]) -> dict[str, Finding]:
    """Return findings on groups that are rotated in their latents, by factor, without geometry."""
    return {
        name: Finding("turned-group", group, tuple(own), {"gap": gap})
        for group, (own, gap) in _subspaces(scores).items()
        for name in group
        if len(group) > 1 and gap >= MIN_ROTATED_GAP
    }


def _nowhere(missing: Sequence[str], scores: Mapping[str, Score], used: Used) -> list[Finding]:
    """Report factors that no latent holds, even if a classifier can read them from all latents."""
    read = scores["infoe"].details["by_factor"] if "infoe" in scores else {}
    mixed = [name for name in missing if read.get(name, 0.0) >= MIN_HELD_SHARE]
    absent = tuple(name for name in missing if name not in mixed)
    found = [Finding("mixed", (name,), values={"share": read[name]}) for name in mixed]
    crowded = used is not None and bool(used.all())
    return found + ([Finding("crowded-out" if crowded else "missing", absent)] if absent else [])


def _shared(places: Mapping[str, int]) -> list[Finding]:
    """Report latents that hold several factors."""
    names = {latent: [n for n, k in places.items() if k == latent] for latent in places.values()}
    return [
        Finding("shared", tuple(own), (latent,)) for latent, own in names.items() if len(own) > 1
    ]
