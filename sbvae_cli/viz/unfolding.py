"""Animate two factors and their embeddings by models during their training."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sbvae_cli.viz.animation import Animation
from sbvae_cli.viz.axes import Range, equal_ranges
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.embedding import MIN_SPAN, FactorPanel
from sbvae_cli.viz.geometry import UNMARKED_VERDICTS
from sbvae_cli.viz.mesh import Floats, draw_mesh, draw_prior
from sbvae_cli.viz.page import empty_page
from sbvae_cli.viz.panel_layout import PanelLayout, arrange, legend_entries
from sbvae_cli.viz.text import text_width
from sbvae_cli.viz.theme import BAD, FAINT, INK, QUIET

# Durations of frames in ms: if nothing moves, if much does, and of the last frame.
STILL, MOVING, LAST = 40, 160, 3_000
_MUCH = 0.3  # mean distance in stds of the prior that counts as much
STEP_SIZE, STRIP = 18.0, 56.0  # size of the text below a panel, and height for it
BAR_GAP = 10.0  # from the label of an axis to the bar
STEP_ROW = 24.0  # from the step to the verdict, if they are on separate lines
_BEYOND = 1.3  # largest range of the axes, relative to that of the last moment


@dataclass(frozen=True)
class Course:
    """Codes of a model at M moments of its training.

    Attributes:
        codes: Posterior means of two latents at each moment in stds of the prior, NaN for a point
            without image, shape (M, n0, n1, 2) or (M, N, 2).
        steps: Number of updates made at each of the M moments.
        planned: Number of updates planned.
        labels: Names of both latents.
        name: Title of the panel.
        verdicts: Verdict on each of the M moments in one or two words, such as flat or folded.
    """

    codes: Floats
    steps: Sequence[int]
    planned: int
    labels: tuple[str, str]
    name: str
    verdicts: Sequence[str]


def draw_courses(
    factors: FactorPanel,
    courses: Sequence[Course],
    caption: str = "",
    note: str = "",
) -> Animation:
    """Animate each model's codes from its first moment to its last, beside factor space.

    The axes are fixed, so that only codes move. Models with different numbers of steps are
    synchronised: each frame shows all of them after the same share of their training.

    Args:
        factors: Factor space.
        courses: One or more models with the same points.
        caption: Text at the top of each frame.
        note: Text at the bottom.

    Returns:
        An animation with a frame for each moment of the model that has most moments.

    Raises:
        ValueError: If the shapes do not fit, or no code is finite.
    """
    texts = [("factor space", *factors.labels), *((c.name, *c.labels) for c in courses)]
    ranges = [factors.ranges, *(_fixed_ranges(factors, course) for course in courses)]
    strip = STRIP + (0.0 if _side_by_side(courses) else STEP_ROW)
    layout = PanelLayout.of(texts, ranges, strip=strip)
    legend = legend_entries(bool(factors.held_out.any()))
    ground, corner = empty_page((layout.width, layout.height), caption, legend, note)
    ground.place(_draw_ground(layout, factors, courses[0]), *corner)
    longest = max(courses, key=lambda course: len(course.steps))
    shares = [step / longest.planned for step in longest.steps]
    frames = []
    for share in shares:
        frames.append(Canvas(ground.width, ground.height, [*ground.shapes], [*ground.lines]))
        frames[-1].place(_draw_frame(layout, factors, courses, share), *corner)
    return Animation(frames, [*_durations(courses, shares), LAST])


def _fixed_ranges(factors: FactorPanel, course: Course) -> tuple[Range, Range]:
    """Return ranges that contain all moments, except codes far beyond those of the last one."""
    if course.codes.shape[1:] != factors.points.shape or len(course.steps) != len(course.codes):
        raise ValueError(f"codes {course.codes.shape} do not fit points {factors.points.shape}")
    points = course.codes.reshape(-1, 2)
    points = points[np.isfinite(points).all(axis=-1)]
    last = course.codes[-1].reshape(-1, 2)
    last = last[np.isfinite(last).all(axis=-1)]
    if not len(last):
        raise ValueError("codes must be finite somewhere")
    middle, half = (last.max(0) + last.min(0)) / 2, float(np.ptp(last, axis=0).max()) / 2
    reach = _BEYOND * max(half, 1.0)
    return equal_ranges(np.clip(points, middle - reach, middle + reach), 1.0, 1.0, MIN_SPAN)


def _durations(courses: Sequence[Course], shares: Sequence[float]) -> list[int]:
    """Return the durations of all frames but the last, longer before frames with much motion."""
    shown = [[course.codes[_moment(course, share)] for share in shares] for course in courses]
    found = []
    for number in range(len(shares) - 1):
        squares = [np.square(of[number + 1] - of[number]).sum(axis=-1) for of in shown]
        moved = max(float(np.sqrt(np.nanmean(square))) for square in squares)
        found.append(10 * round((STILL + (MOVING - STILL) * min(1.0, moved / _MUCH)) / 10))
    return found


def _draw_ground(layout: PanelLayout, factors: FactorPanel, course: Course) -> Canvas:
    """Draw the constant part of all frames: frames and labels of panels, factors and prior."""
    canvas = Canvas(layout.width, layout.height)
    for number, labels in enumerate(layout.labels):
        panel = layout.panel(number)
        panel.draw_frame(canvas)
        panel.draw_labels(canvas, labels)
        if number:
            draw_prior(canvas, panel)
        else:
            factors.draw(canvas, panel, np.isfinite(course.codes[-1]).all(axis=-1))
    return canvas


def _draw_frame(
    layout: PanelLayout,
    factors: FactorPanel,
    courses: Sequence[Course],
    share: float,
) -> Canvas:
    """Draw all models after a share of their training."""
    canvas = Canvas(layout.width, layout.height)
    for number, course in enumerate(courses, start=1):
        moment, panel = _moment(course, share), layout.panel(number)
        # Codes outside the panel are moved to its frame, so that the mesh has no gaps that look
        # torn.
        shown = np.clip(course.codes[moment], *np.transpose([panel.x_range, panel.y_range]))
        draw_mesh(canvas, panel, shown, factors.positions, factors.held_out, factors.wraps)
        _draw_step(canvas, layout, courses, number, moment)
    return canvas


def _moment(course: Course, share: float) -> int:
    """Return the last moment that is not after a share of the training."""
    return max(0, sum(step <= share * course.planned + 1e-6 for step in course.steps) - 1)


def _draw_step(
    canvas: Canvas, layout: PanelLayout, courses: Sequence[Course], number: int, moment: int
) -> None:
    """Draw the progress of a model as a bar and as text, with the verdict on its grid."""
    course = courses[number - 1]
    left, top = layout.box(number)
    top += layout.side + layout.below + BAR_GAP
    step, verdict = course.steps[moment], course.verdicts[moment]
    canvas.rectangle(left, top, layout.side, 4.0, FAINT)
    canvas.rectangle(left, top, layout.side * min(1.0, step / course.planned), 4.0, QUIET)
    canvas.text(left, top + 14.0, _step_text(course, moment), STEP_SIZE, INK, "lt")
    colour = INK if verdict.startswith(UNMARKED_VERDICTS) else BAD
    if _side_by_side(courses):
        canvas.text(left + layout.side, top + 14.0, verdict, STEP_SIZE, colour, "rt")
    else:
        canvas.text(left, top + 14.0 + STEP_ROW, verdict, STEP_SIZE, colour, "lt")


def _step_text(course: Course, moment: int) -> str:
    return f"step {course.steps[moment]:,} of {course.planned:,}"


def _side_by_side(courses: Sequence[Course]) -> bool:
    """Return whether step and verdict of all moments fit side by side below a panel."""
    side = arrange(1 + len(courses))[2]
    widest = max(
        text_width(f"{_step_text(course, moment)}  {verdict}", STEP_SIZE)
        for course in courses
        for moment, verdict in enumerate(course.verdicts)
    )
    return widest + STEP_SIZE <= side
