"""List the scores of a grid in two latents for the page."""

import re
from collections.abc import Mapping
from typing import Any

from sbvae_cli.config.metrics import METRICS
from sbvae_cli.config.score_names import score_style
from sbvae_cli.evaluation.factor_embedding import FactorEmbedding

_GEOMETRY = METRICS["geometry"]


def scores_of(found: FactorEmbedding) -> list[dict[str, Any]]:
    """List the main scores of geometry; those of the held-out region only if there is one."""
    names = [
        name
        for name in _GEOMETRY.main_scores
        if found.points.held_out.any() or not name.startswith("heldout")
    ]
    return [_score(name, found.scores) for name in names if name in found.scores]


def _score(name: str, scores: Mapping[str, Any]) -> dict[str, Any]:
    value = scores[name]
    meaning = _GEOMETRY.scores[name]
    help_text = f"{meaning.measures}. Better: {meaning.better}."
    help_text = re.sub("`([a-z_0-9]+)`", lambda found: score_style(found[1]).label, help_text)
    return {
        "key": name,
        "label": score_style(name).label,
        "value": None if value is None else float(value),
        "text": _text(name, value),
        "help": help_text[:1].upper() + help_text[1:],
    }


def _text(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    unit = score_style(name).unit
    return f"{value:.1%}" if unit == "%" else f"{value:.3f}"
