"""Draw two factors and their embedding in latent space (Figures 7 and 8)."""

from collections.abc import Mapping

import numpy as np

from sbvae_cli.config.space import FactorConfig
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.factor_embedding import FactorEmbedding
from sbvae_cli.evaluation.findings.verdict import verdict_label
from sbvae_cli.evaluation.training_points import SAMPLE_COUNT
from sbvae_cli.random import stream
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.embedding import Embedding, FactorPanel
from sbvae_cli.viz.geometry import draw_embedding, draw_embeddings

_RULES = {
    "variance": "of smallest posterior variance",
    "informative": "with the most information on the two factors",
    "given": "that were named",
}
# Scores that the note explains if they are shown.
_MEANINGS = {
    "inverse_r2": "R²: how well an affine map gives the latents from the factors (affine) or back "
    "(inverse)",
    "fold_fraction": "folded: share of triangles that are turned over",
    "tear": "tear: largest over median distance between neighbours",
    "heldout_ratio": "held-out error, held-out area: error of the affine map in the held-out "
    "region over that elsewhere, and the region's area over the map's",
    "information_outside": "in other latents: share of the information about the factors that "
    "they hold",
}


def draw_geometry(
    embeddings: Mapping[str, FactorEmbedding],
    source: Source | None,
    caption: str = "",
) -> Canvas:
    """Draw two factors and their embedding, with samples and scores; or several models' embeddings.

    Args:
        embeddings: One or more embeddings of the same points, by the titles of their panels, which
            may have several lines.
        source: Dataset of the points' images; None for codes of a file.
        caption: Line at the top of the picture, with data and model.

    Raises:
        SbvaeError: If the embeddings are of different points or held-out regions.
    """
    first = require_same_points(embeddings)
    panel = factor_panel(first, source)
    panels = [embedding_panel(embedding, name) for name, embedding in embeddings.items()]
    explained = f"{note(first, source)} {note_on_scores(first)}"
    if len(panels) > 1:
        return draw_embeddings(panel, panels, caption, explained)
    samples = None if source is None else source.sample(stream(0, "samples"), SAMPLE_COUNT)[0]
    return draw_embedding(panel, panels[0], caption, samples, explained)


def factor_panel(embedding: FactorEmbedding, source: Source | None) -> FactorPanel:
    """Return the points in factor space, with the factors' units if they are known."""
    points, names = embedding.points, embedding.points.names
    labels = names if source is None else tuple(axis_label(source.space.factor(n)) for n in names)
    return FactorPanel(points.values, (labels[0], labels[1]), points.held_out, points.circular)


def axis_label(factor: FactorConfig) -> str:
    """Return the factor's name with its unit, or with the meanings of its levels."""
    if factor.levels and factor.level_names:
        levels = zip(factor.levels, factor.level_names, strict=True)
        return f"{factor.name} ({', '.join(f'{level:g} {name}' for level, name in levels)})"
    return f"{factor.name} ({factor.unit})" if factor.unit else factor.name


def note(embedding: FactorEmbedding, source: Source | None = None) -> str:
    """Describe what the picture shows, so that it is self-contained."""
    points, pair = embedding.points, embedding.pair
    others = ", ".join(
        f"{name} {_value(name, value, source)}" for name, value in points.fixed.items()
    )
    what = f"Factor space: {'a ' if pair.shape else ''}{pair.layout} of {' and '.join(pair.names)}"
    what += f" at {others}" if others else ""
    varies = "varies" if len(points.free) == 1 else "vary"
    what += f", while {', '.join(points.free)} {varies}" if points.free else ""
    what += f"; {pair.missing:,} of the grid have no image" if pair.shape and pair.missing else ""
    return (
        f"{what}. Latent space: posterior means of these images in the two latents "
        f"{_RULES[pair.choice.rule]}; a colour marks the same image in every panel."
    )


def _value(name: str, value: float, source: Source | None) -> str:
    """Format a factor's value, or return the name of its level."""
    level = None if source is None else source.space.factor(name).name_of(value)
    return level or f"{value:.3g}"


def note_on_scores(embedding: FactorEmbedding) -> str:
    """Explain the scores beside the panels, except those without a value."""
    scores = embedding.pair.scores
    meanings = [text for name, text in _MEANINGS.items() if scores[name] is not None]
    return f"{'; '.join(meanings)}."


def embedding_panel(embedding: FactorEmbedding, name: str) -> Embedding:
    """Return the points in two latents, with scores and verdict."""
    first, second = embedding.choice.latents
    return Embedding(
        embedding.codes,
        (f"latent {first}", f"latent {second}"),
        name,
        embedding.scores,
        verdict_label(embedding.pair),
        embedding.blank,
    )


def require_same_points(embeddings: Mapping[str, FactorEmbedding]) -> FactorEmbedding:
    """Check that all embeddings have the same points, and return the first one.

    Raises:
        SbvaeError: If the points differ; the message says how, and what to do.
    """
    (title, first), *others = embeddings.items()
    for name, other in others:
        found = _difference(first, other, title.splitlines()[0])
        if found:
            raise SbvaeError(f"{name.splitlines()[0]}: {found}")
    return first


def _difference(first: FactorEmbedding, other: FactorEmbedding, whose: str) -> str:
    """Return why two embeddings cannot be shown side by side and what to do, or ""."""
    one, two = first.points, other.points
    if one.names != two.names:
        names = " and ".join(two.names), " and ".join(one.names)
        return (
            f"its factors are {names[0]}, not {names[1]} as those of {whose}; name the same "
            "`factors` for both, or draw it by itself"
        )
    if one.values.shape != two.values.shape:
        shapes = _layout(other), _layout(first)
        return f"it shows {shapes[0]}, {whose} {shapes[1]}; draw it by itself"
    if one.fixed != two.fixed:
        return f"its other factors are not fixed at the values of {whose}; set them by `at`"
    same = (
        np.array_equal(two.values, one.values)
        and np.array_equal(two.held_out, one.held_out)
        and np.array_equal(np.isnan(other.codes[..., 0]), np.isnan(first.codes[..., 0]))
    )
    if same:
        return ""
    return (
        f"its points or held-out regions are not those of {whose}; draw it by itself, or give "
        "models the same `data`"
    )


def _layout(embedding: FactorEmbedding) -> str:
    """Describe the arrangement of points, such as `a 32x32 grid`."""
    shape = embedding.points.held_out.shape
    return f"a {shape[0]}x{shape[1]} grid" if len(shape) == 2 else f"{shape[0]:,} points"
