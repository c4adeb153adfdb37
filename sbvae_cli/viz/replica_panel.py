"""Draw replicas of models: histograms of a score, and some latent spaces (Figure 7)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.viz.axes import GAP, TICK_SIZE, TITLE_SIZE, Labels, Range, padded_range, whole_ticks
from sbvae_cli.viz.axes import LINE as LABEL_LINE
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.embedding import Embedding, FactorPanel
from sbvae_cli.viz.marks import (
    bin_edges,
    count_in_bins,
    count_range,
    draw_histogram,
    draw_stars,
)
from sbvae_cli.viz.mesh import Floats, draw_points
from sbvae_cli.viz.page import page
from sbvae_cli.viz.panel_layout import PanelLayout, legend_entries
from sbvae_cli.viz.text import text_width, wrap
from sbvae_cli.viz.theme import INK, PAPER, QUIET, Role
from sbvae_cli.viz.tiles import draw_tiles

# Of a panel, smaller than in pictures with few panels, so that type is relatively larger.
SIDE = 330.0
STAR, STAR_ROOM = 9.0, 30.0  # radius of the star before a title, and its width with a gap
MIN_BINS = 7  # smallest number of bins of an axis
FRAME = 2.4  # width of a frame in the colour of a star


@dataclass(frozen=True)
class ReplicaStar:
    """A replica with a star, whose latent space is drawn.

    Attributes:
        score: Score of the replica.
        colour: Colour of the star and of the frame.
        title: First line above the panel, such as its rank among the replicas.
        subtitle: Second line above the panel.
        embedding: Embedding in its latent space.
    """

    score: float
    colour: Role
    title: str
    subtitle: str
    embedding: Embedding


@dataclass(frozen=True)
class ReplicaRow:
    """Replicas of one model.

    Attributes:
        title: Name of the model.
        subtitle: Second line above the histogram.
        scores: Score of each replica, at least one.
        colour: Colour of the bars.
        stars: Replicas whose latent spaces are drawn.
    """

    title: str
    subtitle: str
    scores: Sequence[float]
    colour: Role
    stars: Sequence[ReplicaStar]


@dataclass(frozen=True)
class ReplicaTexts:
    """Texts beside the panels.

    Attributes:
        score: Label of the histograms' x axes.
        trained: Subtitle of the training distribution.
        grid: Subtitle of the points in factor space.
        samples: Subtitle of the sample images.
        caption: Text at the top of the picture.
        note: Text at the bottom, which explains the picture.
    """

    score: str
    trained: str = ""
    grid: str = ""
    samples: str = ""
    caption: str = ""
    note: str = ""


@dataclass(frozen=True)
class _Cell:
    """A cell of the table of panels; without ranges it has no axes; y may be a count."""

    title: str = ""
    subtitle: str = ""
    axes: tuple[str, str] = ("", "")
    ranges: tuple[Range, Range] | None = None
    star: Role | None = None
    counted: bool = False

    @property
    def labels(self) -> Labels:
        """Lines of title and subtitle that fit the panel, and axis labels."""
        room = SIDE - (STAR_ROOM if self.star else 0.0)
        title = wrap(self.title, TITLE_SIZE, room)
        lines = (*title, *wrap(self.subtitle, TICK_SIZE, SIDE))
        return replace(Labels.of("", *self.axes, SIDE), title=tuple(lines))


def draw_replicas(
    factors: FactorPanel,
    trained: Floats,
    rows: Sequence[ReplicaRow],
    texts: ReplicaTexts,
    samples: NDArray[np.uint8] | None = None,
    least_bin: float = 0.0,
) -> Canvas:
    """Draw the data, and below them a row for each model.

    The first row has the factors of training images, the points in factor space and sample images.
    Each further row has a histogram of the replicas' scores, and the latent spaces of those with a
    star.

    Args:
        factors: Factor space, shared by all.
        trained: Factors of training images, shape (n, 2).
        rows: One or more models.
        texts: Texts beside the panels.
        samples: Images of the data, shape (N, H, W, 1 or 3); None for none.
        least_bin: Smallest width of a bin of the histograms.

    Returns:
        A canvas about 1,300 units wide with two latent spaces of each model.

    Raises:
        ValueError: If there is no row, shapes do not fit, or no code is finite.
    """
    if not rows or not all(len(row.scores) for row in rows):
        raise ValueError("replicas need a row or more, each with a score or more")
    edges = bin_edges([score for row in rows for score in row.scores], least_bin)
    columns = max(2 if samples is None else 3, *(1 + len(row.stars) for row in rows))
    cells = _data_cells(factors, trained, texts, samples is not None)
    cells += [_Cell()] * (columns - len(cells))
    for row in rows:
        cells += _row_cells(factors, row, texts.score, edges, rows)
        cells += [_Cell()] * (columns - 1 - len(row.stars))
    layout = _layout(cells, columns)
    canvas = Canvas(layout.width, layout.height)
    embeddings = [star.embedding for row in rows for star in row.stars]
    blank = any(each.blank is not None for each in embeddings)
    _draw_data(canvas, layout, factors, trained, samples, embeddings)
    for number, row in enumerate(rows, start=1):
        _draw_row(canvas, layout, number * columns, row, edges, factors)
    for number, cell in enumerate(cells):
        _draw_labels(canvas, layout, number, cell)
    legend = legend_entries(bool(factors.held_out.any()), blank)
    return page(canvas, texts.caption, legend, texts.note)


def _data_cells(
    factors: FactorPanel, trained: Floats, texts: ReplicaTexts, samples: bool
) -> list[_Cell]:
    shown = np.concatenate([factors.points.reshape(-1, 2), trained])
    both = replace(factors, points=shown).ranges
    cells = [
        _Cell("training distribution", texts.trained, factors.labels, both),
        _Cell("factor space", texts.grid, factors.labels, both),
    ]
    return [*cells, _Cell("samples", texts.samples)] if samples else cells


def _row_cells(
    factors: FactorPanel, row: ReplicaRow, score: str, edges: Floats, rows: Sequence[ReplicaRow]
) -> list[_Cell]:
    most = max(int(count_in_bins(each.scores, edges).max()) for each in rows)
    stars = max(len(each.stars) for each in rows)
    ranges = _score_range(edges), count_range(most, SIDE, stars)
    cells = [_Cell(row.title, row.subtitle, (score, "replicas"), ranges, counted=True)]
    for star in row.stars:
        own = star.embedding.labels, star.embedding.ranges(factors)
        cells.append(_Cell(star.title, star.subtitle, *own, star.colour))
    return cells


def _score_range(edges: Floats) -> Range:
    """Return a range of all bins, at least `MIN_BINS`, with room for stars at both ends."""
    low, high, step = float(edges[0]), float(edges[-1]), float(edges[1] - edges[0])
    lacking = max(0.0, MIN_BINS * step - (high - low)) / 2
    return padded_range(low - lacking, high + lacking)


def _layout(cells: Sequence[_Cell], columns: int) -> PanelLayout:
    nothing = (0.0, 1.0), (0.0, 1.0)
    return PanelLayout(
        SIDE,
        columns,
        len(cells) // columns,
        [cell.labels for cell in cells],
        [cell.ranges or nothing for cell in cells],
    )


def _draw_data(
    canvas: Canvas,
    layout: PanelLayout,
    factors: FactorPanel,
    trained: Floats,
    samples: NDArray[np.uint8] | None,
    embeddings: Sequence[Embedding],
) -> None:
    """Draw the first row: training images, factor space, samples."""
    for number in (0, 1):
        layout.panel(number).draw_frame(canvas)
    draw_points(canvas, layout.panel(0), trained)
    there = embeddings[0].has_image if embeddings else np.ones_like(factors.held_out)
    factors.draw(canvas, layout.panel(1), there)
    if samples is not None:
        draw_tiles(canvas, samples, *layout.box(2), layout.side)


def _draw_row(
    canvas: Canvas,
    layout: PanelLayout,
    first: int,
    row: ReplicaRow,
    edges: Floats,
    factors: FactorPanel,
) -> None:
    """Draw a histogram with its stars, and the latent spaces of the starred replicas."""
    panel = layout.panel(first)
    panel.draw_frame(canvas)
    draw_histogram(canvas, panel, row.scores, edges, row.colour)
    marked = [(star.score, star.colour) for star in row.stars]
    draw_stars(canvas, panel, row.scores, edges, marked)
    for number, star in enumerate(row.stars, start=first + 1):
        panel = layout.panel(number)
        star.embedding.draw(canvas, panel, factors)
        panel.draw_frame(canvas, star.colour, FRAME)


def _draw_labels(canvas: Canvas, layout: PanelLayout, number: int, cell: _Cell) -> None:
    """Draw ticks and axis labels, and above the panel title and subtitle with the star."""
    labels = layout.labels[number]
    left, top = layout.box(number)
    if cell.ranges:
        panel = layout.panel(number)
        most = panel.y_range[1]
        counts = whole_ticks(int(most), panel.height / most) if cell.counted else None
        panel.draw_labels(canvas, replace(labels, title=()), counts)
    below = len(wrap(cell.subtitle, TICK_SIZE, SIDE))
    title, subtitle = labels.title[: len(labels.title) - below], labels.title[-below:]
    y = top - GAP
    for line in reversed(subtitle if below else ()):
        canvas.text(left + SIDE / 2, y, line, TICK_SIZE, QUIET, "mb")
        y -= LABEL_LINE * TICK_SIZE
    shift = STAR_ROOM / 2 if cell.star else 0.0  # centres star and title together
    for line in reversed(title):
        canvas.text(left + SIDE / 2 + shift, y, line, TITLE_SIZE, INK, "mb")
        y -= LABEL_LINE * TITLE_SIZE
    if cell.star and title:
        x = left + SIDE / 2 - text_width(title[0], TITLE_SIZE) / 2 - shift / 2
        canvas.star(x, y + 0.55 * LABEL_LINE * TITLE_SIZE, STAR, cell.star, PAPER)
