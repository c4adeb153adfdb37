"""Everything that scores depend on beside the model and the data."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, get_args

from sbvae_cli.config.names import ColorBasis, Metric, Population, ProtocolName
from sbvae_cli.errors import SbvaeError, unknown_name

METRICS: tuple[Metric, ...] = get_args(Metric)
OF_THE_PAPER: tuple[Metric, ...] = ("rates", "mig", "factor-vae", "geometry")
FITTED: frozenset[Metric] = frozenset({"dci", "dci-fast", "sap", "explicitness"})
VOTES: frozenset[Metric] = frozenset({"factor-vae", "beta-vae"})
_TWO_LATENTS = ("mig", "dci", "dci-fast", "sap", "infomec", "unsupervised", "geometry")
_TWO_FACTORS = ("factor-vae", "beta-vae", "dci", "dci-fast", "modularity", "infomec", "geometry")
# Scores that stand in reports under other names than the metric that computes them.
_PARTS: Mapping[Metric, tuple[str, ...]] = {
    "rates": (
        *("neg_elbo", "nll", "kl", "nll_heldout", "kl_heldout", "nll_validation", "kl_validation"),
        *("latents_used", "latents_used_by_mean"),
    ),
    "mig": ("mig_quantile", "mig_subspace", "present_information"),
    "dci": ("dci_disentanglement", "dci_completeness", "dci_informativeness"),
    "dci-fast": ("dci_fast_disentanglement", "dci_fast_completeness", "dci_fast_informativeness"),
    "infomec": ("infom", "infoe", "infoc"),
    "unsupervised": (
        *("gaussian_total_correlation", "gaussian_wasserstein", "gaussian_wasserstein_normed"),
        "latent_mutual_information",
    ),
    "geometry": (
        *("affine_r2", "affine_r2_by_latent", "inverse_r2", "inverse_r2_by_factor"),
        *("similarity_r2", "monotone_r2", "monotone_r2_by_factor", "fold_fraction"),
        *("fold_fraction_heldout", "tear", "affine_axis_ratio", "axis_angle_degrees"),
        *("axis_turn_degrees", "support_nrmse", "heldout_nrmse", "heldout_ratio"),
        "heldout_area_ratio",
    ),
    "udr": ("udr_spearman", "udr_lasso"),
}
# `dci-fast` stands in for `dci`: who asks for all gets the number that others publish.
ALL: tuple[Metric, ...] = tuple(name for name in METRICS if name != "dci-fast")
OF_CODES: tuple[Metric, ...] = tuple(name for name in ALL if name not in ("rates", "udr"))


@dataclass(frozen=True)
class Protocol:
    """Sample sizes, bins and models of an evaluation.

    Attributes:
        metrics: What is asked for, if anything; None is what the paper reports, and lenient.
        population: Of the metrics that need factors: "full" is the whole factor space, held-out
            regions included, "train" the training distribution; neither has blank images.
        color_basis: Colours as the metrics see them: "hsv" or "rgb"; None as the data have them.
        seed: Of every image, posterior sample, vote, split and fit.
        name: "paper" has the 800 votes of the FactorVAE score's own paper (Kim and Mnih 2018),
            "dlib" the sample sizes of the study of 2018 (Locatello et al.), "quick" a fifth of the
            images. All else is that study's.
        lenient: Whether to leave out what the data do not allow, instead of refusing.
        groups: Of factors that `mig_subspace` takes together; None takes x and y together.
        images: Images of each population, fewer where a file has fewer.
        test_images: More images, to test what was fitted to the others.
        bins: Of each latent and of each continuous factor.
        votes_train: Votes that make the classifier of the FactorVAE and BetaVAE scores.
        votes_eval: Votes that these are scored on.
        vote_images: Images of a vote of the FactorVAE score, pairs of one of the BetaVAE score.
        grid: Points along each continuous factor, for the geometry scores.
    """

    metrics: tuple[Metric, ...] | None = None
    population: Population = "full"
    color_basis: ColorBasis | None = None
    seed: int = 0
    name: ProtocolName = "paper"
    lenient: bool = False
    groups: tuple[tuple[str, ...], ...] | None = None
    images: int = 10_000
    test_images: int = 5_000
    bins: int = 20
    votes_train: int = 800
    votes_eval: int = 800
    vote_images: int = 64
    grid: int = 32

    def as_dict(self) -> dict[str, Any]:
        """Plain containers for JSON."""
        plain = {name: value for name, value in asdict(self).items() if name != "lenient"}
        groups = None if self.groups is None else [list(group) for group in self.groups]
        return {**plain, "metrics": list(self.metrics or ()), "groups": groups}

    def pool(self, metrics: Collection[Metric]) -> int:
        """Images of the metrics of factors, those that test what was fitted included."""
        return self.images + (self.test_images if FITTED & set(metrics) else 0)


def possible_metrics(
    protocol: Protocol,
    latents: int,
    factors: Sequence[str],
    data: str,
    with_model: bool = True,
    of_geometry: Sequence[str] | None = None,
) -> tuple[tuple[Metric, ...], tuple[str, ...]]:
    """The metrics to compute, and a line on each that this data or model does not allow.

    Args:
        protocol: What is asked for.
        latents: Number of latents of the model.
        factors: That vary in the data.
        data: Its name, for messages.
        with_model: Whether there is a model beside the codes.
        of_geometry: Factors that geometry sees, where these are others.

    Raises:
        SbvaeError: If a metric that was asked for by name is not possible; says why.
    """
    possible: list[Metric] = []
    skipped: dict[str, list[Metric]] = {}
    for metric in OF_THE_PAPER if protocol.metrics is None else protocol.metrics:
        seen = factors if metric != "geometry" or of_geometry is None else of_geometry
        reason = _obstacle(metric, latents, seen, data, with_model)
        if reason is None:
            possible.append(metric)
        elif protocol.metrics is not None and not protocol.lenient:
            others = _listed([m for m in ALL if not _obstacle(m, latents, seen, data, with_model)])
            if metric in ("rates", "udr") or not others:
                raise SbvaeError(f"{metric} cannot be computed: {reason}")
            raise SbvaeError(f"{metric} cannot be computed: {reason}; these can: {others}")
        else:
            skipped.setdefault(reason, []).append(metric)
    lines = [f"without {_listed(metrics)}: {why}" for why, metrics in skipped.items()]
    return tuple(possible), tuple(lines)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _obstacle(
    metric: Metric, latents: int, factors: Sequence[str], data: str, with_model: bool
) -> str | None:
    if metric == "rates" and not with_model:
        return "they need a model"
    if metric == "udr":
        return "it compares models; name two checkpoints or more"
    if not factors and metric not in ("rates", "unsupervised"):
        return f"{data} has no factors that vary"
    if metric in _TWO_LATENTS and latents < 2:
        return f"it compares two latents, the model has {latents}"
    if metric in _TWO_FACTORS and len(factors) < 2:
        return f"it tells factors apart, and {data} varies in {factors[0]} alone"
    return None


def named_protocol(name: ProtocolName) -> Protocol:
    """The sample sizes of a protocol."""
    match name:
        case "paper":
            return Protocol()
        case "dlib":
            return replace(Protocol(), name=name, votes_train=10_000, votes_eval=5_000)
        case "quick":
            return replace(
                Protocol(),
                name=name,
                images=2_000,
                test_images=1_000,
                votes_train=200,
                votes_eval=200,
                grid=16,
            )


def parse_metrics(text: str) -> tuple[Metric, ...]:
    """Read `rates,mig`, or `all`, in capitals too.

    Raises:
        SbvaeError: If a name is that of a score, with the metric that computes it, or unknown, with
            the nearest one, or none is given.
    """
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    for name in names:
        if name in METRICS or name == "all":
            continue
        metric = _metric_of(name)
        if metric is not None:
            raise SbvaeError(f"{name} is computed by {metric}; write --metrics {metric}")
        raise unknown_name(name, [*METRICS, "all"], "metric")
    if not names:
        raise SbvaeError(f"--metrics names none; choose from {', '.join(METRICS)}, or all")
    return tuple(name for name in METRICS if name in names or ("all" in names and name in ALL))


def _metric_of(score: str) -> Metric | None:
    """The metric that computes a score of this name, or is spelt otherwise."""
    for metric in METRICS:
        if score in _PARTS.get(metric, ()) or score.replace("_", "-") == metric:
            return metric
    return None


def parse_groups(
    texts: Sequence[str], metrics: Collection[Metric] | None = None
) -> tuple[tuple[str, ...], ...] | None:
    """Read `x,y` of each `--group`.

    Args:
        texts: As the user wrote them.
        metrics: That are computed; None are those of a default, which has mig.

    Raises:
        SbvaeError: If one names fewer than two factors, or mig, which they are for, is not
            computed.
    """
    if texts and metrics is not None and "mig" not in metrics:
        raise SbvaeError(
            "--group is of mig_subspace, a part of mig; add mig to --metrics, or leave --group out"
        )
    groups = [tuple(name.strip() for name in text.split(",") if name.strip()) for text in texts]
    for text, group in zip(texts, groups, strict=True):
        if len(group) < 2:
            raise SbvaeError(f"--group {text}: names {len(group)} factors, a group has two or more")
    return tuple(groups) or None
