"""Short names that tell groups of runs apart, for legends and the rows of figures and tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sbvae_cli.config.schema import Config
from sbvae_cli.runs.groups import HasSettings, group_names
from sbvae_cli.runs.naming import flat_settings, group_name, setting_label

_KINDS = ("model.decoder.kind", "objective.kind", "model.likelihood.kind")
_MOST = 4  # settings in a label, beside kinds
_DEPTHS = ("model.decoder.depth", "model.decoder.mlp_depth")
_SAID_BY = (  # beginnings of names of settings, and what says them as well
    ("model.decoder.hidden_channels", _DEPTHS[0]),
    ("model.decoder.hidden_units", _DEPTHS[1]),
    ("training.steps", "step"),
    *(("objective.beta_schedule.", name) for name in ("step", "objective.beta_schedule.kind")),
    *(("objective.capacity_schedule.", name) for name in ("step",)),
)
_FIRST = (
    *("data.name", *_DEPTHS, "model.decoder.upscales"),
    *("objective.beta", "objective.gamma", "model.latent_dim", "step"),
)


def group_labels(runs: Sequence[HasSettings]) -> dict[str, str]:
    """A short name for each group: the kinds and settings that differ and follow from no others.

    Args:
        runs: Runs of several groups.

    Returns:
        Labels by name of the group, in the order of their first runs; no two are the same. They
        end in "..." where groups differ in more than they have room for. A lone group is called
        by its decoder.
    """
    settings: dict[str, Mapping[str, Any]] = {}
    for run in runs:
        depths = dict(zip(_DEPTHS, depths_of(run.settings).values(), strict=False))
        settings.setdefault(run.group, {**run.settings, **depths})
    models = {group: own for group, own in settings.items() if own}
    differing = [name for name in _names(models) if _count(models, [name]) > 1]
    told = [name for name in (*_KINDS, "data.name") if name in differing]
    beside = [name for name in differing if name not in told]
    needed: list[str] = []
    for name in beside:
        if _tells(models, name, [*told, *needed]):
            needed.append(name)
    more = [name for name in beside if name not in needed and not _follows(models, name)]
    fitting = more[: max(0, _MOST - len(needed))]
    told = [*told, *(name for name in beside if name in (*needed, *fitting))] or [_KINDS[0]]
    end = " ..." if len(fitting) < len(more) else ""
    labels = {group: _label(own, told) + end if own else group for group, own in settings.items()}
    taken = list(labels.values())
    return {g: label if taken.count(label) == 1 else g for g, label in labels.items()}


@dataclass(frozen=True)
class _Configured:
    """A run by its settings, as one that has scores."""

    group: str
    settings: Mapping[str, Any]


def config_labels(configs: Sequence[Config]) -> list[str]:
    """A short name for each run, which those share that differ in the seed alone."""
    runs = [_Configured(group_name(config), flat_settings(config, 0)) for config in configs]
    runs = [replace(run, group=name) for run, name in zip(runs, group_names(runs), strict=True)]
    labels = group_labels(runs)
    return [labels[run.group] for run in runs]


def depths_of(settings: Mapping[str, Any]) -> dict[str, int]:
    """Numbers of a decoder's layers as the paper counts them (F.1, F.2), by `depth`, `mlp_depth`.

    Args:
        settings: Settings of a run by name; of codes, which have none, nothing is known.
    """
    widths = settings.get("model.decoder.hidden_channels")
    units = settings.get("model.decoder.hidden_units")
    if widths is None or units is None:
        return {}
    reshaped = 0 if settings.get("model.decoder.kind") == "broadcast" else 1
    return {"depth": len(widths) + 1, "mlp_depth": len(units) + reshaped}


def _names(settings: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Names of all settings, those that say most first."""
    return list(dict.fromkeys([*_KINDS, *_FIRST, *(n for own in settings.values() for n in own)]))


def _count(settings: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> int:
    """How many groups these settings tell apart."""
    return len({tuple(str(own.get(name)) for name in names) for own in settings.values()})


def _tells(settings: Mapping[str, Mapping[str, Any]], name: str, told: Sequence[str]) -> bool:
    """Whether a setting tells groups apart that others do not."""
    return _count(settings, [*told, name]) > _count(settings, told)


def _follows(settings: Mapping[str, Mapping[str, Any]], name: str) -> bool:
    """Whether a setting comes along with kinds, data, or another that says more."""
    of = [own for start, own in _SAID_BY if name.startswith(start)]
    return not _tells(settings, name, [*_KINDS, "data.name", *of])


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
    """A value as it stands in a label: numbers as short as they are, words and lists plainly."""
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
