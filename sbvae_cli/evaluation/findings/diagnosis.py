"""Diagnose a model from its scores: places of factors, unused latents, unsuitable settings."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sbvae_cli.evaluation.findings.factors_in_latents import find_places, latents_to_see
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.findings.model import (
    ill_suited_likelihood,
    latents_in_use,
    use_of_latents,
)
from sbvae_cli.evaluation.findings.verdict import find_hidden_copies
from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.metrics.score import Score
from sbvae_cli.metrics.validate import Floats

if TYPE_CHECKING:  # loads torch, which user-supplied codes do not need
    from sbvae_cli.evaluation.rates import ImageRates

# Smallest difference of MIG between bins of equal frequency and of equal width.
_MIN_BINNING_DIFFERENCE = 0.2


def diagnose(
    scores: Mapping[str, Score],
    geometry: Mapping[str, PairGeometry],
    names: Sequence[str],
    rates: "ImageRates | None" = None,
    stds: Floats | None = None,
    with_model: bool = True,
) -> list[Finding]:
    """Find where factors are, unused latents, collapsed grids and unsuitable settings.

    Args:
        scores: Scores by name; `mig` says where the factors are.
        geometry: Geometry by pair of factors; says which pairs are rotated in their latents.
        names: Names of the factors.
        rates: Rates of training images; None if they were not computed.
        stds: Posterior stds, shape (N, K); None if unknown.
        with_model: Whether the codes come from a model that was trained here.
    """
    if rates is not None:
        stds = rates.stds
    used = None if stds is None else latents_in_use(stds)
    found = [] if used is None else use_of_latents(used, len(names), rates)
    if (used is None or used.any()) and "mig" in scores:
        found += find_places(scores, geometry, names, used)
        found += find_hidden_copies(geometry)
        found += latents_to_see(scores, geometry, used) if with_model else []
    return found + ([] if rates is None else ill_suited_likelihood(rates))


def contradictions(scores: Mapping[str, Score]) -> list[Finding]:
    """Find scores that contradict each other or are meaningless."""
    found = []
    of_votes = {name: scores[name] for name in ("factor_vae", "beta_vae") if name in scores}
    counted = {name: score for name, score in of_votes.items() if score.value is not None}
    if "factor_vae" in counted and not counted["factor_vae"].details["classifier"]:
        found.append(Finding("constant-guess"))
    missing = [each.details.get("not_voted_on", ()) for each in counted.values()]
    if any(missing):
        found.append(Finding("not-voted-on", tuple(missing[0]), values={"scores": list(counted)}))
    width, frequency = scores.get("mig"), scores.get("mig_quantile")
    if width is None or frequency is None or width.value is None or frequency.value is None:
        return found
    if frequency.value - width.value >= _MIN_BINNING_DIFFERENCE:
        values = {"mig": width.value, "mig_quantile": frequency.value}
        found.append(Finding("warped", values=values))
    return found
