"""Describe how a tier differs from the paper: a table of settings, and the main differences."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sbvae_cli.config.load import flat
from sbvae_cli.config.schema import Config
from sbvae_cli.recipes.markdown import table
from sbvae_cli.runs.labels import depths_of
from sbvae_cli.sweeps.plan import SweepPlan

_LONGEST = 120  # longest setting in a table, in characters
_KINDS = ("objective.kind", "model.decoder.kind", "data.name", "depth", "mlp_depth")
_SETTING_LABELS = {  # settings that a tier may change, with their labels
    "training.steps": "steps",
    "data.height": "image size",
    "training.learning_rate": "learning rate",
    "training.learning_rate_schedule": "its schedule",
    "training.batch_size": "minibatch",
    "model.encoder.hidden_channels": "encoder, channels",
    "model.encoder.hidden_units": "encoder, units",
    "model.decoder.hidden_channels": "decoder, channels",
    "model.decoder.hidden_units": "decoder, units",
    "objective.beta_schedule.kind": "weight of the KL",
    "objective.beta_schedule.peak": "its peak",
    "objective.beta": "beta",
    "objective.gamma": "gamma",
    "objective.discriminator_units": "discriminator, units",
    "objective.discriminator_learning_rate": "discriminator, learning rate",
    "objective.kind": "objective",
    "model.likelihood.kind": "likelihood",
    "model.likelihood.variance": "its variance",
}
_IMAGES = {  # images of sbvae, and those of the paper (Appendix A.3)
    "circles": ("circles, drawn anew for each step", "500,000 circles, drawn once"),
    "sprites": ("look-alikes of dSprites, in colors", "dSprites, in colors"),
    "chairs": ("grey chairs, drawn here", "Rendered Chairs"),
    "room": ("look-alikes of 3D Shapes", "3D Shapes"),
}


def differences_table(here: SweepPlan, paper: SweepPlan) -> str:
    """Return a table of the settings and images in which a tier differs from the paper.

    Args:
        here: Plan of the tier.
        paper: Plan of the tier with the paper's settings, possibly the same. An objective that
            `here` lacks is listed only as missing.
    """
    rows = []
    kinds = {config.objective.kind for config in _configs(here)}
    alike = [config for config in _configs(paper) if config.objective.kind in kinds]
    for key, label in _SETTING_LABELS.items():
        compared = _configs(paper) if key == "objective.kind" else alike
        own, other = _values(_configs(here), key), _values(compared, key)
        if own != other:
            rows.append([label, own or "-", other or "-"])
    images = [_IMAGES[name] for name in dict.fromkeys(map(_images_of, _configs(here)))]
    rows.append(["images", *("; ".join(each) for each in zip(*images, strict=True))])
    counts = here.sweep.replicas, paper.sweep.replicas
    if counts[0] != counts[1]:
        rows.append(["replicas of each setting", *map(str, counts)])
    if here.sweep.protocol != paper.sweep.protocol:
        rows.append(["sample sizes of scores", here.sweep.protocol, paper.sweep.protocol])
    return table(["setting", "here", "paper"], rows)


def main_differences(here: SweepPlan) -> list[str]:
    """Return sentences on those differences from the paper that may affect the results.

    Args:
        here: Plan of a tier.
    """
    found = []
    pulses = dict.fromkeys(filter(None, map(_pulse, _configs(here))))
    if pulses:
        found.append(
            f"In the paper the weight of a VAE's KL is 1 throughout. Here {'; or '.join(pulses)}, "
            "so that no latent becomes a copy of another. This may be part of the reason why "
            "embeddings are straight."
        )
    steps = _steps_by_decoder(here)
    if len(set(steps.values())) > 1:
        each = ", ".join(f"{decoder} {count:,}" for decoder, count in steps.items())
        found.append(
            f"Here decoders train for different numbers of steps ({each}), depending on the cost "
            "of a step; in the paper all train for the same number. An advantage of the decoder "
            "with fewer steps is not due to this; an advantage of the other, or equality, may be."
        )
    return found


def _configs(plan: SweepPlan) -> list[Config]:
    return [own[0].config for own in plan.groups.values()]


def _images_of(config: Config) -> str:
    return config.data.name if config.data.name in _IMAGES else "circles"


def _pulse(config: Config) -> str:
    settings = flat(config.as_dict())
    if settings.get("objective.beta_schedule.kind") != "pulse":
        return ""
    peak, after, until = (
        float(settings[f"objective.beta_schedule.{name}"]) for name in ("peak", "after", "steps")
    )
    share = 100 / config.training.steps
    return (
        f"it jumps to {peak:g} after {share * after:.0f} % of the steps and falls linearly to 1, "
        f"which it reaches after {share * until:.0f} %"
    )


def _steps_by_decoder(plan: SweepPlan) -> dict[str, int]:
    """Return the steps of each decoder, for the first objective whose decoders differ in steps."""
    found: dict[str, dict[str, int]] = {}
    for config in _configs(plan):
        own = found.setdefault(config.objective.kind, {})
        own[config.model.decoder.kind] = config.training.steps
    return next((own for own in found.values() if len(set(own.values())) > 1), {})


def _values(configs: Sequence[Config], key: str) -> str:
    """Return the values that runs have of a setting as text, with the runs that have each."""
    found = []
    for config in configs:
        settings = flat(config.as_dict())
        settings |= depths_of(settings)
        if key in settings:
            found.append((settings, _text(key, settings)))
    parts = _labelled_values(found, [] if key in _KINDS else _KINDS)
    text = "; ".join(f"{name}: {value}" if name else value for name, value in parts)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]} ..."


def _labelled_values(
    found: Sequence[tuple[Mapping[str, Any], str]], kinds: Sequence[str]
) -> list[tuple[str, str]]:
    """Return each value with a label of its runs, or "" if no setting tells them apart."""
    texts = dict.fromkeys(text for _, text in found)
    if len(texts) < 2:
        return [("", text) for text in texts]
    by_kind: dict[str, dict[str, list[tuple[Mapping[str, Any], str]]]] = {}
    for key in kinds:
        parts: dict[str, list[tuple[Mapping[str, Any], str]]] = {}
        for settings, text in found:
            parts.setdefault(_named(key, settings), []).append((settings, text))
        by_kind[key] = parts
    several = [key for key, parts in by_kind.items() if len(parts) > 1]
    telling = [key for key in several if all(_alike(own) for own in by_kind[key].values())]
    for key in [*telling, *several][:1]:
        others = [each for each in kinds if each != key]
        named = {
            f"{name}, {rest}" if rest else name: text
            for name, own in by_kind[key].items()
            for rest, text in _labelled_values(own, others)
        }
        if {*named.values()} == {*texts}:
            return [*named.items()]
    return [("", text) for text in texts]


def _alike(found: Sequence[tuple[Mapping[str, Any], str]]) -> bool:
    return len({text for _, text in found}) == 1


def _named(key: str, settings: Mapping[str, Any]) -> str:
    value = settings.get(key)
    return f"{key.replace('_', ' ')} {value}" if key in ("depth", "mlp_depth") else str(value)


def _text(key: str, settings: Mapping[str, Any]) -> str:
    value = settings[key]
    if key == "data.height":
        return f"{value}x{settings['data.width']}"
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else json.dumps(value).strip('"')
