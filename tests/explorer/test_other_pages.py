"""Pages of anybody's codes and decoders, on a phone, and in a browser that runs nothing."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sbvae_cli.config.space import FactorConfig
from sbvae_cli.explorer.assemble import assemble
from sbvae_cli.explorer.atlas import atlas_of
from sbvae_cli.explorer.payload import Model, Payload, Slice

onnx = pytest.importorskip("onnx")

Floats = NDArray[np.floating]
Explore = Callable[..., Any]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def linear_decoder(weights: Floats, shape: tuple[int, int, int]) -> bytes:
    """ONNX file of sigmoid(z W) as images of a shape (C, H, W)."""
    names = ("z", "flat", "bright", "image")
    tensor, float32 = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [
            onnx.helper.make_node("MatMul", ["z", "weights"], ["flat"]),
            onnx.helper.make_node("Sigmoid", ["flat"], ["bright"]),
            onnx.helper.make_node("Reshape", ["bright", "shape"], ["image"]),
        ],
        "decoder",
        [tensor(names[0], float32, ["n", len(weights)])],
        [tensor(names[-1], float32, ["n", *shape])],
        [
            onnx.numpy_helper.from_array(weights.astype(np.float32), "weights"),
            onnx.numpy_helper.from_array(np.array([-1, *shape]), "shape"),
        ],
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    return bytes(
        onnx.helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    )


def drawn_by(weights: Floats, shape: tuple[int, int, int], z: Floats) -> Floats:
    """What it draws, in grey levels, (H, W, C)."""
    return (255 / (1 + np.exp(-z @ weights))).reshape(shape).transpose(1, 2, 0)


@pytest.fixture
def three_models(tmp_path: Path) -> Path:
    """Three models of 1, 2 and 5 latents on a grid that goes round, with holes; grey, 6 by 9."""
    rng = np.random.default_rng(0)
    shape, image = (12, 7), (1, 6, 9)
    turn = np.arange(12)[:, None] / 12 * 2 * np.pi + np.zeros(7)
    width = 1 + np.arange(7) / 6 + 0 * turn
    present = np.ones(shape, np.bool_)
    present[4:6, 5] = False
    codes = {
        "one": np.stack([np.sin(turn)], -1),
        "ring": np.stack([width * np.cos(turn), width * np.sin(turn)], -1),
        "five": np.stack([np.cos(turn), width, np.sin(turn), 0 * turn, turn / 6], -1),
    }
    models = []
    for number, (name, values) in enumerate(codes.items()):
        latents = values.shape[-1]
        weights = np.random.default_rng(number).normal(size=(latents, 54))
        values = np.where(present[..., None], values, np.nan).reshape(84, latents)
        axes = [(0, 1)[:latents]]
        decoder = None if name == "five" else linear_decoder(weights, image)
        models.append(Model(name, latents, [values], axes, [[]], decoder=decoder))
    levels, held_out = (np.arange(12) / 12, np.arange(7) / 6), np.zeros(shape, np.bool_)
    images = atlas_of(rng.integers(0, 256, (84, 6, 9, 1), np.uint8), 7)
    grid = Slice(("angle", "width"), {}, levels, (True, False), held_out, present, images)
    factors = [
        FactorConfig(name="angle", unit="turn", low=0, high=1, period=1),
        FactorConfig(name="width", low=0, high=1),
    ]
    path = tmp_path / "three.html"
    path.write_bytes(
        assemble(Payload("rings", image, factors, [grid], None, models), "sbvae explore")
    )
    return path


def test_colours_go_round_with_a_factor(three_models: Path, explore: Explore) -> None:
    explorer = explore(three_models)
    ends = explorer.js(
        """async () => {
          const { chartColours } = await import("colours"), colour = chartColours(sbvae.store);
          return [[0, 3], [12, 3], [0, 0], [0, 6]].map((f) => colour(f));
        }"""
    )
    assert ends[0] == ends[1]
    assert ends[2] != ends[3]


def test_five_models_are_all_seen_in_a_window(tmp_path: Path, explore: Explore) -> None:
    rng, image = np.random.default_rng(0), (1, 6, 6)
    x, y = (each.ravel() for each in np.mgrid[-1:1:5j, -1:1:5j])
    codes = np.stack([x, y, 0.1 * x], axis=-1)
    models = [
        Model(
            f"model {n}",
            *(3, [codes], [(0, 1)], [[]]),
            stds=np.array([0.1, 0.1, 0.9]),
            decoder=linear_decoder(rng.normal(size=(3, 36)), image),
        )
        for n in range(5)
    ]
    levels, whole = (np.arange(5.0), np.arange(5.0)), np.ones((5, 5), np.bool_)
    pictures = atlas_of(rng.integers(0, 256, (25, 6, 6, 1), np.uint8), 5)
    grid = Slice(("x", "y"), {}, levels, (False, False), ~whole, whole, pictures)
    factors = [FactorConfig(name=name, low=0, high=4) for name in "xy"]
    path = tmp_path / "five.html"
    path.write_bytes(assemble(Payload("five", image, factors, [grid], None, models), "sbvae"))
    explorer = explore(path, viewport={"width": 1280, "height": 1000})
    parts = ".plot, figure, .sliders, .facts"
    boxes = explorer.js(
        f"""Array.from(document.querySelectorAll("{parts}"), (node) => {{
          const {{ left, right, top, bottom }} = node.getBoundingClientRect();
          return [left, right, top, bottom];
        }})"""
    )
    assert len(boxes) == 6 + 6 + 5 + 1
    assert np.min(boxes) >= 0
    assert np.max(boxes, axis=0)[[1, 3]] == pytest.approx([1280, 1000], abs=60)
    assert (np.max(boxes, axis=0)[[1, 3]] <= [1280, 1000]).all()


def test_models_of_different_sizes_follow_one_point_round_the_circle(
    three_models: Path, explore: Explore
) -> None:
    explorer = explore(three_models)
    assert explorer.page.locator(".panel .plot").count() == 4

    explorer.move(0, 11.5, 3)
    assert explorer.place == pytest.approx([11.5, 3], abs=0.1)
    angle, width = explorer.place
    ends = [np.array([np.cos(a), np.sin(a)]) for a in (11 / 6 * np.pi, 2 * np.pi)]
    between = ends[0] + (angle - 11) * (ends[1] - ends[0])
    assert explorer.z(1) == pytest.approx((1 + width / 6) * between, abs=0.02)
    for m, latents in enumerate((1, 2)):
        weights = np.random.default_rng(m).normal(size=(latents, 54))
        drawn = drawn_by(weights, (1, 6, 9), explorer.z(m))
        assert np.abs(explorer.pixels(m) - drawn).max() <= 2

    explorer.move(0, 4.5, 5)
    assert explorer.place is None, "a hole"
    assert explorer.pixels(0) is explorer.pixels(1) is explorer.pixels(None) is None
    explorer.move(2, 1.3 * np.cos(0.6), 1.3 * np.sin(0.6))
    assert explorer.place == pytest.approx([0.6 / (2 * np.pi) * 12, 1.8], abs=0.15)


def test_codes_alone_make_a_page_that_waits_for_nothing(
    sbvae: Callable[..., Any], explore: Explore, tmp_path: Path
) -> None:
    x, y = np.mgrid[:5, :4].reshape(2, 20).astype(float)
    np.savez("codes.npz", codes=np.stack([y, x, x * y], 1), factors=np.stack([x, y], 1))
    assert sbvae("explore", "--codes", "codes.npz").code == 0
    explorer = explore(tmp_path / "explorer.html")

    assert (tmp_path / "explorer.html").stat().st_size < 300_000
    assert explorer.page.locator("figure:visible").count() == 0
    explorer.move(0, 2, 3)
    assert explorer.z(0) == pytest.approx([3, 2, 6], abs=1e-5)
    said = explorer.page.inner_text("body")
    assert not re.search("starting|encoder|PyTorch|images, but", said), said
    explorer.page.keyboard.press("d")
    explorer.page.keyboard.press("Escape")


@pytest.mark.parametrize("latents", [1, 512])
def test_one_latent_and_very_many_with_a_decoder_of_grey_images(
    latents: int, sbvae: Callable[..., Any], explore: Explore, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(60, latents))
    weights, shape = rng.normal(size=(latents, 7 * 12)), (1, 7, 12)
    np.savez("codes.npz", codes=codes)
    Path("decoder.onnx").write_bytes(linear_decoder(weights, shape))
    made = sbvae("explore", "--codes", "codes.npz", "--decoder", "decoder.onnx")
    assert made.code == 0, made.err
    explorer = explore(tmp_path / "explorer.html")

    i, j = (*explorer.js("sbvae.store.axes[0]"), None)[:2]
    n = 17
    explorer.move(0, codes[n, i], 0 if j is None else codes[n, j])
    assert explorer.z(0)[i] == pytest.approx(codes[n, i], abs=0.1)
    z = explorer.z(0).astype(np.float32)
    assert np.abs(explorer.pixels(0) - drawn_by(weights, shape, z)).max() <= 2
    assert explorer.page.locator("input[type=range]").count() == latents
    changed = explorer.js(
        """async () => {
          const watch = new MutationObserver(() => {});
          const sliders = document.querySelector(".sliders");
          watch.observe(sliders, { subtree: true, attributes: true, attributeFilter: ["style"] });
          sbvae.store.placeFactor([3, 0]);
          sbvae.store.settle();
          return new Set(watch.takeRecords().map(({ target }) => target)).size;
        }"""
    )
    assert 1 <= changed <= 30, "only the sliders in sight follow: hundreds would take long"
    for width in (390, 1280):
        explorer.page.set_viewport_size({"width": width, "height": 800})
        explorer.settle()
        assert explorer.js("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("missing", ["WebAssembly", "DecompressionStream"])
def test_a_browser_that_cannot_run_the_models_says_so(
    explored: Any, explore: Explore, missing: str
) -> None:
    explorer = explore(explored.path, f"delete globalThis.{missing}")

    text = explorer.page.inner_text("#state")
    assert f"this browser has no {missing}" in text
    assert "\n" not in text
    explorer.move(0, 3, 4)
    assert np.array_equal(explorer.pixels(None), explored.images[3 * 32 + 4])
    assert explorer.pixels(0) is None
    assert explorer.z(0) == pytest.approx(explored.codes[0][3, 4], abs=1e-4)


class Fingers:
    """Fingers on a page's screen, at places of the window."""

    def __init__(self, page: Any) -> None:
        self.session = page.context.new_cdp_session(page)

    def put(self, kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(places)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def drag(self, *paths: list[tuple[float, float]]) -> None:
        """Each path is that of a finger."""
        steps = list(zip(*paths, strict=True))
        self.put("touchStart", *steps[0])
        for step in steps[1:]:
            self.put("touchMove", *step)
        self.put("touchEnd")


def test_on_a_phone_fingers_move_the_point_pinch_and_change_the_large_plot(
    explored: Any, explore: Explore
) -> None:
    explorer = explore(explored.path, **PHONE)
    page = explorer.page
    fingers = Fingers(page)
    assert explorer.js("document.documentElement.scrollWidth") == 390
    large = explorer.js("sbvae.plots.findIndex((plot) => !plot.small())")
    assert large == 2
    m = large - 1
    axes = explorer.js("([m]) => sbvae.store.axes[m]", m)
    plane = explored.codes[m][..., axes]
    explorer.js("([n]) => sbvae.plots[n].element.scrollIntoView({ block: 'end' })", large)
    explorer.settle()

    start, end = (explorer.client(large, *plane[place]) for place in ((5, 5), (26, 20)))
    along = [tuple(np.array(start) + t * np.subtract(end, start)) for t in np.linspace(0, 1, 6)]
    fingers.drag(along)
    explorer.settle()
    unit = explorer.js("([n]) => sbvae.plots[n].view.unit[0]", large)
    assert explorer.z(m)[axes] == pytest.approx(plane[26, 20], abs=5 * unit)
    assert np.abs(explorer.pixels(m) - explored.draw(m, explorer.z(m))).max() <= 2
    figures = page.locator("figure:visible").first.bounding_box()
    assert figures["y"] >= 0, "the images stay in sight"
    assert figures["y"] + figures["height"] < end[1], "above the finger"

    place = explorer.place
    middle = np.array(explorer.client(large, *plane.mean((0, 1))))
    around = np.array([30.0, 10])
    paths = [[tuple(middle + side * k * around) for k in (1, 1.5, 2)] for side in (1, -1)]
    fingers.drag(*paths)
    explorer.settle()
    assert explorer.js("([n]) => sbvae.plots[n].view.zoom.scale", large) == pytest.approx(0.5, 0.1)
    at = explorer.client(large, *plane.mean((0, 1)))
    assert at == pytest.approx(tuple(middle), abs=4), "what lies between the fingers stays there"
    assert place is not None

    other = page.locator(".panel.small .plot").first
    other.tap()  # whose click the browser may send later
    page.wait_for_function(f"sbvae.plots.findIndex((plot) => !plot.small()) !== {large}")
    explorer.settle()
