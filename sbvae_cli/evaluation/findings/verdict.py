"""Verdict on the grid of two factors in two latents: collapsed, folded, torn, bent or flat.

A hole that has shrunk to less than half of its area gets its own verdict, as R2 hardly shows it.
"""

from collections.abc import Mapping

from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.findings.grids import (
    MAX_SHRUNK_RATIO,
    MIN_FLAT_R2,
    MIN_FOLD_FRACTION,
    MIN_TORN_DISTANCE,
    is_flat,
)
from sbvae_cli.evaluation.findings.sentences import sentences
from sbvae_cli.evaluation.findings.words import FindingText
from sbvae_cli.evaluation.pair_geometry import PairGeometry

# Share of the information of all latents from which other latents are said to have copies. In
# quick models, shuffling a third latent's codes over the grid changed 0.1 % of the images' variance
# where it had 3 or 7 %, and 39 and 52 % where it had 28 and 31 %.
MIN_COPIED_SHARE = 0.1
# Share of the information of all latents below which another latent is not named.
_MIN_NAMED_SHARE = 0.03

_WHERE = " of {pair} in latents {both}"
_DROWNED = " (other variation there is less than the posterior's own std)"
_USE = "{used} of {of} latents in use on the grid, information_outside {outside:.2f}"
VERDICTS: dict[str, FindingText] = {
    "point": FindingText("collapsed to a point: {lowest} {r2:.2f}" + _WHERE),
    "line": FindingText("collapsed to a line: {lowest} {r2:.2f}" + _WHERE),
    "drowned-point": FindingText(
        "collapsed to a point: {lowest} {r2:.2f}" + _WHERE + " (codes vary by less than the "
        "posterior's own std)"
    ),
    "drowned-line": FindingText("collapsed to a line: {lowest} {r2:.2f}" + _WHERE + _DROWNED),
    "straight-line": FindingText(
        "collapsed to a line: {lowest} {r2:.2f}" + _WHERE + " (affine_r2 {affine_r2:.2f} is that "
        "of the line)"
    ),
    "thin-line": FindingText(
        "collapsed to a line: affine_axis_ratio {affine_axis_ratio:.2f}" + _WHERE + " ({lowest} "
        "{r2:.2f} comes from faint variation beside it)"
    ),
    "folded": FindingText("folded: fold_fraction {fold_fraction:.2f}, {lowest} {r2:.2f}" + _WHERE),
    "torn": FindingText("torn: tear {tear:.0f}, {lowest} {r2:.2f}" + _WHERE),
    "bent": FindingText("bent: {lowest} {r2:.2f}" + _WHERE),
    "flat": FindingText("flat: {lowest} {r2:.3f}" + _WHERE),
    "hole-shrunk": FindingText(
        "flat except for the held-out region, which has shrunk: heldout_area_ratio "
        "{heldout_area_ratio:.2f}, {lowest} {r2:.3f}" + _WHERE
    ),
    "of-circular": FindingText(
        "{lowest} {r2:.2f}" + _WHERE + ", the only R2 defined for a circular factor"
    ),
    "in-use": FindingText(_USE),
    "copies": FindingText(
        _USE + ": latent{s} {which} also encode{verb} {pair}, so that moving {it} changes the image"
    ),
}
VERDICT_LABELS = {
    "point": "collapsed to a point",
    "line": "collapsed to a line",
    "drowned-point": "collapsed to a point",
    "drowned-line": "collapsed to a line",
    "straight-line": "collapsed to a line",
    "thin-line": "collapsed to a line",
    "hole-shrunk": "flat, hole shrunk",
}


def verdict(pair: PairGeometry) -> Finding:
    """Return the verdict on a grid with its lowest R2, since a line can have a high `affine_r2`."""
    of_both = {n: pair.scores[n] for n in ("inverse_r2", "affine_r2") if pair.scores[n] is not None}
    lowest = min(of_both, key=lambda name: float(of_both[name]))
    scores = {name: value for name, value in pair.scores.items() if isinstance(value, float)}
    values = {**scores, "lowest": lowest, "r2": of_both[lowest]}
    return Finding(_kind(pair, of_both), pair.names, pair.choice.latents, values)


def _kind(pair: PairGeometry, of_both: dict[str, float]) -> str:
    affine = of_both.get("affine_r2")
    if pair.extent != "sheet":
        if pair.extent == "point" or affine is None or affine < MIN_FLAT_R2:
            return f"drowned-{pair.extent}" if pair.drowned else pair.extent
        return "thin-line" if min(of_both.values()) >= MIN_FLAT_R2 else "straight-line"
    if affine is None:
        return "of-circular"
    if (pair.scores["fold_fraction"] or 0.0) >= MIN_FOLD_FRACTION:
        return "folded"
    if (pair.scores["tear"] or 0.0) >= MIN_TORN_DISTANCE:
        return "torn"
    if min(of_both.values()) < MIN_FLAT_R2:
        return "bent"
    area = pair.scores["heldout_area_ratio"]
    return "flat" if area is None or area >= MAX_SHRUNK_RATIO else "hole-shrunk"


def find_copies(pair: PairGeometry) -> Finding | None:
    """Report the number of latents in use on a grid, and other latents that encode its factors."""
    used, apart = pair.scores["latents_used"], pair.scores["information_outside"]
    if used is None or apart is None or pair.shares is None:
        return None
    others = [
        k
        for k, share in enumerate(pair.shares)
        if share >= _MIN_NAMED_SHARE and k not in pair.choice.latents
    ]
    several = len(others) > 1
    values = {
        "used": used,
        "of": len(pair.shares),
        "outside": apart,
        "verb": "" if several else "s",
        "it": "one" if several else "it",
    }
    # If no latent is in use, all have similar traces of the factors.
    code = "copies" if apart >= MIN_COPIED_SHARE and others and used else "in-use"
    return Finding(code, pair.names, tuple(others), values)


def find_hidden_copies(geometry: Mapping[str, PairGeometry]) -> list[Finding]:
    """Report factors that two latents hold while further latents encode them too.

    With several pairs, only flat ones are reported, and of those with equal further latents only
    the one on which these have most information.
    """
    found: dict[tuple[int, ...], Finding] = {}
    for pair in geometry.values():
        of_pair = find_copies(pair) if len(geometry) == 1 or is_flat(pair) else None
        if of_pair is None or of_pair.code != "copies":
            continue
        known = found.setdefault(of_pair.latents, of_pair)
        if of_pair.values["outside"] > known.values["outside"]:
            found[of_pair.latents] = of_pair
    return list(found.values())


def verdict_label(pair: PairGeometry) -> str:
    """Return the verdict as one or two words; "" for a circular factor that has not collapsed."""
    code, others = verdict(pair).code, find_copies(pair)
    own = "" if code == "of-circular" else VERDICT_LABELS.get(code, code)
    copied = "with copies" if others is not None and others.code == "copies" else ""
    return ", ".join(filter(None, [own, copied]))


def headlines(pair: PairGeometry) -> list[str]:
    """Return a line with the verdict, and one on the latents in use if stds are known."""
    found = [verdict(pair), find_copies(pair)]
    return sentences([each for each in found if each is not None], VERDICTS)
