"""Read and write `previews/moments.npz` of a run: codes of two factors during training."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.point_codes import FactorPoints
from sbvae_cli.evaluation.unfolding import Unfolding
from sbvae_cli.files import parse_json, write_bytes
from sbvae_cli.metrics.geometry_scores import check_grid
from sbvae_cli.system_errors import unreadable

FORMAT = 1


def write_moments(path: Path, unfolding: Unfolding) -> None:
    """Write an unfolding of one or more moments to an NPZ file, atomically.

    Arrays: `steps` (M,), `means` and `stds` (M, n0, n1, K) or (M, N, K) in float32, `values` and
    `scaled` (n0, n1, 2) or (N, 2) of the two factors, `held_out` (n0, n1) or (N,), and `about`,
    JSON with the format's number and the other fields of `FactorPoints`.

    Raises:
        SbvaeError: If the file cannot be written.
    """
    points, content = unfolding.points, io.BytesIO()
    about = {
        "format": FORMAT,
        "names": points.names,
        "circular": points.circular,
        "fixed": dict(points.fixed),
        "free": points.free,
        "alone": points.alone,
        "population": points.population,
    }
    np.savez(
        content,
        steps=np.array(unfolding.steps),
        means=np.asarray(unfolding.means),
        stds=np.asarray(unfolding.stds),
        values=points.values,
        scaled=points.scaled,
        held_out=points.held_out,
        about=json.dumps(about),
    )
    write_bytes(path, content.getvalue())


def read_moments(path: Path) -> Unfolding:
    """Read a file that `write_moments` wrote.

    Raises:
        SbvaeError: If the file cannot be read, is damaged, or has a newer format.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes())) as file:
            arrays = {name: file[name] for name in file.files}
        about = parse_json(str(arrays["about"]))
        if about["format"] > FORMAT:
            raise _NewerFormatError(
                f"{path}: has format {about['format']}, this version reads {FORMAT}; install a "
                "newer sbvae"
            )
        points = FactorPoints(
            tuple(about["names"]),
            arrays["values"],
            arrays["scaled"],
            arrays["held_out"],
            tuple(about["circular"]),
            about["fixed"],
            tuple(about["free"]),
            about["alone"],
            about["population"],
        )
        found = Unfolding(points, tuple(arrays["steps"].tolist()), arrays["means"], arrays["stds"])
        _check_points(points)
        _check_moments(points, found.steps, arrays["means"], arrays["stds"])
    except OSError as error:
        raise unreadable(path, error) from error
    except _NewerFormatError:
        raise
    except Exception as error:  # zipfile and NumPy raise various errors for broken archives
        raise SbvaeError(f"{path}: is damaged; delete it") from error
    return found


class _NewerFormatError(SbvaeError): ...


def _check_points(points: FactorPoints) -> None:
    """Check that points are such as `write_moments` writes.

    Raises:
        ValueError: If an array or value has another type, shape or range.
    """
    held_out, shape = points.held_out, (*points.held_out.shape, 2)
    if held_out.dtype != np.bool_ or held_out.ndim not in (1, 2):
        raise ValueError("held_out")
    for array in (points.values, points.scaled):
        if array.dtype.kind != "f" or array.shape != shape or not np.isfinite(array).all():
            raise ValueError("points")
    if held_out.ndim == 2:
        check_grid(points.scaled)
    words = (*points.names, *points.free, points.population)
    flags = (*points.circular, points.alone)
    numbers = [*points.fixed.values()]
    if (
        (len(points.names), len(points.circular)) != (2, 2)
        or not all(isinstance(each, str) for each in words)
        or not all(isinstance(each, bool) for each in flags)
        or not all(isinstance(each, int | float) for each in numbers)
    ):
        raise ValueError("about")


def _check_moments(points: FactorPoints, steps: Any, means: Any, stds: Any) -> None:
    """Check that steps, means and stds fit the points and each other.

    Raises:
        ValueError: If one has another type, shape or range.
    """
    shape = (len(steps), *points.held_out.shape)
    if not steps or means.shape[:-1] != shape or means.shape != stds.shape or not means.size:
        raise ValueError("shapes")
    if means.dtype.kind != "f" or stds.dtype.kind != "f" or np.isinf(means).any():
        raise ValueError("codes")
    if not all(isinstance(step, int) for step in steps) or min(np.diff((-1, *steps))) <= 0:
        raise ValueError("steps")
