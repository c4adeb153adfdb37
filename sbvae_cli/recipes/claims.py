"""What the paper says with a figure or table, in a form that runs can be held against."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from sbvae_cli.config.frozen import Frozen
from sbvae_cli.config.score_names import wanted_score
from sbvae_cli.errors import SbvaeError

Settings = Mapping[str, Any]
Share = Annotated[float, Field(gt=0, le=1)]


class _OfScore(Frozen):
    """A test of one score.

    Attributes:
        score: Name of the score, as `mig` or `x,y:affine_r2`.
    """

    score: str

    @field_validator("score", "shown_by", check_fields=False)
    @classmethod
    def _known(cls, score: str) -> str:
        try:
            wanted_score(score)
        except SbvaeError as error:
            raise ValueError(error.line) from error
        return score


class _OfTwoSides(_OfScore):
    """A test of two kinds of runs; settings in which both differ alike are strata.

    Attributes:
        higher: Settings of the runs that have the higher values, as `model.decoder.kind`;
            `depth` and `mlp_depth` are the decoder's, as `sbvae train` counts them.
        lower: Settings of those that have the lower ones.
    """

    higher: Settings
    lower: Settings

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.higher == self.lower:
            raise ValueError("higher and lower are the same runs; name settings that differ")
        return self


class Ordering(_OfTwoSides):
    """Some runs have higher values than others.

    Attributes:
        equal_will_do: Whether it is said that the first ones are not lower, as in "does no harm";
            then they may be a little lower.
    """

    equal_will_do: bool = False


class Hidden(_OfTwoSides):
    """A score does not show a difference, though another score does.

    Attributes:
        shown_by: The score that shows it, in which the runs of `higher` have the higher values.
    """

    shown_by: str


class Trend(_OfScore):
    """Values rise or fall along a setting.

    Attributes:
        along: The setting, whose values are numbers.
        direction: Whether the score rises or falls as the setting grows.
        of: Settings of the runs that are looked at; all where empty.
    """

    along: str
    direction: Literal["rises", "falls"]
    of: Settings = Field(default_factory=dict)


class Value(_OfScore):
    """The mean over replicas is the paper's, which only the paper's settings can show.

    Attributes:
        of: Settings of the runs.
        paper: The paper's number, as `table-5/3-layer/mig`.
    """

    of: Settings = Field(default_factory=dict)
    paper: str


class Threshold(_OfScore):
    """A share of the replicas reaches a value: our reading of words such as "nearly linear".

    Attributes:
        of: Settings of the runs.
        at_least: Least value that will do.
        at_most: Largest value that will do.
        share: Share of the replicas that must have such a value; 1 is "even the worst".
        runs: Number of replicas that must have it, in place of a share, as of "there are some".
    """

    of: Settings = Field(default_factory=dict)
    at_least: float | None = None
    at_most: float | None = None
    share: Share = 1.0
    runs: PositiveInt | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("has no bound; give at_least or at_most")
        if self.runs is not None and self.share != 1:
            raise ValueError("has runs and share; give one of both")
        return self


Test = Ordering | Hidden | Trend | Value | Threshold
_TESTS = ("ordering", "hidden", "trend", "value", "threshold")


class Claim(Frozen):
    """Something that the paper says; it has one test, or says `why` it has none.

    Attributes:
        id: Name of the claim within its recipe, as `flat-through-the-hole`.
        says: What the paper says, in words of our own, a sentence without a full stop.
        where: Figure, table or section of the paper.
        paper: Numbers of the paper that are set beside ours, as `table-5/3-layer/mig`.
        ordering: Test that some runs have higher values than others.
        hidden: Test that a score does not show a difference, which another score shows.
        trend: Test that values rise or fall along a setting.
        value: Test that a mean is the paper's.
        threshold: Test that replicas reach a value.
        why: Why nothing is tested, or what the test does not show.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    says: str
    where: str
    paper: tuple[str, ...] = ()
    ordering: Ordering | None = None
    hidden: Hidden | None = None
    trend: Trend | None = None
    value: Value | None = None
    threshold: Threshold | None = None
    why: str = ""

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        given = [name for name in _TESTS if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"has {' and '.join(given)}; a claim has one test")
        if not given and not self.why:
            raise ValueError("has no test; give one, or say why there is none")
        return self

    @property
    def test(self) -> Test | None:
        """What runs are held against; None where nothing is tested."""
        return self.ordering or self.hidden or self.trend or self.value or self.threshold
