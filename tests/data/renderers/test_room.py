"""Drawn rooms against geometry and against rays that are cast one by one."""

import colorsys
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise, product
from threading import Barrier

import numpy as np
import pytest

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.data.renderers import room
from sbvae_cli.data.renderers.raycast import Box, Capsule, Cylinder, Solid, Sphere
from sbvae_cli.data.renderers.room import (
    HUES,
    SHAPES,
    LayerCache,
    Scene,
    cast_layers,
    render_room,
)

LEVELS = {factor.name: factor.levels for factor in named_space("room").factors}
NAMES = tuple(LEVELS)
FLOOR, WALL, OBJECT, SKY = range(4)
SOLIDS = (Box(0.6), Cylinder(0.6, 1.2), Sphere(0.66), Capsule(0.51, 1.56))  # at scale 1
shapes = pytest.mark.parametrize("shape", range(4), ids=SHAPES)
Point = tuple[float, float, float]


@pytest.fixture
def coverage(monkeypatch: pytest.MonkeyPatch) -> Callable[[Scene], np.ndarray]:
    """Layers with a light that is the same everywhere: the shares of each pixel."""
    monkeypatch.setattr(room, "_AMBIENT", 1.0)
    monkeypatch.setattr(room, "_DIFFUSE", 0.0)
    return cast_layers


