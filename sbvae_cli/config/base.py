"""What every part of a configuration is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

FinitePositive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
FiniteNonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Frozen(BaseModel):
    """What every part of a configuration is: fixed once made, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")
