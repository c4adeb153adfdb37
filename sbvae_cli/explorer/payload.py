"""Contents of the page: one JSON object of format 1, and larger parts of the HTML file.

Floats are base64 of little-endian float32, and bytes are base64 of uint8, both in C order. K is
the number of latents, F of factors, n of points of a grid, N of scattered points. Entries marked
by `?` can be null.

    format       1
    title        subject of the page, such as "circles xy-hole"
    made_by      "sbvae 0.1.0"
    command      command that wrote the page
    notes        sentences at its top, such as that a model never saw these images; usually none
    unused_from  posterior std from which a latent counts as unused, 0.5
    image?       {height, width, channels}; null if only codes are known
    factors      [{name, unit, low, high, circular, varies, levels?, level_names?}], none if unknown
    slices       grids of two factors at fixed values of the others; the first is shown first
        names      [first, second]; the first varies along axis 0 of the grid
        others     values of the other factors, by name
        shape      [n0, n1]
        values     [n0 numbers, n1 numbers], in the factors' units, ascending
        circular   [bool, bool]
        held_out   n bytes, 1 where training left the point out
        present?   n bytes, 0 for a point without image; null if all points have one
        images?    PNG of the true images, row by row; null if unknown or too large
        columns    number of images in a row of that PNG
    points?      scattered images, if there is no grid: {count, images?, columns,
                 factors? (N, F), held_out? (N bytes)}
    models
        name       short, unique among the models
        kind       a few words, such as "broadcast, vae, seed 0, step 1,000"; may be empty
        latents    K
        stds?      K floats: posterior stds, averaged over the points of the first slice
        axes       for each slice the two latents that are shown; one if there is only one
        codes      for each slice (n, K), NaN for a point without image
        point_codes?  (N, K)
        scores     for each slice [{key, label, value?, text, help}]
        findings   sentences on the first slice unless they name another
        settings   [[name, text]]
        command?   command that trains such a model
        decoder?   id of a part: ONNX, `z` (N, K) to `image` (N, C, H, W)
        encoder?   id of a part: ONNX, `image` (N, C, H, W) to `mean` and `log_variance`, (N, K)
        likelihood?   kind of likelihood of the pixels
        probes?    test images by PyTorch: {count, z (count, K), images (count, C, H, W) bytes}

A part is a `<script type="text/plain">` with base64 of gzip: `runtime` and `wasm` are ONNX Runtime,
`decoder-0` and `encoder-0` belong to the first model. `worker` is plain text.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbvae_cli import __version__
from sbvae_cli.config.metrics import USED_BELOW_STD
from sbvae_cli.config.space import FactorConfig
from sbvae_cli.explorer.atlas import Atlas

FORMAT = 1

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Slice:
    """A grid of two factors at fixed values of the others.

    Attributes:
        names: Names of the two factors.
        others: Fixed values of other varying factors.
        values: Values along each factor, (n0,) and (n1,).
        circular: Whether the range of each factor is a full turn.
        held_out: Whether training left out each point, shape (n0, n1).
        present: Whether each point has an image, shape (n0, n1).
        images: True images; None if they are not shown.
    """

    names: tuple[str, str]
    others: Mapping[str, float]
    values: tuple[Floats, Floats]
    circular: tuple[bool, bool]
    held_out: Bools
    present: Bools
    images: Atlas | None

    def as_json(self) -> dict[str, Any]:
        """Return the grid as the page reads it."""
        return {
            "names": list(self.names),
            "others": dict(self.others),
            "shape": list(self.held_out.shape),
            "values": [[float(value) for value in axis] for axis in self.values],
            "circular": list(self.circular),
            "held_out": base64_of_bytes(self.held_out),
            "present": None if self.present.all() else base64_of_bytes(self.present),
            **_images(self.images),
        }


@dataclass(frozen=True)
class Points:
    """Scattered images.

    Attributes:
        count: Number of images N.
        images: The images; None if unknown.
        factors: Factor values, shape (N, F); None if unknown.
        held_out: Whether training left out each image, shape (N,); None if unknown.
    """

    count: int
    images: Atlas | None = None
    factors: Floats | None = None
    held_out: Bools | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the points as the page reads them."""
        return {
            "count": self.count,
            **_images(self.images),
            "factors": None if self.factors is None else base64_of_floats(self.factors),
            "held_out": None if self.held_out is None else base64_of_bytes(self.held_out),
        }


@dataclass(frozen=True)
class Probes:
    """Latents and the images that PyTorch or ONNX Runtime decodes from them, to test the page.

    Attributes:
        z: Latents, shape (P, K).
        images: Images, uint8, shape (P, C, H, W).
    """

    z: Floats
    images: NDArray[np.uint8]

    def as_json(self) -> dict[str, Any]:
        """Return the probes as the page reads them."""
        return {
            "count": len(self.z),
            "z": base64_of_floats(self.z),
            "images": base64_of_bytes(self.images),
        }


