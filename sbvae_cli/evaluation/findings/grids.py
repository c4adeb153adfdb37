"""Classify the grids of two factors in latent space."""

from collections.abc import Mapping, Sequence

from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.pair_geometry import PairGeometry

MIN_FLAT_R2 = 0.9  # smallest affine_r2 and inverse_r2 of a flat grid
MAX_OTHER_VARIANCE = 0.3  # largest share of two latents' variance from other factors and noise
# Largest affine_r2 of noise on a grid: with fewer points, grids are flat by chance.
MAX_CHANCE_R2 = 0.1
MIN_TURN_DEGREES = 8.0  # degrees: a grid that is rotated by less counts as axis-aligned
# Smallest angle in degrees between the axes of a rotated grid that is not slanted.
MIN_UPRIGHT_DEGREES = 75.0
# Largest affine_axis_ratio of two latents that carry little more than one mixture.
MAX_MIXTURE_RATIO = 0.1
MIN_FOLD_FRACTION = 0.1  # smallest fold_fraction of a folded grid
MAX_SHRUNK_RATIO = 0.5  # a hole with a smaller heldout_area_ratio has shrunk
MIN_TORN_DISTANCE = 10.0  # smallest distance of torn neighbours, in medians


def is_flat(pair: PairGeometry) -> bool:
    """Return whether the grid is flat, and other factors move its latents only little."""
    straight = pair.scores["affine_r2"]
    if straight is None or pair.within > MAX_OTHER_VARIANCE:
        return False
    return bool(min(straight, pair.scores["inverse_r2"]) >= MIN_FLAT_R2)


def flattest_turned(name: str, geometry: Mapping[str, PairGeometry]) -> PairGeometry | None:
    """Return the flattest grid of a factor with another one that is rotated, or None."""
    turned = [
        pair
        for pair in geometry.values()
        if name in pair.names
        and is_flat(pair)
        and pair.chance_r2 <= MAX_CHANCE_R2
        and (pair.scores["axis_turn_degrees"] or 0.0) >= MIN_TURN_DEGREES
    ]
    return max(turned, key=lambda pair: float(pair.scores["affine_r2"]), default=None)


def flat(pair: PairGeometry) -> Finding:
    """Report a flat grid as rotated or slanted."""
    angle = pair.scores["axis_angle_degrees"]
    return _of(
        pair,
        "turned" if angle >= MIN_UPRIGHT_DEGREES else "slanted",
        affine_r2=pair.scores["affine_r2"],
        turn=pair.scores["axis_turn_degrees"],
        angle=angle,
    )


def collapsed(geometry: Mapping[str, PairGeometry]) -> dict[str, Finding]:
    """Return findings on pairs whose two latents both carry one mixture of them, by factor."""
    found: dict[str, Finding] = {}
    for pair in geometry.values():
        straight = pair.scores["affine_r2"]
        if (
            straight is None
            or straight < MIN_FLAT_R2
            or pair.within > MAX_OTHER_VARIANCE
            or pair.dead
        ):
            continue
        turn = pair.scores["axis_turn_degrees"] or 0.0
        if pair.scores["affine_axis_ratio"] <= MAX_MIXTURE_RATIO and turn >= MIN_TURN_DEGREES:
            finding = _of(pair, "collapsed", inverse_r2=pair.scores["inverse_r2"])
            found |= dict.fromkeys(pair.names, finding)
    return found


def folded_and_torn(
    places: Mapping[str, int], geometry: Mapping[str, PairGeometry]
) -> list[Finding]:
    """Report pairs of factors with a latent each whose grid is folded there, then torn ones."""
    own = [
        pair
        for pair in geometry.values()
        if not pair.dead
        and pair.within <= MAX_OTHER_VARIANCE
        and tuple(places.get(name) for name in pair.names) == pair.choice.latents
    ]
    return [
        _of(pair, code, **{score: pair.scores[score]})
        for code, score, least in (
            ("folded", "fold_fraction", MIN_FOLD_FRACTION),
            ("torn", "tear", MIN_TORN_DISTANCE),
        )
        for pair in own
        if (pair.scores[score] or 0.0) >= least
    ]


def cautions(pairs: Sequence[PairGeometry]) -> list[Finding]:
    """Report limits of the geometry scores."""
    return [
        *(
            Finding("few-points", p.names, (), {"pairs": len(pairs), "chance": p.chance_r2})
            for p in pairs
            if p.chance_r2 > MAX_CHANCE_R2
        ),
        *(Finding("still", p.names, p.dead, {"pairs": len(pairs)}) for p in pairs if p.dead),
        *(
            Finding("circular", p.names, (), {"pairs": len(pairs)})
            for p in pairs
            if p.scores["affine_r2"] is None
        ),
    ]


def layout_findings(pairs: Sequence[PairGeometry]) -> list[Finding]:
    """Report how the images of each pair are arranged, which leaves some scores out."""

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
