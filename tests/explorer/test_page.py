"""The page of two models, used by mouse and keys, against what Python computes of them."""

import base64
import io
import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.explorer.conftest import Explorer

Floats = NDArray[np.floating]
AXES = "([m]) => sbvae.store.axes[m]"


def on_sheet(codes: Floats, f: list[float]) -> Floats:
    """A code between those of the grid (n0, n1, K): linear on the two triangles of each cell."""
    i, j = (min(int(v), n - 2) for v, n in zip(f, codes.shape, strict=False))
    a, b = f[0] - i, f[1] - j
    corner, right, top, far = codes[i, j], codes[i + 1, j], codes[i, j + 1], codes[i + 1, j + 1]
    if a >= b:
        return corner + a * (right - corner) + b * (far - right)
    return corner + b * (top - corner) + a * (far - top)


def layers_at(plane: Floats, point: Floats) -> list[Floats]:
    """Places of a point on a sheet (n0, n1, 2), by the triangles that hold it, each once."""
    found: list[Floats] = []
    for i in range(plane.shape[0] - 1):
        for j in range(plane.shape[1] - 1):
            for middle in ((i + 1, j), (i, j + 1)):
                corners = np.array([(i, j), middle, (i + 1, j + 1)])
                sides = np.vstack([plane[tuple(corners.T)].T, np.ones(3)])
                shares = np.linalg.solve(sides, [*point, 1])
                place = shares @ corners
                if shares.min() >= 0 and all(np.hypot(*(place - each)) > 0.02 for each in found):
                    found.append(place)
    return found


def test_it_starts_and_agrees_with_pytorch(explorer: Any) -> None:
    page = explorer.page
    assert page.title() == "xy-hole" == page.inner_text("h1")
    assert re.fullmatch(r"decoders ready in \d+\.\d s", page.inner_text("#state"))
    assert explorer.js("sbvae.runtime.worst") < 1 / 255
    assert page.requests[0].startswith("file:")


@pytest.mark.parametrize("m", [0, 1])
def test_what_is_drawn_under_the_pointer_is_what_python_draws(
    explorer: Any, explored: Any, m: int
) -> None:
    rng = np.random.default_rng(m)
    axes = explorer.js(AXES, m)
    plane = explored.codes[m][..., axes]
    for f in rng.uniform(0.5, 30.5, (5, 2)):
        a, b = on_sheet(plane, f)
        explorer.move(m + 1, a, b)

        z, place = explorer.z(m), explorer.place
        others = np.delete(np.arange(len(z)), axes)
        unit = explorer.js("([n]) => sbvae.plots[n].view.unit[0]", m + 1)
        assert z[axes] == pytest.approx([a, b], abs=5 * unit)  # a grid point near by is meant
        assert on_sheet(explored.codes[m], place)[others] == pytest.approx(z[others], abs=1e-3)
        assert on_sheet(plane, place) == pytest.approx(z[axes], abs=1e-3)
        for each in (0, 1):
            drawn = explored.draw(each, explorer.z(each))
            assert np.abs(explorer.pixels(each) - drawn).max() <= 2
            if each != m:
                assert explorer.z(each) == pytest.approx(
                    on_sheet(explored.codes[each], place), abs=1e-3
                )


def test_pictures_of_the_models_differ_from_place_to_place(explorer: Any, explored: Any) -> None:
    """Or all comparisons of pixels would hold of grey squares."""
    for m in (0, 1):
        codes = explored.codes[m][[2, 29], [2, 29]]
        first, second = (explored.draw(m, z) for z in codes)
        assert np.abs(first - second).max() > 40


