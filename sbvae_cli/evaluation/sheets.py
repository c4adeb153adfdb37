"""How the sheet of two factors lies in latent space, in words."""

from collections.abc import Mapping

from sbvae_cli.evaluation.advice import Advice
from sbvae_cli.evaluation.result import PairGeometry, abbreviate

FLAT = 0.9  # affine_r2 and inverse_r2 of a pair of factors that is turned or slanted
OTHERS = 0.3  # of two latents' variance that other factors and noise may have
LUCK = 0.1  # affine_r2 of noise on a grid: on a smaller one sheets lie flat by chance
TURNED = 8.0  # degrees: a sheet that is turned by less is as good as upright
UPRIGHT = 75.0  # degrees between the axes of a sheet that is turned and not slanted
ONE_MIXTURE = 0.1  # affine_axis_ratio of two latents that carry hardly more than one
FOLDED = 0.1  # fold_fraction of a sheet that is not merely rough
TORN = 10.0  # times the median distance between neighbours


def is_flat(pair: PairGeometry) -> bool:
    """Whether the sheet is straight, and what else moves its latents does not outweigh it."""
    straight = pair.scores["affine_r2"]
    if straight is None or pair.within > OTHERS:
        return False
    return bool(min(straight, pair.scores["inverse_r2"]) >= FLAT)


def turned_sheet(name: str, geometry: Mapping[str, PairGeometry]) -> PairGeometry | None:
    """The flattest turned sheet of a factor and another."""
    turned = [
        pair
        for pair in geometry.values()
        if name in pair.names
        and is_flat(pair)
        and pair.luck <= LUCK
        and (pair.scores["axis_turn_degrees"] or 0.0) >= TURNED
    ]
    return max(turned, key=lambda pair: float(pair.scores["affine_r2"]), default=None)


def say_turned(pair: PairGeometry, advice: Advice) -> str:
    """A sentence on a flat sheet: turned alone, or slanted too."""
    flat = (
        f"{pair.names[0]} and {pair.names[1]} lie flat in latents {pair.choice.latents[0]} and "
        f"{pair.choice.latents[1]} (affine_r2 {pair.scores['affine_r2']:.2f})"
    )
    turn, angle = pair.scores["axis_turn_degrees"], pair.scores["axis_angle_degrees"]
    if angle >= UPRIGHT:
        return f"{flat}, only turned by {turn:.0f} degrees, which MIG punishes{advice.look}"
    return f"{flat}, but slanted: their axes cross at {angle:.0f} degrees; {advice.other}"


def collapsed_sheets(geometry: Mapping[str, PairGeometry], advice: Advice) -> dict[str, str]:
    """By factor, a sentence on the pair of which two latents carry one mixture alone."""
    sentences: dict[str, str] = {}
    for pair in geometry.values():
        straight = pair.scores["affine_r2"]
        if straight is None or straight < FLAT or pair.within > OTHERS or pair.dead:
            continue
        turn = pair.scores["axis_turn_degrees"] or 0.0
        if pair.scores["affine_axis_ratio"] <= ONE_MIXTURE and turn >= TURNED:
            sentence = (
                f"{' and '.join(pair.names)} are collapsed onto one mixture, in latents "
                f"{pair.choice.latents[0]} and {pair.choice.latents[1]} alike (inverse_r2 "
                f"{pair.scores['inverse_r2']:.2f}); {advice.other}"
            )
            sentences |= dict.fromkeys(pair.names, sentence)
    return sentences


def folded_sheets(
    found: Mapping[str, int], geometry: Mapping[str, PairGeometry], advice: Advice
) -> list[str]:
    """Pairs of factors that have a latent each, in which their sheet is folded."""
    listed, worst = _worst("fold_fraction", FOLDED, found, geometry)
    if not listed:
        return []
    return [
        f"folded: {listed} (fold_fraction up to {worst:.2f}), so that settings that differ share "
        f"codes; {advice.other}"
    ]


def torn_sheets(
    found: Mapping[str, int], geometry: Mapping[str, PairGeometry], advice: Advice
) -> list[str]:
    """Pairs of factors that have a latent each, in which their sheet is torn."""
    listed, worst = _worst("tear", TORN, found, geometry)
    if not listed:
        return []
    return [f"torn: {listed} (tear up to {worst:.0f}): codes of neighbours jump; {advice.other}"]


def _worst(
    score: str, least: float, found: Mapping[str, int], geometry: Mapping[str, PairGeometry]
) -> tuple[str, float]:
    """Pairs in the latents of their factors that score so much, listed, and the largest score."""
    values = {
        " and ".join(pair.names): float(pair.scores[score] or 0.0)
        for pair in geometry.values()
        if not pair.dead
        and pair.within <= OTHERS
        and tuple(found.get(name) for name in pair.names) == pair.choice.latents
    }
    bad = {names: value for names, value in values.items() if value >= least}
    return abbreviate(list(bad), ", "), max(bad.values(), default=0.0)
