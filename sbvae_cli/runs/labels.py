"""Short labels that tell groups of runs apart, for legends and rows of figures and tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sbvae_cli.config.schema import Config
from sbvae_cli.runs.groups import HasSettings, group_names
from sbvae_cli.runs.naming import flat_settings, group_name, setting_label

_KINDS = ("model.decoder.kind", "objective.kind", "model.likelihood.kind")
_MAX_SETTINGS = 4  # largest number of settings in a label, besides kinds
_DEPTHS = ("model.decoder.depth", "model.decoder.mlp_depth")
_IMPLIED_BY = (  # prefixes of settings' names, and the setting that implies them
    ("model.decoder.hidden_channels", _DEPTHS[0]),
    ("model.decoder.hidden_units", _DEPTHS[1]),
    ("training.steps", "step"),
    *(("objective.beta_schedule.", name) for name in ("step", "objective.beta_schedule.kind")),
    *(("objective.capacity_schedule.", name) for name in ("step",)),
)
_LISTED_FIRST = (
    *("data.name", *_DEPTHS, "model.decoder.upscales"),
    *("objective.beta", "objective.gamma", "model.latent_dim", "step"),
)


def group_labels(runs: Sequence[HasSettings]) -> dict[str, str]:
    """Label each group by the kinds and settings that differ and are not implied by other ones.

    Args:
        runs: Runs of several groups.

    Returns:
        Distinct labels by the name of the group, in the order of the groups' first runs. A label
        ends in "..." if more settings differ than it has room for. A single group is labelled by
        its decoder.
    """
    settings: dict[str, Mapping[str, Any]] = {}
    for run in runs:
        depths = dict(zip(_DEPTHS, depths_of(run.settings).values(), strict=False))
        settings.setdefault(run.group, {**run.settings, **depths})
    models = {group: own for group, own in settings.items() if own}
    differing = [name for name in _names(models) if _count(models, [name]) > 1]
    chosen = [name for name in (*_KINDS, "data.name") if name in differing]
    beside = [name for name in differing if name not in chosen]
    needed: list[str] = []
    for name in beside:
        if _distinguishes(models, name, [*chosen, *needed]):
            needed.append(name)
    more = [name for name in beside if name not in needed and not _is_implied(models, name)]
    fitting = more[: max(0, _MAX_SETTINGS - len(needed))]
    chosen = [*chosen, *(name for name in beside if name in (*needed, *fitting))] or [_KINDS[0]]
    end = " ..." if len(fitting) < len(more) else ""
    labels = {group: _label(own, chosen) + end if own else group for group, own in settings.items()}
    used = list(labels.values())
    return {g: label if used.count(label) == 1 else g for g, label in labels.items()}


@dataclass(frozen=True)
class _ConfiguredRun:
    """A run that has settings and a group, but no scores."""

    group: str
    settings: Mapping[str, Any]


def config_labels(configs: Sequence[Config]) -> list[str]:
    """Label each run; runs that differ only in the seed share a label."""
    runs = [_ConfiguredRun(group_name(config), flat_settings(config, 0)) for config in configs]
    runs = [replace(run, group=name) for run, name in zip(runs, group_names(runs), strict=True)]
    labels = group_labels(runs)
    return [labels[run.group] for run in runs]


def depths_of(settings: Mapping[str, Any]) -> dict[str, int]:
    """Count a decoder's layers as the paper does (F.1, F.2), as `depth` and `mlp_depth`.

    Args:
        settings: Settings of a run by name; without a decoder's, as for codes, the result is empty.
    """
    widths = settings.get("model.decoder.hidden_channels")
    units = settings.get("model.decoder.hidden_units")
    if widths is None or units is None:
        return {}
    reshaped = 0 if settings.get("model.decoder.kind") == "broadcast" else 1
    return {"depth": len(widths) + 1, "mlp_depth": len(units) + reshaped}


def _names(settings: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the names of all settings, the most informative ones first."""
    return list(
        dict.fromkeys([*_KINDS, *_LISTED_FIRST, *(n for own in settings.values() for n in own)])
    )


def _count(settings: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> int:
    """Count the groups that these settings tell apart."""
    return len({tuple(str(own.get(name)) for name in names) for own in settings.values()})


def _distinguishes(
    settings: Mapping[str, Mapping[str, Any]], name: str, chosen: Sequence[str]
) -> bool:
    """Return whether a setting distinguishes groups that the settings in `chosen` do not."""
    return _count(settings, [*chosen, name]) > _count(settings, chosen)


def _is_implied(settings: Mapping[str, Mapping[str, Any]], name: str) -> bool:
    """Return whether a setting is implied by kinds, data, or another setting."""
    of = [own for start, own in _IMPLIED_BY if name.startswith(start)]
    return not _distinguishes(settings, name, [*_KINDS, "data.name", *of])


def _label(settings: Mapping[str, Any], names: Sequence[str]) -> str:
    parts = []
    for name in names:
        if name not in settings:
            continue
        value = _text(settings[name])
        kind = name in (*_KINDS, "data.name")
        parts.append(value if kind else f"{setting_label(name)} {value}")
    return ", ".join(parts)


def _text(value: Any) -> str:
    """Format a value for a label."""
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
