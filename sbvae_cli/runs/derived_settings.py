"""Fill in settings that follow from other ones, so that a run's config.yaml states them."""

from collections.abc import Mapping
from typing import Any

from sbvae_cli.config.load import build_config, merge
from sbvae_cli.config.schema import Config
from sbvae_cli.data.validation_split import validation_count
from sbvae_cli.errors import SbvaeError

Tree = dict[str, Any]

ENDLESS_DATASET = 500_000  # size that stands for endless data: the number of images in the paper
LONGEST_RISE = 100_000  # most updates of a linear schedule, at most half the run (Burgess et al.)
CYCLES = 4  # number of cycles of a cyclic schedule (Fu et al. 2019)
PULSE = (2, 6)  # tenths of a run at which a pulse begins and ends


def complete_objective(objective: Tree, training: Mapping[str, Any], count: int | None) -> Tree:
    """Fill in the lengths of schedules, and for beta-TCVAE the number of training images.

    Args:
        objective: Section of a configuration, which may still be invalid.
        training: Section of the same configuration; its number of steps, size of the fixed set and
            share of validation images are read.
        count: Number of images of the data; None if they are drawn endlessly.
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
    """Return the lengths of a schedule of a kind, in a run of `whole` updates."""
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
    """Complete a preset for the data and the number of steps of another configuration."""
    whole = config.as_dict()
    tree = merge(preset, {"data": whole["data"]})
    tree["objective"] = complete_objective(tree["objective"], whole["training"], config.data.count)
    return build_config(tree).as_dict()


def resize_decoder(
    decoder: Tree, encoder: Mapping[str, Any], depth: int | None, mlp_depth: int | None
) -> Tree:
    """Return a decoder section with the requested numbers of layers.

    Args:
        decoder: Section of a configuration, which may still be invalid.
        encoder: Section of the same configuration; fully connected layers of the decoder get the
            width of the encoder's last one.
        depth: Number of convolutions, output layer included (Tables 5 and 6). Layers are removed or
            repeated at the end next to the latents.
        mlp_depth: Number of fully connected layers: those before the broadcast (Tables 7 and 9), or
            for other decoders those up to the one that is reshaped (Table 8).

    Raises:
        SbvaeError: If `mlp_depth` is 0 for a decoder that reshapes a fully connected layer.
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
