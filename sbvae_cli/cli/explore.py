"""The command `sbvae explore`, which writes an interactive page of models or codes."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sbvae_cli.cli.options import OtherDataOption
from sbvae_cli.cli.outputs import checks_output
from sbvae_cli.errors import SbvaeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sbvae_cli.explorer.payload import Model, Payload

_SILENT_SECONDS = 1.0  # seconds, after which progress is printed
_LEFT_OUT = ("file", "last log")  # lines of `info` that are not settings

Runs = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="RUN...",
        help="Run folders, folders of several runs, or ckpt.pt files, of the same data.",
    ),
]


def explore(
    targets: Runs = None,
    out: Annotated[
        Path, typer.Option(callback=checks_output("page"), help="HTML file to write.")
    ] = Path("explorer.html"),
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
    codes: Annotated[
        list[Path] | None,
        typer.Option(
            help="NPZ file of codes from any library, instead of runs: codes (N, K) and, if known, "
            "factors (N, F). Repeat for several models of the same images."
        ),
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Dataset of the codes' images, row by row.")
    ] = None,
    decoder: Annotated[
        list[Path] | None,
        typer.Option(
            help="ONNX file that renders images of codes: (N, K) to (N, C, H, W). Repeat for "
            "several --codes, in the same order."
        ),
    ] = None,
    data: OtherDataOption = None,
) -> None:
    """Write an interactive page of a latent space: one HTML file that works offline.

    It shows the grid of factors in two latents, decodes the point under the
    pointer, and has a slider for each latent; several models are shown side
    by side. The models run in the page, which loads nothing else.
    """
    from sbvae_cli.cli.console import console_settings, file_size, note_once, print_info
    from sbvae_cli.cli.outputs import show
    from sbvae_cli.explorer.assemble import assemble
    from sbvae_cli.files import write_bytes

    payload = _payload(targets or [], codes or [], images, decoder or [], data, note_once())
    content = assemble(payload, console_settings.command)
    write_bytes(out, content)
    print_info(f"wrote {out} ({file_size(len(content))})")
    if open_page:
        show(out)


def _payload(
    targets: list[Path],
    codes: list[Path],
    images: Path | None,
    decoders: list[Path],
    data: str | None,
    on_note: "Callable[[str], None]",
) -> "Payload":
    if not codes:
        for name, value in (("images", images), ("decoder", next(iter(decoders), None))):
            if value is not None:
                raise SbvaeError(f"{value}: needs `codes`", field=name)
        if not targets:
            raise SbvaeError("name a run, as runs/first, or codes of another library by `codes`")
        from sbvae_cli.explorer.of_runs import payload_of_runs

        payload = payload_of_runs(targets, data, on_note, _progress())
        return replace(payload, models=[_for_page(model) for model in payload.models])
    if targets:
        found = f"{targets[0]} and {codes[0]}"
        raise SbvaeError(
            f"{found}: a page shows runs or codes, not both; write the codes of the runs with "
            "`sbvae encode`"
        )
    if data is not None:
        raise SbvaeError(
            f"{data}: applies to runs; name the images of codes by `images`", field="data"
        )
    from sbvae_cli.explorer.of_codes import payload_of_codes

    return payload_of_codes(codes, images, decoders)


def _progress() -> "Callable[[str], None]":
    """Return a function that prints the next step, once the command has taken a second."""
    import time

    from sbvae_cli.cli.console import print_detail, print_status

    start = time.monotonic()
    return lambda line: (
        print_status if time.monotonic() - start > _SILENT_SECONDS else print_detail
    )(f"{line} ...")


def _for_page(model: "Model") -> "Model":
    """Return a model with flags in its sentences, settings as in `info`, and its command."""
    from sbvae_cli.cli.flags import with_flags
    from sbvae_cli.cli.info import model_lines
    from sbvae_cli.cli.train_command import train_command
    from sbvae_cli.runs.describe import describe
    from sbvae_cli.runs.open import open_checkpoint

    path = Path(model.path or "")
    config = open_checkpoint(path).config
    return replace(
        model,
        findings=[with_flags(sentence, [path]) for sentence in model.findings],
        settings=[line for line in model_lines(describe(str(path))[0]) if line[0] not in _LEFT_OUT],
        command=train_command(config, path),
    )
