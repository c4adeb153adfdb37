"""Options and arguments that are shared by several commands."""

from pathlib import Path
from typing import Annotated

import typer

from sbvae_cli.cli.outputs import checks_output, csv_file, json_file
from sbvae_cli.config.names import Background, Fit, Frames, ThemeName

CheckpointArgument = Annotated[
    Path, typer.Argument(metavar="CKPT", help="A run folder or its ckpt.pt.")
]
OtherDataOption = Annotated[
    str | None,
    typer.Option(
        help="Data to use instead of the model's training data: a file, or a name such as "
        "circles:PRESET."
    ),
]
DeviceOption = Annotated[
    str, typer.Option(help="Device to compute on: auto, cpu, cuda, cuda:INDEX or mps.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace existing files.")]
PictureOption = Annotated[
    Path, typer.Option(callback=checks_output("picture"), help="PNG or SVG file to write.")
]
MovingPictureOption = Annotated[
    Path,
    typer.Option(
        callback=checks_output("moving picture"),
        help="PNG, SVG, GIF or animated WebP file to write.",
    ),
]
ScaleOption = Annotated[
    float,
    typer.Option(
        min=0.25,
        max=8.0,
        help="Factor by which the picture is enlarged, such as 2 for print; SVG stays as it is.",
    ),
]
ThemeOption = Annotated[ThemeName, typer.Option(help="Colours of the picture: light or dark.")]
ShowOption = Annotated[bool, typer.Option("--show", help="Open the picture in the viewer.")]
JsonOption = Annotated[
    str | None, typer.Option(callback=json_file, help="JSON file to write, or - for stdout.")
]
CsvOption = Annotated[
    str | None,
    typer.Option(
        callback=csv_file,
        help="CSV file to write, or - for stdout: a row for each run and score, or with --summary "
        "for each group and score.",
    ),
]
# Options of the import of user-supplied images, which become images of one size with 8 bits.
LevelsOption = Annotated[
    str | None,
    typer.Option(
        metavar="LOW..HIGH",
        help="Pixel values that become black and white in all images, such as 0..4095; needed "
        "for images of more than 8 bits.",
    ),
]
FitOption = Annotated[Fit, typer.Option(help="How images of another aspect ratio are fitted.")]
BackgroundOption = Annotated[Background, typer.Option(help="Colour behind transparent pixels.")]
FramesOption = Annotated[
    Frames,
    typer.Option(help="Which frames of an animation or stack are taken as images."),
]
ImagesKeyOption = Annotated[
    str | None,
    typer.Option(
        help="Name of the array of images in a file of arrays, such as train/images; default: "
        "found automatically."
    ),
]
