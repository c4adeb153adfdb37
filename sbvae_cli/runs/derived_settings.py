"""What follows from other settings, filled in so that a run's config.yaml says it."""

from collections.abc import Mapping
from typing import Any

from sbvae_cli.errors import SbvaeError

Tree = dict[str, Any]

ENDLESS_DATASET = 500_000  # images that data drawn as needed count as; so many the paper drew
LONGEST_RISE = 100_000  # updates of a linear schedule, or half of a shorter run (Burgess et al.)
_FREE = {
    f"training.{name}"
    for name in (
        "seed",
        "device",
        "precision",
        "threads",
        "in_memory",
        "checkpoint_every",
        "log_every",
    )
}
CYCLES = 4  # of a cyclic schedule (Fu et al. 2019)


def complete_objective(objective: Tree, steps: Any, count: int | None) -> Tree:
    """Give schedules a length, and beta-TCVAE the size of the data.

    Args:
        objective: Section of a configuration that may still be wrong.
        steps: Updates of the run, likewise.
        count: Images of the data; None where they are drawn as needed.
    """
    filled = dict(objective)
    if filled.get("kind") == "beta-tcvae":
        filled.setdefault("dataset_size", count or ENDLESS_DATASET)
    try:
        whole = int(steps)
    except (TypeError, ValueError, OverflowError):
        return filled
    for name in ("beta_schedule", "capacity_schedule"):
        schedule = filled.get(name)
        if isinstance(schedule, dict):
            lengths = {"linear": min(LONGEST_RISE, whole // 2), "cyclic": whole // CYCLES}
            length = lengths.get(str(schedule.get("kind")))
            if length is not None:
                filled[name] = {"steps": max(1, length), **schedule}
    return filled


def resize_decoder(
    decoder: Tree, encoder: Mapping[str, Any], depth: int | None, mlp_depth: int | None
) -> Tree:
    """The same decoder with more or fewer layers.

    Args:
        decoder: Section of a configuration that may still be wrong.
        encoder: Likewise; fully connected layers of the decoder become as wide as its last one.
        depth: Of the convolutions, output layer included (Tables 5 and 6). Layers are taken away,
            or repeated, next to the latents.
        mlp_depth: Fully connected layers: before the broadcast (Tables 7 and 9), or, of the other
            decoders, up to the one that is reshaped (Table 8).

    Raises:
        SbvaeError: If there are too few.
    """
    changed = dict(decoder)
    widths = decoder.get("hidden_channels")
    if depth is not None and isinstance(widths, list | tuple) and widths:
        missing = depth - 1 - len(widths)
        changed["hidden_channels"] = [*[widths[0]] * missing, *widths[max(0, -missing) :]]
    if mlp_depth is not None:
        kind = decoder.get("kind")
        before_reshape = 0 if kind == "broadcast" else 1
        if mlp_depth < before_reshape:
            raise SbvaeError(
                f"--mlp-depth {mlp_depth}: a {kind} decoder has at least the layer that is "
                "reshaped; choose 1 or more"
            )
        units = encoder.get("hidden_units")
        width = units[-1] if isinstance(units, list | tuple) and units else 256
        changed["hidden_units"] = [width] * (mlp_depth - before_reshape)
    return changed


def differences(preset: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
    """Keys, such as `training.steps`, whose values in a configuration are not those of a preset.

    Args:
        preset: Complete; what does not change the model that is learned does not count.
        config: Complete.
    """
    found: list[str] = []

    def walk(wanted: Mapping[str, Any], actual: Mapping[str, Any], path: str) -> None:
        for key, value in wanted.items():
            name = f"{path}.{key}" if path else key
            if isinstance(value, Mapping):
                walk(value, actual.get(key) or {}, name)
            elif actual.get(key) != value:
                found.append(name)

    for section in ("model", "objective", "training"):
        walk(preset[section], config[section], section)
    return [name for name in found if name not in _FREE]
