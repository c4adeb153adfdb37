"""The traversal picture repeats what was swept, in the order given."""

from dataclasses import replace

import numpy as np
import pytest

from sbvae_cli.config.metrics import USED_BELOW_STD
from sbvae_cli.evaluation.traversal import Traversal
from sbvae_cli.figures.traversal import animate_traversal, draw_traversal
from sbvae_cli.viz.primitives import Disc
from sbvae_cli.viz.theme import SERIES, UNUSED
from sbvae_cli.viz.traversal import draw_sweeps
from sbvae_cli.viz.traversal_layout import Block, Examples, ModelPanel, Sweep

RNG = np.random.default_rng(0)
INPUTS, DECODED = RNG.integers(0, 256, (2, 8, 16, 16, 3), np.uint8)
HELD_OUT = np.arange(8) > 5


def made(starts: int = 1) -> Traversal:
    return Traversal(
        starts=tuple(map(str, range(starts))),
        inputs=INPUTS,
        reconstructions=DECODED,
        held_out=HELD_OUT,
        codes=np.array([[0.1, -0.9, 0.8], [0.2, 0.3, 0.4]])[:starts],
        stds=np.array([0.2, 0.4, USED_BELOW_STD]),
        followed=((("x", 0.741), ("hue", 0.4)), (), ()),
        latents=(2, 0, 1),
        values=np.tile(np.linspace(-1, 1, 3), (3, 1)),
        quantiles=None,
        sweeps=RNG.integers(0, 256, (starts, 3, 3, 16, 16, 3), np.uint8),
    )


def sweeps(result: Traversal, start: int = 0) -> list[Sweep]:
    values, images, code = result.values, result.sweeps[start], result.codes[start]
    return [
        Sweep(2, USED_BELOW_STD, False, code[2], values[0], images[0], ("non-coding",)),
        Sweep(0, 0.2, True, code[0], values[1], images[1], ("x, hue", "74, 40 %")),
        Sweep(1, 0.4, True, code[1], values[2], images[2], ("no factor",)),
    ]


def same(one: object, other: object) -> bool:
    return one.raster().tobytes() == other.raster().tobytes()  # type: ignore[attr-defined]


def test_rows_are_the_swept_latents_with_their_own_std_start_and_factors() -> None:
    result = made()

    picture = draw_traversal(result, "caption")

    panel = ModelPanel((), Examples(INPUTS, DECODED, HELD_OUT), [Block("0", sweeps(result))])
    assert same(picture, draw_sweeps([panel], ["-1", "0", "1"], "caption"))


def test_several_models_are_panels_with_titles_and_several_starts_are_blocks() -> None:
    one, other = made(2), made(2)

    picture = draw_traversal({"deconv\nstep 3": one, "broadcast\nstep 9": other})

    examples = Examples(INPUTS, DECODED, HELD_OUT)
    panels = [
        ModelPanel(title, examples, [Block("0", sweeps(each)), Block("1", sweeps(each, 1))])
        for title, each in ((("deconv", "step 3"), one), (("broadcast", "step 9"), other))
    ]
    assert same(picture, draw_sweeps(panels, ["-1", "0", "1"]))


def test_without_factors_rows_end_in_nothing_but_that_they_are_non_coding() -> None:
    canvas = draw_traversal(replace(made(), followed=None))
    texts = [box.text for box in canvas.texts]
    assert "non-coding" in texts and "no factor" not in texts
    assert not any("entropy" in text for text in texts)


def test_quantiles_head_the_columns_and_each_row_says_its_own_range() -> None:
    own = np.array([[-0.1, 0.0, 0.2], [-1.5, 0.0, 1.5], [-1.0, 0.1, 2.0]])
    canvas = draw_traversal(replace(made(), values=own, quantiles=np.array([0.01, 0.5, 0.99])))
    texts = [box.text for box in canvas.texts]
    assert {"quantile", "1 %", "50 %", "99 %", "std 0.20, -1.5..1.5"} <= set(texts)


def test_an_animation_goes_through_the_same_images_and_says_its_range() -> None:
    animation = animate_traversal(made(), "caption")

    assert len(animation.frames) == 4
    texts = [box.text for box in animation.frames[0].texts]
    assert "dot: the latent's value, -1 to 1" in texts and "caption" in texts
    quantiles = replace(made(), quantiles=np.array([0.01, 0.5, 0.99]))
    (said,) = [
        box.text for box in animate_traversal(quantiles).frames[0].texts if "dot" in box.text
    ]
    assert said.endswith("1 to 99 % of images")


def test_dots_have_the_colour_of_the_decoder() -> None:
    models = {"a": made(), "b": made(), "c": made()}
    frame = animate_traversal(models, decoders=["broadcast", "deconv", "broadcast"]).frames[0]

    dots = [shape for shape in frame.shapes if isinstance(shape, Disc)]
    dots.sort(key=lambda dot: dot.y)
    colours = [dot.colour for dot in dots if dot.colour != UNUSED]
    assert colours == 2 * [SERIES[1]] + 2 * [SERIES[0]] + 2 * [SERIES[1]]


def test_models_with_other_starts_do_not_stand_side_by_side() -> None:
    with pytest.raises(ValueError, match="2 kinds of starts and values"):
        draw_traversal({"a": made(1), "b": made(2)})


def test_models_with_other_values_do_not_stand_side_by_side() -> None:
    one, other = made(), replace(made(), values=2 * made().values)
    with pytest.raises(ValueError, match="2 kinds of starts and values"):
        draw_traversal({"a": one, "b": other})
    shares = np.array([0.01, 0.5, 0.99])
    own = [replace(each, quantiles=shares) for each in (one, other)]
    draw_traversal({"a": own[0], "b": own[1]})  # latents have their own values anyhow
    with pytest.raises(ValueError, match="2 kinds of starts and values"):
        draw_traversal({"a": own[0], "b": replace(own[1], quantiles=0.9 * shares)})
