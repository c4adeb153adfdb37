"""Read and write `previews/moments.npz` of a run: codes of two factors during training."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np

from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.point_codes import FactorPoints
from sbvae_cli.evaluation.unfolding import Unfolding
from sbvae_cli.files import parse_json, unreadable, write_bytes

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
            raise SbvaeError(
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
        steps = tuple(arrays["steps"].tolist())
        found = Unfolding(points, steps, arrays["means"], arrays["stds"])
        shape = (len(steps), *points.held_out.shape)
        if (
            not steps
            or arrays["means"].shape[:-1] != shape
            or arrays["means"].shape != arrays["stds"].shape
        ):
            raise ValueError("shapes")
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise SbvaeError(f"{path}: is damaged; delete it") from error
    return found
