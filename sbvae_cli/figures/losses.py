"""Draw curves of training logs: one panel for each term, one colour for each group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.score_names import NATS, score_style
from sbvae_cli.errors import SbvaeError, closest_name
from sbvae_cli.evaluation.findings.sentences import abbreviate
from sbvae_cli.figures.colours import decoder_colours, series_colours
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.losses import DASHES, Lines, LineStyle, TermPanel, draw_terms

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

UNITS = {
    "capacity": "nats",
    "discriminator_loss": "nats",
    "discriminator_accuracy": "share",
    "variance": "squared pixel value",
    "covariance_off_diagonal": "squared variance",
    "covariance_diagonal": "squared variance",
    "images_per_second": "images a second",
}
_VALIDATION_SUFFIX = "_validation"
_NOT_SHOWN = ("images_per_second",)  # unless it is requested
# Half-widths of the smoothing windows: a share of the step, so that the steep beginning stays
# steep, and at most a share of the run.
_WINDOW_STEP_SHARE, _WINDOW_RUN_SHARE = 0.1, 0.015
_LAST_WINDOW = 4  # width in half-widths of windows at the end of the run, which are one-sided


@dataclass(frozen=True)
class Curve:
    """A logged term during a training.

    Attributes:
        steps: Number of updates made, ascending, shape (N,).
        values: Mean over the updates since the previous step, shape (N,).
    """

    steps: Floats
    values: Floats


@dataclass(frozen=True)
class RunLog:
    """Log of a run.

    Attributes:
        name: Name of the run.
        group: Name of its group, shared by runs that differ only in the seed.
        data: Name of the data.
        decoder: Kind of the decoder.
        planned: Number of updates planned.
        curves: Logged terms by name.
        diverged: Update in which the run diverged; None if it did not.
        seed: Root seed; None if unknown.
    """

    name: str
    group: str
    data: str
    decoder: str
    planned: int
    curves: Mapping[str, Curve]
    diverged: int | None = None
    seed: int | None = None

    @property
    def step(self) -> int:
        """Number of updates at the last line of the log."""
        return int(max((curve.steps[-1] for curve in self.curves.values()), default=0))


def draw_losses(logs: Sequence[RunLog], terms: Sequence[str] = ()) -> Canvas:
    """Draw the terms of runs over their updates, smoothed, with the raw line behind.

    A positive term whose values are mostly at the low end of their range, as after a steep fall,
    has a logarithmic axis. Terms of validation images are dots on the panel of the same training
    term. Values that are not finite are left out.

    Args:
        logs: One or more runs.
        terms: Names of terms, one for each panel; empty for all except the speed.

    Raises:
        SbvaeError: If no run has logged a term.
    """
    logs = [replace(log, curves=_finite(log.curves)) for log in logs]
    there = list(dict.fromkeys(name for log in logs for name in log.curves))
    for name in terms:
        if name not in there:
            near = closest_name(name, there)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(there)}"
            raise SbvaeError(f"term {name}: no run has logged it; {hint}")
    shown = list(terms) or [name for name in there if _has_a_panel(name, there)]
    if not shown:
        raise SbvaeError(f"{logs[0].name}: no run has logged a term yet; wait for the first lines")
    groups = dict.fromkeys(log.group for log in logs)
    decoders = [next(log.decoder for log in logs if log.group == group) for group in groups]
    styles = dict(zip(groups, _styles(decoders), strict=True))
    beside = () if terms else [name for name in there if name not in shown]
    panels = [_panel(name, logs, styles, beside) for name in shown]
    legend = list(styles.items()) if len(groups) > 1 else []
    return draw_terms(panels, legend, _caption(logs, list(groups)), _note(logs, beside))


def smooth(steps: Floats, values: Floats, planned: int) -> Floats:
    """Smooth values by linear fits in windows that grow with the step, applied twice.

    The second pass removes corners. A linear fit has no lag at the ends and does not change
    straight lines, but its ends are uncertain, so windows at the end of the run are wider.

    Args:
        steps: Number of updates, ascending, shape (N,).
        values: Values at these steps, shape (N,).
        planned: Number of updates planned.
    """
    reach = np.minimum(_WINDOW_STEP_SHARE * steps, _WINDOW_RUN_SHARE * planned)
    starts = np.minimum(steps - reach, steps[-1] - _LAST_WINDOW * reach)
    first = np.searchsorted(steps, starts - 1e-9)
    last = np.searchsorted(steps, steps + reach + 1e-9)
    for _ in range(2):
        values = _fitted(steps / max(steps[-1], 1.0), values, first, last)
    return values


def _finite(curves: Mapping[str, Curve]) -> dict[str, Curve]:
    known = {name: np.isfinite(curve.values) for name, curve in curves.items()}
    return {
        name: Curve(curves[name].steps[there], curves[name].values[there])
        for name, there in known.items()
        if there.any()
    }


def _fitted(x: Floats, y: Floats, first: Integers, last: Integers) -> Floats:
    """Fit a line to points `first` to `last` (excluded) for each x, and return its value there."""

    def over_windows(numbers: Floats) -> Floats:
        sums = np.concatenate([[0.0], np.cumsum(numbers)])
        total: Floats = sums[last] - sums[first]
        return total

    count = (last - first).astype(np.float64)
    mean_x, mean_y = over_windows(x) / count, over_windows(y) / count
    spread = over_windows(x * x) / count - mean_x**2
    shared = over_windows(x * y) / count - mean_x * mean_y
    slope = np.divide(shared, spread, out=np.zeros_like(x), where=spread > 1e-12)
    fitted: Floats = mean_y + slope * (x - mean_x)
    return fitted


def _styles(decoders: Sequence[str]) -> list[LineStyle]:
    """Choose the colour of its decoder for each group, and a dash to tell equal colours apart.

    If a decoder has more groups than there are dashes, each group gets its own colour, and dashes
    where colours repeat.
    """
    colours = decoder_colours(decoders)
    if max(decoders.count(kind) for kind in decoders) > len(DASHES):
        colours = series_colours(decoders)
    earlier = [colours[:number].count(colour) for number, colour in enumerate(colours)]
    dashes = (DASHES[number % len(DASHES)] for number in earlier)
    return [LineStyle(colour, dash) for colour, dash in zip(colours, dashes, strict=True)]


def _has_a_panel(name: str, there: Sequence[str]) -> bool:
    own = name.removesuffix(_VALIDATION_SUFFIX)
    return name not in _NOT_SHOWN and (own == name or own not in there)


def _panel(
    name: str, logs: Sequence[RunLog], styles: Mapping[str, LineStyle], beside: Sequence[str]
) -> TermPanel:
    lines = []
    for log in logs:
        curve = log.curves.get(name)
        if curve is None:
            continue
        dots = None
        if name + _VALIDATION_SUFFIX in beside and name + _VALIDATION_SUFFIX in log.curves:
            of_validation = log.curves[name + _VALIDATION_SUFFIX]
            dots = np.column_stack([of_validation.steps, of_validation.values])
        smoothed = smooth(curve.steps, curve.values, log.planned)
        raw = np.column_stack([curve.steps, curve.values])
        ended = log.diverged is not None
        lines.append(
            Lines(raw, np.column_stack([curve.steps, smoothed]), styles[log.group], dots, ended)
        )
    title = score_style(name).label.replace("_", " ")
    return TermPanel(title, UNITS.get(name, NATS), tuple(lines))


def _caption(logs: Sequence[RunLog], groups: Sequence[str]) -> str:
    if len(logs) == 1:
        return logs[0].name
    of = groups[0] if len(groups) == 1 else f"{len(groups)} groups"
    return f"{', '.join(dict.fromkeys(log.data for log in logs))}: {len(logs)} runs of {of}"


def _note(logs: Sequence[RunLog], beside: Sequence[str]) -> str:
    """Explain the lines, and list diverged and unfinished runs."""
    parts = ["Thin: as logged, thick: smoothed."]
    if any(name.endswith(_VALIDATION_SUFFIX) for name in beside):
        parts.append("Dots: validation images.")
    if len({log.data for log in logs}) > 1:
        parts.append("Losses on different data are not comparable.")
    diverged = [f"{log.name} in step {log.diverged:,}" for log in logs if log.diverged is not None]
    if diverged:
        parts.append(f"Diverged: {abbreviate(diverged, ', ')}.")
    short = [log for log in logs if log.diverged is None and log.step < log.planned]
    if short:
        where = [f"{log.name} at step {log.step:,} of {log.planned:,}" for log in short]
        parts.append(f"Not finished: {abbreviate(where, ', ')}.")
    return " ".join(parts)
