"""`sbvae info`."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sbvae_cli.cli.console import inform

if TYPE_CHECKING:
    from PIL.Image import Image

    from sbvae_cli.data.factors import FactorSpace, Rows
    from sbvae_cli.data.source import Source

SAMPLES = 64
Facts = Mapping[str, Any]


def info(
    target: Annotated[
        str,
        typer.Argument(metavar="FILE|DIR", help="Dataset, checkpoint, run, or circles:PRESET."),
    ],
    sheet: Annotated[
        Path | None, typer.Option(help="PNG file of 8 x 8 samples with their factors.")
    ] = None,
    json: Annotated[str | None, typer.Option(help="JSON file, or - for stdout.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the samples.")] = 0,
) -> None:
    """Say what a dataset, a checkpoint or a run holds."""
    from sbvae_cli.cli.console import write_json, write_picture
    from sbvae_cli.runs.describe import data_of, describe

    facts, opened = describe(target)
    if sheet is not None:
        write_picture(sheet, _draw_sheet(data_of(opened), seed))
    if json is not None:
        write_json(json, facts)
    if json == "-":
        return
    typer.echo(f"{target}: {facts['kind']}")
    lines = _dataset_lines(facts) if "data" not in facts else _model_lines(facts)
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        typer.echo(f"  {name:<{width}}  {text}")
    for path in filter(None, (sheet, json)):
        inform(f"wrote {path}")


def _dataset_lines(facts: Facts) -> list[tuple[str, str]]:
    count = facts["count"]
    lines = [
        ("name", facts["name"]),
        ("images", (f"{count:,}" if count else "drawn as needed") + f" of {_shape(facts)}"),
        *_space_lines(facts),
    ]
    if "file_bytes" in facts:
        raw = f"{facts['share_of_raw']:.1%} of the {_size(facts['raw_bytes'])} of its pixels"
        form = "layout of 3dshapes.h5" if facts["format"] is None else f"format {facts['format']}"
        lines += [
            ("seed", str(facts["seed"])),
            ("file", f"{_size(facts['file_bytes'])}, {raw}; {form}"),
        ]
    return lines


def _space_lines(facts: Facts) -> list[tuple[str, str]]:
    lines = [(f"factor {factor['name']}", _factor(factor)) for factor in facts["factors"]]
    if not lines:
        lines = [("factors", "none")]
    if facts["held_out"]:
        regions = " and ".join(_region(region) for region in facts["held_out"])
        lines.append(("held out", f"{facts['held_out_share']:.1%} of the space: {regions}"))
    else:
        lines.append(("held out", "nothing"))
    for pair in facts["space"]["correlated"]:
        first, second = pair["factors"]
        lines.append(("correlated", f"{first} and {second}, deviation {pair['deviation']:g}"))
    if facts["blank_share"]:
        lines.append(("blank", f"{facts['blank_share']:.1%} of the images"))
    return lines


def _model_lines(facts: Facts) -> list[tuple[str, str]]:
    data, model, training = facts["data"], facts["model"], facts["training"]
    parameters, likelihood = model["parameters"], model["likelihood"]
    variance = f", variance {likelihood['variance']:.4g}" if "variance" in likelihood else ""
    parts = ", ".join(f"{name} {n:,}" for name, n in parameters.items() if name != "total")
    lines = [
        ("data", f"{data['name']} ({data['source']}), {_shape(data)}"),
        *_space_lines(data),
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
        ("file", f"{_size(facts['file_bytes'])}; format {facts['format']}"),
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
    return f"{preset['dataset']}, {preset['profile']}: {preset['source']}{changed}"


def _objective(objective: Facts) -> str:
    """The kind and its weights, as `beta-vae, beta 0 to 4 in 500 steps`."""
    parts = [objective["kind"]]
    for name, value in objective.items():
        schedule = objective.get(f"{name}_schedule", {"kind": "constant"})
        shown = _values(value)
        if schedule["kind"] != "constant":
            how = "in" if schedule["kind"] == "linear" else "in each cycle of"
            shown = f"{schedule['start']:g} to {shown} {how} {schedule['steps']:,} steps"
        if name != "kind" and not name.endswith("_schedule"):
            parts.append(f"{name.replace('_', ' ')} {shown}")
    return ", ".join(parts)


def _decoder(decoder: Facts) -> str:
    """The kind, its widths from the latents on, and what differs from Table 1."""
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


def _factor(factor: Facts) -> str:
    unit = f" {factor['unit']}" if factor["unit"] else ""
    if factor["levels"] is not None:
        levels = [f"{level:.4g}" for level in factor["levels"]]
        shown = levels if len(levels) <= 8 else [*levels[:3], "...", levels[-1]]
        circular = ", circular" if factor["circular"] else ""
        return f"{len(levels)} levels: {', '.join(shown)}{unit}{circular}"
    if not factor["varies"]:
        return f"{factor['low']:g}{unit}, constant"
    circular = ", circular" if factor["circular"] else ""
    return f"{factor['low']:g} to {factor['high']:g}{unit}, continuous{circular}"


def _region(region: Mapping[str, list[float]]) -> str:
    return ", ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in region.items())


def _shape(facts: Facts) -> str:
    colour = "grey" if facts["channels"] == 1 else "colour"
    return f"{facts['height']}x{facts['width']} pixels, {colour}"


def _size(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count} bytes"


def _number(value: object) -> str:
    if isinstance(value, list):
        return " and ".join(map(str, value))
    if not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:,.1f}"


def _draw_sheet(source: "Source", seed: int) -> "Image":
    import numpy as np

    from sbvae_cli.viz.samples import draw_samples

    count = SAMPLES if source.count is None else min(SAMPLES, source.count)
    images, factors = source.sample(np.random.default_rng(seed), count)
    caption = f"{source.name}, {source.height}x{source.width} pixels"
    return draw_samples(images, factor_notes(source.space, factors), caption)


def factor_notes(space: "FactorSpace", factors: "Rows") -> list[list[str]]:
    """Names and values of the factors that vary, for each row; `blank` where there are none."""
    varying = [factor for factor in space.config.factors if factor.name in space.varying]
    notes = []
    for row in factors.tolist():
        values = dict(zip(space.names, row, strict=True))
        if values.get("present", 1) == 0:
            notes.append(["blank"])
            continue
        texts = []
        for factor in varying:
            value = values[factor.name]
            if factor.levels:
                texts.append(f"{factor.name} {value:.3g}")
                continue
            low, high = factor.bounds
            digits = max(0, 1 - math.floor(math.log10(high - low)))
            texts.append(f"{factor.name} {value:.{digits}f}")
        notes.append(texts)
    return notes
