"""What follows from other settings, filled in so that a run's config.yaml says it."""

from collections.abc import Mapping
from typing import Any

from sbvae_cli.config.load import build_config, merge
from sbvae_cli.config.schema import Config
from sbvae_cli.data.validation_split import validation_count
from sbvae_cli.errors import SbvaeError

Tree = dict[str, Any]

ENDLESS_DATASET = 500_000  # images that data drawn as needed count as; so many the paper drew
LONGEST_RISE = 100_000  # updates of a linear schedule, or half of a shorter run (Burgess et al.)
CYCLES = 4  # of a cyclic schedule (Fu et al. 2019)
PULSE = (2, 6)  # tenths of a run at which a pulse begins and ends


def complete_objective(objective: Tree, training: Mapping[str, Any], count: int | None) -> Tree:
    """Give schedules a length, and beta-TCVAE the number of training images.

    Args:
        objective: Section of a configuration that may still be wrong.
        training: Section of the same configuration, with the number of steps, perhaps that of a
            fixed set's images and, where images are kept for validation, their share.
        count: Number of images of the data; None where they are drawn as needed.
    """
    filled = dict(objective)
    try:
        whole = int(training["steps"])
        count = int(training.get("fixed_set") or 0) or count
        left_out = validation_count(count or 0, float(training.get("validation", 0)))
    except (KeyError, TypeError, ValueError, OverflowError):
        return filled
    if filled.get("kind") == "beta-tcvae":
        size = ENDLESS_DATASET if count is None else count - left_out
        filled.setdefault("dataset_size", size if size > 0 else count)
    for name in ("beta_schedule", "capacity_schedule"):
        schedule = filled.get(name)
        if isinstance(schedule, dict):
            filled[name] = {**_lengths(str(schedule.get("kind")), whole), **schedule}
    return filled


def _lengths(kind: str, whole: int) -> dict[str, int]:
    """Lengths of a schedule of some kind, in a run of so many updates."""
    match kind:
        case "linear":
            return {"steps": max(1, min(LONGEST_RISE, whole // 2))}
        case "cyclic":
            return {"steps": max(1, whole // CYCLES)}
        case "pulse":
            after, steps = (whole * share // 10 for share in PULSE)
            return {"after": after, "steps": max(1, steps)}
        case _:
            return {}


def complete_preset(preset: Tree, config: Config) -> Tree:
    """A preset as a complete configuration, for the data and the length of another one's run."""
    whole = config.as_dict()
    tree = merge(preset, {"data": whole["data"]})
    tree["objective"] = complete_objective(tree["objective"], whole["training"], config.data.count)
    return build_config(tree).as_dict()


def resize_decoder(
    decoder: Tree, encoder: Mapping[str, Any], depth: int | None, mlp_depth: int | None
) -> Tree:
    """The same decoder with more or fewer layers.

    Args:
        decoder: Section of a configuration that may still be wrong.
        encoder: Section beside it; fully connected layers of the decoder become as wide as the
            encoder's last one.
        depth: Number of convolutions, output layer included (Tables 5 and 6). Layers are taken
            away, or repeated, next to the latents.
        mlp_depth: Number of fully connected layers: before the broadcast (Tables 7 and 9), or, of
            the other decoders, up to the one that is reshaped (Table 8).

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
                f"{mlp_depth}: a {kind} decoder has at least the layer that is reshaped; choose 1 "
                "or more",
                field="mlp_depth",
            )
        units = encoder.get("hidden_units")
        width = units[-1] if isinstance(units, list | tuple) and units else 256
        changed["hidden_units"] = [width] * (mlp_depth - before_reshape)
    return changed
