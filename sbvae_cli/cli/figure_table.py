"""The command `sbvae figure table`."""

from pathlib import Path
from typing import Annotated

import typer

from sbvae_cli.cli.figure_runs import ProtocolOption, RunsArgument, score_with_progress
from sbvae_cli.cli.options import DeviceOption, OtherDataOption
from sbvae_cli.cli.outputs import check_table_target
from sbvae_cli.cli.parse import parse_scores
from sbvae_cli.config.names import TableFormat

_ENDINGS: dict[str, TableFormat] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".tex": "latex",
    ".csv": "csv",
}


def table(
    runs: RunsArgument,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write: .md, .tex or .csv; default, or -: print the table."),
    ] = None,
    written: Annotated[
        TableFormat | None,
        typer.Option(
            "--format", help="Format; default: by the file's ending, else for a terminal."
        ),
    ] = None,
    scores: Annotated[
        str | None,
        typer.Option(help="Scores instead of the paper's, as mig,x,y:affine_r2 or nll,kl."),
    ] = None,
    protocol: ProtocolOption = "paper",
    data: OtherDataOption = None,
    device: DeviceOption = "auto",
) -> None:
    """Tabulate mean and std of scores over replicas by group (Tables 5 to 10)."""
    from sbvae_cli.cli.console import note, print_info, print_table
    from sbvae_cli.figures.table import PAPER_SCORES
    from sbvae_cli.files import write_bytes
    from sbvae_cli.runs.score_pictures import runs_table, scores_there

    out = None if out == Path("-") else out
    wanted = _format(out, written)
    named = parse_scores(scores) if scores else ()
    usual = () if scores else PAPER_SCORES
    found = score_with_progress(runs, named, protocol, data, device, optional=usual)
    there = scores_there(found, named or usual)
    lacking = [name for name in named or usual if name not in there]
    if lacking:
        note(f"no run has {', '.join(lacking)}: left out")
    table = runs_table(found, there)
    if wanted == "terminal":
        print_table("", table.columns, table.cells())
        typer.echo(table.note("*"))
    elif out is None:
        typer.echo(table.text(wanted), nl=False)
    else:
        write_bytes(out, table.text(wanted).encode())
        print_info(f"wrote {out}")


def _format(out: Path | None, written: TableFormat | None) -> TableFormat:
    """Return the format of the table, by its name or by the ending of the file.

    Raises:
        SbvaeError: If name and ending differ, neither gives a format, or the file cannot be
            written.
    """
    from sbvae_cli.errors import SbvaeError

    if out is None:
        return written or "terminal"
    check_table_target(out)
    ending = _ENDINGS.get(out.suffix.lower())
    if written == "terminal":
        raise SbvaeError(f"--format terminal is printed; leave --out {out} out")
    if ending is None and written is None:
        raise SbvaeError(f"--out {out}: end it in .md, .tex or .csv, or name the --format")
    if ending and written and ending != written:
        raise SbvaeError(f"--out {out}: its ending is not that of --format {written}")
    return written or ending or "terminal"
