"""Geometry scores of every pair of factors, of codes that nobody can draw more of."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from sbvae_cli.config.metrics import DEAD_BELOW
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.metrics.code_grid import code_grid
from sbvae_cli.metrics.geometry_scores import geometry_scores
from sbvae_cli.metrics.information import mutual_information
from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.select import choose_pair


def pairs_of_codes(
    sample: LabelledCodes, protocol: Protocol, findings: list[Finding]
) -> Iterator[tuple[str, PairGeometry]]:
    """Average codes over the cells of each pair of factors and score the grid.

    The two latents are those of `choose_pair`; the most informative ones where no posterior
    std is known. One is dead where it deviates by less than 0.05 of the sample's unit.

    Args:
        sample: All its rows count.
        protocol: Points of the grid.
        findings: Gets the pairs that cannot be laid out, and those that are binned.
    """
    codes, dead_below = sample.codes, DEAD_BELOW * sample.unit
    stds, information = codes.std(axis=0), mutual_information(codes, sample.classes)
    posterior, averaged = np.ones(codes.shape[1]), list[Finding]()
    if sample.stds is not None:
        posterior = np.square(sample.stds).mean(axis=0)
    for first, second in combinations(range(len(sample.names)), 2):
        names = sample.names[first], sample.names[second]
        factors = sample.factors[:, [first, second]]
        circular = names[0] in sample.circular, names[1] in sample.circular
        try:
            grid = code_grid(
                codes, factors, protocol.grid, circular, len(sample.names) > 2, sample.held_out
            )
            choice = choose_pair(
                posterior,
                stds,
                information[:, [first, second]],
                "informative" if sample.stds is None else "auto",
                exactly_two_vary=len(sample.names) == 2,
                dead_below=dead_below,
            )
            chosen = grid.codes[..., choice.latents]
            missing = np.isnan(chosen).any(axis=-1)
            held_out = missing | grid.held_out
            scores = geometry_scores(grid.factors, chosen, held_out, circular, dead_below)
        except SbvaeError as error:
            findings.append(Finding("no-pair", names, values={"why": error.line}))
            continue
        if any(grid.binned) or len(sample.names) > 2:
            averaged.append(Finding("averaged", names))
        shape = missing.shape[0], missing.shape[1]
        spreads = zip(choice.latents, chosen[~held_out].std(axis=0), strict=True)
        dead = tuple(latent for latent, spread in spreads if spread < dead_below)
        yield (
            ",".join(names),
            PairGeometry(
                names,
                shape,
                choice,
                scores,
                sample.population,
                dead,
                int(np.count_nonzero(~held_out)),
                float(grid.within[list(choice.latents)].mean()),
            ),
        )
    findings.extend(averaged)