def test_over_a_grid_point_true_image_and_reconstruction_stand_together(
    explorer: Any, explored: Any
) -> None:
    x, y = explorer.client(0, 9, 21)
    explorer.page.mouse.move(x + 2, y - 2)  # near it is on it
    explorer.settle()

    true = explored.images[9 * 32 + 21]
    assert explorer.place == [9, 21]
    assert np.array_equal(explorer.pixels(None), true)
    for m in (0, 1):
        assert explorer.z(m) == pytest.approx(explored.codes[m][9, 21], abs=1e-4)
        far = np.abs(explored.draw(m, explored.codes[m][9, 21]) - true).mean()
        caption = explorer.page.inner_text(f"figure:has-text('{('broadcast', 'deconv')[m]}') .more")
        said = re.fullmatch(r"error ([\d.]+) of 255", caption)
        assert said is not None
        assert float(said[1]) == pytest.approx(far, abs=0.06)


def test_pixels_are_the_image_in_grey_levels_to_the_nearest(explorer: Any) -> None:
    for m in (0, 1):
        explorer.move(0, 9, 21)
        image = explorer.js(
            "async ([m]) => Array.from("
            "await sbvae.runtime.decode(m, sbvae.store.z(m), { queued: true }))",
            m,
        )
        wanted = np.rint(255 * np.clip(np.reshape(image, (3, 16, 16)), 0, 1)).transpose(1, 2, 0)
        assert np.array_equal(explorer.pixels(m), wanted)


def test_layers_of_the_folded_sheet_are_counted_and_walked(explorer: Any, explored: Any) -> None:
    page, m = explorer.page, 1
    axes = explorer.js(AXES, m)
    plane = explored.codes[m][..., axes]
    rng = np.random.default_rng(4)
    counts = set()
    for f in rng.uniform(1, 30, (12, 2)):
        explorer.move(m + 1, *on_sheet(plane, f))
        found = explorer.js("([m]) => sbvae.store.layers(m).length", m)
        counts.add(found)
        if explorer.js("sbvae.store.point.exact"):
            continue  # on a corner of triangles, which counting leaves to none of them
        assert found == len(layers_at(plane, explorer.z(m)[axes]))
    assert max(counts) > 1, "the sheet of this model is folded nowhere: choose another seed"

    count = 1
    while count < 2:
        explorer.move(m + 1, *on_sheet(plane, rng.uniform(1, 30, 2)))
        count = explorer.js("([m]) => sbvae.store.layers(m).length", m)
    assert f"{count}, folded here" in page.inner_text(".facts")
    spot, places = explorer.z(m)[axes], []
    for _ in range(count + 1):
        places.append(explorer.place)
        assert on_sheet(plane, explorer.place) == pytest.approx(spot, abs=1e-3)
        assert explorer.z(m)[axes] == pytest.approx(spot, abs=1e-3)
        page.keyboard.press("l")
        explorer.settle()
    assert len({tuple(np.round(place, 1)) for place in places}) == count
    assert places[-1] == pytest.approx(places[0], abs=1e-3)


def test_off_the_sheet_the_frames_are_empty_and_another_model_sees_what_this_one_draws(
    explorer: Any, explored: Any
) -> None:
    m, other = 0, 1
    frame = explorer.js("sbvae.plots[1].frame()")
    corner = explorer.js(
        "([x, y]) => sbvae.plots[1].back(x, y)", frame["x"] + frame["w"] - 3, frame["y"] + 3
    )
    explorer.move(m + 1, *corner)

    assert explorer.place is None
    assert explorer.pixels(None) is None
    assert np.abs(explorer.pixels(m) - explored.draw(m, explorer.z(m))).max() <= 2
    explorer.page.wait_for_function(f"sbvae.store.isLent({other})")
    explorer.settle()
    seen = np.rint(explored.draw(m, explorer.z(m)))[None].astype(np.uint8)
    assert explorer.z(other) == pytest.approx(explored.encode(other, seen)[0], abs=0.02)
    assert np.abs(explorer.pixels(other) - explored.draw(other, explorer.z(other))).max() <= 2


