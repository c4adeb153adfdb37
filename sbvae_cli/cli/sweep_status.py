"""The command `sbvae sweep status`, which shows the progress of a sweep."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sbvae_cli.cli.options import JsonOption

if TYPE_CHECKING:
    from sbvae_cli.sweeps.folder import RunState
    from sbvae_cli.sweeps.plan import SweepPlan

_MAX_FAULTS = 10  # failed and diverged runs that are printed; JSON has all


def status(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a sweep.")],
    json: JsonOption = None,
) -> None:
    """Show the progress of a sweep, also while its runs train on another machine."""
    from sbvae_cli.sweeps.folder import SweepFolder

    sweep = SweepFolder(folder)
    plan = sweep.open_plan()
    states = sweep.states(plan)
    if json is not None:
        from sbvae_cli.cli.outputs import write_json

        write_json(json, _as_dict(states))
    if json != "-":
        _print(plan, states)


def _print(plan: "SweepPlan", states: "Sequence[RunState]") -> None:
    """Print a row for each setting, a line for each failed or diverged run, and a summary."""
    from sbvae_cli.cli.console import print_line, print_table
    from sbvae_cli.cli.flags import with_flags
    from sbvae_cli.cli.sweep_view import short_groups, summary
    from sbvae_cli.sweeps.plan import group_of

    labels = short_groups(plan)
    rows = []
    for group, label in labels.items():
        own = [each for each in states if group_of(each.replica) == group]
        done, steps = sum(each.step for each in own), sum(each.steps for each in own)
        rows.append([label, str(len(own)), f"{done:,}/{steps:,}", _counted(own)])
    print_table("", ["setting", "runs", "steps", "states"], rows)
    faults = [each for each in states if each.why]
    for each in faults[:_MAX_FAULTS]:
        print_line(f"{each.replica.folder.path}: {each.state}: {with_flags(each.why)}")
    if len(faults) > _MAX_FAULTS:
        print_line(f"... and {len(faults) - _MAX_FAULTS:,} more (--json has all)")
    print_line(summary(states, 1))


def _counted(states: "Sequence[RunState]") -> str:
    counts = Counter(each.state for each in states)
    return ", ".join(f"{count} {state}" for state, count in counts.items())


def _as_dict(states: "Sequence[RunState]") -> dict[str, Any]:
    from sbvae_cli.sweeps.folder import WORKING
    from sbvae_cli.sweeps.forecast import forecast
    from sbvae_cli.sweeps.plan import group_of, name_of

    working = sum(each.state in WORKING for each in states)
    left = forecast(states, max(1, working))
    return {
        "states": Counter(each.state for each in states),
        "seconds_left": None if left is None else round(left.seconds, 1),
        "runs": [
            {
                "run": name_of(each.replica),
                "group": group_of(each.replica),
                "seed": each.replica.seed,
                "state": each.state,
                "step": each.step,
                "steps": each.steps,
                "why": each.why,
                "terms": each.terms,
            }
            for each in states
        ],
    }
