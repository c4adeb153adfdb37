"""Intersect rays with solids on the floor z = 0, centred on the vertical axis.

Points and directions are tuples (x, y, z) of arrays that broadcast together, so that a value that
depends only on the image row is computed once per row. A distance along a ray is in units of the
length of its direction vector.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Vector = tuple[Floats, Floats, Floats]
Interval = tuple[Floats, Floats]  # distances of entry and exit; a ray misses unless entry < exit


class Solid(Protocol):
    """Convex body on the floor."""

    def distance(self, origin: Vector, direction: Vector) -> Floats:
        """Return the distance at which each ray enters the body; infinity if it misses."""
        ...

    def normal(self, point: Vector) -> Vector:
        """Return the outward unit normals at points of the surface."""
        ...


@dataclass(frozen=True)
class Box:
    """Cube that is rotated about its vertical axis.

    Attributes:
        half: Half the length of an edge.
        angle_radians: Rotation, counter-clockwise seen from above; at 0 edges are parallel to axes.
    """

    half: float
    angle_radians: float = 0.0

    def distance(self, origin: Vector, direction: Vector) -> Floats:
        """Return the distance at which each ray enters the cube; infinity if it misses."""
        start, along = turn(origin, -self.angle_radians), turn(direction, -self.angle_radians)
        sides = [_slab(start[i], along[i], -self.half, self.half) for i in (0, 1)]
        return _entry(*sides, _slab(start[2], along[2], 0, 2 * self.half))

    def normal(self, point: Vector) -> Vector:
        """Return the outward unit normals at points of the surface."""
        x, y, z = turn(point, -self.angle_radians)
        offsets = np.stack(np.broadcast_arrays(x, y, z - self.half))
        # A point is on the face of its largest coordinate relative to the centre.
        is_face = np.arange(3)[:, None] == np.abs(offsets).reshape(3, -1).argmax(0)
        axes = np.where(is_face.reshape(offsets.shape), np.sign(offsets), np.float32(0))
        return turn((axes[0], axes[1], axes[2]), self.angle_radians)


@dataclass(frozen=True)
class Cylinder:
    """Upright cylinder.

    Attributes:
        radius: Radius of the base.
        height: Height of the top above the floor.
    """

    radius: float
    height: float

    def distance(self, origin: Vector, direction: Vector) -> Floats:
        """Return the distance at which each ray enters the cylinder; infinity if it misses."""
        tube = _ball(origin[:2], direction[:2], self.radius)
        return _entry(tube, _slab(origin[2], direction[2], 0, self.height))

    def normal(self, point: Vector) -> Vector:
        """Return the outward unit normals at points of the surface."""
        x, y, z = point[0] / self.radius, point[1] / self.radius, point[2] / self.height
        on_side = x * x + y * y > z * z
        return on_side * x, on_side * y, np.where(on_side, np.float32(0), np.float32(1))


@dataclass(frozen=True)
class Sphere:
    """Sphere on the floor.

    Attributes:
        radius: Radius, and height of the centre above the floor.
    """

    radius: float

    def distance(self, origin: Vector, direction: Vector) -> Floats:
        """Return the distance at which each ray enters the sphere; infinity if it misses."""
        x, y, z = origin
        return _entry(_ball((x, y, z - self.radius), direction, self.radius))

    def normal(self, point: Vector) -> Vector:
        """Return the outward unit normals at points of the surface."""
        x, y, z = point
        return x / self.radius, y / self.radius, z / self.radius - 1


@dataclass(frozen=True)
class Capsule:
    """Upright pill: a cylinder between two half spheres.

    Attributes:
        radius: Radius of the cylinder and of the half spheres.
        height: Height of the top above the floor, at least twice the radius.
    """

    radius: float
    height: float

    def distance(self, origin: Vector, direction: Vector) -> Floats:
        """Return the distance at which each ray enters the capsule; infinity if it misses."""
        x, y, z = origin
        low, high = self.radius, self.height - self.radius
        tube = _ball((x, y), direction[:2], self.radius)
        body = _entry(tube, _slab(z, direction[2], low, high))
        # A ray enters the union of the parts where it first enters any of them.
        for centre in (low, high):
            ball = _ball((x, y, z - centre), direction, self.radius)
            body = np.minimum(body, _entry(ball))
        return body

    def normal(self, point: Vector) -> Vector:
        """Return the outward unit normals at points of the surface."""
        x, y, z = point
        nearest = np.clip(z, self.radius, self.height - self.radius)  # nearest height on the axis
        return x / self.radius, y / self.radius, (z - nearest) / self.radius


def turn(vector: Vector, angle_radians: float) -> Vector:
    """Rotate vectors about the vertical axis, counter-clockwise seen from above."""
    x, y, z = vector
    # Python floats, unlike NumPy's, do not promote float32 arrays to float64.
    cos, sin = float(np.cos(angle_radians)), float(np.sin(angle_radians))
    return cos * x - sin * y, sin * x + cos * y, z


def _slab(origin: Floats, direction: Floats, low: float, high: float) -> Interval:
    one, other = (low - origin) / direction, (high - origin) / direction
    return np.minimum(one, other), np.maximum(one, other)


def _ball(origin: tuple[Floats, ...], direction: tuple[Floats, ...], radius: float) -> Interval:
    """Return the interval within a ball about the origin, or a tube for two coordinates."""
    a = sum((d * d for d in direction[1:]), direction[0] * direction[0])
    b, c = direction[0] * origin[0], origin[0] * origin[0] - radius * radius
    for o, d in zip(origin[1:], direction[1:], strict=True):
        b, c = b + d * o, c + o * o
    root = np.sqrt(b * b - a * c)  # NaN if the ray misses
    return (-b - root) / a, (root - b) / a


def _entry(*intervals: Interval) -> Floats:
    near, far = intervals[0]
    for low, high in intervals[1:]:
        near, far = np.maximum(near, low), np.minimum(far, high)
    # Comparisons with NaN are false, so that a miss gives infinity.
    return np.where((near < far) & (far > 0), near, np.float32(np.inf))
