"""Prepare users' codes for the page, perhaps with images and decoders."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.metrics import DEAD_BELOW_STD
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.codes_embedding import points_of_codes, rows_of
from sbvae_cli.evaluation.representation import Representation
from sbvae_cli.explorer.atlas import shown_atlas
from sbvae_cli.explorer.foreign_decoder import Decoder, read_decoder
from sbvae_cli.explorer.grids import MAX_SCATTERED, Grid, point_bytes
from sbvae_cli.explorer.of_runs import axes_of, findings_of, stds_of
from sbvae_cli.explorer.payload import Model, Payload, Points
from sbvae_cli.explorer.same_images import same_images
from sbvae_cli.explorer.scores import scores_of
from sbvae_cli.explorer.slices import DEFAULT_BUDGET, grid_sizes, pairs_from
from sbvae_cli.random import stream
from sbvae_cli.runs.several_models import MAX_MODELS, short_names


@dataclass(frozen=True)
class _StoredImages:
    """Images of the codes.

    Attributes:
        source: Dataset of the images; None if unknown.
        rows: Row in the dataset of each code that is not of a blank image.
    """

    source: Source | None
    rows: NDArray[np.int64]

    def read(self, codes: NDArray[np.integer]) -> NDArray[np.uint8] | None:
        """Read the images of some codes, shape (n, H, W, C)."""
        if self.source is None or self.source.file is None:
            return None
        rows, back = np.unique(self.rows[codes], return_inverse=True)
        return self.source.file.read_rows(rows)[0][back]


def payload_of_codes(
    paths: Sequence[Path], images: Path | None = None, decoders: Sequence[Path] = ()
) -> Payload:
    """Prepare the contents of a page from users' codes, with one model for each file.

    Args:
        paths: NPZ files of codes of the same images in the same order, as for `read_codes`.
        images: Dataset whose rows are the images of the codes.
        decoders: ONNX file of each model in the same order, with one input (N, K) and one output
            (N, C, H, W) in [0, 1]; or empty.

    Raises:
        SbvaeError: If a file cannot be used, or the files do not fit each other.
    """
    if len(paths) > MAX_MODELS:
        raise SbvaeError(f"names {len(paths)} files; {MAX_MODELS} fit side by side", "codes")
    if decoders and len(decoders) != len(paths):
        found = f"names {len(decoders)}, `codes` {len(paths)}"
        raise SbvaeError(f"{found}; name one for each, in the same order, or none", "decoder")
    read = same_images(paths)
    samples = [each.nonblank for each in read]
    stored, shown = _stored(read[0], images), samples[0]
    drawn = [
        read_decoder(path, one.codes) for path, one in zip(decoders, samples, strict=bool(decoders))
    ]
    shape = _shape(stored, images, drawn, decoders)
    grids = _grids(samples, stored)
    points, rows = (None, np.arange(0)) if grids else _points(samples, stored)
    models = []
    for number, (name, one) in enumerate(zip(short_names(paths), samples, strict=True)):
        codes = grids[0].flat_codes(number) if grids else one.codes[rows].astype(np.float64)
        embedded = [grid.embedding(number) for grid in grids]
        own_stds = None if one.stds is None or grids else one.stds[rows].mean(axis=0)
        counts = [("codes", f"{len(read[number].codes):,}"), ("latents", str(codes.shape[1]))]
        models.append(
            Model(
                name=name.removesuffix(".npz"),
                latents=codes.shape[1],
                codes=[grid.flat_codes(number) for grid in grids],
                point_codes=None if grids else codes,
                stds=stds_of(grids[0], number) if grids else own_stds,
                axes=axes_of(embedded, codes),
                scores=[scores_of(one) if one else [] for one in embedded] or [[]],
                findings=findings_of(embedded),
                settings=counts,
                decoder=drawn[number].graph if drawn else None,
                probes=drawn[number].probes if drawn else None,
            )
        )
    title, runs = ", ".join(model.name for model in models), [{"codes": str(p)} for p in paths]
    slices = [grid.slice() for grid in grids]
    return Payload(title, shape, _factors(shown), slices, points, models, runs)


def _stored(found: Representation, images: Path | None) -> _StoredImages:
    """Open the dataset of the images, and check it against the codes."""
    rows = np.arange(len(found.codes)) if found.rows is None else found.rows
    source = None
    if images is not None:
        source = open_source(images)
        count = source.count or 0
        if source.file is None:
            raise SbvaeError(f"{images}: is drawn and stores no images", field="images")
        if (found.rows is None and count != len(rows)) or rows.max(initial=0) >= count:
            raise SbvaeError(
                f"{images}: has {count:,} images, the codes {len(rows):,} rows; name the file that "
                "was encoded, whole and in order, or add an array rows to the codes",
                field="images",
            )
    shows = slice(None) if found.present is None else found.present > 0
    return _StoredImages(source, rows[shows])


def _shape(
    stored: _StoredImages, images: Path | None, drawn: Sequence[Decoder], decoders: Sequence[Path]
) -> tuple[int, int, int] | None:
    """Return the shape (C, H, W), on which images and decoders must agree."""
    source = stored.source
    shapes = [] if source is None else [(source.channels, source.height, source.width)]
    named = [*([] if images is None else [images]), *decoders]
    shapes += [each.image_shape for each in drawn]
    for path, shape in zip(named, shapes, strict=True):
        if shape != shapes[0]:
            raise SbvaeError(
                f"{path}: draws images of shape {shape}, {named[0]} has {shapes[0]} (channels, "
                "height, width); name those that belong together",
                field="decoder",
            )
    return shapes[0] if shapes else None


def _grids(shown: Sequence[Representation], stored: _StoredImages) -> list[Grid]:
    """Make grids of all pairs of factors whose codes form one."""
    samples = [each.labelled(bins=20) for each in shown]
    names, found = samples[0].names, list[Grid]()
    if len(names) < 2:
        return found
    first = ("x", "y") if {"x", "y"} <= set(names) else (names[0], names[1])
    pairs = pairs_from(names, first)
    each = _point_bytes(shown, stored)
    size, further, _ = grid_sizes(len(pairs), each)
    chosen = rows_of(samples[0])
    dead_below = [DEAD_BELOW_STD * sample.unit for sample in samples]
    for pair in pairs:
        try:
            most = size if pair == first else further
            made = [points_of_codes(sample, chosen, pair, most) for sample in samples]
        except SbvaeError:  # at every setting of the others, one of the two has a single value
            continue
        points, _, rows = made[0]
        if points.values.ndim != 3:
            continue
        shape = points.held_out.shape
        present = rows.reshape(shape) >= 0
        images = None
        if (read := stored.read(rows[rows >= 0])) is not None:
            images = np.zeros((rows.size, *read.shape[1:]), np.uint8)
            images[rows >= 0] = read
        found.append(Grid(points, images, present, [codes for _, codes, _ in made], dead_below))
    return found


def _points(
    samples: Sequence[Representation], stored: _StoredImages
) -> tuple[Points, NDArray[np.int64]]:
    """Choose some codes as scattered points, and return them with their rows."""
    shown, count = samples[0], len(samples[0].codes)
    most = int(
        np.clip(DEFAULT_BUDGET.first_bytes / _point_bytes(samples, stored), 16, MAX_SCATTERED)
    )
    rows = np.sort(stream(0, "codes").permutation(count)[:most])
    images = stored.read(rows)
    atlas = None if images is None else shown_atlas(images)
    factors = shown.factors[rows] if shown.varying else None
    held_out = None if shown.held_out is None else shown.held_out[rows]
    return Points(len(rows), atlas, factors, held_out), rows


def _point_bytes(samples: Sequence[Representation], stored: _StoredImages) -> float:
    """Estimate the bytes of a point in the page from some of the images."""
    count = len(samples[0].codes)
    some = stored.read(np.linspace(0, count - 1, min(count, 16)).astype(np.int64))
    return point_bytes(some, [each.codes.shape[1] for each in samples])


def _factors(shown: Representation) -> list[FactorConfig]:
    """Return what is known of the factors, in the order of the columns."""
    if shown.space is not None:
        known = SpaceConfig.model_validate(shown.space)
        return [known.factor(name) for name in shown.names]
    found = []
    for name, column in zip(shown.names, shown.factors.T, strict=True):
        low, high = float(column.min()), float(column.max())
        period = high - low if name in shown.circular and high > low else None
        found.append(FactorConfig(name=name, low=low, high=high, period=period))
    return found
