"""How the grids of two factors lie in latent space."""

from collections.abc import Mapping, Sequence

from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.pair_geometry import PairGeometry

FLAT = 0.9  # affine_r2 and inverse_r2 of a pair of factors that is turned or slanted
OTHERS = 0.3  # of two latents' variance that other factors and noise may have
BY_CHANCE = 0.1  # affine_r2 of noise on a grid: on a smaller one grids lie flat by chance
TURNED = 8.0  # degrees: a grid that is turned by less is as good as upright
UPRIGHT = 75.0  # degrees between the axes of a grid that is turned and not slanted
ONE_MIXTURE = 0.1  # affine_axis_ratio of two latents that carry hardly more than one
FOLDED = 0.1  # fold_fraction of a grid that is not merely rough
SHRUNK = 0.5  # heldout_area_ratio of a hole that has not half of its area
TORN = 10.0  # times the median distance between neighbours


def is_flat(pair: PairGeometry) -> bool:
    """Whether the grid is straight, and what else moves its latents does not outweigh it."""
    straight = pair.scores["affine_r2"]
    if straight is None or pair.within > OTHERS:
        return False
    return bool(min(straight, pair.scores["inverse_r2"]) >= FLAT)


def flattest_turned(name: str, geometry: Mapping[str, PairGeometry]) -> PairGeometry | None:
    """The flattest grid of a factor and another that is turned."""
    turned = [
        pair
        for pair in geometry.values()
        if name in pair.names
        and is_flat(pair)
        and pair.chance_r2 <= BY_CHANCE
        and (pair.scores["axis_turn_degrees"] or 0.0) >= TURNED
    ]
    return max(turned, key=lambda pair: float(pair.scores["affine_r2"]), default=None)


def flat(pair: PairGeometry) -> Finding:
    """A flat grid: turned alone, or slanted too."""
    angle = pair.scores["axis_angle_degrees"]
    return _of(
        pair,
        "turned" if angle >= UPRIGHT else "slanted",
        affine_r2=pair.scores["affine_r2"],
        turn=pair.scores["axis_turn_degrees"],
        angle=angle,
    )


def collapsed(geometry: Mapping[str, PairGeometry]) -> dict[str, Finding]:
    """By factor, the pair of which two latents carry one mixture alone."""
    found: dict[str, Finding] = {}
    for pair in geometry.values():
        straight = pair.scores["affine_r2"]
        if straight is None or straight < FLAT or pair.within > OTHERS or pair.dead:
            continue
        turn = pair.scores["axis_turn_degrees"] or 0.0
        if pair.scores["affine_axis_ratio"] <= ONE_MIXTURE and turn >= TURNED:
            finding = _of(pair, "collapsed", inverse_r2=pair.scores["inverse_r2"])
            found |= dict.fromkeys(pair.names, finding)
    return found


def folded_and_torn(
    places: Mapping[str, int], geometry: Mapping[str, PairGeometry]
) -> list[Finding]:
    """Pairs of factors that have a latent each, in which their grid is folded, then torn ones."""
    own = [
        pair
        for pair in geometry.values()
        if not pair.dead
        and pair.within <= OTHERS
        and tuple(places.get(name) for name in pair.names) == pair.choice.latents
    ]
    return [
        _of(pair, code, **{score: pair.scores[score]})
        for code, score, least in (("folded", "fold_fraction", FOLDED), ("torn", "tear", TORN))
        for pair in own
        if (pair.scores[score] or 0.0) >= least
    ]


def cautions(pairs: Sequence[PairGeometry]) -> list[Finding]:
    """What the geometry scores do not say themselves."""
    return [
        *(
            Finding("few-points", p.names, (), {"pairs": len(pairs), "chance": p.chance_r2})
            for p in pairs
            if p.chance_r2 > BY_CHANCE
        ),
        *(Finding("still", p.names, p.dead, {"pairs": len(pairs)}) for p in pairs if p.dead),
        *(
            Finding("circular", p.names, (), {"pairs": len(pairs)})
            for p in pairs
            if p.scores["affine_r2"] is None
        ),
    ]


def layout_findings(pairs: Sequence[PairGeometry]) -> list[Finding]:
    """How the images of pairs lie in their factors, and which scores that leaves out."""

    def of(code: str, pair: PairGeometry, **values: object) -> Finding:
        return Finding(code, pair.names, (), {"pairs": len(pairs), **values})

    return [
        *(of("scattered", p, layout=p.layout) for p in pairs if p.shape is None),
        *(of("part-grid", p, missing=p.missing) for p in pairs if p.shape and p.missing),
        *(
            of("free", p, others=list(p.free), vary="varies" if len(p.free) == 1 else "vary")
            for p in pairs
            if p.free
        ),
    ]


def _of(pair: PairGeometry, code: str, **values: float) -> Finding:
    return Finding(code, pair.names, pair.choice.latents, values)
