"""Two factors beside where models put them, as they are trained: the frames of an animation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sbvae_cli.viz.animation import Animation
from sbvae_cli.viz.axes import Range, equal_ranges
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.embedding import LEAST_SPAN, FactorPanel
from sbvae_cli.viz.geometry import FINE
from sbvae_cli.viz.mesh import Floats, draw_mesh, draw_prior
from sbvae_cli.viz.page import empty_page
from sbvae_cli.viz.panel_layout import PanelLayout, arrange, signs
from sbvae_cli.viz.text import text_width
from sbvae_cli.viz.theme import BAD, FAINT, INK, QUIET

# Milliseconds that frames are shown: where nothing moves, where much does, and the last one.
STILL, MOVING, LAST = 40, 160, 3_000
_MUCH = 0.3  # stds of the prior that points move from one moment to the next
STEP_SIZE, STRIP = 18.0, 56.0  # type and height of what stands below a panel
BAR_GAP = 10.0  # from the label of an axis to the bar
STEP_ROW = 24.0  # from the step to the verdict where these have a line each
_BEYOND = 1.3  # times the extent of the last moment, that the axes show at most


@dataclass(frozen=True)
class Course:
    """A model's codes over its training.

    Attributes:
        codes: Posterior means of two latents at each moment, in stds of the prior, NaN where there
            is no image, shape (M, n0, n1, 2) or (M, N, 2).
        steps: Updates made, M of them.
        planned: Updates in all.
        labels: Names of both latents.
        name: Title of the panel.
        verdicts: A word or two on each moment: flat, folded and so on; M of them.
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
    """Draw factor space, and beside it each model's codes from its first moment to its last.

    Axes stay, so that what moves are the codes alone. Models of unlike length keep pace with each
    other: a frame has all of them after the same share of their training.

    Args:
        factors: Factor space.
        courses: Models, one or more, of the same points.
        caption: At the top of each frame.
        note: At the bottom.

    Returns:
        A frame for each moment of the model that has most.

    Raises:
        ValueError: If shapes do not agree, or no code is finite.
    """
    texts = [("factor space", *factors.labels), *((c.name, *c.labels) for c in courses)]
    ranges = [factors.ranges, *(_fixed_ranges(factors, course) for course in courses)]
    strip = STRIP + (0.0 if _side_by_side(courses) else STEP_ROW)
    layout = PanelLayout.of(texts, ranges, strip=strip)
    legend = signs(bool(factors.held_out.any()))
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
    """Ranges that hold every moment, but for such as reach far beyond the last."""
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
    return equal_ranges(np.clip(points, middle - reach, middle + reach), 1.0, 1.0, LEAST_SPAN)


def _durations(courses: Sequence[Course], shares: Sequence[float]) -> list[int]:
    """Durations of all frames but the last, longer of those after which much moves."""
    shown = [[course.codes[_moment(course, share)] for share in shares] for course in courses]
    found = []
    for number in range(len(shares) - 1):
        squares = [np.square(of[number + 1] - of[number]).sum(axis=-1) for of in shown]
        moved = max(float(np.sqrt(np.nanmean(square))) for square in squares)
        found.append(10 * round((STILL + (MOVING - STILL) * min(1.0, moved / _MUCH)) / 10))
    return found


def _draw_ground(layout: PanelLayout, factors: FactorPanel, course: Course) -> Canvas:
    """What all frames begin with: frames and labels of panels, factor space and the prior."""
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
    """All models after a share of their training."""
    canvas = Canvas(layout.width, layout.height)
    for number, course in enumerate(courses, start=1):
        moment, panel = _moment(course, share), layout.panel(number)
        # What lies outside is put onto the frame, so that the mesh has no holes that look torn.
        shown = np.clip(course.codes[moment], *np.transpose([panel.x_range, panel.y_range]))
        draw_mesh(canvas, panel, shown, factors.positions, factors.held_out, factors.wraps)
        _draw_step(canvas, layout, courses, number, moment)
    return canvas


def _moment(course: Course, share: float) -> int:
    """The last moment that is not beyond a share of the training."""
    return max(0, sum(step <= share * course.planned + 1e-6 for step in course.steps) - 1)


def _draw_step(
    canvas: Canvas, layout: PanelLayout, courses: Sequence[Course], number: int, moment: int
) -> None:
    """How far the model is, as a bar and in numbers, and what its grid is like."""
    course = courses[number - 1]
    left, top = layout.box(number)
    top += layout.side + layout.below + BAR_GAP
    step, verdict = course.steps[moment], course.verdicts[moment]
    canvas.rectangle(left, top, layout.side, 4.0, FAINT)
    canvas.rectangle(left, top, layout.side * min(1.0, step / course.planned), 4.0, QUIET)
    canvas.text(left, top + 14.0, _told(course, moment), STEP_SIZE, INK, "lt")
    colour = INK if verdict.startswith(FINE) else BAD
    if _side_by_side(courses):
        canvas.text(left + layout.side, top + 14.0, verdict, STEP_SIZE, colour, "rt")
    else:
        canvas.text(left, top + 14.0 + STEP_ROW, verdict, STEP_SIZE, colour, "lt")


def _told(course: Course, moment: int) -> str:
    return f"step {course.steps[moment]:,} of {course.planned:,}"


def _side_by_side(courses: Sequence[Course]) -> bool:
    """Whether step and verdict of all moments fit beside each other below a panel."""
    side = arrange(1 + len(courses))[2]
    widest = max(
        text_width(f"{_told(course, moment)}  {verdict}", STEP_SIZE)
        for course in courses
        for moment, verdict in enumerate(course.verdicts)
    )
    return widest + STEP_SIZE <= side
