"""Geometry scores of every pair of factors, of codes that nobody can draw more of."""

from itertools import combinations

import numpy as np

from sbvae_cli.config.metrics import DEAD_BELOW
from sbvae_cli.config.names import Select
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.metrics.choose_latents import choose_pair
from sbvae_cli.metrics.code_grid import code_grid
from sbvae_cli.metrics.geometry_scores import geometry_scores
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
    codes, dead_below, several = sample.codes, DEAD_BELOW * sample.unit, len(sample.names) > 2
    factors = sample.factors[:, columns]
    grid = code_grid(codes, factors, points, circular, several, sample.held_out)
    rule: Select = "informative"
    variances = np.ones(codes.shape[1])
    if sample.stds is not None:
        rule, variances = "auto", np.square(sample.stds).mean(axis=0)
    choice = choose_pair(
        variances,
        codes.std(axis=0),
        information[:, columns],
        rule,
        exactly_two_vary=not several,
        dead_below=dead_below,
    )
    chosen = grid.codes[..., choice.latents]
    missing = np.isnan(chosen).any(axis=-1)
    held_out = missing | grid.held_out
    scores = geometry_scores(grid.factors, chosen, held_out, circular, dead_below)
    stds = zip(choice.latents, chosen[~held_out].std(axis=0), strict=True)
    pair = PairGeometry(
        names,
        (missing.shape[0], missing.shape[1]),
        choice,
        scores,
        sample.population,
        dead=tuple(latent for latent, std in stds if std < dead_below),
        points=int(np.count_nonzero(~held_out)),
        within=float(grid.within[list(choice.latents)].mean()),
    )
    return pair, any(grid.binned)
