"""What the page is given: one JSON object, format 1, beside larger parts of the HTML file.

Floats are base64 of little-endian float32 and bytes base64 of uint8, both in C order. K is the
number of latents, F of factors, n of points of a grid, N of points that lie scattered. What may be
null is marked by `?`.

    format       1
    title        what is looked at, as "circles xy-hole"
    made_by      "sbvae 0.1.0"
    command      the command that wrote the page
    notes        sentences for its top, as that a model never saw these images; mostly none
    unused_from  posterior std from which a latent counts as unused, 0.5
    image?       {height, width, channels}; null where codes alone are known
    factors      [{name, unit, low, high, circular, varies, levels?, level_names?}], none if unknown
    slices       grids of two factors, the others held; the first is shown first
        names      [first, second]; the first runs along axis 0 of the grid
        others     values of the other factors, by name
        shape      [n0, n1]
        values     [n0 numbers, n1 numbers], in the factors' units, increasing
        circular   [bool, bool]
        held_out   n bytes, 1 where training left the point out
        present?   n bytes, 0 where there is no image; null where there is one everywhere
        images?    PNG of the true images, row by row; null where they are not known or too large
        columns    images in a row of that PNG
    points?      scattered images, where there is no grid: {count, images?, columns,
                 factors? (N, F), held_out? (N bytes)}
    models
        name       short, different from the others'
        kind       in a few words, as "broadcast, vae, seed 0, step 1,000"; may be empty
        latents    K
        stds?      K floats: posterior stds, averaged over the points of the first slice
        axes       for each slice the two latents that are shown; one where there is but one
        codes      for each slice (n, K), NaN where there is no image
        point_codes?  (N, K)
        scores     for each slice [{key, label, value?, text, help}]
        findings   sentences, of the first slice unless they name others
        settings   [[name, text]]
        command?   a command that trains such a model
        decoder?   id of a part: ONNX, `z` (N, K) to `image` (N, C, H, W)
        encoder?   id of a part: ONNX, `image` (N, C, H, W) to `mean` and `log_variance`, (N, K)
        likelihood?   kind of the pixels' likelihood
        probes?    what PyTorch draws: {count, z (count, K), images (count, C, H, W) bytes}

A part is a `<script type="text/plain">` of base64 of gzip: `runtime` and `wasm` are ONNX Runtime,
`decoder-0` and `encoder-0` those of the first model. `worker` is plain text.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbvae_cli import __version__
from sbvae_cli.config.metrics import USED_BELOW
from sbvae_cli.config.space import FactorConfig
from sbvae_cli.explorer.atlas import Atlas

FORMAT = 1

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Slice:
    """A grid of two factors, the others held.

    Attributes:
        names: The two factors.
        others: Values of others that vary elsewhere.
        values: Values along each, (n0,) and (n1,).
        circular: Whether each one's range is a full turn.
        held_out: Points that training left out, shape (n0, n1).
        present: Points that have an image, shape (n0, n1).
        images: True images; None where they are not shown.
    """

    names: tuple[str, str]
    others: Mapping[str, float]
    values: tuple[Floats, Floats]
    circular: tuple[bool, bool]
    held_out: Bools
    present: Bools
    images: Atlas | None

    def as_json(self) -> dict[str, Any]:
        """As the page reads it."""
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
    """Images that lie scattered.

    Attributes:
        count: Number of images N.
        images: The images; None where they are not known.
        factors: Their factors, shape (N, F); None where these are not known.
        held_out: Those that training left out, shape (N,); None where that is not known.
    """

    count: int
    images: Atlas | None = None
    factors: Floats | None = None
    held_out: Bools | None = None

    def as_json(self) -> dict[str, Any]:
        """As the page reads it."""
        return {
            "count": self.count,
            **_images(self.images),
            "factors": None if self.factors is None else base64_of_floats(self.factors),
            "held_out": None if self.held_out is None else base64_of_bytes(self.held_out),
        }


@dataclass(frozen=True)
class Probes:
    """Latents and what PyTorch, or ONNX Runtime, draws of them: the page compares its own.

    Attributes:
        z: Shape (P, K).
        images: uint8, shape (P, C, H, W).
    """

    z: Floats
    images: NDArray[np.uint8]

    def as_json(self) -> dict[str, Any]:
        """As the page reads it."""
        return {
            "count": len(self.z),
            "z": base64_of_floats(self.z),
            "images": base64_of_bytes(self.images),
        }


@dataclass(frozen=True)
class Model:
    """One model, or one file of codes.

    Attributes:
        name: Short, different from the others'.
        latents: Number of latents K.
        codes: Posterior means of each slice, shape (n, K).
        axes: The latents that are shown of each slice, two or the only one.
        scores: What the page lists of each slice.
        kind: What it is, in a few words.
        stds: Posterior stds, shape (K,); None where these are not known.
        point_codes: Codes of scattered points, shape (N, K).
        findings: Sentences.
        settings: Names and texts.
        command: A command that trains such a model.
        decoder: ONNX file; None where there is none.
        encoder: ONNX file; None where there is none.
        likelihood: Kind of the pixels' likelihood.
        probes: What the decoder is to draw.
        path: What was named, where it is a run; the page does not have it.
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
        """As the page reads it; `number` is its place among the models, from 0."""
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
    """All that a page shows.

    Attributes:
        title: What is looked at.
        image_shape: (C, H, W); None where no image is known.
        factors: All factors, in the order of the columns.
        slices: Grids; the first is shown first.
        points: Scattered images, where there is no grid.
        models: The models, one or more.
        runs: What the models are, in plain containers, for who asks the file.
        notes: Sentences for the top of the page.
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
        """As the page reads it; `command` is the one that writes the page."""
        shape = self.image_shape
        return {
            "format": FORMAT,
            "title": self.title,
            "made_by": f"sbvae {__version__}",
            "command": command,
            "notes": list(self.notes),
            "unused_from": USED_BELOW,
            "image": shape and dict(zip(("channels", "height", "width"), shape, strict=True)),
            "factors": [_factor(factor) for factor in self.factors],
            "slices": [each.as_json() for each in self.slices],
            "points": None if self.points is None else self.points.as_json(),
            "models": [model.as_json(number) for number, model in enumerate(self.models)],
        }

    @property
    def parts(self) -> dict[str, bytes]:
        """Graphs by the ids under which they stand in the page."""
        found: dict[str, bytes] = {}
        for number, model in enumerate(self.models):
            graphs = {"decoder": model.decoder, "encoder": model.encoder}
            found |= {f"{name}-{number}": graph for name, graph in graphs.items() if graph}
        return found


def base64_of_floats(array: Floats) -> str:
    """Base64 of little-endian float32, in C order."""
    return base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode()


def base64_of_bytes(array: NDArray[Any]) -> str:
    """Base64 of uint8, in C order."""
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
