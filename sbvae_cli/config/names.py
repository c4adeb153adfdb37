"""The names that the command line offers, as literals; free of every import that takes time."""

from typing import Literal

CirclesPreset = Literal[
    "xy", "xh", "rg", "xyh-small", "xyh-tiny",
    "xy-hole", "xy-corner", "xh-hole", "xh-corner", "rg-hole", "rg-corner",
    "xh-blank",
]  # fmt: skip
Renderer = Literal["circles"]
DecoderKind = Literal["broadcast", "deconv"]
LikelihoodKind = Literal["bernoulli", "gaussian"]
Profile = Literal["paper", "quick"]
Precision = Literal["fp32", "tf32", "bf16"]
LearningRateSchedule = Literal["constant", "linear", "cosine"]
Population = Literal["train", "full", "heldout"]
Select = Literal["auto", "variance", "informative"]
