"""Codes of anybody, with images and a decoder where there are some, as the page has them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.metrics import DEAD_BELOW
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.codes_embedding import points_of_codes, rows_of
from sbvae_cli.evaluation.codes_file import read_codes
from sbvae_cli.evaluation.representation import Representation
from sbvae_cli.explorer.atlas import shown_atlas
from sbvae_cli.explorer.foreign_decoder import Decoder, read_decoder
from sbvae_cli.explorer.grids import SCATTERED, Grid, point_bytes
from sbvae_cli.explorer.of_runs import axes_of, findings_of, stds_of
from sbvae_cli.explorer.payload import Model, Payload, Points
from sbvae_cli.explorer.scores import scores_of
from sbvae_cli.explorer.slices import DEFAULT, pairs_from, sizes
from sbvae_cli.random import stream


@dataclass(frozen=True)
class _Stored:
    """Images of the codes.

    Attributes:
        source: Where they are stored; None where they are not known.
        rows: Its row of each code that shows something.
    """

    source: Source | None
    rows: NDArray[np.int64]

    def read(self, codes: NDArray[np.integer]) -> NDArray[np.uint8] | None:
        """Images of some of the codes, shape (n, H, W, C)."""
        if self.source is None or self.source.file is None:
            return None
        rows, back = np.unique(self.rows[codes], return_inverse=True)
        return self.source.file.read_rows(rows)[0][back]


def payload_of_codes(
    path: Path, images: Path | None = None, decoder: Path | None = None
) -> Payload:
    """Make of codes of anybody what a page shows.

    Args:
        path: NPZ file as `read_codes` reads it.
        images: Dataset whose rows are the codes' images.
        decoder: ONNX file of one input (N, K) and one output (N, C, H, W) in [0, 1].

    Raises:
        SbvaeError: If a file cannot be used, or they do not belong together.
    """
    found = read_codes(path)
    shown, stored = found.shown, _stored(found, images)
    drawn = None if decoder is None else read_decoder(decoder, shown.codes)
    shape = _shape(stored, images, drawn, decoder)
    grids = _grids(shown, stored)
    points, rows = (None, None) if grids else _points(shown, stored)
    codes = grids[0].flat_codes(0) if grids else shown.codes[rows].astype(np.float64)
    embedded = [grid.embedding(0) for grid in grids]
    own_stds = None if shown.stds is None or rows is None else shown.stds[rows].mean(axis=0)
    model = Model(
        name=path.stem,
        latents=codes.shape[1],
        codes=[grid.flat_codes(0) for grid in grids],
        point_codes=None if grids else codes,
        stds=stds_of(grids[0], 0) if grids else own_stds,
        axes=axes_of(embedded, codes),
        scores=[scores_of(one) if one else [] for one in embedded] or [[]],
        findings=findings_of(embedded),
        settings=[("codes", f"{len(found.codes):,}"), ("latents", str(codes.shape[1]))],
        decoder=None if drawn is None else drawn.graph,
        probes=None if drawn is None else drawn.probes,
    )
    told = [{"codes": str(path)}]
    slices = [grid.slice() for grid in grids]
    return Payload(path.stem, shape, _factors(shown), slices, points, [model], told)


def _stored(found: Representation, images: Path | None) -> _Stored:
    """The images' file, checked against the codes."""
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
    return _Stored(source, rows[shows])


def _shape(
    stored: _Stored, images: Path | None, drawn: Decoder | None, decoder: Path | None
) -> tuple[int, int, int] | None:
    """(C, H, W) of images and decoder, which have to agree."""
    source = stored.source
    own = None if source is None else (source.channels, source.height, source.width)
    if own and drawn and own != drawn.image_shape:
        raise SbvaeError(
            f"{decoder}: draws images of shape {drawn.image_shape}, {images} has {own} (channels, "
            "height, width); name those that belong together",
            field="decoder",
        )
    return own or (drawn.image_shape if drawn else None)


def _grids(shown: Representation, stored: _Stored) -> list[Grid]:
    """Grids of all pairs of factors whose codes make one."""
    sample = shown.labelled(bins=20)
    found = list[Grid]()
    if len(sample.names) < 2:
        return found
    first = ("x", "y") if {"x", "y"} <= set(sample.names) else (sample.names[0], sample.names[1])
    pairs = pairs_from(sample.names, first)
    each = point_bytes(_few(stored, len(shown.codes)), [shown.codes.shape[1]])
    size, further, _ = sizes(len(pairs), each)
    chosen = rows_of(sample)
    for pair in pairs:
        try:
            most = size if pair == first else further
            points, codes, rows = points_of_codes(sample, chosen, pair, most)
        except SbvaeError:  # one of the two has one value at every setting of the others
            continue
        if points.values.ndim != 3:
            continue
        shape = points.held_out.shape
        present = rows.reshape(shape) >= 0
        images = None
        if (read := stored.read(rows[rows >= 0])) is not None:
            images = np.zeros((rows.size, *read.shape[1:]), np.uint8)
            images[rows >= 0] = read
        found.append(Grid(points, images, present, [codes], DEAD_BELOW * sample.unit))
    return found


def _points(shown: Representation, stored: _Stored) -> tuple[Points, NDArray[np.int64]]:
    """Some of the codes, scattered."""
    count = len(shown.codes)
    each = point_bytes(_few(stored, count), [shown.codes.shape[1]])
    most = int(np.clip(DEFAULT.first_bytes / each, 16, SCATTERED))
    rows = np.sort(stream(0, "codes").permutation(count)[:most])
    images = stored.read(rows)
    atlas = None if images is None else shown_atlas(images)
    factors = shown.factors[rows] if shown.varying else None
    held_out = None if shown.held_out is None else shown.held_out[rows]
    return Points(len(rows), atlas, factors, held_out), rows


def _few(stored: _Stored, count: int) -> NDArray[np.uint8] | None:
    """Images of some of the codes, which tell how many bytes one takes."""
    return stored.read(np.linspace(0, count - 1, min(count, 16)).astype(np.int64))


def _factors(shown: Representation) -> list[FactorConfig]:
    """What is known of the factors, in the order of the columns."""
    if shown.space is not None:
        known = SpaceConfig.model_validate(shown.space)
        return [known.factor(name) for name in shown.names]
    found = []
    for name, column in zip(shown.names, shown.factors.T, strict=True):
        low, high = float(column.min()), float(column.max())
        period = high - low if name in shown.circular and high > low else None
        found.append(FactorConfig(name=name, low=low, high=high, period=period))
    return found
