"""Geometry scores of every pair of factors, of codes that nobody can draw more of."""

from itertools import combinations

import numpy as np

from sbvae_cli.config.metrics import DEAD_BELOW
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.factor_embedding import embed_points
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.evaluation.point_codes import FactorPoints, PointCodes
from sbvae_cli.metrics.code_grid import code_grid
from sbvae_cli.metrics.information import mutual_information
from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.validate import Floats


def pairs_of_codes(
    sample: LabelledCodes, protocol: Protocol
) -> tuple[dict[str, PairGeometry], list[Finding]]:
    """Average codes over the cells of each pair of factors and score the grid.

    The two latents are those of `choose_pair`; the most informative ones where no posterior
    std is known. One is dead where it deviates by less than 0.05 of the sample's unit.

    Args:
        sample: All its rows count.
        protocol: Points of the grid.

    Returns:
        The pairs by name, as "x,y"; and which could not be laid out, and which are averages.
    """
    information = mutual_information(sample.codes, sample.classes)
    pairs: dict[str, PairGeometry] = {}
    impossible, averaged = list[Finding](), list[Finding]()
    for columns in combinations(range(len(sample.names)), 2):
        names = sample.names[columns[0]], sample.names[columns[1]]
        try:
            pair, binned = _of_pair(sample, columns, information, protocol.grid)
        except SbvaeError as error:
            impossible.append(Finding("no-pair", names, values={"why": error.line}))
            continue
        pairs[",".join(names)] = pair
        if binned or len(sample.names) > 2:
            averaged.append(Finding("averaged", names))
    return pairs, impossible + averaged


def _of_pair(
    sample: LabelledCodes, columns: tuple[int, int], information: Floats, points: int
) -> tuple[PairGeometry, bool]:
    """The grid of two factors, and whether values of one share a cell."""
    names = sample.names[columns[0]], sample.names[columns[1]]
    circular = names[0] in sample.circular, names[1] in sample.circular
    others = tuple(name for name in sample.names if name not in names)
    factors, count = sample.factors[:, columns], sample.codes.shape[1]
    both = sample.codes if sample.stds is None else np.hstack([sample.codes, sample.stds])
    grid = code_grid(both, factors, points, circular, bool(others), sample.held_out)
    found = embed_points(
        FactorPoints(
            names,
            grid.factors,
            grid.factors,
            grid.held_out,
            circular,
            free=others,
            alone=not others,
            population=sample.population,
        ),
        PointCodes(
            grid.codes[..., :count],
            None if sample.stds is None else grid.codes[..., count:],
            grid.noise[:count],
            grid.within[:count],
        ),
        information[:, columns],
        dead_below=DEAD_BELOW * sample.unit,
    )
    return found.pair, any(grid.binned)
