"""Draw the effect of each latent on images (Figures 2, 3, 5, 6 and 9 to 12)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sbvae_cli.config.metrics import USED_BELOW_STD
from sbvae_cli.evaluation.traversal import Traversal
from sbvae_cli.figures.colours import decoder_colours
from sbvae_cli.viz.animation import Animation
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.traversal import draw_sweeps
from sbvae_cli.viz.traversal_animation import animate_sweeps
from sbvae_cli.viz.traversal_layout import (
    Block,
    Examples,
    ModelPanel,
    Sweep,
    percent_names,
    value_names,
)

Models = Mapping[str, Traversal]  # by title, whose lines describe the model


def draw_traversal(traversals: Traversal | Models, caption: str = "") -> Canvas:
    """Draw inputs, their reconstructions, and a row of images for each latent that was swept.

    Several models are side by side (Figures 2, 3, 6, 9 and 10), several start images one below the
    other (Figures 5 and 12). Latents with a mean std of 0.5 or more are grey (Figure 11). Each row
    ends with the factor on which its latent has most information, and the share of its entropy.

    Args:
        traversals: Traversal of one model, or those of several models by title, all from the same
            start images and with the same number of values.
        caption: Line at the top of the picture.

    Raises:
        ValueError: If there is no model, or models differ in start images or values.
    """
    panels = _panels(traversals)
    first = _first(traversals)
    if first.quantiles is None:
        names, heading = value_names(first.values[0]), "latent at"
    else:
        names, heading = percent_names(first.quantiles), "quantile"
    return draw_sweeps(panels, names, caption, heading)


def animate_traversal(
    traversals: Traversal | Models, caption: str = "", decoders: Sequence[str] = ()
) -> Animation:
    """Animate the picture of `draw_traversal`: each latent moves along its values and back.

    Args:
        traversals: As in `draw_traversal`, preferably made with `swing`.
        caption: Line at the top of the picture.
        decoders: Kind of each model's decoder, which determines the colour of its dots.

    Raises:
        ValueError: If there is no model, or models differ in start images or values.
    """
    first = _first(traversals)
    low, high = (first.values[0] if first.quantiles is None else 100 * first.quantiles)[[0, -1]]
    ends = f"{low:g} to {high:g}" if first.quantiles is None else f"{low:g} to {high:g} % of images"
    panels = _panels(traversals)
    if decoders:
        pairs = zip(panels, decoder_colours(decoders), strict=True)
        panels = [replace(panel, colour=colour) for panel, colour in pairs]
    return animate_sweeps(panels, caption, ends)


def _first(traversals: Traversal | Models) -> Traversal:
    return traversals if isinstance(traversals, Traversal) else next(iter(traversals.values()))


def _panels(traversals: Traversal | Models) -> list[ModelPanel]:
    if isinstance(traversals, Traversal):
        return [_panel("", traversals)]
    kinds = {(each.starts, *_columns(each)) for each in traversals.values()}
    if len(kinds) != 1:
        raise ValueError(f"{len(kinds)} kinds of starts and values do not stand side by side")
    return [_panel(title, each) for title, each in traversals.items()]


def _columns(traversal: Traversal) -> tuple[bool, tuple[float, ...]]:
    """Return what the columns are: quantiles, or values that all latents take."""
    quantiles = traversal.quantiles
    shared = traversal.values[0] if quantiles is None else quantiles
    return quantiles is None, tuple(shared.tolist())


def _panel(title: str, traversal: Traversal) -> ModelPanel:
    examples = Examples(traversal.inputs, traversal.reconstructions, traversal.held_out)
    blocks = [
        Block(name, _sweeps(traversal, number)) for number, name in enumerate(traversal.starts)
    ]
    return ModelPanel(tuple(title.split("\n")) if title else (), examples, blocks)


def _sweeps(traversal: Traversal, start: int) -> Sequence[Sweep]:
    sweeps = []
    for row, latent in enumerate(traversal.latents):
        std = float(traversal.stds[latent])
        sweeps.append(
            Sweep(
                latent,
                std,
                std < USED_BELOW_STD,
                float(traversal.codes[start, latent]),
                traversal.values[row],
                traversal.sweeps[start, row],
                _row_end(traversal, latent),
                traversal.quantiles is not None,
            )
        )
    return sweeps


def _row_end(traversal: Traversal, latent: int) -> tuple[str, ...]:
    """Return the followed factors and their shares, or why there are none."""
    if traversal.stds[latent] >= USED_BELOW_STD:
        return ("non-coding",)
    if traversal.followed is None:
        return ()
    followed = traversal.followed[latent]
    if not followed:
        return ("no factor",)
    shares = ", ".join(str(round(100 * share)) for _, share in followed)
    return ", ".join(name for name, _ in followed), f"{shares} %"
