"""A figure or table of the paper as a recipe: what is trained, scored and drawn, and its claims."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, model_validator

from sbvae_cli.config.frozen import Frozen
from sbvae_cli.config.model import FinitePositive
from sbvae_cli.config.names import ChartKind, ProtocolName, Rank, TierName
from sbvae_cli.recipes.claims import Claim, Settings

FileName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*\.(png|md)$")]
OrderedBy = Literal["mig", "neg_elbo"]  # scores that order replicas
Pick = Rank | Annotated[int, Field(ge=0)]  # of replicas: by a score, or a seed


class Tier(Frozen):
    """How much of a recipe is trained.

    Attributes:
        settings: Settings that are laid over those of the recipe, a tree of sections.
        grid: Grid in place of the recipe's; None where it is the same.
        replicas: Number of seeds of each combination, from 0 on.
        protocol: Sample sizes of the scores.
        core_hours: What training takes on the core of a laptop, in hours, to a digit or so.
        note: How this differs from the paper, or what the paper does not say.
    """

    settings: dict[str, Any] = Field(default_factory=dict)
    grid: dict[str, Any] | tuple[dict[str, Any], ...] | None = None
    replicas: PositiveInt
    protocol: ProtocolName = "paper"
    core_hours: FinitePositive
    note: str = ""


class _Picture(Frozen):
    """A picture or table of a recipe's runs.

    Attributes:
        file: Name of its file.
    """

    file: FileName


class GeometryPicture(_Picture):
    """Two factors in the latents of replicas, as `sbvae geometry` draws them (Figure 7).

    Attributes:
        of: Settings of the runs that it shows, as claims have them; all runs where empty.
        by: Score that the replicas are ordered by.
        replica: Which are drawn.
    """

    kind: Literal["geometry"]
    of: Settings = Field(default_factory=dict)
    by: OrderedBy = "mig"
    replica: tuple[Pick, ...] = ("worst", "best")


class MigPicture(_Picture):
    """MIG over seeds, as `sbvae figure mig` draws it (Figure 2, left).

    Attributes:
        chart: Bars that count runs, or a dot for each.
    """

    kind: Literal["mig"]
    chart: ChartKind = "histogram"


class ScoresPicture(_Picture):
    """Any scores over seeds, as `sbvae figure scores` draws them.

    Attributes:
        scores: Names of scores, a panel each.
    """

    kind: Literal["scores"]
    scores: Annotated[tuple[str, ...], Field(min_length=1)]


class RateDistortionPicture(_Picture):
    """NLL against KL and MIG over beta, as `sbvae figure rate-distortion` draws them (Figure 4)."""

    kind: Literal["rate-distortion"]


class TablePicture(_Picture):
    """Mean and std of the paper's scores, as `sbvae figure table` writes them (Tables 5 to 10)."""

    kind: Literal["table"]


class TraversalPicture(_Picture):
    """Sweeps of latents, as `sbvae traverse` draws them (Figure 2, right).

    Attributes:
        of: Settings of the runs that it shows, as claims have them; all runs where empty.
        by: Score that replicas of a setting are ordered by.
        replica: Which of each setting are drawn, side by side.
        top: Number of latents, by smallest variance.
        start_images: Numbers of the images that sweeps start from; the first one where empty.
    """

    kind: Literal["traversal"]
    of: Settings = Field(default_factory=dict)
    by: OrderedBy = "mig"
    replica: tuple[Pick, ...] = ("median",)
    top: PositiveInt = 8
    start_images: tuple[Annotated[int, Field(ge=0)], ...] = ()


Picture = Annotated[
    GeometryPicture
    | MigPicture
    | ScoresPicture
    | RateDistortionPicture
    | TablePicture
    | TraversalPicture,
    Field(discriminator="kind"),
]


class Recipe(Frozen):
    """A figure or table of the paper.

    Attributes:
        name: What it is called on the command line, as `figure-8`.
        title: What it is about, in a few words.
        shows: What of the paper it shows, as "Figure 8".
        section: Where the paper speaks of it.
        about: What it draws, in a sentence.
        also: Other names, of figures that are drawn along.
        settings: Settings that all its runs have, a tree of sections.
        grid: Values of others, as a sweep has them.
        metrics: What is scored; None is what the paper reports.
        tiers: How much is trained.
        pictures: What is drawn.
        values: Settings of the runs that rows of the paper are of, by the rows' keys, as
            `table-5/3-layer`; each number of a row is a claim.
        claims: What the paper says with it, in words.
    """

    name: str
    title: str
    shows: str
    section: str
    about: str
    also: tuple[str, ...] = ()
    settings: dict[str, Any] = Field(default_factory=dict)
    grid: dict[str, Any] | tuple[dict[str, Any], ...] | None = None
    metrics: tuple[str, ...] | None = None
    tiers: Mapping[TierName, Tier]
    pictures: Annotated[tuple[Picture, ...], Field(min_length=1)]
    values: Mapping[str, Settings] = Field(default_factory=dict)
    claims: Annotated[tuple[Claim, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check(self) -> "Recipe":
        for names in ([claim.id for claim in self.claims], [p.file for p in self.pictures]):
            twice = [name for name in names if names.count(name) > 1]
            if twice:
                raise ValueError(f"{twice[0]} stands there twice; give each its own name")
        missing = {"smoke", "lite", "full"} - set(self.tiers)
        if missing:
            raise ValueError(f"tiers.{min(missing)} is missing; give it replicas")
        return self
