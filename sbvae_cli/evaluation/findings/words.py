"""Sentences of all findings, for models that were trained here and for user-supplied codes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FindingText:
    """Sentence for the findings of one code.

    Texts are format strings. Their fields are the finding's values, `factors` and `latents`,
    `names` and `which` (these, separated by commas), `pair` and `both` (separated by "and"),
    `comma` and `sequence` (in the syntax of a command), `s` and `are` (plural forms), and `advice`.
    A command names the model as MODEL.

    Attributes:
        text: The sentence.
        advice: What to do about a model that was trained here, as arguments; and about codes.
        each: Format of a finding in a list; consecutive findings then make one sentence, with the
            list as `each` and the largest of their values.
        between: Separator of the list.
        all: Whether the list has every finding, instead of the first three.
        under: Code of the findings to whose list this one belongs.
        several: Sentence used instead of `text` if there are several pairs of factors.
    """

    text: str = ""
    advice: tuple[str, str] = ("", "")
    each: str = ""
    between: str = ", "
    all: bool = False
    under: str = ""
    several: str = ""


def _of_pairs(text: str, several: str = "") -> FindingText:
    return FindingText(text, each="{factors[0]},{factors[1]}", between=" ", several=several)


_SPREAD = (
    "train other seeds, or with `model=beta-vae` `beta=4`",
    "other seeds or a larger beta may separate it",
)
_OTHER = ("train longer, or other seeds", "longer training or other seeds may help")
_BLIND = "the model hardly uses its input images; train longer, or with {advice}"
_SMALLER = ("`model=beta-vae` `beta=0.5`", "a smaller beta")
_READ = ": read mig_subspace"
_SHARES = "latents {latents[0]} ({shares[0]:.0%}) and {latents[1]} ({shares[1]:.0%})"
_FLAT = "{pair} lie flat in latents {both} (affine_r2 {affine_r2:.2f}), "

DIAGNOSIS: dict[str, FindingText] = {
    "all-unused": FindingText("no latent is used: " + _BLIND, advice=_SMALLER),
    "no-kl": FindingText("no latent is used (KL {kl:.2g} nats): " + _BLIND, advice=_SMALLER),
    "uneven-use": FindingText(
        "in use: {used} of {of} latents, each on a tenth of the images or more; one image uses "
        "{average:.2f} on average (latents_used), and {by_mean} have a mean std below 0.5 "
        "(latents_used_by_mean)"
    ),
    "unused": FindingText(
        "unused, with almost no KL: latent{s} {which} of {latent_dim}; nothing to do"
    ),
    "many-used": FindingText(
        "{used} latents are used for {of} factors; {advice} may reduce them",
        advice=("`model=beta-vae` `beta=4`", "a larger beta"),
    ),
    "unknown": FindingText("too few rows to say which latents encode the factors; bring more"),
    "found": FindingText(
        "found (share of the factor's entropy): {each}",
        each="{names} in latent {which} ({share:.0%})",
        all=True,
    ),
    "ring": FindingText(each="{names} by the angle of latents {both}", under="found"),
    "turned": FindingText(
        _FLAT + "only rotated by {turn:.0f} degrees, which lowers MIG{advice}",
        advice=(": look at `sbvae geometry MODEL factors={comma} latents={sequence}`", _READ),
    ),
    "slanted": FindingText(
        _FLAT + "but slanted: their axes cross at {angle:.0f} degrees; {advice}", advice=_OTHER
    ),
    "turned-group": FindingText(
        "{pair} are rotated within latents {both} (mig_subspace at least {gap:.2f}), which lowers "
        "MIG{advice}",
        advice=(": look at `sbvae traverse MODEL latents={sequence}`", _READ),
    ),
    "also": FindingText(
        "latent {which} also encodes {names} ({share:.0%}), besides latents {beside[0]} and "
        "{beside[1]}, in which {names} lies flat with {other}; {advice}",
        advice=_SPREAD,
    ),
    "collapsed": FindingText(
        "{pair} are collapsed: latents {both} encode the same mixture of them (inverse_r2 "
        "{inverse_r2:.2f}); {advice}",
        advice=_OTHER,
    ),
    "copies": FindingText(
        "copies: latent{s} {which} also encode{verb} {pair} ({outside:.0%} of the information of "
        "all latents), so that moving {it} moves them; {advice}",
        advice=_SPREAD,
    ),
    "copied": FindingText(
        "{names} is equally in " + _SHARES + ", so that MIG counts neither; {advice}",
        advice=_SPREAD,
    ),
    "spread": FindingText("{names} is spread over " + _SHARES + "; {advice}", advice=_SPREAD),
    "partial": FindingText(
        "{names} is partly in latent {which} ({share:.0%}); {advice}", advice=_OTHER
    ),
    "mixed": FindingText(
        "mixed into many latents, from which a linear classifier predicts them: {each}; other "
        "seeds may separate them",
        each="{names} ({share:.0%})",
        all=True,
    ),
    "missing": FindingText(
        "in no single latent: {names}; {advice}",
        advice=(
            "train longer, or with `model=beta-vae` `beta=0.5`",
            "longer training or a smaller beta may find it",
        ),
    ),
    "crowded-out": FindingText(
        "in no single latent: {names}; {advice}",
        advice=(
            "train longer, or with more `latent_dim`",
            "longer training or more latents may find it",
        ),
    ),
    "shared": FindingText("latent {which} encodes both {pair}; {advice}", advice=_OTHER),
    "folded": FindingText(
        "folded: {each} (fold_fraction up to {fold_fraction:.2f}), so that different values "
        "share codes; {advice}",
        advice=_OTHER,
        each="{pair}",
    ),
    "torn": FindingText(
        "torn: {each} (tear up to {tear:.0f}): codes of some neighbours are far apart; {advice}",
        advice=_OTHER,
        each="{pair}",
    ),
    "to-see": FindingText("see them with `sbvae traverse MODEL latents={sequence}`"),
    "loose-variance": FindingText(
        "the Gaussian's variance is {variance:g}, that of the residuals {residuals:.2g}, which "
        "acts as a beta of {beta:.0f}; try `likelihood=learned-gaussian` if details are missing"
    ),
    "grey": FindingText(
        "{entropy:,.0f} of the {nll:,.0f} nats of Bernoulli NLL are the entropy of grey pixels, "
        "which no model can avoid; compare differences of NLL, or train with "
        "`likelihood=gaussian`"
    ),
    "saturated": FindingText(
        "{share:.1%} of the outputs are saturated: black or white where the image is not; train "
        "longer at a smaller `lr`"
    ),
}

_FEW = (
    "{rows:,} images are few for {bins} bins times {classes} classes: scores that count them "
    "(mig and its variants, modularity) overestimate the information of latents"
)
NOTES: dict[str, FindingText] = {
    "unnamed-present": FindingText(
        "the array present is not read: make it a column of factors, with present as its name in "
        "names"
    ),
    "unread": FindingText(
        "arrays that are not read: {each}; those that are: {read}", each="{array}"
    ),
    "swapped": FindingText(
        "codes have few different values, all integers, and factors many, as if the two arrays "
        "were swapped; if they are, swap them"
    ),
    "constant-factors": FindingText("left out because they are constant here: {names}"),
    "without": FindingText("without {listed}: {why}"),
    "without-boosting": FindingText(
        "without dci, whose gradient boosting may take minutes: `metrics=dci` computes it, "
        "`metrics=dci-fast` a substitute within seconds"
    ),
    "few-images": FindingText("{data} has {images:,} images, not {wanted:,}"),
    "some-rows": FindingText("{rows:,} of {of:,} rows, taken at random"),
    "test-rows": FindingText(
        "classifiers are fitted to {rows:,} rows and tested on {test:,} others"
    ),
    "half-votes": FindingText(
        "{scores}: votes share rows; those of one half train, those of the other score"
    ),
    "rgb-votes": FindingText(
        "{scores}: votes share the {whose} images, since others of one red, green or blue are "
        "not rendered"
    ),
    "slow-votes": FindingText(
        "{scores}: votes share the {whose} images, since single ones are slow to read from this "
        "file"
    ),
    "undrawn-votes": FindingText(
        "{scores}: votes share the {whose} images, since none can be rendered"
    ),
    "not-voted-on": FindingText(
        "{scores}: no votes are on {names}, since no two images of either half share a value; "
        "chance is that of the other factors"
    ),
    "constant-guess": FindingText(
        "factor_vae: no latent's means have a std large enough to win a vote; the score is that "
        "of a constant guess"
    ),
    "hsv-geometry": FindingText("geometry is of hue, saturation and value, as the data have them"),
    "kinds": FindingText(
        "geometry with {names}: kinds have no order, so the scores depend on their numbers"
    ),
    "no-pair": FindingText("without geometry of {pair}: {why}"),
    "few-points": _of_pairs(
        "{pair}: so few points that noise has an affine_r2 of {chance:.2f}, or more if the latents "
        "are chosen from many",
        "geometry of {each}: so few points that noise has an affine_r2 of up to {chance:.2f}, "
        "or more if the latents are chosen from many",
    ),
    "still": _of_pairs(
        "{pair}: means with a small std count as constant: latent{s} {both}",
        "geometry of {each}: a latent whose means have a small std counts as constant",
    ),
    "circular": _of_pairs(
        "{pair}: one is circular, so only inverse_r2 and tear are computed",
        "geometry of {each}: circular, so only inverse_r2 and tear are computed",
    ),
    "scattered": _of_pairs(
        "{pair}: the images form no grid but {layout} without neighbours: fold_fraction, "
        "tear, monotone_r2 and heldout_area_ratio are not computed",
        "geometry of {each}: the images form no grid but points without neighbours: "
        "fold_fraction, tear, monotone_r2 and heldout_area_ratio are not computed",
    ),
    "part-grid": _of_pairs(
        "{pair}: {missing:,} points of the grid have no image; scores are over the others",
        "geometry of {each}: up to {missing:,} points of the grid have no image; scores are over "
        "the others",
    ),
    "free": _of_pairs(
        "{pair}: {others} {vary} among these images too, which blurs the points; "
        "information_outside is not computed (`at` of `sbvae geometry` fixes a factor)",
        "geometry of {each}: other factors vary among these images too, which blurs the points; "
        "information_outside is not computed",
    ),
    "binned": FindingText(
        "{names} {are} continuous and cut into {bins} bins: scores that need classes depend on "
        "the bins"
    ),
    "guessed": FindingText(
        "kinds of factors are guessed from their values: {each}; an array kinds, with levels or "
        "range for each factor, states them",
        each="{names} {kind}",
        all=True,
    ),
    "constant-codes": FindingText("every latent is constant: the scores have no meaning"),
    "dead": FindingText(
        "latents whose means have a small std, which geometry, mig_subspace and votes leave out: "
        "{which}"
    ),
    "constant-latents": FindingText("modularity counts {count} constant latents as 0"),
    "far-codes": FindingText(
        "codes far from the others in latent {which} dominate the scores that depend on scale "
        "(mig, mig_subspace, votes, irs, geometry)"
    ),
    "far-values": FindingText(
        "most values of {names} share one of {bins} bins, since a few are far from the others"
    ),
    "dependent": FindingText(
        "factors that depend on each other, so that a latent of one has information on both: "
        "{each}",
        each="{pair} ({share:.0%})",
    ),
    "few-to-pair": FindingText(
        "latent_mutual_information is over {rows:,} images, few for {bins} times {bins} bins: "
        "independent latents seem to share information"
    ),
    "few-to-count": FindingText(_FEW),
    "too-few-to-count": FindingText(_FEW + ", and no interval shows by how much"),
    "fine-levels": FindingText(
        "mig is below 1 if a factor has more levels than a latent's {bins} bins: {each}",
        each="{names} ({levels})",
        between=" ",
    ),
    "warped": FindingText(
        "mig is {mig:.2f} in bins of equal width, {mig_quantile:.2f} in bins of equal frequency: "
        "latents are warped, or a few codes are far from the others; read mig_quantile"
    ),
    "no-udr": FindingText("udr is 0: no latent is informative, the largest KL is {kl:.2g} nats"),
}