def test_when_the_pointer_leaves_the_point_comes_back_to_where_a_click_kept_it(
    explorer: Any,
) -> None:
    clicked, passed = explorer.client(0, 4, 5), explorer.client(0, 20, 20)
    explorer.page.mouse.move(*clicked)
    explorer.js(  # in one frame, as a quick hand does it
        """([clicked, passed]) => {
          const events = [["down", clicked], ["up", clicked], ["move", passed]];
          for (const [kind, [clientX, clientY]] of events) {
            const given = { clientX, clientY, pointerType: "mouse", bubbles: true };
            sbvae.plots[0].element.dispatchEvent(new PointerEvent(`pointer${kind}`, given));
          }
        }""",
        *(clicked, passed),
    )
    explorer.settle()
    assert explorer.place == [20, 20]
    explorer.page.mouse.move(2, 2)
    explorer.settle()
    assert explorer.place == [4, 5]


def test_keys_step_zoom_and_start_again(explorer: Any) -> None:
    page = explorer.page
    start = explorer.place
    page.locator(".plot").first.focus()
    for key, place in (
        ("ArrowRight", [1, 0]),
        ("ArrowUp", [1, 1]),
        ("Shift+ArrowRight", [5, 1]),
        ("ArrowLeft", [4, 1]),
        ("Shift+ArrowDown", [4, -3]),
    ):
        page.keyboard.press(key)
        explorer.settle()
        wanted = np.clip(np.add(start, place), 0, 31)
        assert explorer.place == wanted.tolist(), key
    whole = explorer.js("sbvae.plots[0].view.unit[0]")
    page.keyboard.press("+")
    explorer.settle()
    assert explorer.js("sbvae.plots[0].view.unit[0]") == pytest.approx(0.8 * whole)
    page.keyboard.press("-")
    page.keyboard.press("+")
    page.keyboard.press("0")
    explorer.settle()
    assert explorer.js("sbvae.plots[0].view.unit[0]") == whole
    page.keyboard.press("+")
    page.keyboard.press("Escape")
    explorer.settle()
    assert explorer.place == start
    assert explorer.js("sbvae.plots[0].view.zoom") is None


def test_the_wheel_zooms_only_a_plot_that_has_the_focus_and_a_drag_moves_it(explorer: Any) -> None:
    page, view = explorer.page, "sbvae.plots[1].view"
    x, y = explorer.move(1, 0, 0)
    page.mouse.wheel(0, -200)
    explorer.settle()
    assert explorer.js(f"{view}.zoom") is None
    page.mouse.click(x, y)
    at = explorer.js("([x, y]) => { const b = sbvae.plots[1].element.getBoundingClientRect();"
                     "return sbvae.plots[1].back(x - b.left, y - b.top); }", x, y)  # fmt: skip
    page.mouse.wheel(0, -200)
    explorer.settle()
    assert explorer.js(f"{view}.zoom.scale") < 1
    assert explorer.client(1, *at) == pytest.approx((x, y), abs=0.5)
    middle = explorer.js(f"{view}.mid")
    page.mouse.down()
    page.mouse.move(x + 20, y + 10, steps=4)
    page.mouse.up()
    explorer.settle()
    unit = explorer.js(f"{view}.unit[0]")
    moved = np.subtract(explorer.js(f"{view}.mid"), middle) / unit
    assert moved == pytest.approx([-20, 10], abs=0.6)
    page.mouse.dblclick(x, y)
    explorer.settle()
    assert explorer.js(f"{view}.zoom") is None


def test_a_slider_holds_its_latent_and_lets_it_follow_again(explorer: Any, explored: Any) -> None:
    page, m = explorer.page, 0
    axes = explorer.js(AXES, m)
    k = next(k for k in range(4) if k not in axes)
    if not page.get_by_label(f"latent {k} of broadcast").is_visible():
        page.locator(".sliders .link:has-text('unused')").first.click()
    slider = page.get_by_label(f"latent {k} of broadcast")
    slider.fill(str(float(slider.get_attribute("max")) / 2))
    explorer.settle()
    value = explorer.z(m)[k]
    assert value == pytest.approx(float(slider.get_attribute("max")) / 2, rel=0.01)
    assert np.abs(explorer.pixels(m) - explored.draw(m, explorer.z(m))).max() <= 2

    explorer.move(0, 3, 3)
    assert explorer.z(m)[k] == value  # held, whatever the sheet does
    page.get_by_role("button", name="follow the sheet").click()
    explorer.settle()
    explorer.move(0, 3, 3)
    assert explorer.z(m) == pytest.approx(explored.codes[m][3, 3], abs=1e-4)


