"""Schema of recipes: what to train, score and draw for a figure or table, and its claims."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, model_validator

from sbvae_cli.config.frozen import Frozen
from sbvae_cli.config.model import FinitePositive
from sbvae_cli.config.names import ChartKind, ProtocolName, Rank, TierName
from sbvae_cli.recipes.claims import Claim, Settings

FileName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*\.(png|md)$")]
OrderedBy = Literal["mig", "neg_elbo"]  # scores that can order replicas
Pick = Rank | Annotated[int, Field(ge=0)]  # a replica by rank in a score, or by seed


class Tier(Frozen):
    """Amount of training for a recipe.

    Attributes:
        settings: Settings that override those of the recipe, as a tree of sections.
        grid: Grid in place of the recipe's; None for the same one.
        replicas: Number of seeds of each combination, from 0 on.
        protocol: Sample sizes of the scores.
        core_hours: Approximate hours of training on one core of a laptop.
        note: Differences from the paper, or what the paper leaves open.
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
        file: Name of the file.
    """

    file: FileName


class GeometryPicture(_Picture):
    """Grid of two factors in the latents of replicas, drawn as by `sbvae geometry` (Figure 7).

    Attributes:
        of: Settings of the runs in the picture, as in claims; empty for all runs.
        by: Score that orders the replicas.
        replica: Ranks or seeds of the drawn replicas.
    """

    kind: Literal["geometry"]
    of: Settings = Field(default_factory=dict)
    by: OrderedBy = "mig"
    replica: tuple[Pick, ...] = ("worst", "best")


class MigPicture(_Picture):
    """MIG over seeds, drawn as by `sbvae figure mig` (Figure 2, left).

    Attributes:
        chart: Histogram of the runs, or one dot for each run.
    """

    kind: Literal["mig"]
    chart: ChartKind = "histogram"


class ScoresPicture(_Picture):
    """Scores over seeds, drawn as by `sbvae figure scores`.

    Attributes:
        scores: Names of scores, one for each panel.
    """

    kind: Literal["scores"]
    scores: Annotated[tuple[str, ...], Field(min_length=1)]


class RateDistortionPicture(_Picture):
    """NLL against KL and MIG over beta, drawn as by `sbvae figure rate-distortion` (Figure 4)."""

    kind: Literal["rate-distortion"]


class TablePicture(_Picture):
    """Mean and std of the paper's scores, as by `sbvae figure table` (Tables 5 to 10)."""

    kind: Literal["table"]


class TraversalPicture(_Picture):
    """Traversals of latents, drawn as by `sbvae traverse` (Figure 2, right).

    Attributes:
        of: Settings of the runs in the picture, as in claims; empty for all runs.
        by: Score that orders the replicas of a setting.
        replica: Ranks or seeds of the replicas of each setting that are drawn, side by side.
        top: Number of latents, those with the smallest variance.
        start_images: Numbers of the images from which traversals start; empty for the first image.
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
    """Recipe of a figure or table of the paper.

    Attributes:
        name: Name on the command line, such as `figure-8`.
        title: Subject in a few words.
        shows: Figure or table of the paper, such as "Figure 8".
        section: Section of the paper that discusses it.
        about: Description of what is drawn, in a sentence.
        also: Names of further figures that the recipe includes.
        settings: Settings of all runs, as a tree of sections.
        grid: Values of other settings, as in a sweep.
        metrics: Names of metrics; None for those that the paper reports.
        tiers: Amount of training in each tier.
        pictures: Pictures and tables to draw.
        values: Settings of the runs behind rows of the paper, by key of the row such as
            `table-5/3-layer`; each number of a row becomes a claim.
        claims: Claims of the paper in words.
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
                raise ValueError(f"{twice[0]} is there twice; give each its own name")
        missing = {"smoke", "lite", "full"} - set(self.tiers)
        if missing:
            raise ValueError(f"tiers.{min(missing)} is missing; give it replicas")
        return self
