"""Draw two factors and their embeddings in latent space (Figures 7 and 8)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.score_names import score_style
from sbvae_cli.viz.axes import TITLE_SIZE, short_number
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.embedding import Embedding, FactorPanel
from sbvae_cli.viz.legend import Entry
from sbvae_cli.viz.page import page
from sbvae_cli.viz.panel_layout import GAP, PanelLayout, arrange, legend_entries
from sbvae_cli.viz.text import wrap
from sbvae_cli.viz.theme import BAD, INK, QUIET
from sbvae_cli.viz.tiles import draw_tiles

SIDEBAR, SAMPLES = 290.0, 210.0  # widths: of the sidebar beside a single model, and of its samples
VERDICT_SIZE, SCORE_SIZE = 22.0, 18.0
ROW, TWO_COLUMNS = 26.0, 380.0  # height of a row of scores, and width needed for two columns

UNMARKED_VERDICTS = ("flat", "bent", "with")  # beginnings of verdicts that are not written in red

SCORES = (
    *("inverse_r2", "affine_r2", "similarity_r2", "monotone_r2", "fold_fraction", "tear"),
    *("heldout_ratio", "heldout_area_ratio", "latents_used", "information_outside"),
)
BESIDE_OTHERS = {"similarity_r2", "monotone_r2"}  # left out if several models share a picture


def draw_embedding(
    factors: FactorPanel,
    embedding: Embedding,
    caption: str = "",
    samples: NDArray[np.uint8] | None = None,
    note: str = "",
) -> Canvas:
    """Draw one model: factor space and its embedding, with sample images and scores at the side.

    Both panels have the same colours, so that points can be matched. Points held out of training
    are black (Figure 8).

    Args:
        factors: Factor space.
        embedding: Embedding of the same points.
        caption: Text at the top of the picture, in as many lines as needed.
        samples: Images of the data, shape (N, H, W, 1 or 3), such as 16 (Figure 7); None for none.
        note: Text at the bottom, which explains the picture.

    Returns:
        A canvas about 1,400 units wide.

    Raises:
        ValueError: If the shapes do not fit, or no code is finite.
    """
    beside, top = Canvas(SIDEBAR, 0.0), 0.0
    if samples is not None:
        top = _draw_samples(beside, samples, 0.0, top) + 12.0
    bottom = _draw_scores(beside, embedding, _given([embedding]), 0.0, top, SIDEBAR - GAP, 1)
    layout, canvas = _draw_panels(factors, [embedding], (SIDEBAR, bottom), 0.0)
    canvas.place(beside, layout.width - SIDEBAR + GAP, layout.box(1)[1])
    return page(canvas, caption, _legend(factors, [embedding]), note)


def draw_embeddings(
    factors: FactorPanel,
    embeddings: Sequence[Embedding],
    caption: str = "",
    note: str = "",
) -> Canvas:
    """Draw several models: factor space, then each embedding with its scores below.

    Args:
        factors: Factor space, shared by all.
        embeddings: Embeddings in reading order, up to three in the first row.
        caption: Text at the top of the picture, in as many lines as needed.
        note: Text at the bottom, which explains the picture.

    Returns:
        A canvas about 1,600 units wide with two models.

    Raises:
        ValueError: If there is no embedding, shapes do not fit, or no code is finite.
    """
    if not embeddings:
        raise ValueError("a comparison needs one embedding or more")
    shown = [name for name in _given(embeddings) if name not in BESIDE_OTHERS]
    side = arrange(1 + len(embeddings))[2]
    columns = 2 if side >= TWO_COLUMNS else 1
    verdicts = [wrap(each.verdict, VERDICT_SIZE, side) for each in embeddings]
    lines = 0.8 + 1.2 * max(len(each) for each in verdicts) + -(-len(shown) // columns)
    strip = lines * ROW if shown else 0.0
    layout, canvas = _draw_panels(factors, embeddings, (0.0, 0.0), strip)
    for number, embedding in enumerate(embeddings, start=1):
        left, top = layout.box(number)
        under = top + layout.side + layout.below
        _draw_scores(canvas, embedding, shown, left, under, layout.side, columns)
    return page(canvas, caption, _legend(factors, embeddings), note)


def _draw_panels(
    factors: FactorPanel,
    embeddings: Sequence[Embedding],
    sidebar: tuple[float, float],
    strip: float,
) -> tuple[PanelLayout, Canvas]:
    """Draw factor space and all embeddings, with their labels."""
    ranges = [factors.ranges, *(each.ranges(factors) for each in embeddings)]
    texts = [("factor space", *factors.labels), *((e.name, *e.labels) for e in embeddings)]
    layout = PanelLayout.of(texts, ranges, sidebar, strip)
    canvas = Canvas(layout.width, layout.height)
    for number, labels in enumerate(layout.labels):
        panel = layout.panel(number)
        panel.draw_frame(canvas)
        if number:
            embeddings[number - 1].draw(canvas, panel, factors)
        else:
            factors.draw(canvas, panel, embeddings[0].has_image)
        panel.draw_labels(canvas, labels)
    return layout, canvas


def _legend(factors: FactorPanel, embeddings: Sequence[Embedding]) -> list[Entry]:
    blank = any(each.blank is not None for each in embeddings)
    return legend_entries(bool(factors.held_out.any()), blank)


def _given(embeddings: Sequence[Embedding]) -> list[str]:
    """Return the scores that at least one embedding has."""
    return [name for name in SCORES if any(e.scores.get(name) is not None for e in embeddings)]


def _draw_samples(canvas: Canvas, samples: NDArray[np.uint8], left: float, top: float) -> float:
    """Draw sample images, and return their lower edge."""
    canvas.text(left + SAMPLES / 2, top - 8, "samples", TITLE_SIZE, INK, "mb")
    return draw_tiles(canvas, samples, left, top, SAMPLES)


def _draw_scores(
    canvas: Canvas,
    embedding: Embedding,
    names: Sequence[str],
    left: float,
    top: float,
    width: float,
    columns: int,
) -> float:
    """Draw the verdict and a list of scores in columns, and return the lower edge."""
    if embedding.verdict:
        colour = INK if embedding.verdict.startswith(UNMARKED_VERDICTS) else BAD
        for line in wrap(embedding.verdict, VERDICT_SIZE, width):
            canvas.text(left, top, line, VERDICT_SIZE, colour, "lt")
            top += 1.2 * ROW
    rows = -(-len(names) // columns)
    wide = (width - GAP * (columns - 1)) / columns
    for number, name in enumerate(names):
        column, row = divmod(number, rows)
        x, y = left + column * (wide + GAP), top + ROW * (row + 0.5)
        style = score_style(name)
        value = format_score(embedding.scores.get(name), style.unit)
        canvas.text(x, y, style.label, SCORE_SIZE, QUIET, "lm")
        canvas.text(x + wide, y, value, SCORE_SIZE, INK, "rm")
    return top + ROW * rows


def format_score(value: object, unit: str = "") -> str:
    """Format a score in its unit."""
    if not isinstance(value, int | float):
        return "-"
    if unit == "%":
        return f"{100 * value:.1f} %"
    if unit == "#":
        return f"{value:.0f}"
    return f"{value:.3f}" if abs(value) < 9.9995 else short_number(value)