def test_a_slider_of_an_axis_moves_the_point_along_it_alone(explorer: Any, explored: Any) -> None:
    page, m = explorer.page, 1
    k, other = explorer.js(AXES, m)
    explorer.move(0, 24, 12)
    explorer.page.mouse.down()
    explorer.page.mouse.up()
    start = explorer.z(m)
    slider = page.get_by_label(f"latent {k} of deconv")
    for _ in range(5):
        slider.press("ArrowLeft")
        explorer.settle()
        z, step = explorer.z(m), float(slider.get_attribute("step"))
        assert z[other] == start[other]
        assert z[k] == pytest.approx(float(slider.input_value()), abs=step / 2)
        rest = np.delete(np.arange(len(z)), [k, other])
        assert z[rest] == pytest.approx(on_sheet(explored.codes[m], explorer.place)[rest], abs=1e-3)
        caption = page.inner_text("figure:has-text('deconv') figcaption")
        assert "decoded between grid points" in " ".join(caption.split())


def test_marks_are_drawn_in_the_frame_of_their_plot(explorer: Any) -> None:
    drawn = explorer.js(
        """async () => {
          const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
          const plot = sbvae.plots[1], context = plot.context.bind(plot), drawn = [];
          plot.context = (canvas) => {
            drawn.push(canvas === plot.base ? "base" : "marks");
            return context(canvas);
          };
          plot.zoom(0.8);
          await frame();
          drawn.push("frame");
          await frame();
          delete plot.context;
          return drawn;
        }"""
    )
    assert "base" in drawn
    assert "marks" in drawn[drawn.index("base") : drawn.index("frame")]


DROP = """([name, type, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0)), transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    document.body.dispatchEvent(
      new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }));
  }
}"""


def dropped(explorer: Any, name: str, kind: str, content: bytes) -> None:
    explorer.js(DROP, name, kind, base64.b64encode(content).decode())


