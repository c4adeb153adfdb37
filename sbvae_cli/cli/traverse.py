"""The command `sbvae traverse`, which draws traversals, samples and reconstructions."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sbvae_cli.cli.console import note, print_info
from sbvae_cli.cli.options import (
    DeviceOption,
    MovingPictureOption,
    OtherDataOption,
    ScaleOption,
    ShowOption,
    ThemeOption,
)
from sbvae_cli.cli.parse import parse_latents, parse_range, parse_size
from sbvae_cli.cli.train_options import given_options
from sbvae_cli.cli.traverse_notes import print_size_note, print_sweep_notes
from sbvae_cli.cli.traverse_options import (
    ANIMATION_ENDINGS,
    parse_images,
    refuse_numbers,
    refuse_two_kinds,
)
from sbvae_cli.errors import SbvaeError

if TYPE_CHECKING:
    from sbvae_cli.evaluation.traversal import Traversal
    from sbvae_cli.viz.animation import Animation
    from sbvae_cli.viz.canvas import Canvas

SWEPT = 8  # default number of latents
MAX_PIXELS = 512  # height and width of decoded images
MAX_STARTS, MAX_IMAGES = 20, 1000
Targets = Annotated[
    list[Path],
    typer.Argument(
        metavar="CKPT...",
        help="Run folders, folders of replicas or of several runs, or ckpt.pt files; several are "
        "drawn side by side.",
    ),
]


def traverse(
    context: typer.Context,
    targets: Targets,
    out: MovingPictureOption = Path("traversal.png"),
    start_image: Annotated[
        list[str] | None,
        typer.Option(
            metavar="N|FILE",
            help="Image to start from: its row in the file, or its number if images are rendered, "
            "as 3 or 3,17; or an image file of the model's size. May be repeated.",
        ),
    ] = None,
    latents: Annotated[
        str | None,
        typer.Option(help="Latents to sweep, in this order, such as 9,3 or 9; or all."),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of latents to sweep: those with the smallest posterior variance; "
            "default: 8.",
        ),
    ] = None,
    range_: Annotated[
        str,
        typer.Option(
            "--range",
            help="Range of a sweep in stds of the prior: 2 for -2..2, or A..B such as -3..1; or "
            "posterior, from the 1 % to the 99 % quantile of the data's posterior means.",
        ),
    ] = "2",
    columns: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=51,
            help="Number of values of each latent; default: 11, with several models 7, in an "
            "animation 25.",
        ),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(min=1, max=MAX_IMAGES, help="Draw this many samples of the prior instead."),
    ] = None,
    interpolate: Annotated[
        list[str] | None,
        typer.Option(
            metavar="N|FILE,N|FILE",
            help="Draw images decoded between the codes of two images instead, such as 3,17.",
        ),
    ] = None,
    reconstructions: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MAX_IMAGES,
            help="Draw this many images above their reconstructions instead.",
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(help="Size of decoded images in pixels: 256, or HEIGHTxWIDTH."),
    ] = None,
    data: OtherDataOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of random choices.")] = 0,
    device: DeviceOption = "auto",
    scale: ScaleOption = 1.0,
    theme: ThemeOption = "light",
    show: ShowOption = False,
) -> None:
    """Sweep each latent around images' codes (Figures 2, 3, 5, 6 and 9 to 12).

    A file that ends in .gif or .webp is an animation.
    """
    refuse_two_kinds([name.rstrip("_") for name in given_options(context)], out)
    refuse_numbers(targets)
    if latents is not None and top is not None:
        raise SbvaeError("--latents names latents, --top says how many; give one of them")
    wanted = (top or SWEPT) if latents is None else parse_latents(latents)
    span = parse_range(range_)
    decoded = parse_size(size, MAX_PIXELS) if size else None
    starts = parse_images(start_image or (), "start_image")
    if len(starts) > MAX_STARTS:
        raise SbvaeError(f"names {len(starts)}; name {MAX_STARTS} or fewer", field="start_image")
    ends = parse_images(interpolate or (), "interpolate")
    if len(ends) not in (0, 2):
        raise SbvaeError("takes two images, as 3,17", field="interpolate")

    from sbvae_cli.runs.several_models import open_models

    opened = open_models(targets, data, note)  # before PyTorch is loaded, to fail early
    from sbvae_cli.cli.outputs import PictureOptions, write_picture
    from sbvae_cli.runs import traverse_pictures as pictures

    request = pictures.PictureRequest(
        opened, device, decoded, seed, out.suffix.lower() in ANIMATION_ENDINGS, columns
    )
    images = request.find(ends or starts)
    results: dict[str, Traversal] = {}
    picture: Canvas | Animation
    if samples is not None:
        picture = pictures.samples(request, samples)
    elif ends:
        picture = pictures.interpolation(request, images)
    elif reconstructions is not None:
        picture = pictures.reconstructions(request, reconstructions, images)
    else:
        results = pictures.sweep(request, wanted, span, images)
        picture = pictures.sweeps(request, results)
    write_picture(out, picture, opened.about, PictureOptions(scale, theme, show))
    if decoded:
        print_size_note(decoded, (opened.source.height, opened.source.width))
    print_sweep_notes(out, results, span)
    if not results:
        print_info(f"wrote {out}")
    files = opened.source.files
    if files and (results or ends or starts):
        for which in ends or starts or [0]:  # imported images are never blank
            if isinstance(which, int):
                print_info(f"start image: row {which:,}, {files[which]}")
