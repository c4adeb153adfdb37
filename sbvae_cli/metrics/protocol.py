"""Settings of an evaluation, and the metrics that are possible for a model and data."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from sbvae_cli.config.metrics import ALL_METRICS, MAX_LEVELS, METRICS, PAPER_METRICS
from sbvae_cli.config.names import ColorBasis, Population, ProtocolName
from sbvae_cli.errors import SbvaeError


@dataclass(frozen=True)
class Protocol:
    """Metrics, sample sizes and bins of an evaluation.

    Attributes:
        metrics: Names of the requested metrics; None for those of the paper, where possible.
        population: Images for the metrics of factors: "full" for the whole factor space with
            held-out regions, "train" for the training distribution; both without blank images.
        color_basis: Basis of colours in the metrics, "hsv" or "rgb"; None for that of the data.
        seed: Root seed of images, posterior samples, votes, splits and fits.
        name: "paper" has the 800 votes of the FactorVAE score's own paper (Kim and Mnih 2018);
            "dlib" computes what the code of Locatello et al. (2018) computes, with its sample
            sizes; "quick" has a fifth of the images. `BY_PROTOCOL` lists the differences.
        lenient: Whether to leave out metrics that are not possible, instead of raising an error.
        groups: Pairs of factors for `mig_subspace`; None for x and y.
        images: Number of images of each population, at most those of a file.
        test_images: Number of further images, to test what was fitted to the others.
        bins: Number of bins of each latent and of each continuous factor.
        votes_train: Number of votes to train the classifier of the FactorVAE and BetaVAE scores.
        votes_eval: Number of votes to evaluate it on.
        vote_images: Number of images in a vote, which share the value of a factor.
        grid: Number of points along each continuous factor, for the geometry scores.
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
        """Whether to follow the code of Locatello et al. (2018) even if it is not the best."""
        return self.name == "dlib"

    @property
    def most_levels(self) -> int | None:
        """Largest number of levels of a factor that is not continuous; None for any number."""
        return None if self.of_library else MAX_LEVELS

    @property
    def votes(self) -> dict[str, int]:
        """Number of votes to train and to evaluate, by name."""
        return {"votes_train": self.votes_train, "votes_eval": self.votes_eval}

    def as_dict(self) -> dict[str, Any]:
        """Return the protocol as plain containers, for JSON."""
        plain = {name: value for name, value in asdict(self).items() if name != "lenient"}
        groups = None if self.groups is None else [list(group) for group in self.groups]
        return {**plain, "metrics": list(self.metrics or ()), "groups": groups}

    def in_quick_sizes(self) -> Self:
        """Return a copy whose sizes are at most those of the protocol "quick"."""
        quick = named_protocol("quick")
        sizes = ("images", "test_images", "votes_train", "votes_eval", "grid")
        return replace(
            self, **{size: min(getattr(self, size), getattr(quick, size)) for size in sizes}
        )

    def pool(self, metrics: Collection[str]) -> int:
        """Return the number of images for metrics of factors, with those that test fits."""
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
    """Return the metrics to compute, and by reason those that are not possible.

    Args:
        protocol: Requested metrics.
        latents: Number of latents of the model.
        factors: Names of the factors that vary in the data.
        data: Name of the data, for messages.
        with_model: Whether there is a model in addition to codes.
        of_geometry: Names of the factors for geometry, if they differ from `factors`.

    Raises:
        SbvaeError: If a requested metric is not possible and the protocol is not lenient.
    """
    possible: list[str] = []
    skipped: dict[str, list[str]] = {}
    for metric in PAPER_METRICS if protocol.metrics is None else protocol.metrics:
        seen = factors if metric != "geometry" or of_geometry is None else of_geometry
        reason = _obstacle(metric, latents, seen, data, with_model)
        if reason is None:
            possible.append(metric)
        elif protocol.metrics is not None and not protocol.lenient:
            others = _listed(
                [m for m in ALL_METRICS if not _obstacle(m, latents, seen, data, with_model)]
            )
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
        return "a model is needed"
    if metric.source == "models":
        return "it compares models; name two checkpoints or more"
    if not factors and metric.least_factors:
        return f"{data} has no factors that vary"
    if latents < metric.least_latents:
        return f"two latents are needed, the model has {latents}"
    if len(factors) < metric.least_factors:
        return f"several factors are needed, but only {factors[0]} varies in {data}"
    return None


def named_protocol(name: ProtocolName) -> Protocol:
    """Return the protocol of a name, with its sample sizes."""
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
