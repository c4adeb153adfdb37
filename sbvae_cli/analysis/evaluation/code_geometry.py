"""Geometry scores of every pair of factors, of codes that nobody can draw more of."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from sbvae_cli.analysis.evaluation.result import PairGeometry, some
from sbvae_cli.analysis.evaluation.sample import CodeSample
from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.code_grid import code_grid
from sbvae_cli.metrics.geometry_scores import DEAD_BELOW, geometry_scores
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.select import choose_latents


def pairs_of_codes(
    sample: CodeSample, protocol: Protocol, notes: list[str]
) -> Iterator[tuple[str, PairGeometry]]:
    """Average codes over the cells of each pair of factors and score the grid.

    The two latents are the most informative ones, as no posterior variance is known here. Codes
    may have any scale: a latent is dead below 0.05 of the deviation of the one that deviates most.

    Args:
        sample: All its rows count.
        protocol: Points of the grid.
        notes: Gets a line for each pair that cannot be laid out, and one for those that are binned.
    """
    codes, widest = sample.codes, float(sample.codes.std(axis=0).max())
    binned: list[str] = []
    for first, second in combinations(range(len(sample.names)), 2):
        names = sample.names[first], sample.names[second]
        factors = sample.factors[:, [first, second]]
        circular = names[0] in sample.circular, names[1] in sample.circular
        try:
            grid = code_grid(codes, factors, protocol.grid, circular, len(sample.names) > 2)
            choice = choose_latents(
                np.ones(codes.shape[1]),
                codes,
                factors,
                "informative",
                dead_below=DEAD_BELOW * widest,
            )
            chosen = grid.codes[..., choice.latents]
            missing = np.isnan(chosen).any(axis=-1)
            scores = geometry_scores(
                grid.factors, chosen, missing, circular, dead_below=DEAD_BELOW * widest
            )
        except SbvaeError as error:
            notes.append(f"without geometry of {names[0]} and {names[1]}: {error}")
            continue
        if any(grid.binned) or len(sample.names) > 2:
            binned.append(",".join(names))
        shape = missing.shape[0], missing.shape[1]
        deviations = codes[:, choice.latents].std(axis=0)
        chosen_deviations = zip(choice.latents, deviations, strict=True)
        dead = tuple(k for k, deviation in chosen_deviations if deviation < DEAD_BELOW * widest)
        yield ",".join(names), PairGeometry(names, shape, choice, scores, sample.population, dead)
    if binned:
        notes.append(
            f"geometry of {some(binned)}: of codes averaged over each cell of the two factors"
        )
