"""What the commands of imported datasets share: batches into a file, and what was left out."""

import shlex
from contextlib import closing
from pathlib import Path

from sbvae_cli.cli.console import remark, reporter
from sbvae_cli.cli.generate import say_written
from sbvae_cli.cli.signals import deferred
from sbvae_cli.data.imports import Import
from sbvae_cli.data.write import write_dataset

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

        def on_progress(done: int) -> None:
            bar.update(done + len(imported.unreadable), "")
            request.end_if_asked(f"{path}: stopped after {done} images")

        count = write_dataset(
            path,
            batches,
            space=imported.space,
            name=imported.name,
            shape=imported.shape,
            force=force,
            on_progress=on_progress,
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
    look = f"sbvae info {shlex.quote(str(path))} --sheet samples.png"
    say_written(path, count, imported.shape[:2], look)
