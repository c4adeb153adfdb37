"""The command `sbvae info`, which describes a file or a run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from sbvae_cli.cli.console import file_size, print_info, print_line
from sbvae_cli.cli.factor_text import factor_text
from sbvae_cli.cli.model_file_text import model_file_lines
from sbvae_cli.cli.options import JsonOption, ScaleOption, ShowOption, ThemeOption
from sbvae_cli.cli.outputs import checks_output
from sbvae_cli.cli.picture_text import picture_lines
from sbvae_cli.errors import SbvaeError

Facts = Mapping[str, Any]


def info(
    target: Annotated[
        str,
        typer.Argument(
            metavar="FILE|DIR",
            help="Dataset, checkpoint, run folder, picture, ONNX or safetensors file, or a name "
            "such as circles:PRESET.",
        ),
    ],
    sheet: Annotated[
        Path | None,
        typer.Option(
            callback=checks_output("picture"),
            help="PNG or SVG file to write, of 64 samples and their factors.",
        ),
    ] = None,
    json: JsonOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the choice of samples.")] = 0,
    scale: ScaleOption = 1.0,
    theme: ThemeOption = "light",
    show: ShowOption = False,
) -> None:
    """Describe a dataset, a model or a run, or how a picture was drawn."""
    from sbvae_cli.cli.outputs import PictureOptions, write_json, write_picture
    from sbvae_cli.runs.describe import describe

    if show and sheet is None:
        raise SbvaeError("--show opens the picture that --sheet writes; name one")
    facts, open_data = describe(target)
    if sheet is not None:
        from sbvae_cli.figures.samples import draw_samples

        if open_data is None:
            raise SbvaeError("needs a dataset or a run; this file has no samples", field="sheet")
        source = open_data()
        about = {"seed": seed, "data": source.name}
        write_picture(sheet, draw_samples(source, seed), about, PictureOptions(scale, theme, show))
    if json is not None:
        write_json(json, facts)
    if json == "-":
        return
    print_line(f"{target}: {facts['kind']}")
    lines = _lines(facts)
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        print_line(f"  {name:<{width}}  {text}", indent=width + 4)
    for path in filter(None, (sheet, json)):
        print_info(f"wrote {path}")


def _lines(facts: Facts) -> list[tuple[str, str]]:
    if facts["kind"] == "picture":
        return picture_lines(facts)
    if "metadata" in facts:
        return model_file_lines(facts)
    return model_lines(facts) if "data" in facts else _dataset_lines(facts)


def _dataset_lines(facts: Facts) -> list[tuple[str, str]]:
    count = facts["count"]
    lines = [
        ("name", facts["name"]),
        ("images", (f"{count:,}" if count else "rendered as needed") + f" of {_shape(facts)}"),
        *_space_lines(facts),
    ]
    if "file_bytes" in facts:
        share = facts["share_of_raw"]
        stored, raw = file_size(facts["file_bytes"]), file_size(facts["raw_bytes"])
        of_pixels = f"{stored}, {share:.1%} of the {raw} of its pixels"
        if share > 2:  # of a few tiny images
            of_pixels = f"{stored} for {raw} of pixels"
        form = "layout of 3dshapes.h5" if facts["format"] is None else f"format {facts['format']}"
        lines += [
            *_files(facts["files"]),
            ("seed", str(facts["seed"])),
            ("file", f"{of_pixels}; {form}"),
        ]
    return lines


def _files(names: list[str] | None) -> list[tuple[str, str]]:
    """Return a line with the first and last names of image files, in the order of the rows."""
    from sbvae_cli.errors import printable

    if names is None:
        return []
    shown = names if len(names) <= 4 else [*names[:3], "...", names[-1]]
    return [("images from", ", ".join(map(printable, shown)))]


def _space_lines(facts: Facts, validation: float = 0.0) -> list[tuple[str, str]]:
    lines = [(f"factor {factor['name']}", factor_text(factor)) for factor in facts["factors"]]
    if not lines:
        lines = [("factors", "none")]
    held_out = []
    if facts["held_out"]:
        by_name = {factor["name"]: factor for factor in facts["factors"]}
        regions = " and ".join(_region(region, by_name) for region in facts["held_out"])
        held_out.append(f"{facts['held_out_share']:.1%} of the space: {regions}")
    if validation:
        held_out.append(f"{100 * validation:.3g}% of the images, kept out of training")
    lines.append(("held out", "; and ".join(held_out) or "nothing"))
    for pair in facts["space"]["correlated"]:
        first, second = pair["factors"]
        lines.append(("correlated", f"{first} and {second}, std {pair['std']:g}"))
    if facts["blank_share"]:
        lines.append(("blank", f"{facts['blank_share']:.1%} of the images"))
    return lines


def model_lines(facts: Facts) -> list[tuple[str, str]]:
    """Return lines, each a name and a text, that describe a checkpoint or a run.

    Args:
        facts: Facts from `describe`.
    """
    data, model, training = facts["data"], facts["model"], facts["training"]
    parameters, likelihood = model["parameters"], model["likelihood"]
    variance = f", variance {likelihood['variance']:.4g}" if "variance" in likelihood else ""
    parts = ", ".join(f"{name} {n:,}" for name, n in parameters.items() if name != "total")
    lines = [
        ("data", f"{data['name']} ({data['source']}), {_shape(data)}"),
        *_space_lines(data, training["validation"]),
        ("decoder", _decoder(model["decoder"])),
        ("likelihood", likelihood["kind"] + variance),
        ("latents", str(model["latent_dim"])),
        ("parameters", f"{parameters['total']:,}: {parts}"),
        ("objective", _objective(facts["objective"])),
        ("step", f"{facts['step']:,} of {facts['steps']:,}"),
        ("preset", _preset(facts["preset"])),
        ("batch size", str(training["batch_size"])),
        (
            "learning rate",
            f"{training['learning_rate']:g}, {training['learning_rate_schedule']}",
        ),
        ("clip grad", _values(training["clip_grad"] or "none")),
        ("precision", training["precision"]),
        ("seed", str(training["seed"])),
        ("threads", str(training["threads_used"])),
        ("file", f"{file_size(facts['file_bytes'])}; format {facts['format']}"),
    ]
    if not model["finite"]:
        lines.append(("weights", "not all finite: damaged, or the training diverged"))
    if facts.get("log"):
        record = facts["log"]
        losses = ", ".join(f"{k} {_number(v)}" for k, v in record.items() if k != "step")
        lines.append(("last log", f"step {_number(record.get('step', 0))}: {losses}"))
    return lines


def _preset(preset: Facts) -> str:
    changed = f"; changed: {', '.join(preset['changed'])}" if preset["changed"] else ""
    return f"{preset['dataset'] or 'none'}, {preset['profile']}: {preset['source']}{changed}"


def _objective(objective: Facts) -> str:
    """Describe the objective and its weights, as `beta-vae, beta 0 to 4 in 500 steps`."""
    parts = [objective["kind"]]
    for name, value in objective.items():
        schedule = objective.get(f"{name}_schedule", {"kind": "constant"})
        shown = _scheduled(_values(value), schedule)
        if name != "kind" and not name.endswith("_schedule"):
            parts.append(f"{name.replace('_', ' ')} {shown}")
    return ", ".join(parts)


def _scheduled(weight: str, schedule: Facts) -> str:
    """Describe a weight and its schedule."""
    match schedule["kind"]:
        case "linear":
            return f"{schedule['start']:g} to {weight} in {schedule['steps']:,} steps"
        case "cyclic":
            return f"{schedule['start']:g} to {weight} in each cycle of {schedule['steps']:,} steps"
        case "pulse":
            after, steps = schedule["after"], schedule["steps"]
            peak = f"{schedule['peak']:g} at step {after:,}"
            return f"{weight}, raised to {peak} and back at {weight} from step {steps:,} on"
        case _:
            return weight


def _decoder(decoder: Facts) -> str:
    """Describe the decoder: kind, channels from the latents on, and differences from Table 1."""
    parts = [decoder["kind"], f"channels {_values(decoder['hidden_channels'])}"]
    usual = {"kernel_size": 4, "upscales": 0, "coordinates": "linear", "start_channels": 64}
    parts += [
        f"{name.replace('_', ' ')} {_values(decoder[name])}"
        for name in ("hidden_units", *usual)
        if decoder.get(name) and decoder[name] != usual.get(name)
    ]
    return ", ".join(parts)


def _values(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _region(region: Mapping[str, list[float]], factors: Mapping[str, Facts]) -> str:
    """Describe a held-out region: `x 0.35 to 0.65, shape ellipse or heart`."""
    parts = []
    for name, (low, high) in region.items():
        factor = factors[name]
        if factor["level_names"] is None:
            parts.append(f"{name} {low:g} to {high:g}")
            continue
        levels = zip(factor["levels"], factor["level_names"], strict=True)
        words = [word for level, word in levels if low <= level <= high]
        parts.append(f"{name} {' or '.join(words)}")
    return ", ".join(parts)


def _shape(facts: Facts) -> str:
    colour = "grey" if facts["channels"] == 1 else "colour"
    return f"{facts['height']}x{facts['width']} pixels, {colour}"


def _number(value: object) -> str:
    if isinstance(value, list):
        return " and ".join(map(str, value))
    if not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:,.1f}"
