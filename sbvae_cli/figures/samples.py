"""Draw samples of a dataset, each with its factor values below."""

import itertools
import math

from sbvae_cli.config.space import FactorConfig
from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.data.source import Source
from sbvae_cli.random import stream
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.samples import draw_noted_images

SAMPLES = 64


def draw_samples(source: Source, seed: int = 0) -> Canvas:
    """Draw 64 samples of a dataset, or all images of a smaller one.

    Args:
        source: The data.
        seed: Root seed, at least 0.
    """
    count = SAMPLES if source.count is None else min(SAMPLES, source.count)
    images, factors = source.sample(stream(seed, "samples"), count)
    caption = f"{source.name}, {source.height}x{source.width} pixels"
    notes = factor_notes(source.space, factors)
    return draw_noted_images(images, notes, source.space.varying, caption)


def factor_notes(space: FactorSpace, factors: FactorRows) -> list[list[str]]:
    """Return texts of each row's varying factors (values or names of levels), or `blank`."""
    varying = [factor for factor in space.factors if factor.name in space.varying]
    notes = []
    for row in factors.tolist():
        values = dict(zip(space.names, row, strict=True))
        if values.get("present", 1) == 0:
            notes.append(["blank"])
            continue
        notes.append([_value(factor, values[factor.name]) for factor in varying])
    return notes


def _value(factor: FactorConfig, value: float) -> str:
    """Format a value with enough decimals to tell levels, or tenths of the range, apart."""
    name = factor.name_of(value)
    if name is not None:
        return name
    low, high = factor.bounds
    levels = sorted(factor.levels or ())
    step = min((b - a for a, b in itertools.pairwise(levels)), default=(high - low) / 10)
    digits = max(0, math.ceil(-math.log10(0.4 * step)))
    coarse = abs(value) >= 1e6 and step >= abs(value) / 100  # three digits are enough
    if digits > 4 or coarse:
        return f"{value:.3g}"
    text = f"{round(value, digits) + 0.0:.{digits}f}"  # adding 0.0 turns -0.0 into 0.0
    return text.rstrip("0").rstrip(".") if levels and "." in text else text
