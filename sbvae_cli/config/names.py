"""The names that the command line offers, as literals; free of every import that takes time."""

from typing import Literal

CirclesPreset = Literal[
    "xy", "xh", "rg", "xyh-small", "xyh-tiny",
    "xy-hole", "xy-corner", "xh-hole", "xh-corner", "rg-hole", "rg-corner",
    "xh-blank",
]  # fmt: skip
ModelKind = Literal[
    "vae", "beta-vae", "factor-vae", "annealed-vae", "beta-tcvae", "dip-vae-i", "dip-vae-ii"
]
DecoderKind = Literal["broadcast", "deconv", "coordconv"]
LikelihoodKind = Literal["bernoulli", "gaussian", "learned-gaussian"]
Coordinates = Literal["linear", "shuffled", "cosine", "none"]
ScheduleKind = Literal["constant", "linear", "cyclic"]
TotalCorrelationEstimator = Literal["stratified", "weighted"]
PaperDataset = Literal["circles", "sprites", "chairs", "room"]
Profile = Literal["paper", "quick"]
Fit = Literal["crop", "pad", "stretch"]
Precision = Literal["fp32", "tf32", "bf16"]
LearningRateSchedule = Literal["constant", "linear", "cosine"]
Population = Literal["train", "full", "heldout"]
ColorBasis = Literal["hsv", "rgb"]
Select = Literal["auto", "variance", "informative"]
ProtocolName = Literal["paper", "dlib", "quick"]
