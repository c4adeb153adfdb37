"""How several replicas ended: which failed and why, how to go on, what is next."""

from collections.abc import Sequence
from pathlib import Path

import typer

from sbvae_cli.cli.console import inform
from sbvae_cli.cli.side_by_side import Ended
from sbvae_cli.commands import as_typed, command
from sbvae_cli.errors import DivergedError, SbvaeError, StoppedError


def conclude(
    group: Path, ended: Sequence[Ended], signal: int | None, steps: int | None = None
) -> None:
    """Say how replicas ended and what comes next.

    Args:
        group: Folder of the replicas.
        ended: How each of them ended.
        signal: Number of the signal that asked for an end, if one did.
        steps: Updates in all that were asked for in going on, which going on again takes too.

    Raises:
        StoppedError: If a signal came before all had ended.
        DivergedError: If one diverged.
        SbvaeError: If one failed otherwise.
    """
    by_state = {
        state: [each for each in ended if each.row.state == state]
        for state in ("finished", "diverged", "failed", "stopped", "waiting")
    }
    for each in (*by_state["diverged"], *by_state["failed"]):
        where = "" if each.row.state == "diverged" else _where(each)
        typer.echo(f"{each.folder.path}: {where}{each.why}", err=True)
    more = {} if steps is None else {"steps": str(steps)}
    again = f"go on with {command('train', resume=group, **more)}"
    finished = f"{len(by_state['finished'])} of {_replicas(len(ended))} finished"
    if signal is not None and (by_state["stopped"] or by_state["waiting"]):
        raise StoppedError(f"stopped and saved, {finished}; {again}", signal)
    diverged, failed = by_state["diverged"], by_state["failed"]
    if diverged:
        way = f"; {again}" if failed else f"; look at the others: {command('eval', group)}"
        if not (failed or by_state["finished"]):
            way = ""
        found = f"{len(diverged)} of {_replicas(len(ended))} diverged"
        also = f", {len(failed)} failed otherwise" if failed else ""
        raise DivergedError(f"{found}{also}, as said above{way}", diverged[0].row.step)
    if failed:
        raise SbvaeError(f"{len(failed)} of {_replicas(len(ended))} failed, as said above; {again}")
    _say_what_is_next(group, ended)


def _where(each: Ended) -> str:
    return f"failed at step {each.row.step:,} of {each.row.steps:,}: "


def _replicas(count: int) -> str:
    return f"{count} replica{'s' * (count != 1)}"


def _say_what_is_next(group: Path, ended: Sequence[Ended]) -> None:
    steps = ended[0].row.steps
    inform(
        f"trained {_replicas(len(ended))} of {steps:,} steps; their folders, named by their "
        f"seeds, are in {group}. Next:"
    )
    inform("  " + as_typed(["eval", group, "--summary"]))
    inform("  " + as_typed(["geometry", group, "--out", group / "geometry.png"]))
