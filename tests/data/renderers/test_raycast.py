"""Solids against rays that are marched one by one through distances to their surfaces."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from sbvae_cli.data.renderers.raycast import Box, Capsule, Cylinder, Solid, Sphere, turn

Point = tuple[float, float, float]
SOLIDS = [Box(0.6, 0.4), Box(0.45), Cylinder(0.5, 1.3), Sphere(0.7), Capsule(0.4, 1.5)]
solids = pytest.mark.parametrize("solid", SOLIDS, ids=repr)
IGNORE = {"divide": "ignore", "invalid": "ignore"}


def surface(solid: Solid) -> Callable[[Point], float]:
    """Signed distance from a point to a solid, below 0 inside."""

    def distance(point: Point) -> float:
        x, y, z = point
        match solid:
            case Box(half, angle):
                cos, sin = math.cos(angle), math.sin(angle)
                beyond = (cos * x + sin * y, cos * y - sin * x, z - half)
                return outside([abs(p) - half for p in beyond])
            case Cylinder(radius, height):
                return outside([math.hypot(x, y) - radius, abs(z - height / 2) - height / 2])
            case Sphere(radius):
                return math.dist(point, (0, 0, radius)) - radius
            case Capsule(radius, height):
                nearest = min(max(z, radius), height - radius)
                return math.dist(point, (0, 0, nearest)) - radius
        raise TypeError(solid)

    return distance


def outside(beyond: list[float]) -> float:
    return math.hypot(*(max(b, 0.0) for b in beyond)) + min(max(beyond), 0.0)


def march(
    distance: Callable[[Point], float], origin: Point, direction: Point
) -> tuple[float, bool]:
    """How far along a unit direction the surface is, and whether that is only just."""
    along, closest = 0.0, math.inf
    while along < 12:
        gap = distance(step(origin, direction, along))
        if gap < 1e-6:
            return along, distance(step(origin, direction, along + 0.01)) > -1e-3
        closest = min(closest, gap)
        along += gap
    return math.inf, closest < 1e-3


def step(origin: Point, direction: Point, along: float) -> Point:
    x, y, z = (o + along * d for o, d in zip(origin, direction, strict=True))
    return x, y, z


def random_rays(n: int) -> Iterator[tuple[Point, Point]]:
    """From points around the solids, above and on the floor, to points in and near them."""
    rng = np.random.default_rng(0)
    for i in range(n):
        angle = rng.uniform(0, 2 * np.pi)
        origin = (3 * np.cos(angle), 3 * np.sin(angle), rng.uniform(0, 3) * (i % 3 > 0))
        target = rng.uniform((-0.9, -0.9, 0.0), (0.9, 0.9, 1.6))
        direction = (target - origin) / np.linalg.norm(target - origin)
        yield tuple(map(float, origin)), tuple(map(float, direction))


def cast(solid: Solid, origins: list[Point], directions: list[Point]) -> np.ndarray:
    with np.errstate(**IGNORE):
        return solid.distance(vector(origins), vector(directions))


def vector(points: list[Point]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y, z = np.array(points, np.float32).T
    return x, y, z


@solids
def test_rays_meet_solids_where_marching_meets_them(solid: Solid) -> None:
    rays = list(random_rays(300))
    distances = cast(solid, *map(list, zip(*rays, strict=True)))

    hits = misses = 0
    for ray, distance in zip(rays, distances, strict=True):
        expected, grazing = march(surface(solid), *ray)
        if not grazing:
            assert distance == pytest.approx(expected, abs=1e-3)
            hits, misses = hits + np.isfinite(expected), misses + np.isinf(expected)
    assert min(hits, misses) > 25


@solids
def test_normals_are_the_gradient_of_the_distance_to_the_surface(solid: Solid) -> None:
    rays = [ray for ray in random_rays(200) if not march(surface(solid), *ray)[1]]
    along = [march(surface(solid), *ray)[0] for ray in rays]
    points = [step(*ray, t) for ray, t in zip(rays, along, strict=True) if t < math.inf]
    normals = np.stack(solid.normal(vector(points)), 1)
    assert len(points) > 50

    for point, normal in zip(points, normals, strict=True):
        slopes = [
            (surface(solid)(step(point, axis, 1e-4)) - surface(solid)(step(point, axis, -1e-4)))
            / 2e-4
            for axis in ((1, 0, 0), (0, 1, 0), (0, 0, 1))
        ]
        if math.hypot(*slopes) > 0.99:  # no edge
            np.testing.assert_allclose(normal, slopes, atol=2e-3)


@pytest.mark.parametrize(
    ("solid", "top"), [(Box(0.6), 1.2), (Cylinder(0.5, 1.3), 1.3), (Sphere(0.7), 1.4)], ids=repr
)
def test_rays_along_the_axes_meet_what_is_in_their_way(solid: Solid, top: float) -> None:
    origins = [(0.1, -4, 0.5), (0.1, -4, 3), (2, -4, 0.5)]
    distances = cast(solid, origins, [(0, 1, 0)] * 3)
    assert np.isfinite(distances).tolist() == [True, False, False]
    slanted = cast(solid, [(0, -1e-3, 5)], [(0, 1e-4, -1)])
    assert slanted[0] == pytest.approx(5 - top, abs=1e-3)


@solids
def test_solids_behind_the_origin_are_missed(solid: Solid) -> None:
    assert np.isfinite(cast(solid, [(0, -4, 0.5)], [(0, 1, 0.01)])).all()
    assert np.isinf(cast(solid, [(0, -4, 0.5)], [(0, -1, -0.01)])).all()


@solids
def test_directions_of_any_length_reach_the_same_point(solid: Solid) -> None:
    once, twice = cast(solid, [(0.1, -4, 2)] * 2, [(0, 1, -0.4), (0, 2, -0.8)])
    assert once == pytest.approx(2 * twice, rel=1e-5)


@solids
def test_components_broadcast(solid: Solid) -> None:
    x, z = np.linspace(-0.3, 0.3, 7, dtype=np.float32), np.linspace(-0.6, 0, 5, dtype=np.float32)
    origin = np.float32(0.05), np.float32(-3), np.float32(1.5)
    with np.errstate(**IGNORE):
        grid = solid.distance(origin, (x, np.float32(1), z[:, None]))
    rays = [(float(u), 1.0, float(v)) for v in z for u in x]
    alone = cast(solid, [(0.05, -3.0, 1.5)] * 35, rays)
    np.testing.assert_allclose(grid, alone.reshape(5, 7), rtol=1e-5)


def test_a_quarter_turn_takes_x_to_y() -> None:
    x, y, z = turn(vector([(1, 0, 5)]), math.pi / 2)
    np.testing.assert_allclose([x[0], y[0], z[0]], [0, 1, 5], atol=1e-6)
