"""What the page's state does when another grid, or other latents, are chosen."""

from collections.abc import Callable
from typing import Any

# Two grids of 4 by 2 points and one model of three latents, each grid with a pair of its own.
HELD = """([axes, choose]) => {
  const slice = { names: ["x", "y"], others: {}, shape: [4, 2], values: [[0, 1, 2, 3], [0, 1]] };
  const codes = Float32Array.from({ length: 24 }, (_, n) => (n * 7) % 11);
  const model = { name: "m", latents: 3, stds: null, axes, codes: [codes, codes] };
  const payload = { slices: [slice, { ...slice }], points: null, factors: [], models: [model] };
  const page = new store.Store(payload);
  page.setLatent(0, 2, 40);
  if (choose) page.setAxes(0, choose);
  else page.setSlice(1);
  return [[...page.held(0)], page.z(0)[2]];
}"""


def test_a_held_latent_that_becomes_an_axis_is_held_no_more(modules: Callable[..., Any]) -> None:
    page = modules("store")
    for axes, choose in (([[0, 1], [2, 0]], None), ([[0, 1], [0, 1]], [1, 2])):
        held, value = page.evaluate(HELD, [axes, choose])
        assert held == []
        assert value < 11  # it follows the grid

    held, value = page.evaluate(HELD, [[[0, 1], [1, 0]], None])
    assert (held, value) == ([2], 40)


# A sheet of 4 by 2 points that folds, in a plane so wide that each step is `step` latent units.
FOLDED = """([step]) => {
  const slice = { names: ["x", "y"], others: {}, shape: [4, 2], values: [[0, 1, 2, 3], [0, 1]] };
  const codes = Float32Array.from([0, 1, 2, 0.5].flatMap((a) => [a, 0, a, 1]), (v) => step * v);
  const model = { name: "m", latents: 2, stds: null, axes: [[0, 1]], codes: [codes] };
  const page = new store.Store({ slices: [slice], points: null, factors: [], models: [model] });
  page.placeLatent(0, 1.2 * step, 0.5 * step);
  return [page.layers(0).length, page.collapsed(0), page.nextLayer()];
}"""


def test_a_sheet_that_is_one_point_of_its_plot_has_no_layers(modules: Callable[..., Any]) -> None:
    page = modules("store")
    assert page.evaluate(FOLDED, [1]) == [2, None, True]

    layers, extent, moved = page.evaluate(FOLDED, [0.01])
    assert (layers, moved) == (1, False)
    assert abs(extent - 0.02) < 1e-6