def as_png(image: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def test_an_image_that_is_dropped_is_encoded_and_its_point_shown(
    explorer: Any, explored: Any
) -> None:
    page = explorer.page
    own = np.roll(explored.images[200], 3, axis=1)
    dropped(explorer, "own.png", "image/png", as_png(own))
    cards = page.locator("#drop .card")
    page.wait_for_function("document.querySelectorAll('#drop .card').length === 3")
    assert "own.png" in cards.first.inner_text()
    for m in (0, 1):
        cards.nth(m + 1).get_by_role("button", name="go to its point").click()
        explorer.settle()
        mean = explored.encode(m, own[None])[0]
        assert explorer.z(m) == pytest.approx(mean, abs=1e-3)
        assert np.abs(explorer.pixels(m) - explored.draw(m, mean)).max() <= 2
        far = np.abs(explored.draw(m, mean) - own).mean()
        said = float(re.search(r"error ([\d.]+) of 255", cards.nth(m + 1).inner_text())[1])
        assert said == pytest.approx(far, abs=0.11)
        axis = np.abs(np.linspace(0.2, 0.8, 32) - 0.5) < 0.15
        trained = np.flatnonzero(~np.logical_and.outer(axis, axis))  # all of the grid have images
        rows = trained[((np.arange(12) + 0.5) * len(trained) / 12).astype(int)]
        codes = explored.codes[m].reshape(1024, -1)
        errors = [np.abs(explored.draw(m, codes[n]) - explored.images[n]).mean() for n in rows]
        words = cards.nth(m + 1).inner_text()
        low, high = re.search(r"images of the data: ([\d.]+) to ([\d.]+)", words).groups()
        assert [float(low), float(high)] == pytest.approx([min(errors), max(errors)], abs=0.11)
        assert ("unlike the data" in words) == (far > max(errors))
    page.get_by_role("button", name="remove it").click()
    assert not cards.first.is_visible()


@pytest.mark.parametrize("content", [b"x,y", as_png(np.zeros((4, 4), np.uint8))[:40]], ids=len)
def test_a_file_that_is_no_image_is_told_in_a_line(explorer: Any, content: bytes) -> None:
    dropped(explorer, "table.csv", "image/png", content)
    note = explorer.page.locator("#drop [role=alert]")
    note.filter(has_text="table.csv cannot be read as an image").wait_for()
    assert "\n" not in note.inner_text()
    assert explorer.page.locator("#drop .card:visible").count() == 0


def test_a_path_becomes_a_strip_that_is_saved(explorer: Any, explored: Any, tmp_path: Any) -> None:
    page, m = explorer.page, 1
    page.keyboard.press("d")
    axes = explorer.js(AXES, m)
    plane = explored.codes[m][..., axes]
    ends = [explorer.client(m + 1, *plane[place]) for place in ((6, 20), (25, 22))]
    page.mouse.move(*ends[0])
    page.mouse.down()
    page.mouse.move(*ends[1], steps=12)
    page.mouse.up()
    count = int(page.get_by_label("Number of images").input_value())
    row = page.locator(".strip-rows .cell.full[aria-label^='deconv, step']")
    row.nth(count - 1).wait_for()
    cells = row.locator("canvas").evaluate_all(
        "list => list.map((c) => Array.from("
        "c.getContext('2d').getImageData(0, 0, c.width, c.height).data))"
    )
    page.keyboard.press("d")
    for n in (0, count // 2, count - 1):
        page.mouse.click(*explorer.client(0, 31 if n == 0 else 0, 16))  # nearer to the other layer
        row.nth(n).click()
        explorer.settle()
        drawn = np.array(cells[n], np.uint8).reshape(16, 16, 4)[..., :3]
        assert np.abs(drawn - explored.draw(m, explorer.z(m))).max() <= 2
        wanted = plane[6, 20] + n / (count - 1) * (plane[25, 22] - plane[6, 20])
        unit = explorer.js("([n]) => sbvae.plots[n].view.unit[0]", m + 1)
        assert np.abs(explorer.z(m)[axes] - wanted).max() < 5 * unit
    with page.expect_download() as download:
        page.get_by_role("button", name="save as PNG").click()
    download.value.save_as(tmp_path / "path.png")
    assert download.value.suggested_filename == "path-xy-hole.png"
    saved = np.asarray(Image.open(tmp_path / "path.png").convert("RGB")).astype(int)
    assert saved.shape[1] > 16 * count
    first = np.array(cells[0], np.uint8).reshape(16, 16, 4)[8, 8, :3]
    assert (np.abs(saved - first).max(axis=2) <= 1).any()
    page.get_by_role("button", name="wipe the path").click()
    assert page.locator(".strip-rows .cell:visible").count() == 0


def test_a_storm_of_moves_drops_images_instead_of_queueing_them(explorer: Any) -> None:
    """As of a large model, whose images take 60 ms."""
    asked, done, after = explorer.js(
        """async () => {
          const { runtime, plots: [, plot] } = sbvae, { x, y, w, h } = plot.frame();
          const { worker } = runtime, post = worker.postMessage.bind(worker);
          worker.postMessage = (...message) => setTimeout(() => post(...message), 60);
          const box = plot.element.getBoundingClientRect(), from = runtime.done;
          const end = performance.now() + 500;
          let count = 0;
          while (performance.now() < end) {
            for (let n = 0; n < 20; n++, count++) {
              const clientX = box.left + x + w * (0.5 + 0.4 * Math.sin(count / 50));
              const clientY = box.top + y + h * (0.5 + 0.4 * Math.cos(count / 37));
              const given = { clientX, clientY, pointerType: "mouse", bubbles: true };
              plot.element.dispatchEvent(new PointerEvent("pointermove", given));
            }
            await new Promise((resolve) => setTimeout(resolve, 4));
          }
          const during = runtime.done;
          const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
          await frame();
          await frame();
          const waits = () => runtime.queue.length || runtime.newest.some(Boolean);
          while (runtime.busy || waits()) await frame();
          delete worker.postMessage;
          return [count, during - from, runtime.done - during];
        }"""
    )
    assert asked > 60
    assert 2 <= done <= 10
    assert after <= 2 * 2 + 1


DIED = """([told]) => {
  const { runtime, store } = sbvae;
  runtime.patience = 5000; // longer than an image may lag
  if (told) runtime.worker.onerror({ message: "out of memory" });
  else runtime.worker.terminate(); // of which no event tells
  store.placeFactor([20, 25]);
}"""


@pytest.mark.parametrize("told", [False, True])
def test_decoders_that_died_leave_no_image_of_another_point(
    open_page: Any, explored: Any, told: bool
) -> None:
    explorer = Explorer(open_page(explored.path))
    explorer.move(0, 3, 3)
    assert explorer.pixels(0) is not None
    explorer.js(DIED, told)
    captions = ["not decoded"] if told else ["decoding ...", "not decoded"]
    for caption in captions:  # an image that lags behind the point is taken away before
        said = f"sbvae.images.models[0].more.textContent === '{caption}'"
        explorer.page.wait_for_function(said, polling=50)
        assert explorer.pixels(0) is None
    why = "out of memory" if told else "the decoders do not answer any more; load the page again"
    assert explorer.page.inner_text("#state") == f"No image is decoded: {why}."
    assert explorer.pixels(1) is None
    refused = explorer.js(
        "() => sbvae.runtime.decode(0, [0, 0, 0, 0], { queued: true }).catch((e) => e.message)"
    )
    assert refused == why
    assert explorer.js("sbvae.runtime.queue.length") == 0


def test_light_and_dark_and_other_widths(explorer: Any) -> None:
    page = explorer.page
    colour = "getComputedStyle(document.body).backgroundColor"
    light = explorer.js(colour)
    page.get_by_role("button", name="Switch between light and dark").click()
    explorer.settle()
    assert explorer.js(colour) != light
    for width in (1000, 720, 480, 320, 1280):
        explorer.move(0, 5, 5)
        page.set_viewport_size({"width": width, "height": 900})
        explorer.settle()
        assert explorer.js("document.documentElement.scrollWidth") <= width
        sizes = explorer.js(
            "sbvae.plots.map(({ base, element: { clientWidth: w, clientHeight: h }, ratio }) =>"
            " [base.width - w * ratio, base.height - h * ratio])"
        )
        assert np.abs(sizes).max() <= 1
    page.get_by_role("button", name="Switch between light and dark").click()
    explorer.settle()
    assert explorer.js(colour) == light


BOTTOMS = """[...document.querySelectorAll("figure .shot, .panel.large .plot")].map(
  (each) => each.getBoundingClientRect().bottom)"""


@pytest.mark.parametrize(("width", "height"), [(844, 390), (640, 512)])
def test_a_phone_on_its_side_and_a_window_at_twice_the_size_show_images_beside_the_plot(
    explorer: Any, width: int, height: int
) -> None:
    page = explorer.page
    assert page.locator("h2 button").count() == 0  # headings choose a plot on a phone only
    page.set_viewport_size({"width": width, "height": height})
    explorer.settle()
    bottoms = explorer.js(BOTTOMS)
    assert len(bottoms) == 4
    assert max(bottoms) <= height
    assert page.locator("h2 button").count() == 2
    page.set_viewport_size({"width": 1280, "height": 900})
    explorer.settle()
