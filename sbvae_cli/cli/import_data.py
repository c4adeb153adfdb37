"""What the commands of imported datasets share: batches into a file, and what was left out."""

import shlex
from contextlib import closing
from pathlib import Path

from sbvae_cli.cli.console import file_size, inform, remark, reporter
from sbvae_cli.cli.signals import deferred
from sbvae_cli.data.imports import Import
from sbvae_cli.data.stream import write_stream

SHOWN = 10  # unreadable files that are named


def write_import(imported: Import, out: Path | None, *, force: bool) -> None:
    """Write what is imported, say what could not be read and what comes next.

    Args:
        imported: The dataset.
        out: File to write; None names it after the dataset.
        force: Whether to replace a file.
    """
    path = out or Path(f"{imported.name}.h5")
    with (
        imported.held,
        closing(imported.batches) as batches,
        deferred() as request,
        reporter("images", imported.count) as bar,
    ):
        count = write_stream(
            path,
            batches,
            space=imported.space,
            name=imported.name,
            shape=imported.shape,
            force=force,
            on_progress=lambda done: bar.update(done + len(imported.unreadable), ""),
            stop=lambda: request.number,
        )
        bar.update(count + len(imported.unreadable), "")  # with those after the last image
    for line in imported.notes:
        remark(f"note: {line}")
    if imported.unreadable:
        remark(f"{len(imported.unreadable):,} of {imported.count:,} files could not be read:")
        for line in imported.unreadable[:SHOWN]:
            remark(f"  {line}")
        if len(imported.unreadable) > SHOWN:
            remark(f"  and {len(imported.unreadable) - SHOWN:,} more; --strict stops at the first")
    height, width, _ = imported.shape
    size = f"{height}x{width}, {file_size(path.stat().st_size)}"
    inform(f"wrote {path}: {count:,} images of {size}. Next:")
    inform(f"  sbvae info {shlex.quote(str(path))} --sheet samples.png")
    inform(f"  sbvae train --decoder broadcast --data {shlex.quote(str(path))}")
