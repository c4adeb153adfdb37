"""Names that the command line offers, as literals, without slow imports."""

from collections.abc import Iterable
from typing import Literal


def choice(names: Iterable[str]) -> str:
    """Join names to `a, b or c`."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


CirclesPreset = Literal[
    "xy", "xh", "rg", "xyh-small", "xyh-tiny",
    "xy-hole", "xy-corner", "xh-hole", "xh-corner", "rg-hole", "rg-corner",
    "xh-blank",
]  # fmt: skip
PROCEDURAL_DATASETS = ("circles:PRESET", "sprites", "room", "chairs")
ModelKind = Literal[
    "vae", "beta-vae", "factor-vae", "annealed-vae", "beta-tcvae", "dip-vae-i", "dip-vae-ii"
]
DecoderKind = Literal["broadcast", "deconv", "coordconv"]
LikelihoodKind = Literal["bernoulli", "gaussian", "learned-gaussian"]
Coordinates = Literal["linear", "shuffled", "cosine", "none"]
ScheduleKind = Literal["constant", "linear", "cyclic", "pulse"]
TotalCorrelationEstimator = Literal["stratified", "weighted"]
PaperDataset = Literal["circles", "sprites", "chairs", "room"]
Profile = Literal["paper", "quick"]
ThemeName = Literal["light", "dark"]  # of pictures
Fit = Literal["crop", "pad", "stretch"]
FactorKind = Literal["levels", "range"]
FactorDtype = Literal["float32", "float64"]
Frames = Literal["all", "first"]
Background = Literal["black", "white"]
Precision = Literal["auto", "fp32", "tf32", "bf16"]
Shuffle = Literal["windows", "all"]
Placement = Literal["auto", "device", "memory", "stream"]
Compilation = Literal["auto", "off"]
LearningRateSchedule = Literal["constant", "linear", "cosine"]
Population = Literal["train", "full", "heldout"]
ColorBasis = Literal["hsv", "rgb"]
Select = Literal["auto", "variance", "informative"]
GeometryScore = Literal["mig", "affine_r2", "neg_elbo"]  # score by which replicas are ordered
Rank = Literal["worst", "median", "best"]  # of a replica by its score
ChartKind = Literal["histogram", "strip"]
ProtocolName = Literal["paper", "dlib", "quick"]
TableFormat = Literal["terminal", "markdown", "latex", "csv"]
EngineName = Literal["local", "ray"]  # engine that runs the jobs of a sweep
TierName = Literal["smoke", "lite", "full"]  # size of a recipe
