"""Geometry of a sheet in a plane, as the page has it, against counting in Python."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

Array = NDArray[np.float64]

LAYERS = """({shape, circular, present, x, y, points}) => {
  const s = new sheet.Sheet({ shape, circular, present: present && Uint8Array.from(present) });
  const plane = { x: Float32Array.from(x), y: Float32Array.from(y) };
  return points.map(([a, b]) => s.layers(plane, a, b));
}"""
CODES = """({shape, circular, present, codes, K, places}) => {
  const s = new sheet.Sheet({ shape, circular, present: present && Uint8Array.from(present) });
  return places.map((f) => s.code(Float32Array.from(codes), K, f)).map((z) => z && Array.from(z));
}"""


def folded(shape: tuple[int, int]) -> Array:
    """Places (n0, n1, 2) of a sheet that is folded twice and bent."""
    u, v = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    return np.stack([np.sin(3.1 * u) + 0.2 * v, v + 0.4 * u * u], axis=-1)


def triangles(shape: tuple[int, int], circular: tuple[bool, bool]) -> list[list[tuple[int, int]]]:
    """Corners of every triangle, not yet taken round: two of each cell, along its diagonal."""
    found = []
    for i in range(shape[0] - (not circular[0])):
        for j in range(shape[1] - (not circular[1])):
            found.append([(i, j), (i + 1, j), (i + 1, j + 1)])
            found.append([(i, j), (i, j + 1), (i + 1, j + 1)])
    return found


def places_at(
    places: Array, circular: tuple[bool, bool], present: NDArray[np.bool_], point: Array
) -> list[Array]:
    """Grid places of a point, one of each triangle that holds it, by barycentric coordinates."""
    shape = places.shape[:2]
    found = []
    for corners in triangles(shape, circular):
        rows = [(i % shape[0], j % shape[1]) for i, j in corners]
        if not all(present[row] for row in rows):
            continue
        matrix = np.vstack([np.transpose([places[row] for row in rows]), np.ones(3)])
        shares = np.linalg.solve(matrix, [*point, 1])
        if shares.min() >= 0:
            found.append(shares @ np.array(corners, float))
    return found


@pytest.mark.parametrize("circular", [(False, False), (True, False), (False, True)])
def test_layers_of_a_folded_sheet_are_those_of_all_triangles(
    modules: Callable[..., Any], circular: tuple[bool, bool]
) -> None:
    rng = np.random.default_rng(1)
    shape = (17, 12)
    places = folded(shape).astype(np.float32).astype(float)
    present = rng.random(shape) > 0.04
    points = rng.uniform(-1.4, 1.4, (60, 2))
    page = modules("sheet")

    given = page.evaluate(
        LAYERS,
        {
            "shape": shape,
            "circular": circular,
            "present": present.astype(int).ravel().tolist(),
            "x": places[..., 0].ravel().tolist(),
            "y": places[..., 1].ravel().tolist(),
            "points": points.tolist(),
        },
    )

    wanted = [places_at(places, circular, present, point) for point in points]
    assert [len(layers) for layers in given] == [len(layers) for layers in wanted]
    assert {len(layers) for layers in wanted} >= {0, 1, 2}
    for layers, expected in zip(given, wanted, strict=True):
        for place in layers:
            steps = np.abs(np.array(expected) - place)
            around = np.where(circular, np.minimum(steps, np.abs(steps - shape)), steps)
            assert around.max(axis=1).min() < 1e-3


def test_codes_between_grid_points_are_those_of_the_triangle_and_exact_on_them(
    modules: Callable[..., Any],
) -> None:
    rng = np.random.default_rng(2)
    shape, latents = (6, 5), 3
    codes = rng.normal(size=(*shape, latents)).astype(np.float32).astype(float)
    inside = rng.uniform(0, 1, (40, 2)) * (np.array(shape) - 1)
    corners = np.array([(0, 0), (5, 4), (3, 2), (5, 0)], float)
    page = modules("sheet")

    given = page.evaluate(
        CODES,
        {
            "shape": shape,
            "circular": (False, False),
            "present": None,
            "codes": codes.ravel().tolist(),
            "K": latents,
            "places": np.vstack([inside, corners]).tolist(),
        },
    )

    for (u, v), z in zip(inside, given, strict=False):
        i, j = int(u), int(v)
        a, b = u - i, v - j
        step_u = codes[i + 1, j] - codes[i, j] if a >= b else codes[i + 1, j + 1] - codes[i, j + 1]
        step_v = codes[i + 1, j + 1] - codes[i + 1, j] if a >= b else codes[i, j + 1] - codes[i, j]
        assert z == pytest.approx(codes[i, j] + a * step_u + b * step_v, abs=1e-5)
    for (i, j), z in zip(corners.astype(int), given[len(inside) :], strict=True):
        assert z == pytest.approx(codes[i, j], abs=1e-7)


def test_a_circular_factor_goes_from_its_last_value_to_its_first(
    modules: Callable[..., Any],
) -> None:
    shape = (8, 3)
    turns = np.arange(8) / 8 * 2 * np.pi
    codes = np.stack(np.broadcast_arrays(np.cos(turns)[:, None], [0.0, 1, 2]), axis=-1)
    page = modules("sheet")

    half, beyond, hole = page.evaluate(
        CODES,
        {
            "shape": shape,
            "circular": (True, False),
            "present": [0 if n == 3 * 3 + 1 else 1 for n in range(24)],
            "codes": codes.ravel().tolist(),
            "K": 2,
            "places": [[7.5, 1], [9, -1], [3, 1]],
        },
    )

    assert half == pytest.approx((codes[7, 1] + codes[0, 1]) / 2, abs=1e-6)
    assert beyond == pytest.approx(codes[1, 0], abs=1e-6)
    assert hole is None
