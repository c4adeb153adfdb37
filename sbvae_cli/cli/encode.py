"""The command `sbvae encode`, which writes codes and factors of images."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sbvae_cli.cli.console import note, print_info, print_status
from sbvae_cli.cli.options import (
    BackgroundOption,
    CheckpointArgument,
    DeviceOption,
    FitOption,
    FramesOption,
    ImagesKeyOption,
    LevelsOption,
    OtherDataOption,
)
from sbvae_cli.cli.outputs import checks_output
from sbvae_cli.cli.parse import parse_value_levels
from sbvae_cli.cli.train_options import given_options
from sbvae_cli.config.names import Population
from sbvae_cli.errors import SbvaeError

if TYPE_CHECKING:
    from sbvae_cli.checkpoint import Checkpoint
    from sbvae_cli.config.schema import DataConfig

_IMPORT_OPTIONS = ("images_key", "fit", "levels", "background", "frames")


def encode(
    context: typer.Context,
    checkpoint: CheckpointArgument,
    data: OtherDataOption = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", help="Folder, ZIP, TAR, NPZ, HDF5 or MATLAB file of your own images."
        ),
    ] = None,
    images_key: ImagesKeyOption = None,
    fit: FitOption = "crop",
    levels: LevelsOption = None,
    background: BackgroundOption = "black",
    frames: FramesOption = "all",
    out: Annotated[
        Path, typer.Option(callback=checks_output("NPZ"), help="NPZ file to write.")
    ] = Path("codes.npz"),
    count: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of images; from a file they are taken at random. Default: all images "
            "of --from or of a file given as --data; else 10,000 rendered samples, or all stored "
            "images of data that cannot be rendered.",
        ),
    ] = None,
    population: Annotated[
        Population,
        typer.Option(
            help="Which images to encode. train: as in training; full: with held-out regions, "
            "without blank images; heldout: only held-out regions."
        ),
    ] = "train",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the samples.")] = 0,
    device: DeviceOption = "auto",
) -> None:
    """Encode images to posterior means and stds, as NumPy arrays with the factors.

    Give --from the options that `gen-data images` had for the training data.
    """
    from sbvae_cli.runs.open import open_checkpoint

    given = given_options(context)
    for name in _IMPORT_OPTIONS:
        if name in given and source is None:
            raise SbvaeError("applies only to images of --from; leave it out", field=name)
    if data is not None and source is not None:
        raise SbvaeError("--data and --from both name images; leave one out")
    opened = open_checkpoint(checkpoint)
    if source is None:
        _encode(opened, data, out, count, population, seed, device)
        return
    as_imported = {
        "images_key": images_key,
        "fit": fit,
        "levels": parse_value_levels(levels) if levels else None,
        "background": background,
        "frames": frames,
    }
    with TemporaryDirectory(prefix="sbvae-") as folder:
        file = _imported(source, opened.config.data, Path(folder), as_imported)
        _encode(opened, str(file), out, count, population, seed, device)


def _imported(path: Path, like: "DataConfig", folder: Path, options: dict[str, Any]) -> Path:
    """Import the user's images into a dataset file, with the size and channels of a model's images.

    Args:
        path: Folder, archive or file of images.
        like: Data settings of the model.
        folder: Folder of the new file.
        options: Options of the import.

    Raises:
        SbvaeError: If `path` has no images, or is a dataset already.
    """
    from sbvae_cli.cli.write_data import store_for_model
    from sbvae_cli.data.contents import recognise_contents
    from sbvae_cli.data.imports import import_own

    if path.is_file() and recognise_contents(path).kind == "dataset":
        raise SbvaeError(f"--from {path}: is a dataset; give it as --data {path}")
    size = like.height, like.width
    imported = import_own(path, None, size, grey=like.channels == 1, strict=False, **options)
    file = folder / "images.h5"
    store_for_model(imported, file)
    print_status(
        "note: the model expects images that are imported as its training data were: give the "
        "same --levels, --background and --fit as to `gen-data images`"
    )
    return file


def _encode(
    opened: "Checkpoint",
    data: str | None,
    out: Path,
    count: int | None,
    population: Population,
    seed: int,
    device: str,
) -> None:
    from sbvae_cli.cli.console import progress_display
    from sbvae_cli.evaluation.codes_file import write_codes
    from sbvae_cli.evaluation.represent import count_images, represent
    from sbvae_cli.files import atomic_write, refuse_data_loss
    from sbvae_cli.runs.open import open_data
    from sbvae_cli.training.devices import resolve_device

    source = open_data(opened, data, note)
    vae = opened.build_vae(resolve_device(device))
    total = count_images(source, count, population)
    refuse_data_loss(out)
    with atomic_write(out) as file:  # opened first, so that an unwritable path fails at once
        with progress_display("images", total) as bar:
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
    print_info(
        f"wrote {out}: {images:,} image{'s' * (images != 1)}; codes and stds of {latents} latents, "
        f"factors {', '.join(codes.names) or '(none)'}"
    )
