"""Embed two factors in two latents for codes in a file, as a grid or scattered points."""

from collections.abc import Mapping
from itertools import combinations
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.metrics import DEAD_BELOW_STD
from sbvae_cli.config.names import Select
from sbvae_cli.data.stored_points import StoredFactors, StoredPoints
from sbvae_cli.errors import SbvaeError, unknown_name
from sbvae_cli.evaluation.factor_embedding import FactorEmbedding, embed_points
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.evaluation.point_codes import FactorPoints, PointCodes, averaged, points_of
from sbvae_cli.evaluation.representation import Representation
from sbvae_cli.metrics.classes import factor_classes
from sbvae_cli.metrics.information import mutual_information
from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.random import stream


def embed_codes(
    representation: Representation,
    names: tuple[str, str] | None = None,
    *,
    size: int = 32,
    at: Mapping[str, float] | None = None,
    select: Select = "auto",
    latents: tuple[int, int] | None = None,
) -> FactorEmbedding:
    """Embed a grid or points of two factors from a file of codes; arguments as in `embed_factors`.

    Raises:
        SbvaeError: If a factor or latent does not exist, or fewer than two factors vary.
    """
    sample, at = representation.nonblank.labelled(bins=20), at or {}
    if len(sample.names) < 2:
        found = ", ".join(sample.names) or "none"
        raise SbvaeError(f"geometry needs two factors that vary, these codes have {found}")
    pair = names or (("x", "y") if {"x", "y"} <= set(sample.names) else sample.names[:2])
    for name in (*pair, *at):
        if name not in sample.names:
            raise unknown_name(name, sample.names)
        if name in pair and (name in at or pair[0] == pair[1]):
            twice = f"{name} spans the grid; fix other factors only"
            raise SbvaeError(
                twice if name in at else f"a grid needs two factors, found {name} twice"
            )
    present = representation.present
    blank = None if present is None or present.all() else representation.codes[present == 0]
    return _embed(
        sample, rows_of(sample, at), (pair[0], pair[1]), size, select, latents,
        None if blank is None else blank.mean(axis=0, dtype=np.float64),
    )  # fmt: skip


def pairs_of_codes(
    sample: LabelledCodes, size: int
) -> tuple[dict[str, PairGeometry], list[Finding]]:
    """Compute the geometry of every pair of varying factors, each embedded as by `embed_codes`.

    Args:
        sample: Codes and factors; all rows are used.
        size: Points along a factor, as in `StoredFactors.points`.

    Returns:
        The pairs by name, such as "x,y", and a finding for each pair that cannot be embedded.
    """
    pairs, impossible = dict[str, PairGeometry](), list[Finding]()
    rows = rows_of(sample)
    for pair in combinations(sample.names, 2):
        try:
            pairs[",".join(pair)] = _embed(sample, rows, pair, size).pair
        except SbvaeError as error:
            impossible.append(Finding("no-pair", pair, values={"why": error.line}))
    return pairs, impossible


def rows_of(sample: LabelledCodes, at: Mapping[str, float] = MappingProxyType({})) -> StoredFactors:
    """Return a sample's factors, from which pairs choose rows, those nearest to `at` if given."""
    return StoredFactors(sample.factors, sample.names, stream(0, "geometry"), at)


def _embed(
    sample: LabelledCodes,
    chosen: StoredFactors,
    pair: tuple[str, str],
    size: int,
    select: Select = "auto",
    latents: tuple[int, int] | None = None,
    blank: NDArray[np.float64] | None = None,
) -> FactorEmbedding:
    stored = chosen.points(pair, size)
    points, codes = _points(sample, stored, pair, blank)
    both = sample.factors[stored.rows][:, [sample.names.index(name) for name in pair]]
    return embed_points(
        points,
        codes,
        mutual_information(sample.codes[stored.rows], factor_classes(both)),
        select=select,
        latents=latents,
        dead_below=DEAD_BELOW_STD * sample.unit,
    )


def points_of_codes(
    sample: LabelledCodes, chosen: StoredFactors, pair: tuple[str, str], size: int
) -> tuple[FactorPoints, PointCodes, NDArray[np.int64]]:
    """Return the points of two factors, their codes, and a row of the sample for each point.

    Args:
        sample: Codes and factors; all rows are used.
        chosen: Result of `rows_of` for this sample.
        pair: Names of the two factors.
        size: Largest number of points along a factor.

    Returns:
        The points, their codes, and rows of the sample, shape (n,), -1 for a point without any.

    Raises:
        SbvaeError: If one of the two factors has a single value.
    """
    stored = chosen.points(pair, size, most_levels=size)
    points, codes = _points(sample, stored, pair)
    rows = np.full(points.held_out.size, -1, np.int64)
    rows[stored.point[::-1]] = stored.rows[::-1]  # keeps the first row of each point
    return points, codes, rows


def _points(
    sample: LabelledCodes,
    stored: StoredPoints,
    pair: tuple[str, str],
    blank: NDArray[np.float64] | None = None,
) -> tuple[FactorPoints, PointCodes]:
    columns = [sample.names.index(name) for name in pair]
    circular = pair[0] in sample.circular, pair[1] in sample.circular
    both = sample.factors[:, columns]
    low, width = both.min(axis=0), np.ptp(both, axis=0)
    # A circular factor's last level is a neighbour of its first.
    steps = [max(len(np.unique(column)) - 1, 1) for column in both.T]
    width = width * (1 + np.array(circular) / steps)
    held_out = np.zeros(len(sample.codes), np.bool_) if sample.held_out is None else sample.held_out
    means = sample.codes[stored.rows]
    stds = None if sample.stds is None else sample.stds[stored.rows]
    points = points_of(
        stored,
        pair,
        lambda values: (values - low) / width,
        held_out[stored.rows],
        circular,
        len(sample.names) == 2,
    )
    return points, averaged(stored, means, stds, blank)
