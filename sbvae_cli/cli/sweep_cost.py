"""Prints the estimated time of a sweep before it begins."""

from collections.abc import Sequence

from sbvae_cli.cli.console import duration, print_line, print_table, progress_display
from sbvae_cli.cli.sweep_runner import jobs_at_once
from sbvae_cli.cli.sweep_view import short_groups
from sbvae_cli.sweeps.cost import GroupCost, plan_cost, seconds_of
from sbvae_cli.sweeps.folder import DONE, SweepFolder
from sbvae_cli.sweeps.job import is_on_cuda, plan_jobs
from sbvae_cli.sweeps.plan import SweepPlan


def print_cost(folder: SweepFolder, plan: SweepPlan, device: str, jobs: int | None) -> float:
    """Print the remaining runs of a plan, a row for each setting, and the total time.

    Args:
        folder: Folder of the sweep.
        plan: All runs.
        device: Name of the device.
        jobs: Number of jobs at once; None for the number that cores and memory allow.

    Returns:
        Estimated time of all remaining runs, seconds.
    """
    states = folder.states(plan)
    left = plan_jobs(plan, device)
    done = sum(each.state in DONE for each in states)
    if not left:
        print_line(f"all {len(states):,} runs are done; there is nothing to train or score")
        return 0.0
    measured = 0
    with progress_display("measuring", len(plan.groups)) as bar:

        def on_group(group: str) -> None:
            nonlocal measured
            bar.update(measured, f"measuring {group}")
            measured += 1

        costs = plan_cost(plan, states, device, on_group)
    _print_costs(plan, costs)
    at_once = min(jobs or jobs_at_once(left), len(left))
    total = seconds_of(costs, at_once)
    also = f"{done:,} of {len(states):,} runs are done; the others, " if done else ""
    print_line(
        f"{also or f'{len(states):,} runs, '}{at_once:,} at once, take about {duration(total)} on "
        f"this device, {duration(_scoring(costs, at_once))} of it to encode and decode for scores"
    )
    if any(is_on_cuda(job.device) for job in left):
        print_line(
            "replicas of a setting train together on a GPU, which is faster; see `sbvae bench`"
        )
    return total


def _print_costs(plan: SweepPlan, costs: Sequence[GroupCost]) -> None:
    labels = short_groups(plan)
    rows = [
        [
            labels[each.group],
            str(each.runs),
            f"{each.steps // each.runs:,}",
            f"{1000 * each.seconds_per_step:.1f}",
            duration(each.work_seconds / each.runs),
        ]
        for each in costs
    ]
    print_table("", ["setting", "runs left", "steps left", "ms a step", "time of each"], rows)


def _scoring(costs: Sequence[GroupCost], at_once: int) -> float:
    return sum(each.runs * each.scoring_seconds for each in costs) / at_once
