"""Where rays meet solids that stand on the floor z = 0, centred on the vertical axis.

Points and directions are tuples (x, y, z) of arrays that broadcast together, so that what depends
on the row of an image only is computed once a row. Lengths are those of the scene; a distance is
in lengths of the ray's direction.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Vector = tuple[Floats, Floats, Floats]
Interval = tuple[Floats, Floats]  # where a ray enters and leaves a convex body; it misses if not <


class Solid(Protocol):
    """A convex body on the floor."""

    def distance(self, origin: Vector, direction: Vector) -> Floats:
        """How far along each ray it enters the body; infinite where it misses."""
        ...

    def normal(self, point: Vector) -> Vector:
        """Outward unit normals at points of the surface."""
        ...


@dataclass(frozen=True)
class Box:
    """A cube that is turned about its vertical axis.

    Attributes:
        half: Half of its edge.
        angle_radians: Counter-clockwise seen from above; at 0 its edges follow the axes.
    """

    half: float
    angle_radians: float = 0.0

    def distance(self, origin: Vector, direction: Vector) -> Floats:
        """How far along each ray it enters the cube; infinite where it misses."""
        start, along = turn(origin, -self.angle_radians), turn(direction, -self.angle_radians)
        sides = [_slab(start[i], along[i], -self.half, self.half) for i in (0, 1)]
        return _entry(*sides, _slab(start[2], along[2], 0, 2 * self.half))

    def normal(self, point: Vector) -> Vector:
        """Outward unit normals at points of the cube."""
        x, y, z = turn(point, -self.angle_radians)
        offsets = np.stack(np.broadcast_arrays(x, y, z - self.half))
        # The face is that of the coordinate which is farthest out.
        is_face = np.arange(3)[:, None] == np.abs(offsets).reshape(3, -1).argmax(0)
        axes = np.where(is_face.reshape(offsets.shape), np.sign(offsets), np.float32(0))
        return turn((axes[0], axes[1], axes[2]), self.angle_radians)


@dataclass(frozen=True)
class Cylinder:
    """An upright cylinder.

    Attributes:
        radius: Radius of its base.
        height: Height from the floor to its top.
    """

    radius: float
    height: float

    def distance(self, origin: Vector, direction: Vector) -> Floats:
        """How far along each ray it enters the cylinder; infinite where it misses."""
        tube = _ball(origin[:2], direction[:2], self.radius)
        return _entry(tube, _slab(origin[2], direction[2], 0, self.height))

    def normal(self, point: Vector) -> Vector:
        """Outward unit normals at points of the cylinder."""
        x, y, z = point[0] / self.radius, point[1] / self.radius, point[2] / self.height
        on_side = x * x + y * y > z * z
        return on_side * x, on_side * y, np.where(on_side, np.float32(0), np.float32(1))


@dataclass(frozen=True)
class Sphere:
    """A sphere on the floor.

    Attributes:
        radius: Radius of the sphere, which is the height of its centre too.
    """

    radius: float

    def distance(self, origin: Vector, direction: Vector) -> Floats:
        """How far along each ray it enters the sphere; infinite where it misses."""
        x, y, z = origin
        return _entry(_ball((x, y, z - self.radius), direction, self.radius))

    def normal(self, point: Vector) -> Vector:
        """Outward unit normals at points of the sphere."""
        x, y, z = point
        return x / self.radius, y / self.radius, z / self.radius - 1


@dataclass(frozen=True)
class Capsule:
    """An upright pill: a cylinder between two half spheres.

    Attributes:
        radius: Radius of all three.
        height: From the floor to its top, at least twice the radius.
    """

    radius: float
    height: float

    def distance(self, origin: Vector, direction: Vector) -> Floats:
        """How far along each ray it enters the capsule; infinite where it misses."""
        x, y, z = origin
        low, high = self.radius, self.height - self.radius
        tube = _ball((x, y), direction[:2], self.radius)
        body = _entry(tube, _slab(z, direction[2], low, high))
        # The union is convex: a ray that enters one part within another has met that one before.
        for centre in (low, high):
            ball = _ball((x, y, z - centre), direction, self.radius)
            body = np.minimum(body, _entry(ball))
        return body

    def normal(self, point: Vector) -> Vector:
        """Outward unit normals at points of the capsule."""
        x, y, z = point
        nearest = np.clip(z, self.radius, self.height - self.radius)  # on the axis
        return x / self.radius, y / self.radius, (z - nearest) / self.radius


def turn(vector: Vector, angle_radians: float) -> Vector:
    """Turn vectors about the vertical axis, counter-clockwise seen from above."""
    x, y, z = vector
    # Python's floats, unlike numpy's, leave arrays of float32 as they are.
    cos, sin = float(np.cos(angle_radians)), float(np.sin(angle_radians))
    return cos * x - sin * y, sin * x + cos * y, z


def _slab(origin: Floats, direction: Floats, low: float, high: float) -> Interval:
    one, other = (low - origin) / direction, (high - origin) / direction
    return np.minimum(one, other), np.maximum(one, other)


def _ball(origin: tuple[Floats, ...], direction: tuple[Floats, ...], radius: float) -> Interval:
    """Interval in a ball about the origin; of two coordinates, in a tube."""
    a = sum((d * d for d in direction[1:]), direction[0] * direction[0])
    b, c = direction[0] * origin[0], origin[0] * origin[0] - radius * radius
    for o, d in zip(origin[1:], direction[1:], strict=True):
        b, c = b + d * o, c + o * o
    root = np.sqrt(b * b - a * c)  # not a number where the ray misses
    return (-b - root) / a, (root - b) / a


def _entry(*intervals: Interval) -> Floats:
    near, far = intervals[0]
    for low, high in intervals[1:]:
        near, far = np.maximum(near, low), np.minimum(far, high)
    # Comparisons with what is not a number are false: a miss.
    return np.where((near < far) & (far > 0), near, np.float32(np.inf))
