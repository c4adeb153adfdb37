"""Claims that the paper makes with a figure or table, in a form that can be tested on runs."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from sbvae_cli.config.frozen import Frozen
from sbvae_cli.config.score_names import requested_score
from sbvae_cli.errors import SbvaeError

Settings = Mapping[str, Any]
Share = Annotated[float, Field(gt=0, le=1)]


class _ScoreTest(Frozen):
    """Base of tests on one score.

    Attributes:
        score: Name of the score, such as `mig` or `x,y:affine_r2`.
    """

    score: str

    @field_validator("score", "shown_by", check_fields=False)
    @classmethod
    def _known(cls, score: str) -> str:
        try:
            requested_score(score)
        except SbvaeError as error:
            raise ValueError(error.line) from error
        return score


class _ComparisonTest(_ScoreTest):
    """Base of tests that compare two kinds of runs, stratified by settings that vary in both.

    Attributes:
        higher: Settings of the runs that should have the higher values, such as
            `model.decoder.kind`; `depth` and `mlp_depth` are the decoder's, as counted by `sbvae
            train`.
        lower: Settings of the runs that should have the lower values.
    """

    higher: Settings
    lower: Settings

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.higher == self.lower:
            raise ValueError("higher and lower are the same runs; name settings that differ")
        return self


class Ordering(_ComparisonTest):
    """Test that some runs have higher values than others.

    Attributes:
        equal_will_do: Whether the claim is only that the first runs are not lower, as in "does no
            harm"; they may then be slightly lower.
    """

    equal_will_do: bool = False


class Hidden(_ComparisonTest):
    """Test that a score does not show a difference which another score shows.

    Attributes:
        shown_by: Score that shows the difference: the runs of `higher` have the higher values.
    """

    shown_by: str


class Trend(_ScoreTest):
    """Test that values rise or fall along a setting.

    Attributes:
        along: Name of the setting, whose values are numbers.
        direction: Whether the score rises or falls as the setting grows.
        of: Settings of the runs in the test; empty for all runs.
    """

    along: str
    direction: Literal["rises", "falls"]
    of: Settings = Field(default_factory=dict)


class Value(_ScoreTest):
    """Test that the mean over replicas is the paper's, for runs with the paper's settings.

    Attributes:
        of: Settings of the runs in the test; empty for all runs.
        paper: Key of the paper's number, such as `table-5/3-layer/mig`.
    """

    of: Settings = Field(default_factory=dict)
    paper: str


class Threshold(_ScoreTest):
    """Test that replicas reach a value, our reading of words such as "nearly linear".

    Attributes:
        of: Settings of the runs in the test; empty for all runs.
        at_least: Smallest value that counts as reached.
        at_most: Largest value that counts as reached.
        share: Share of the replicas that must reach it, in (0, 1]; 1 for "even the worst".
        runs: Number of replicas that must reach it, instead of a share, for "there are some".
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
    """A claim of the paper, with one test, or with the reason in `why` for having none.

    Attributes:
        id: Identifier of the claim within its recipe, such as `flat-through-the-hole`.
        says: The claim in our own words, as a sentence without a full stop.
        where: Figure, table or section of the paper.
        paper: Keys of the paper's numbers to print beside ours, such as `table-5/3-layer/mig`.
        ordering: Test that some runs have higher values than others.
        hidden: Test that a score does not show a difference which another score shows.
        trend: Test that values rise or fall along a setting.
        value: Test that a mean is the paper's.
        threshold: Test that replicas reach a value.
        why: Why there is no test, or what the test does not show.
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
        """Test of the claim; None if it has none."""
        return self.ordering or self.hidden or self.trend or self.value or self.threshold