@dataclass(frozen=True)
class Model:
    """One model, or one file of codes.

    Attributes:
        name: Short name, unique among the models.
        latents: Number of latents K.
        codes: Posterior means at the points of each slice, shape (n, K).
        axes: The latents that are shown of each slice, two or the only one.
        scores: List of scores of each slice.
        kind: Description in a few words.
        stds: Posterior stds, shape (K,); None if unknown.
        point_codes: Codes of scattered points, shape (N, K).
        findings: Sentences.
        settings: Pairs of name and text.
        command: Command that trains such a model.
        decoder: ONNX file; None if there is none.
        encoder: ONNX file; None if there is none.
        likelihood: Kind of likelihood of the pixels.
        probes: Test images of the decoder.
        path: Path of the run, which is not written into the page.
    """

    name: str
    latents: int
    codes: Sequence[Floats]
    axes: Sequence[tuple[int, ...]]
    scores: Sequence[Sequence[Mapping[str, Any]]]
    kind: str = ""
    stds: Floats | None = None
    point_codes: Floats | None = None
    findings: Sequence[str] = ()
    settings: Sequence[tuple[str, str]] = ()
    command: str | None = None
    decoder: bytes | None = None
    encoder: bytes | None = None
    likelihood: str | None = None
    probes: Probes | None = None
    path: str | None = None

    def as_json(self, number: int) -> dict[str, Any]:
        """Return the model as the page reads it; `number` is its index, from 0."""
        return {
            "name": self.name,
            "kind": self.kind,
            "latents": self.latents,
            "stds": None if self.stds is None else [round(float(std), 4) for std in self.stds],
            "axes": [list(latents) for latents in self.axes],
            "codes": [base64_of_floats(codes) for codes in self.codes],
            "point_codes": _or_none(base64_of_floats, self.point_codes),
            "scores": [list(scores) for scores in self.scores],
            "findings": list(self.findings),
            "settings": [list(pair) for pair in self.settings],
            "command": self.command,
            "decoder": None if self.decoder is None else f"decoder-{number}",
            "encoder": None if self.encoder is None else f"encoder-{number}",
            "likelihood": self.likelihood,
            "probes": None if self.probes is None else self.probes.as_json(),
        }


@dataclass(frozen=True)
class Payload:
    """Contents of a page.

    Attributes:
        title: Subject of the page.
        image_shape: Shape (C, H, W) of images; None if there are none.
        factors: All factors, in the order of the columns.
        slices: Grids; the first is shown first.
        points: Scattered images; None if there is a grid.
        models: One or more models.
        runs: Descriptions of the models in plain containers, for the file's metadata.
        notes: Sentences at the top of the page.
    """

    title: str
    image_shape: tuple[int, int, int] | None
    factors: Sequence[FactorConfig]
    slices: Sequence[Slice]
    points: Points | None
    models: Sequence[Model]
    runs: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    notes: Sequence[str] = ()

    def as_json(self, command: str) -> dict[str, Any]:
        """Return the contents as the page reads them; `command` is the one that writes the page."""
        shape = self.image_shape
        return {
            "format": FORMAT,
            "title": self.title,
            "made_by": f"sbvae {__version__}",
            "command": command,
            "notes": list(self.notes),
            "unused_from": USED_BELOW_STD,
            "image": shape and dict(zip(("channels", "height", "width"), shape, strict=True)),
            "factors": [_factor(factor) for factor in self.factors],
            "slices": [each.as_json() for each in self.slices],
            "points": None if self.points is None else self.points.as_json(),
            "models": [model.as_json(number) for number, model in enumerate(self.models)],
        }

    @property
    def parts(self) -> dict[str, bytes]:
        """ONNX graphs, by the ids of their parts of the page."""
        found: dict[str, bytes] = {}
        for number, model in enumerate(self.models):
            graphs = {"decoder": model.decoder, "encoder": model.encoder}
            found |= {f"{name}-{number}": graph for name, graph in graphs.items() if graph}
        return found


def base64_of_floats(array: Floats) -> str:
    """Encode an array as base64 of little-endian float32, in C order."""
    return base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode()


def base64_of_bytes(array: NDArray[Any]) -> str:
    """Encode an array as base64 of uint8, in C order."""
    return base64.b64encode(np.ascontiguousarray(array, dtype=np.uint8).tobytes()).decode()


def _or_none(write: Any, array: Floats | None) -> Any:
    return None if array is None else write(array)


def _images(atlas: Atlas | None) -> dict[str, Any]:
    if atlas is None:
        return {"images": None, "columns": 1}
    return {"images": base64.b64encode(atlas.png).decode(), "columns": atlas.columns}


def _factor(factor: FactorConfig) -> dict[str, Any]:
    facts = factor.facts()
    kept = ("name", "unit", "low", "high", "circular", "varies", "levels", "level_names")
    return {name: facts[name] for name in kept}