def random_rows(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([rng.choice(levels, n) for levels in LEVELS.values()], 1)


def seen(solid: Solid, orientation: float, right: float, up: float) -> tuple[int, float]:
    """Material and brightness along one ray from a camera that goes around; the room stays."""
    angle = math.radians(orientation)
    camera = (3 * math.sin(angle), -3 * math.cos(angle), 2.0)
    length = math.hypot(3, 1.3)  # to the target, 0.7 high
    forward, rise = (3 + 1.3 * up) / length, (-1.3 + 3 * up) / length
    ray = (
        right * math.cos(angle) - forward * math.sin(angle),
        right * math.sin(angle) + forward * math.cos(angle),
        rise,
    )
    distance = meet(solid, camera, ray)
    if distance < math.inf:
        point = move(camera, ray, distance)
        normal = solid.normal(tuple(np.array([p], np.float32) for p in point))
        return OBJECT, lambert(tuple(float(n[0]) for n in normal))
    walls = {
        (math.copysign(3.1, ray[axis]) - camera[axis]) / ray[axis]: axis
        for axis in (0, 1)
        if ray[axis]
    }
    distance = min(walls)
    height = move(camera, ray, distance)[2]
    if height < 0:
        spot = move(camera, ray, -camera[2] / ray[2])
        shadow = meet(solid, spot, (-0.28, -0.6, 0.749)) < math.inf
        return FLOOR, lambert((0, 0, 0 if shadow else 1))
    if height > 2.25:
        return SKY, 1 - 0.4 * min(max(rise / forward, 0), 1)
    inward = [0.0, 0.0, 0.0]
    inward[walls[distance]] = -math.copysign(1, ray[walls[distance]])
    return WALL, lambert(tuple(inward))


def meet(solid: Solid, origin: Point, ray: Point) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        origins, rays = ([np.array([x], np.float32) for x in v] for v in (origin, ray))
        return float(solid.distance(tuple(origins), tuple(rays))[0])


def move(origin: Point, ray: Point, distance: float) -> Point:
    x, y, z = (o + distance * r for o, r in zip(origin, ray, strict=True))
    return x, y, z


def lambert(normal: Point) -> float:
    facing = sum(n * x for n, x in zip(normal, (-0.28, -0.6, 0.749), strict=True))
    return 0.4 + 0.6 * max(facing, 0)


@shapes
@pytest.mark.parametrize("orientation", [-30, 0, 17.5, 130])
def test_each_pixel_shows_what_a_ray_cast_by_itself_sees(shape: int, orientation: float) -> None:
    height, width = 22, 30
    layers = cast_layers(Scene(shape, 1.0, orientation, height, width), samples=1)

    wrong = 0
    for row, column in product(range(height), range(width)):
        right, up = (column + 0.5 - width / 2) / 11 * 0.56, (height / 2 - row - 0.5) / 11 * 0.56
        expected = np.zeros(4)
        material, expected[material] = seen(SOLIDS[shape], orientation, right, up)
        wrong += not np.allclose(layers[:, row, column], expected, atol=1e-4)
    assert wrong <= 2  # rays that meet an edge to the last digit


def test_a_sphere_covers_the_area_of_its_projection(coverage: Callable) -> None:
    for scale in LEVELS["scale"]:
        area = coverage(Scene(2, scale, 0.0, 64, 64))[OBJECT].sum() * (2 * 0.56 / 64) ** 2
        radius = 0.66 * scale
        to_centre = np.array([0, 3, radius - 2])
        depth = to_centre @ (0, 3, -1.3) / math.hypot(3, 1.3)
        square = to_centre @ to_centre - radius**2
        expected = math.pi * radius**2 * math.sqrt(square) / (depth**2 - radius**2) ** 1.5
        assert area == pytest.approx(expected, rel=0.01)


@shapes
def test_every_pixel_is_covered_once(shape: int, coverage: Callable) -> None:
    layers = coverage(Scene(shape, 1.0, 12.0, 20, 30))
    total = layers[:3].sum(0)
    assert total.max() <= 1 + 1e-6
    assert (total[layers[SKY] == 0] >= 1 - 1e-6).all()
    assert (layers.sum((1, 2)) > 10).all()


def test_pixels_are_means_of_sixteen_samples() -> None:
    layers = cast_layers(Scene(0, 1.0, 12.0, 20, 30))
    samples = cast_layers(Scene(0, 1.0, 12.0, 80, 120), samples=1)
    means = samples.reshape(4, 20, 4, 30, 4).mean((2, 4))
    assert (np.abs(layers - means) > 1e-4).sum() <= 4


@shapes
def test_edges_have_values_between_those_at_their_sides(shape: int) -> None:
    image = render_room(np.array([[1 / 3, 1 / 3, 0, 1, shape, 20.0]]), NAMES, 64, 64)[0]
    red, green = image[..., 0].astype(int), image[..., 1].astype(int)
    sky = image[..., 2] > 0
    assert ((red > 20) & (green > 20) & ~sky).sum() > 40


def test_the_strips_of_a_large_image_fit_together() -> None:
    scene = Scene(3, 1.1, -7.0, 50, 40)
    np.testing.assert_array_equal(cast_layers(scene), cast_layers(scene, strip=1 << 20))


@pytest.mark.parametrize("hue", HUES)
def test_a_hue_changes_its_material_only_and_by_the_ratio_of_colours(hue: str) -> None:
    rows = np.repeat(random_rows(6, seed=3), 10, 0)
    rows[:, NAMES.index(hue)] = np.tile(LEVELS[hue], 6)
    images = render_room(rows, NAMES, 40, 48).reshape(6, 10, 40, 48, 3).astype(int)

    for image, row in zip(images, rows[::10], strict=True):
        layers = cast_layers(Scene(int(row[4]), row[3], row[5], 40, 48))
        layer = layers[HUES.index(hue)]
        assert (image[:, layer == 0] == image[0, layer == 0]).all()
        alone = (layer > 0) & (layers.sum(0) == layer)
        brightness = image[0, alone].max(-1, keepdims=True)
        assert len(brightness) > 50
        for level, other in zip(LEVELS[hue], image, strict=True):
            expected = brightness * colorsys.hsv_to_rgb(level, 1, 1)
            assert np.abs(other[alone] - expected).max() <= 1


def test_hues_are_circular_and_continuous() -> None:
    rows = np.array([[0.25, 0.5, 0.75, 1, 2, 0], [1.25, -0.5, 1.75, 1, 2, 0]])
    once, again = render_room(rows, NAMES, 32, 32)
    np.testing.assert_array_equal(once, again)
    rows[0, 0] = 0.26
    assert (once != render_room(rows[:1], NAMES, 32, 32)[0]).any()


@shapes
def test_objects_grow_with_the_scale(shape: int, coverage: Callable) -> None:
    scales = np.linspace(0.5, 1.25, 40)
    areas = [coverage(Scene(shape, s, 10.0, 32, 32))[OBJECT].sum() for s in scales]
    assert all(small < large for small, large in pairwise(areas))
    assert areas[-1] > 4 * areas[0]


@pytest.mark.parametrize(("height", "width"), [(64, 64), (32, 48)])
def test_the_whole_object_is_in_the_frame(height: int, width: int) -> None:
    for shape, scale, angle in product(range(4), LEVELS["scale"], LEVELS["orientation"]):
        layer = cast_layers(Scene(shape, scale, angle, height, width))[OBJECT]
        assert layer[:, [0, -1]].sum() == layer[[0, -1]].sum() == 0
        assert layer.max() > 0.4


@shapes
@pytest.mark.parametrize("angle", [4, 11.3, 30])
def test_an_opposite_orientation_mirrors_what_is_where(
    shape: int, angle: float, coverage: Callable
) -> None:
    left, right = (coverage(Scene(shape, 1.0, a, 32, 40)) for a in (-angle, angle))
    assert (np.abs(left - right[..., ::-1]) > 1e-5).sum() <= 4


def test_the_corner_of_the_room_moves_with_the_orientation() -> None:
    row = 12  # above the objects
    up = (32 - row - 0.5) / 32 * 0.56
    for degrees in LEVELS["orientation"]:
        wall = cast_layers(Scene(2, 0.75, degrees, 64, 64))[WALL, row]
        jumps = np.abs(np.diff(wall)) > 0.05
        angle, columns = math.radians(degrees), []
        for corner in (-3.1, 3.1):
            side = corner * math.cos(angle) + 3.1 * math.sin(angle)
            depth = 3 + 3.1 * math.cos(angle) - corner * math.sin(angle)
            right = side / depth * (3 + 1.3 * up) / math.hypot(3, 1.3)
            columns += [32 + 32 * right / 0.56] if abs(right) < 0.55 else []
        assert columns
        for column in columns:
            near = np.abs(np.arange(1, 64) - column) < 1.5
            assert jumps[near].any()
            jumps[near] = False
        assert not jumps[1:-1].any()


def test_cubes_turn_against_the_room() -> None:
    left, right = (cast_layers(Scene(0, 1.0, a, 64, 64))[OBJECT] for a in (-30, 30))
    np.testing.assert_allclose(left > 0, (right > 0)[:, ::-1])
    # The light comes from the left and does not reach the face on the right.
    dark = [np.abs(layer[32] - 0.4) < 1e-3 for layer in (left, right)]
    assert dark[0].sum() == 0
    assert dark[1].sum() > 5


def test_the_shorter_side_sets_the_field_of_view() -> None:
    row = np.array([[0.1, 0.5, 0.8, 1.1, 0, 12.0]])
    square = render_room(row, NAMES, 32, 32)
    np.testing.assert_array_equal(render_room(row, NAMES, 32, 48)[:, :, 8:40], square)
    np.testing.assert_array_equal(render_room(row, NAMES, 48, 32)[:, 8:40], square)


def test_scale_and_orientation_are_not_rounded_to_levels() -> None:
    rows = np.array([[0, 0.3, 0.6, 1, 0, 0], [0, 0.3, 0.6, 1.01, 0, 0], [0, 0.3, 0.6, 1, 0, 1]])
    images = render_room(rows, NAMES, 32, 32)
    assert len(np.unique(images, axis=0)) == 3


def test_any_orientation_and_scale_can_be_drawn() -> None:
    rows = np.array([[0, 0.3, 0.6, s, k, a] for s in (0, 3) for k in range(4) for a in (90, 400)])
    images = render_room(rows, NAMES, 24, 24)
    assert images.any((1, 2, 3)).all()
    for shape, scale in product(range(4), (0.0, -1.0)):
        assert not cast_layers(Scene(shape, scale, 0.0, 24, 24))[OBJECT].any()


def test_any_batch_gives_what_its_rows_give() -> None:
    rows = random_rows(60)
    together = render_room(rows, NAMES, 24, 20)
    alone = [render_room(row[None], NAMES, 24, 20)[0] for row in rows]
    np.testing.assert_array_equal(together, alone)


def test_threads_draw_what_one_draws() -> None:
    rows = random_rows(240, seed=1)
    expected = render_room(rows, NAMES, 16, 16)
    cache = LayerCache(20 * 4 * 4 * 16 * 16)
    with ThreadPoolExecutor(4) as pool:
        drawn = pool.map(lambda part: render_room(part, NAMES, 16, 16, cache), np.split(rows, 12))
    np.testing.assert_array_equal(np.concatenate(list(drawn)), expected)
    assert cache.size == cache.limit


def test_the_cache_does_not_change_images() -> None:
    rows = np.repeat(random_rows(5, seed=2), 2, 0)
    cached = render_room(rows, NAMES, 16, 24)
    none = LayerCache(0)
    np.testing.assert_array_equal(render_room(rows, NAMES, 16, 24, none), cached)
    assert none.size == 0


def test_the_cache_keeps_what_was_seen_last_up_to_its_limit() -> None:
    scenes = [Scene(2, 1.0, float(a), 8, 8) for a in range(3)]
    cache = LayerCache(2 * 4 * 4 * 8 * 8)
    first, second = (cache.get(scene) for scene in scenes[:2])
    assert cache.get(scenes[0]) is first
    cache.get(scenes[2])
    assert cache.size == cache.limit
    assert cache.get(scenes[0]) is first
    assert cache.get(scenes[1]) is not second
    assert not first.flags.writeable


def test_layers_that_two_threads_cast_at_once_count_once() -> None:
    both = Barrier(2, timeout=10)

    def cast(scene: Scene) -> np.ndarray:
        both.wait()
        return cast_layers(scene)

    cache = LayerCache(1 << 20, cast)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(cache.get, [Scene(2, 1.0, 0.0, 8, 8)] * 2))
    assert cache.size == 4 * 4 * 8 * 8


