"""Prepare trained models for the page."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.metrics import METRICS
from sbvae_cli.config.score_names import score_style
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.factor_embedding import FactorEmbedding
from sbvae_cli.evaluation.findings.verdict import headlines
from sbvae_cli.explorer.graphs import graphs_of, require_small
from sbvae_cli.explorer.grids import Grid, grids_of, scattered
from sbvae_cli.explorer.payload import Model, Payload
from sbvae_cli.explorer.scores import scores_of
from sbvae_cli.export.packages import require_onnx
from sbvae_cli.models.vae import VAE
from sbvae_cli.runs.several_models import NamedModel, open_models

Floats = NDArray[np.float64]

_MAX_PAIRS = 6  # largest number of pairs with findings


def payload_of_runs(
    targets: Sequence[Path],
    data: str | None = None,
    on_note: Callable[[str], None] = lambda line: None,
    on_step: Callable[[str], None] = lambda line: None,
) -> Payload:
    """Open models of the same data, and prepare the contents of a page.

    Args:
        targets: Run folders, folders of runs, and checkpoints.
        data: Data in place of the training data.
        on_note: Called with a line if a target is left out, or a data file was found elsewhere.
        on_step: Called with the name of each step before it begins.

    Raises:
        SbvaeError: If a model cannot be used or is too large, their data differ, or packages are
            missing.
    """
    several = open_models(targets, data, on_note)
    require_onnx()
    source, opened = several.source, several.models
    vaes = [_build_small_vae(each) for each in opened]
    trained_on = FactorSpace(opened[0].checkpoint.space)
    on_step(f"encoding images of {source.name}")
    grids, points = grids_of(source, vaes, trained_on), None
    samples: list[tuple[Floats, Floats]] = []
    if grids and grids[0].images is not None:
        images = grids[0].images[grids[0].present.ravel()]
    else:
        points, samples, images = scattered(source, vaes, trained_on)
    shape = source.channels, source.height, source.width
    models = []
    for number, (vae, each) in enumerate(zip(vaes, opened, strict=True)):
        on_step(f"exporting {each.name}, {number + 1} of {len(opened)} models")
        codes = grids[0].flat_codes(number) if grids else samples[number][0]
        try:
            graphs = graphs_of(vae, shape, codes, images)
        except SbvaeError as error:
            raise SbvaeError(f"{each.path}: {error}") from None
        config = each.checkpoint.config
        found = [grid.embedding(number) for grid in grids]
        models.append(
            Model(
                name=each.name,
                kind=each.model.removeprefix(f"{each.name}, "),
                latents=codes.shape[1],
                codes=[grid.flat_codes(number) for grid in grids],
                point_codes=None if grids else codes,
                stds=stds_of(grids[0], number) if grids else samples[number][1].mean(axis=0),
                axes=axes_of(found, codes),
                scores=[scores_of(one) if one else [] for one in found] or [[]],
                findings=findings_of(found),
                decoder=graphs.decoder,
                encoder=graphs.encoder,
                likelihood=config.model.likelihood.kind,
                probes=graphs.probes,
                path=str(each.path),
            )
        )
    return Payload(
        source.name,
        shape,
        source.space.factors,
        [grid.slice() for grid in grids],
        points,
        models,
        [each.about for each in opened],
        _unseen(opened, source) if data is not None else [],
    )


def _unseen(opened: Sequence[NamedModel], source: Source) -> list[str]:
    """Return a sentence for each model that was trained on other images than those shown."""
    of = {each.name: each.checkpoint.config.data for each in opened}
    return [
        f"{name} was trained on other images, those of {data.name}"
        for name, data in of.items()
        if (data.name, FactorSpace(data.space)) != (source.name, source.space)
    ]


def axes_by_spread(codes: Floats, stds: Floats | None = None) -> tuple[int, ...]:
    """Choose the latents of a scatter plot: smallest posterior stds, or else widest codes."""
    order = np.argsort(-codes.std(axis=0) if stds is None else stds, kind="stable")
    return tuple(int(latent) for latent in order[:2])


def findings_of(found: Sequence[FactorEmbedding | None]) -> list[str]:
    """Return what `eval` says of the first pair, and the verdict on each other pair."""
    sentences: list[str] = []
    pairs: list[tuple[str, str]] = []
    for embedding in filter(None, found):
        if embedding.points.names in pairs or len(pairs) == _MAX_PAIRS:
            continue
        pairs.append(embedding.points.names)
        sentences += headlines(embedding.pair) + embedding.notes if len(pairs) == 1 else (
            headlines(embedding.pair)[:1]
        )  # fmt: skip
    return [labelled(sentence) for sentence in dict.fromkeys(sentences)]


def labelled(sentence: str) -> str:
    """Replace names of scores in a sentence by the page's labels, and shares by percentages."""

    def text(found: re.Match[str]) -> str:
        style, value = score_style(found[1]), found[2]
        if value is None or style.unit != "%":
            return style.label + (value or "")
        return f"{style.label} {float(value):.0%}"

    names = "|".join(sorted(METRICS["geometry"].scores, key=len, reverse=True))
    sentence = re.sub(rf"\b({names})\b( \d[\d.]*\d|\b)?", text, sentence)
    return sentence.replace("folded: folded", "folded:")


def _build_small_vae(opened: NamedModel) -> VAE:
    vae = opened.checkpoint.build_vae()
    try:
        require_small(vae, opened.path)
    except SbvaeError as error:
        raise SbvaeError(f"{opened.path}: {error}") from None
    return vae


def axes_of(found: Sequence[FactorEmbedding | None], codes: Floats) -> list[tuple[int, ...]]:
    """Return the latents that are shown of each grid; without a grid those of the widest codes."""
    usual = axes_by_spread(codes[np.isfinite(codes).all(axis=1)])
    return [one.choice.latents if one else usual for one in found] or [usual]


def stds_of(grid: Grid, model: int) -> Floats | None:
    """Average a model's posterior stds over a grid, shape (K,); None if they are unknown."""
    stds = grid.codes[model].stds
    if stds is None:
        return None
    flat = stds.reshape(-1, stds.shape[-1])
    mean: Floats = flat[np.isfinite(flat).all(axis=1)].mean(axis=0)
    return mean
