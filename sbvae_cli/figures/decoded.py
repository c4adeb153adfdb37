"""Draw samples of the prior, interpolations between two images, and reconstructions."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.evaluation.decoded import Interpolation, Reconstructions
from sbvae_cli.viz.animation import Animation
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.image_rows import ImageRow, Section, draw_image_rows
from sbvae_cli.viz.legend import Entry
from sbvae_cli.viz.theme import MARK, WARN
from sbvae_cli.viz.traversal_animation import FRAME_MS, SIDE
from sbvae_cli.viz.traversal_layout import percent_names

MAX_COLUMNS = 12
DRIFT_MS = 80
_ASPECT = 1.6  # ratio of columns to rows of samples


def draw_prior_samples(samples: Mapping[str, NDArray[np.uint8]], caption: str = "") -> Canvas:
    """Draw images that models decode from samples of the prior, in one grid for each model.

    Args:
        samples: Images by the title of the model, each of shape (N, H, W, C).
        caption: Line at the top of the picture.
    """
    sections = []
    for title, images in samples.items():
        most = min(MAX_COLUMNS, math.ceil(math.sqrt(_ASPECT * len(images))))
        columns = math.ceil(len(images) / math.ceil(len(images) / most))
        rows = [
            ImageRow((), list(images[start : start + columns]))
            for start in range(0, len(images), columns)
        ]
        sections.append(Section(rows, title=title.replace("\n", ": ")))
    return draw_image_rows(sections, caption)


def animate_samples(samples: Mapping[str, NDArray[np.uint8]], caption: str = "") -> Animation:
    """Animate samples that move through the prior in a cycle.

    Args:
        samples: Images by the title of the model, each of shape (T, N, H, W, C).
        caption: Line at the top of the picture.
    """
    count = len(next(iter(samples.values())))
    frames = [
        draw_prior_samples({title: images[frame] for title, images in samples.items()}, caption)
        for frame in range(count)
    ]
    return Animation(frames, [DRIFT_MS] * count)


def draw_interpolations(models: Mapping[str, Interpolation], caption: str = "") -> Canvas:
    """Draw images decoded between two images' codes, with these images in frames at the ends.

    Args:
        models: Interpolations by the title of the model, of the same images and length.
        caption: Line at the top of the picture.
    """
    first = next(iter(models.values()))
    rows = [
        ImageRow(
            _label(title),
            [each.ends[0], *each.images, each.ends[1]],
            {0: MARK, len(each.images) + 1: MARK},
        )
        for title, each in models.items()
    ]
    columns = [_image(first.names[0]), *percent_names(first.shares), _image(first.names[1])]
    return draw_image_rows(
        [Section(rows, columns)], caption, [Entry("the two images", MARK, "frame")]
    )


def animate_interpolations(models: Mapping[str, Interpolation], caption: str = "") -> Animation:
    """Animate images that move from one image's code to another's and back, between the two.

    Args:
        models: Interpolations by the title of the model, of the same images and length.
        caption: Line at the top of the picture.
    """
    first = next(iter(models.values()))
    count = len(first.shares)
    frames = []
    for at in [*range(count), *range(count - 2, 0, -1)]:
        rows = [
            ImageRow(_label(title), [each.ends[0], each.images[at], each.ends[1]])
            for title, each in models.items()
        ]
        share = percent_names(first.shares[[at]])
        columns = [_image(first.names[0]), *share, _image(first.names[1])]
        frames.append(draw_image_rows([Section(rows, columns)], caption, side=SIDE))
    return Animation(frames, [FRAME_MS] * len(frames))


def draw_reconstructions(models: Mapping[str, Reconstructions], caption: str = "") -> Canvas:
    """Draw images above their reconstructions by each model, with held-out ones in orange frames.

    Args:
        models: Reconstructions by the title of the model, of the same images.
        caption: Line at the top of the picture.
    """
    first = next(iter(models.values()))
    count = len(first.inputs)
    per_row = math.ceil(count / math.ceil(count / MAX_COLUMNS))
    sections = []
    for start in range(0, count, per_row):
        part = slice(start, start + per_row)
        frames = dict.fromkeys(np.flatnonzero(first.held_out[part]).tolist(), WARN)
        rows = [ImageRow(("input",), list(first.inputs[part]), frames)]
        for title, each in models.items():
            label = _label(title) or ("reconstruction",)
            rows.append(ImageRow(label, list(each.reconstructions[part]), frames))
        sections.append(Section(rows))
    legend = [Entry("held out of training", WARN, "frame")] if first.held_out.any() else []
    return draw_image_rows(sections, caption, legend)


def _image(name: str) -> str:
    """Return the label of an image: the name of a file, or the number of an image."""
    return f"image {name}" if name[:1].isdigit() and "." not in name else name


def _label(title: str) -> tuple[str, ...]:
    return tuple(title.split("\n")[:2]) if title else ()
