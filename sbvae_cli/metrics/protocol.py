"""What scores depend on beside model and data, and which metrics these allow."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from sbvae_cli.config.metrics import ALL, IN_PAPER, MAX_LEVELS, METRICS
from sbvae_cli.config.names import ColorBasis, Population, ProtocolName
from sbvae_cli.errors import SbvaeError


@dataclass(frozen=True)
class Protocol:
    """Sample sizes, bins and models of an evaluation.

    Attributes:
        metrics: What is asked for, if anything; None is what the paper reports, and lenient.
        population: Images for the metrics that need factors: "full" is the whole factor space,
            held-out regions included, "train" the training distribution; neither has blank images.
        color_basis: Colours as the metrics see them: "hsv" or "rgb"; None as the data have them.
        seed: Root seed of every image, posterior sample, vote, split and fit.
        name: "paper" has the 800 votes of the FactorVAE score's own paper (Kim and Mnih 2018),
            "dlib" what the code of the study of 2018 (Locatello et al.) computes, sample sizes
            included, "quick" a fifth of the images. `BY_PROTOCOL` says where they differ.
        lenient: Whether to leave out what the data do not allow, instead of refusing.
        groups: Factors that `mig_subspace` takes together; None takes x and y together.
        images: Images of each population, fewer where a file has fewer.
        test_images: More images, to test what was fitted to the others.
        bins: Number of bins of each latent and of each continuous factor.
        votes_train: Votes that make the classifier of the FactorVAE and BetaVAE scores.
        votes_eval: Votes that these are scored on.
        vote_images: Images of a vote, which share the value of a factor.
        grid: Points along each continuous factor, for the geometry scores.
    """

    metrics: tuple[str, ...] | None = None
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

    @property
    def of_library(self) -> bool:
        """Whether to compute what the study's code computes, where that is not the better."""
        return self.name == "dlib"

    @property
    def most_levels(self) -> int | None:
        """Values of a factor that is not continuous; None for any number."""
        return None if self.of_library else MAX_LEVELS

    @property
    def votes(self) -> dict[str, int]:
        """Number of votes of either kind, by name."""
        return {"votes_train": self.votes_train, "votes_eval": self.votes_eval}

    def as_dict(self) -> dict[str, Any]:
        """Plain containers for JSON."""
        plain = {name: value for name, value in asdict(self).items() if name != "lenient"}
        groups = None if self.groups is None else [list(group) for group in self.groups]
        return {**plain, "metrics": list(self.metrics or ()), "groups": groups}

    def in_quick_sizes(self) -> Self:
        """As much of this as the protocol "quick" takes, and no more of anything."""
        quick = named_protocol("quick")
        sizes = ("images", "test_images", "votes_train", "votes_eval", "grid")
        return replace(
            self, **{size: min(getattr(self, size), getattr(quick, size)) for size in sizes}
        )

    def pool(self, metrics: Collection[str]) -> int:
        """Images of the metrics of factors, those that test what was fitted included."""
        fitted = any(METRICS[name].fitted for name in metrics)
        return self.images + (self.test_images if fitted else 0)


def possible_metrics(
    protocol: Protocol,
    latents: int,
    factors: Sequence[str],
    data: str,
    with_model: bool = True,
    of_geometry: Sequence[str] | None = None,
) -> tuple[tuple[str, ...], dict[str, list[str]]]:
    """The metrics to compute, and by reason those that this data or model does not allow.

    Args:
        protocol: What is asked for.
        latents: Number of latents of the model.
        factors: Names of the factors that vary in the data.
        data: Name of the data, for messages.
        with_model: Whether there is a model beside the codes.
        of_geometry: Factors that geometry sees, where these are others.

    Raises:
        SbvaeError: If a metric that was asked for by name is not possible; says why.
    """
    possible: list[str] = []
    skipped: dict[str, list[str]] = {}
    for metric in IN_PAPER if protocol.metrics is None else protocol.metrics:
        seen = factors if metric != "geometry" or of_geometry is None else of_geometry
        reason = _obstacle(metric, latents, seen, data, with_model)
        if reason is None:
            possible.append(metric)
        elif protocol.metrics is not None and not protocol.lenient:
            others = _listed([m for m in ALL if not _obstacle(m, latents, seen, data, with_model)])
            if METRICS[metric].source in ("model", "models") or not others:
                raise SbvaeError(f"{metric} cannot be computed: {reason}")
            raise SbvaeError(f"{metric} cannot be computed: {reason}; these can: {others}")
        else:
            skipped.setdefault(reason, []).append(metric)
    return tuple(possible), skipped


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _obstacle(
    name: str, latents: int, factors: Sequence[str], data: str, with_model: bool
) -> str | None:
    metric = METRICS[name]
    if metric.source == "model" and not with_model:
        return "they need a model"
    if metric.source == "models":
        return "it compares models; name two checkpoints or more"
    if not factors and metric.least_factors:
        return f"{data} has no factors that vary"
    if latents < metric.least_latents:
        return f"it compares two latents, the model has {latents}"
    if len(factors) < metric.least_factors:
        return f"it tells factors apart, and {data} varies in {factors[0]} alone"
    return None


def named_protocol(name: ProtocolName) -> Protocol:
    """The sample sizes of a protocol."""
    match name:
        case "paper":
            return Protocol()
        case "dlib":
            return Protocol(name=name, votes_train=10_000, votes_eval=5_000)
        case "quick":
            return Protocol(
                name=name,
                images=2_000,
                test_images=1_000,
                votes_train=200,
                votes_eval=200,
                grid=16,
            )
