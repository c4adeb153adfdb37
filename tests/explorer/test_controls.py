"""What the page's controls compute: lines, fitted images, ranges, grids, against Python."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.viz.colormap import square_colours


def test_steps_along_a_line_are_equally_long_and_keep_its_ends(
    modules: Callable[..., Any],
) -> None:
    line = np.cumsum(np.random.default_rng(0).normal(size=(30, 2)), axis=0)
    scale = np.array([3.0, 0.5])

    given = modules("curve").evaluate(
        "([line, scale]) => curve.equalSteps(line, 12, scale)", [line.tolist(), scale.tolist()]
    )

    lengths = np.linalg.norm(np.diff(line * scale, axis=0), axis=1)
    along = np.concatenate([[0], lengths.cumsum()])
    wanted = [np.interp(np.linspace(0, along[-1], 12), along, line[:, axis]) for axis in (0, 1)]
    np.testing.assert_allclose(given, np.transpose(wanted), atol=1e-9)


def test_a_line_that_goes_nowhere_is_one_point_many_times(modules: Callable[..., Any]) -> None:
    given = modules("curve").evaluate("() => curve.equalSteps([[1, 2], [1, 2]], 3)")

    assert given == [[1, 2]] * 3


@pytest.mark.parametrize(
    ("size", "shape", "channels", "words"),
    [
        ((32, 32), (32, 32), 3, ""),
        ((64, 64), (32, 32), 3, "64 x 64 pixels: shrunk to 32 x 32"),
        ((90, 60), (20, 20), 1, "90 x 60 pixels: cut at the sides, shrunk to 20 x 20"
         " and made grey"),
        ((10, 30), (20, 20), 3, "10 x 30 pixels: cut above and below and enlarged to 20 x 20"),
    ],
)  # fmt: skip
def test_an_image_is_fitted_as_it_is_said(
    modules: Callable[..., Any],
    size: tuple[int, int],
    shape: tuple[int, int],
    channels: int,
    words: str,
) -> None:
    given = modules("fit").evaluate(
        """async ([width, height, to]) => {
          const canvas = new OffscreenCanvas(width, height), pen = canvas.getContext("2d");
          pen.fillStyle = "#000"; pen.fillRect(0, 0, width, height);
          pen.fillStyle = "#c83214"; pen.fillRect(0, 0, width / 2, height);
          const { image, how } = await fit.fitted(await canvas.convertToBlob(), to);
          return { image: Array.from(image), how };
        }""",
        [*size, {"width": shape[0], "height": shape[1], "channels": channels}],
    )

    colour = (200, 50, 20)
    wanted = (
        colour if channels == 3 else Image.new("RGB", (1, 1), colour).convert("L").getpixel((0, 0))
    )
    image = np.reshape(given["image"], (channels, shape[1], shape[0])) * 255
    assert given["how"] == words
    assert image[:, :, 1] == pytest.approx(np.tile(np.reshape(wanted, (-1, 1)), shape[1]), abs=1)
    assert image[:, :, -2] == pytest.approx(0, abs=1)


def test_sliders_reach_as_far_as_the_codes_and_at_least_three(modules: Callable[..., Any]) -> None:
    page = modules("sliders")
    code = "(codes) => sliders.ranges(sliders.extents(Float32Array.from(codes), 2))"

    assert page.evaluate(code, [-1, 0, 1, 0.5]) == [[-3, 3], [-3, 3]]
    assert page.evaluate(code, [-4.2, 0, 1, 0.5]) == [[-5, 5], [-5, 5]]
    assert page.evaluate(code, [40.5, 0, 1, 0.5]) == [[-3, 41], [-3, 3]]


def test_the_nearest_stored_grid_keeps_the_factor_that_was_set(modules: Callable[..., Any]) -> None:
    slices = [
        {"names": ["x", "y"], "others": {"hue": hue, "size": size}}
        for hue, size in ((0, 0.2), (0, 0.4), (0.5, 0.2), (1, 0.4))
    ] + [{"names": ["x", "hue"], "others": {"y": 0.5, "size": 0.2}}]
    page = modules("choices")
    code = "([slices, pair, wanted, first]) => choices.nearest(slices, pair, wanted, first)"

    def nearest(pair: str, first: str | None, **wanted: float) -> int:
        return int(page.evaluate(code, [slices, pair, wanted, first]))

    assert nearest("x and y", None, hue=0, size=0.4) == 1
    assert nearest("x and y", "hue", hue=1, size=0.2) == 3  # there is none at that size
    assert nearest("x and y", "size", hue=0.9, size=0.2) == 2
    assert nearest("x and hue", None, size=0.2) == 4
    assert page.evaluate("(slices) => choices.otherFactors(slices, 'x and y')", slices) == [
        ["hue", [0, 0.5, 1]],
        ["size", [0.2, 0.4]],
    ]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("round_", [(True, False), (False, True), (True, True)], ids=str)
def test_colours_of_a_circular_factor_close_and_differ(
    modules: Callable[..., Any], round_: tuple[bool, bool], dark: bool
) -> None:
    page = modules("colours")
    places = np.stack(np.meshgrid(*2 * [np.linspace(0, 1, 13)], indexing="ij"), axis=-1)
    found = page.evaluate(
        "([places, dark, round]) => places.map((f) => colours.squareColour(...f, dark, round))",
        [places.reshape(-1, 2).tolist(), dark, round_],
    )
    grid = np.reshape(found, (13, 13, 3)).astype(float)
    for axis in (0, 1):
        along = np.moveaxis(grid, axis, 0)
        if round_[axis]:
            assert np.array_equal(along[0], along[-1])
        steps = np.linalg.norm(np.diff(along, axis=0), axis=-1)
        assert steps.min() > 1 and steps.max() < 80  # of 442: no seam
    kept = grid[tuple(slice(0, 13 - is_round) for is_round in round_)].reshape(-1, 3)
    apart = np.linalg.norm(kept[:, None] - kept, axis=-1) + 1e3 * np.eye(len(kept))
    assert apart.min() > 2
    assert grid.min() > 0 and grid.max() < 255  # none is cut off
    assert np.abs(grid - square_colours(places, round_)).max() <= 1  # the tool's pictures too


def test_settings_that_differ_come_first(modules: Callable[..., Any]) -> None:
    models = [
        {"settings": [["beta", "1"], ["decoder", "broadcast"]]},
        {"settings": [["beta", "1"], ["decoder", "deconv"], ["gamma", "35"]]},
    ]

    rows = modules("report").evaluate("(models) => report.settingRows(models)", models)

    assert rows == [
        ["decoder", ["broadcast", "deconv"], True],
        ["gamma", [None, "35"], True],
        ["beta", ["1", "1"], False],
    ]


def test_a_walk_keeps_to_the_nearer_layer_and_says_where_it_leaves_the_sheet(
    modules: Callable[..., Any],
) -> None:
    """A sheet folded at a = 1: places u and 2 - u lie at the same point."""
    steps = modules("walk").evaluate(
        """() => {
          const space = {
            latentDims: [3, 2], axes: () => [0, 1], last: () => [1.9, 0],
            samples: false, encodes: () => false,
            gap: (f, g) => Math.hypot(f[0] - g[0], f[1] - g[1]), heldOut: (f) => f[0] > 1.5,
            code: (m, f) => Float32Array.of(f[0], f[1], 7).slice(0, m ? 2 : 3),
            layersAt: (m, a, b) => (a > 1 || a < 0 ? [] : [[a, b], [2 - a, b]]),
          };
          const steps = walk.columns({ model: 0, points: [[0.25, 0], [1.25, 0]] }, 5, space);
          const list = (z) => z && Array.from(z);
          return steps.map(({ f, z, mark }) => ({ f, mark, own: list(z[0]), other: list(z[1]) }));
        }"""
    )

    assert [step["f"] for step in steps] == [[1.75, 0], [1.5, 0], [1.25, 0], [1, 0], None]
    assert [step["mark"] for step in steps] == ["held out", "", "", "", "off"]
    assert [step["own"] for step in steps] == [[a, 0, 7] for a in (0.25, 0.5, 0.75, 1, 1.25)]
    assert [step["other"] and step["other"][0] for step in steps] == [1.75, 1.5, 1.25, 1, None]
