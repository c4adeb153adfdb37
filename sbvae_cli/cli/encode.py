"""`sbvae encode`."""

from pathlib import Path
from typing import Annotated

import typer

from sbvae_cli.cli.console import inform, note
from sbvae_cli.cli.options import CheckpointArgument, DeviceOption, OtherDataOption
from sbvae_cli.cli.outputs import named_as
from sbvae_cli.config.names import Population


def encode(
    checkpoint: CheckpointArgument,
    data: OtherDataOption = None,
    out: Annotated[Path, typer.Option(callback=named_as("NPZ"), help="NPZ file to write.")] = Path(
        "codes.npz"
    ),
    count: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of images; default: all of a file that --data names or whose images "
            "cannot be rendered, else 10,000 samples.",
        ),
    ] = None,
    population: Annotated[
        Population,
        typer.Option(help="full: with held-out regions, without blank images."),
    ] = "train",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the samples.")] = 0,
    device: DeviceOption = "auto",
) -> None:
    """Encode images: means, stds and factors, as NumPy arrays."""
    from sbvae_cli.cli.console import reporter
    from sbvae_cli.evaluation.codes_file import write_codes
    from sbvae_cli.evaluation.represent import count_images, represent
    from sbvae_cli.files import refuse_to_lose, replacing
    from sbvae_cli.runs.open import open_checkpoint, open_data
    from sbvae_cli.training.devices import resolve_device

    opened = open_checkpoint(checkpoint)
    source = open_data(opened, data, note)
    vae = opened.build_vae(resolve_device(device))
    total = count_images(source, count, population)
    refuse_to_lose(out)
    with replacing(out) as file:  # first, so that a path that cannot be written costs no time
        with reporter("images", total) as bar:
            codes = represent(
                vae,
                source,
                total,
                seed=seed,
                population=population,
                on_progress=lambda done: bar.update(done, ""),
            )
        write_codes(file, codes)
    images, latents = codes.codes.shape
    inform(
        f"wrote {out}: {images:,} images; codes and stds of {latents} latents, "
        f"factors {', '.join(codes.names) or '(none)'}"
    )
