"""Animate the embedding of two factors by models during their training."""

from collections.abc import Mapping

import numpy as np

from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.findings.verdict import verdict_label
from sbvae_cli.evaluation.unfolding import Unfolding, same_points
from sbvae_cli.figures.geometry import axis_label
from sbvae_cli.viz.animation import Animation
from sbvae_cli.viz.embedding import FactorPanel
from sbvae_cli.viz.unfolding import Course, draw_courses

SCALE = 0.6  # at which a page fits three panels, and a file of 60 frames is small


def draw_unfolding(
    unfoldings: Mapping[str, Unfolding],
    space: FactorSpace | None = None,
    caption: str = "",
    planned: Mapping[str, int] | None = None,
) -> Animation:
    """Animate two factors and their embedding by each model at moments of its training.

    The latents and axes are those of a model's last moment throughout.

    Args:
        unfoldings: Moments of one or more models at the same points, by the titles of their panels.
        space: Factor space, which has the units; None if unknown.
        caption: Line at the top of each frame.
        planned: Number of updates planned, by title; None for that of the last moment.

    Raises:
        SbvaeError: If the points differ, or a model has no moments.
    """
    (title, first), *others = unfoldings.items()
    for name, other in others:
        if not same_points(first.points, other.points):
            raise SbvaeError(
                f"{name}: its points or held-out regions are not those of {title}; draw each by "
                "itself"
            )
    points = first.points
    labels = points.names if space is None else [axis_label(space.factor(n)) for n in points.names]
    panel = FactorPanel(points.values, (labels[0], labels[1]), points.held_out, points.circular)
    courses = [
        _course(name, each, (planned or {}).get(name, max([1, *each.steps])))
        for name, each in unfoldings.items()
    ]
    return draw_courses(panel, courses, caption)


def _course(name: str, unfolding: Unfolding, planned: int) -> Course:
    embeddings = unfolding.embeddings()
    first, second = embeddings[-1].choice.latents
    return Course(
        np.stack([each.codes for each in embeddings]),
        unfolding.steps,
        planned,
        (f"latent {first}", f"latent {second}"),
        name,
        [verdict_label(each.pair) for each in embeddings],
    )
