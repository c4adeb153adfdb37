"""The command `sbvae figure unfolding`."""

from pathlib import Path
from typing import Annotated

import typer

from sbvae_cli.cli.options import ScaleOption, ShowOption, ThemeOption
from sbvae_cli.cli.outputs import checks_output


def unfolding(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUNS...",
            help="Run folders that train --preview made; several are drawn side by side.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            callback=checks_output("animation"), help="GIF or animated WebP file to write."
        ),
    ] = Path("unfolding.gif"),
    scale: ScaleOption = 0.6,  # scale of the previews in training
    theme: ThemeOption = "light",
    show: ShowOption = False,
) -> None:
    """Animate two factors in latent space during training (Figures 7 and 8)."""
    from sbvae_cli.cli.console import note, print_info
    from sbvae_cli.cli.outputs import PictureOptions, write_picture
    from sbvae_cli.runs.run_facts import run_metadata
    from sbvae_cli.runs.unfoldings import read_unfoldings, unfolding_animation

    found = read_unfoldings(runs, note)
    picture = unfolding_animation(found)
    metadata = [run_metadata(e.path, e.config.training.seed, e.unfolding.steps[-1]) for e in found]
    write_picture(out, picture, {"runs": metadata}, PictureOptions(scale, theme, show))
    print_info(f"wrote {out}: {len(picture.frames)} frames")
