"""Render rooms that look like 3D Object-in-Room (3dshapes, Kim and Mnih 2018).

An object is in the middle of a square room. The camera is inside the room, on a circle around the
object. Visibility and brightness depend only on shape, scale and orientation: for each combination
of these, rays are cast once to get four layers, and an image is the sum of colour times layer.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.catalogue import RENDERERS
from sbvae_cli.data.columns import columns, hsv_to_rgb, present
from sbvae_cli.data.renderers.raycast import (
    Box,
    Capsule,
    Cylinder,
    Floats,
    Solid,
    Sphere,
    Vector,
    turn,
)

HUES = ("floor_hue", "wall_hue", "object_hue")
SHAPES = RENDERERS["room"].space.factor("shape").level_names or ()

# Lengths have no unit: the object's edge is 1.2 at scale 1. x points right, y away from the camera
# at orientation 0, z up. The object is at the origin, on the floor.
_ROOM = 3.1  # distance from the middle to a wall
_WALL_HEIGHT = 2.25
_CAMERA = (0.0, -3.0, 2.0)  # inside the room at any orientation
_TARGET = 0.7  # height of the point on the object's axis in the middle of the image
_FIELD = 0.56  # tangent of half the angle of view over the shorter side
_HALF = 0.6  # half of the cube's edge at scale 1

_LIGHT = (-0.28, -0.6, 0.749)  # direction to the light, fixed in the room, of length at most 1
_AMBIENT, _DIFFUSE = 0.4, 0.6  # add up to 1, so that nothing is overexposed
_SKY = (0.7, 0.85, 1.0)

_ONE = np.float32(1)
_SAMPLES = 4  # rows and columns of samples per pixel
_STRIP = 1 << 13  # samples cast at once, so that temporary arrays fit in a core's cache
_CACHE_BYTES = 128 << 20  # 2,048 scenes at 64x64; the grid's 480 scenes at 128x128 fit


class Scene(NamedTuple):
    """Arguments that determine the layers: shape, scale, orientation in degrees, image size."""

    shape: int
    scale: float
    orientation: float
    height: int
    width: int


def cast_layers(scene: Scene, samples: int = _SAMPLES, strip: int = _STRIP) -> Floats:
    """Cast rays into a scene and return its layers.

    Args:
        scene: Shape, scale, orientation and image size.
        samples: Number of samples along each side of a pixel.
        strip: Number of samples cast at once.

    Returns:
        Layers of floor, walls, object and sky, shape (4, H, W): the brightness of each times the
        share of the pixel that it covers.
    """
    angle = float(np.radians(scene.orientation))
    solid = _solid(scene.shape, scene.scale, -angle)
    layers = np.empty((4, scene.height, scene.width), np.float32)
    step = max(1, strip // (scene.width * samples**2))
    # Rays parallel to a plane divide by 0, and rays that miss take the root of a negative number.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for top in range(0, scene.height, step):
            bottom = min(top + step, scene.height)
            _cast_strip(layers[:, top:bottom], _rays(scene, top, bottom, samples), solid, angle)
    return layers


class LayerCache:
    """Thread-safe cache of the layers of recently used scenes, up to `limit` bytes."""

    def __init__(self, limit: int, cast: Callable[[Scene], Floats] = cast_layers) -> None:
        self.limit, self.size, self._cast = limit, 0, cast
        self._kept: OrderedDict[Scene, Floats] = OrderedDict()
        self._lock = Lock()

    def get(self, scene: Scene) -> Floats:
        """Return the layers of a scene, read-only."""
        with self._lock:
            if scene in self._kept:
                self._kept.move_to_end(scene)
                return self._kept[scene]
        layers = self._cast(scene)  # without the lock: at worst two threads cast the same scene
        layers.flags.writeable = False
        with self._lock:
            if scene not in self._kept:
                self._kept[scene] = layers
                self.size += layers.nbytes
            while self.size > self.limit:
                self.size -= self._kept.popitem(last=False)[1].nbytes
        return layers


_LAYERS = LayerCache(_CACHE_BYTES)


def render_room(
    factors: NDArray[np.floating],
    names: Sequence[str],
    height: int,
    width: int,
    cache: LayerCache = _LAYERS,
) -> NDArray[np.uint8]:
    """Render rooms as in 3dshapes, with anti-aliased edges, a fixed light and the object's shadow.

    The angle of view is that of the shorter side of the image, so that a longer side shows more of
    the room without changing the object's size.

    Args:
        factors: Shape (N, F). If `present` is 0 or a value is not finite, the image is black.
        names: Names of the F columns: `floor_hue`, `wall_hue`, `object_hue` (turns), `scale` (0.75
            to 1.25 in 3dshapes), `shape` (index in SHAPES), `orientation` (degrees; the camera
            moves to the right as it increases); optionally `present`. Others are ignored.
        height: Height of an image, in pixels.
        width: Width of an image, in pixels.
        cache: Cache of the layers of scenes.

    Returns:
        Shape (N, height, width, 3).

    Raises:
        ValueError: If a column is missing, or a shape is not an index in SHAPES.
    """
    images = np.zeros((len(factors), height, width, 3), np.uint8)
    hues = columns(factors, names, HUES)
    scenes = columns(factors, names, ("shape", "scale", "orientation"))
    drawn = present(factors, names) & np.isfinite(np.hstack([hues, scenes])).all(1)
    rows = np.flatnonzero(drawn)
    for shape in set(scenes[rows, 0].tolist()) - set(range(len(SHAPES))):
        raise ValueError(f"rooms have a shape 0, 1, 2 or 3 ({', '.join(SHAPES)}), got {shape:g}")
    colours = _material_colours(np.nan_to_num(hues, posinf=0, neginf=0))
    for row in rows:
        shape, scale, orientation = scenes[row].tolist()
        layers = cache.get(Scene(int(shape), scale, orientation, height, width))
        _compose(images[row], layers, colours[row])
    return images


def _material_colours(hues: NDArray[np.float64]) -> Floats:
    """Return the colours of floor, wall, object and sky, shape (N, 4, 3), in [0, 255]."""
    colours = np.empty((len(hues), 4, 3), np.float32)
    colours[:, :3] = hsv_to_rgb(np.stack([hues, np.ones_like(hues), np.ones_like(hues)], -1))
    colours[:, 3] = _SKY
    return colours * np.float32(255)


def _compose(image: NDArray[np.uint8], layers: Floats, colours: Floats) -> None:
    """Write the sum of colours times layers into an image, independently of the batch."""
    levels = np.full((3, *layers.shape[1:]), 0.5, np.float32)  # the cast below rounds down
    for layer, colour in zip(layers, colours, strict=True):
        for channel in np.flatnonzero(colour):
            levels[channel] += layer * colour[channel]
    image[:] = np.moveaxis(levels.astype(np.uint8), 0, 2)


def _solid(shape: int, scale: float, angle_radians: float) -> Solid | None:
    """Return the object; None if its scale is 0 or less."""
    half = _HALF * scale
    if half <= 0:
        return None
    match SHAPES[shape]:
        case "cube":
            return Box(half, angle_radians)
        case "cylinder":
            return Cylinder(half, 2 * half)
        case "sphere":
            return Sphere(1.1 * half)
        case _:
            return Capsule(0.85 * half, 2.6 * half)


def _rays(scene: Scene, top: int, bottom: int, samples: int) -> Vector:
    """Return the directions of rays through the samples of some rows, for a camera along y.

    Returns:
        x, y, z of shapes (1, S, 1, W), (S, 1, rows, 1) and (S, 1, rows, 1), with S samples along
        each side of a pixel.
    """
    within = (np.arange(samples) + 0.5) / samples
    unit = 2 * _FIELD / min(scene.height, scene.width)
    columns = within[:, None, None] + np.arange(scene.width)
    rows = within[:, None, None, None] + np.arange(top, bottom)[:, None]
    right, up = (columns - scene.width / 2) * unit, (scene.height / 2 - rows) * unit
    forward = np.array([-_CAMERA[1], _TARGET - _CAMERA[2]])
    cos, sin = forward / np.hypot(*forward)
    x, y, z = right[None], cos - sin * up, sin + cos * up
    return x.astype(np.float32), y.astype(np.float32), z.astype(np.float32)


def _cast_strip(layers: Floats, rays: Vector, solid: Solid | None, angle_radians: float) -> None:
    """Cast the rays of some rows of pixels; the room rotates while the camera is fixed."""
    origin = _vector(_CAMERA)
    light = turn(_vector(_LIGHT), -angle_radians)
    distance, wall = _walls(origin, rays, angle_radians)
    z = origin[2] + distance * rays[2]
    on_floor = z < 0
    floor = np.where(on_floor, np.float32(_AMBIENT + _DIFFUSE * _LIGHT[2]), np.float32(0))
    wall = np.where(on_floor | (z > _WALL_HEIGHT), np.float32(0), wall)
    sky = np.where(z > _WALL_HEIGHT, _sky_brightness(rays), np.float32(0))
    body = np.zeros_like(wall)
    if solid:
        _shade_floor(floor, rays, solid, light)
        distance = solid.distance(origin, rays)
        hit = np.isfinite(distance)
        point = [(o + distance * ray)[hit] for o, ray in zip(origin, rays, strict=True)]
        body[hit] = _lambert(solid.normal((point[0], point[1], point[2])), light)
        for layer in (floor, wall, sky):
            layer[hit] = 0
    for layer, samples in zip(layers, (floor, wall, body, sky), strict=True):
        layer[:] = samples.mean((0, 1))


def _walls(origin: Vector, rays: Vector, angle_radians: float) -> tuple[Floats, Floats]:
    """Return the distance to the walls, unlimited in height, and the brightness of the wall hit."""
    (x, y, _), (towards_x, towards_y, _) = turn(origin, angle_radians), turn(rays, angle_radians)
    side_x, side_y = np.copysign(_ONE, towards_x), np.copysign(_ONE, towards_y)
    distance_x = (side_x * _ROOM - x) / towards_x
    distance_y = (side_y * _ROOM - y) / towards_y
    # The normals of walls point inward.
    facing = np.where(distance_x < distance_y, -_LIGHT[0] * side_x, -_LIGHT[1] * side_y)
    return np.minimum(distance_x, distance_y), _lit(facing)


def _shade_floor(floor: Floats, rays: Vector, solid: Solid, light: Vector) -> None:
    """Remove the direct light from the floor in the object's shadow; walls get no shadow."""
    if not floor.any():
        return
    reach = np.where(rays[2] < 0, -_CAMERA[2] / rays[2], np.float32(np.nan))
    spot = rays[0] * reach, _CAMERA[1] + rays[1] * reach, np.zeros_like(reach)
    shadow = np.isfinite(solid.distance(spot, light)) & (floor > 0)
    floor[shadow] = _AMBIENT


def _lambert(normal: Vector, light: Vector) -> Floats:
    return _lit(normal[0] * light[0] + normal[1] * light[1] + normal[2] * light[2])


def _lit(facing: Floats) -> Floats:
    """Return the brightness of a surface from the cosine of its angle to the light."""
    direct: Floats = np.maximum(facing, np.float32(0)) * np.float32(_DIFFUSE)
    return direct + np.float32(_AMBIENT)


def _sky_brightness(rays: Vector) -> Floats:
    """Return the brightness of the sky, which is highest at the horizon."""
    brightness: Floats = _ONE - np.float32(0.4) * np.clip(rays[2] / rays[1], 0, 1)
    return brightness


def _vector(xyz: tuple[float, float, float]) -> Vector:
    x, y, z = np.array(xyz, np.float32)
    return x, y, z