def test_blank_rows_are_black_and_others_are_not() -> None:
    rows = np.insert(random_rows(9), 6, 1, axis=1)
    rows[range(6), range(6)] = np.nan
    rows[6, [0, 3]] = np.inf
    rows[7, 6] = 0
    images = render_room(rows, (*NAMES, "present"), 16, 16)
    assert images.any((1, 2, 3)).tolist() == [False] * 8 + [True]
    assert not render_room(rows[:7], (*NAMES, "present"), 16, 16).any()


def test_columns_are_found_by_name() -> None:
    rows = np.insert(random_rows(5), 2, 7, axis=1)
    names = (*NAMES[:2], "noise", *NAMES[2:])
    expected = render_room(np.delete(rows, 2, 1), NAMES, 16, 16)
    np.testing.assert_array_equal(render_room(rows, names, 16, 16), expected)
    np.testing.assert_array_equal(render_room(rows[:, ::-1], names[::-1], 16, 16), expected)


def test_no_rows_give_no_images() -> None:
    assert render_room(np.empty((0, 6)), NAMES, 16, 8).shape == (0, 16, 8, 3)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_column_is_named(name: str) -> None:
    others = [n for n in NAMES if n != name]
    with pytest.raises(ValueError, match=f"there is no factor {name} among"):
        render_room(np.ones((1, 5)), others, 16, 16)


@pytest.mark.parametrize("shape", [-1, 0.5, 4])
def test_an_unknown_shape_is_named(shape: float) -> None:
    with pytest.raises(ValueError, match=rf"0, 1, 2 or 3 \(cube, .*pill\), got {shape}"):
        render_room(np.array([[0, 0, 0, 1, shape, 0.0]]), NAMES, 16, 16)
