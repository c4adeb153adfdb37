"""Reports the end of several replicas: failures, how to resume, and the next commands."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sbvae_cli.cli.console import print_info, print_unwrapped
from sbvae_cli.cli.flags import with_flags
from sbvae_cli.cli.several_runs import Row
from sbvae_cli.cli.side_by_side import TrainingEnd
from sbvae_cli.commands import as_typed, command
from sbvae_cli.config.load import build_config, read_yaml
from sbvae_cli.errors import DivergedError, SbvaeError, StoppedError


@dataclass(frozen=True)
class OtherReplicas:
    """State of the other replicas in a folder when some replicas are resumed.

    Attributes:
        rows: Rows of the progress table for all replicas; if empty, only trained ones are shown.
        steps: Number of updates that the user requested; None if not requested.
        left_out: Replicas that cannot be resumed, which have been reported.
    """

    rows: Sequence[Row] = ()
    steps: int | None = None
    left_out: Sequence[TrainingEnd] = ()


NO_OTHER_REPLICAS = OtherReplicas()


def print_failure(ended: TrainingEnd) -> None:
    """Print on stderr at which step a replica failed or diverged, and why, if it did."""
    if ended.why:
        step, steps = ended.row.step, ended.row.steps
        where = f"failed at step {step:,} of {steps:,}: " if ended.row.state == "failed" else ""
        print_unwrapped(f"{ended.folder.path}: {where}{with_flags(ended.why)}")


def report_end(
    group: Path,
    ended: Sequence[TrainingEnd],
    signal: int | None,
    others: OtherReplicas = NO_OTHER_REPLICAS,
) -> None:
    """Print the next commands if all replicas have finished; else raise an error that sums up.

    Args:
        group: Folder of the replicas.
        ended: End of each trained replica; failures have been reported.
        signal: Number of the signal that stopped the training; None if none did.
        others: Replicas of the folder that were not trained.

    Raises:
        StoppedError: If a signal came before all had ended.
        DivergedError: If a replica diverged.
        SbvaeError: If a replica failed otherwise.
    """
    own = {id(each.row) for each in ended}
    before = sum(row.state == "finished" and id(row) not in own for row in others.rows)
    trained, ended = ended, [*ended, *others.left_out]
    by_state = {
        state: [each for each in ended if each.row.state == state]
        for state in ("finished", "diverged", "failed", "stopped", "waiting")
    }
    more = {} if others.steps is None else {"steps": str(others.steps)}
    resume_advice = f"resume with {command('train', resume=group, **more)}"
    finished = f"{len(by_state['finished'])} of {_replicas(len(ended))} finished"
    if signal is not None and (by_state["stopped"] or by_state["waiting"]):
        made = any(each.row.step for each in ended)
        stopped = "stopped and saved" if made else "stopped before the first step"
        raise StoppedError(f"{stopped}, {finished}; {resume_advice}", signal)
    diverged, failed = by_state["diverged"], by_state["failed"]
    if diverged:
        way = f"; {resume_advice}" if failed else f"; look at the others: {command('eval', group)}"
        if not (failed or by_state["finished"]):
            way = ""
        found = f"{len(diverged)} of {_replicas(len(ended))} diverged ({_names(diverged)})"
        also = f", {len(failed)} failed otherwise ({_names(failed)})" if failed else ""
        raise DivergedError(f"{found}{also}, see above{way}", diverged[0].row.step)
    if failed:
        found = f"{len(failed)} of {_replicas(len(ended))} failed ({_names(failed)})"
        raise SbvaeError(f"{found}, see above; {resume_advice}")
    _print_next_commands(group, trained, before)


def _names(ended: Sequence[TrainingEnd]) -> str:
    return ", ".join(each.row.name for each in ended)


def _replicas(count: int) -> str:
    return f"{count} replica{'s' * (count != 1)}"


def _print_next_commands(group: Path, ended: Sequence[TrainingEnd], before: int) -> None:
    steps = sorted({each.row.steps for each in ended})
    length = " to ".join(f"{number:,}" for number in (steps[0], steps[-1])[: len(steps)])
    also = f"; {before} {'was' if before == 1 else 'were'} finished before" if before else ""
    named = "their folders, named by their seeds, are"
    if len(ended) + before == 1:
        named = "its folder, named by its seed, is"
    print_info(
        f"trained {_replicas(len(ended))} of {length} steps{also}; {named} in {group}. Next:"
    )
    print_info("  " + as_typed(["eval", group, "--summary"]))
    if build_config(read_yaml(ended[0].folder.config)).data.space.has_grids:
        print_info("  " + as_typed(["geometry", group, "--out", group / "geometry.png"]))
