"""Draw replicas of models: their scores, and embeddings of the worst, the best or others.

Figures 7, 8 and 13 to 22.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.names import GeometryScore
from sbvae_cli.config.score_names import score_style
from sbvae_cli.data.source import Source
from sbvae_cli.evaluation.factor_embedding import FactorEmbedding
from sbvae_cli.evaluation.training_points import SAMPLE_COUNT
from sbvae_cli.figures.colours import decoder_colours
from sbvae_cli.figures.geometry import (
    embedding_panel,
    factor_panel,
    note,
    require_same_points,
)
from sbvae_cli.random import stream
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.geometry import format_score
from sbvae_cli.viz.replica_panel import ReplicaRow, ReplicaStar, ReplicaTexts, draw_replicas
from sbvae_cli.viz.theme import SERIES, Role

# Colours that no decoder has. Dark red and light pink differ in lightness too, for colour-blind
# readers.
_MARKS: Mapping[str, Role] = {"worst": SERIES[6], "best": SERIES[4], "median": SERIES[3]}
_NAMED = (SERIES[5], SERIES[7])


@dataclass(frozen=True)
class ChosenReplica:
    """A replica whose embedding is drawn.

    Attributes:
        mark: Rank among the replicas: "worst", "median" or "best"; "" if it was chosen by its seed.
        number: Index of the replica in the scores of its group.
        name: Name of the replica, such as "seed 3".
        embedding: Embedding of the factors.
    """

    mark: str
    number: int
    name: str
    embedding: FactorEmbedding


@dataclass(frozen=True)
class Replicas:
    """Replicas of one model, which differ only in the seed.

    Attributes:
        name: Title of the row.
        scores: Score of each of the N replicas, N at least 1.
        chosen: Replicas whose embedding is drawn.
        decoder: Kind of the decoder, which determines the colour; "" for codes.
    """

    name: str
    scores: Sequence[float]
    chosen: Sequence[ChosenReplica]
    decoder: str = ""


def draw_panel(
    groups: Sequence[Replicas],
    trained: NDArray[np.float64],
    source: Source | None = None,
    by: GeometryScore = "mig",
    caption: str = "",
    samples: NDArray[np.uint8] | None = None,
    trained_on: str = "",
) -> Canvas:
    """Draw the data, and for each model the scores of its replicas and embeddings of some.

    Args:
        groups: One or more models in the order of the rows, with embeddings of the same points.
        trained: The two factors of training images from `training_points`, shape (n, 2).
        source: Dataset of the points' images; None for codes of a file.
        by: Name of the score.
        caption: Line at the top of the picture, with data and models.
        samples: Training images, shape (N, H, W, C); None for 16 samples of the source.
        trained_on: Name of the data of the training images, if the caption names other data.

    Raises:
        SbvaeError: If the embeddings have different points or held-out regions.
        ValueError: If there is no group, or no group has an embedding.
    """
    drawn = {
        f"{group.name}, {each.name}": each.embedding for group in groups for each in group.chosen
    }
    if not drawn:
        raise ValueError("a panel needs a group or more, and an embedding in one of them")
    first = require_same_points(drawn)
    colours = decoder_colours([group.decoder or group.name for group in groups])
    rows = [_row(group, by, colour) for group, colour in zip(groups, colours, strict=True)]
    if samples is None and source is not None:
        samples = source.sample(stream(0, "samples"), SAMPLE_COUNT)[0]
    panel = factor_panel(first, source)
    texts = _texts(first, len(trained), source, by, caption, trained_on)
    return draw_replicas(panel, trained, rows, texts, samples, score_style(by).least_bin)


def _row(group: Replicas, by: GeometryScore, colour: Role) -> ReplicaRow:
    count, named = len(group.scores), cycle(_NAMED)
    stars, scores = [], [float(group.scores[each.number]) for each in group.chosen]
    for each in group.chosen:
        panel = embedding_panel(each.embedding, each.name)
        score = float(group.scores[each.number])
        star = _MARKS.get(each.mark) or next(named)
        title = f"{score_style(by).label} {_distinguishable(score, scores)}"
        mark = "median run" if each.mark == "median" else each.mark
        title = f"{mark}: {title}" if mark else title
        stars.append(
            ReplicaStar(
                score, star, title, ", ".join(filter(None, [each.name, panel.verdict])), panel
            )
        )
    middle = format_score(float(np.median(group.scores)))
    subtitle = f"{count} replicas, median {middle}" if count > 1 else "1 replica"
    return ReplicaRow(group.name, subtitle, group.scores, colour, stars)


def _distinguishable(score: float, others: Sequence[float]) -> str:
    """Format a score with enough decimals, up to six, to tell it from the others."""
    for digits in (3, 4, 5, 6):
        texts = {f"{other:.{digits}f}" for other in others}
        if len(texts) == len(set(others)):
            break
    return format_score(score) if digits == 3 or digits == 6 else f"{score:.{digits}f}"


def _texts(
    embedding: FactorEmbedding,
    trained: int,
    source: Source | None,
    by: GeometryScore,
    caption: str,
    trained_on: str,
) -> ReplicaTexts:
    """Return the texts beside the panels, so that the picture is self-contained."""
    style, blank = score_style(by), 0.0 if source is None else source.space.blank
    size = "" if source is None else f"{source.height}x{source.width} pixels"
    of = f" of {trained_on}" if trained_on else ""
    alone = "" if source is None else ", which differ only in the seed"
    note_on_rows = (
        f"Histograms: {style.label} of the replicas of a model{alone}; stars mark those whose "
        "latent space is shown in a frame of the same colour."
    )
    return ReplicaTexts(
        style.label + (" (lower is better)" if style.lower_is_better else ""),
        f"{trained:,} images{of}" + (", blank ones left out" if blank else " at random"),
        f"{embedding.pair.layout} in colours",
        (f"of {trained_on}, " if trained_on else "")
        + size
        + (f", {100 * blank:.0f} % blank" if blank else ""),
        caption,
        f"{note_on_rows} {note(embedding, source)}",
    )
