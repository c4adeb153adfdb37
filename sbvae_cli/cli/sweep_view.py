"""Progress of a sweep: a live table, or lines if stderr is not a terminal."""

import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from sbvae_cli.cli.console import console_settings, duration, progress_display
from sbvae_cli.runs.labels import config_labels
from sbvae_cli.sweeps.folder import DONE, REMAINING, WORKING, RunState, State, run_state
from sbvae_cli.sweeps.forecast import forecast
from sbvae_cli.sweeps.plan import SweepPlan, group_of, name_of

if TYPE_CHECKING:
    from rich.table import Table

    from sbvae_cli.sweeps.job import Job

_POLL_SECONDS = 1.0  # seconds between two readings of the runs' files
_TERMS = ("loss", "nll", "kl")
_MIN_ROWS, _MAX_ROWS = 4, 20
_HEAD_AND_FOOT_LINES = 8  # lines of the table's head and foot
# States of the rows that are shown first if the terminal has no room for all.
_SHOWN_FIRST: tuple[State, ...] = (*WORKING, "failed", "diverged")
_NEXT_ROWS = 3  # rows of the runs that come next
_ORDER: tuple[State, ...] = (*DONE, "failed", *WORKING, *REMAINING)


class SweepView:
    """States of a sweep's runs when they were last read, and their display.

    Args:
        plan: All runs.
        states: States of the runs, in the order of the plan.
        at_once: Number of jobs at once.
    """

    def __init__(self, plan: SweepPlan, states: Sequence[RunState], at_once: int) -> None:
        self._plan, self._at_once = plan, at_once
        self._states = {name_of(each.replica): each for each in states}
        self._screen = _screen(plan, states)
        self._next = 0.0

    def __enter__(self) -> "SweepView":
        self._screen.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._screen.__exit__(*error)

    @property
    def states(self) -> list[RunState]:
        """State of each run, in the order of the plan."""
        return list(self._states.values())

    def poll(self, running: "Sequence[Job]") -> None:
        """Read the states of running jobs and show all runs, at most once a second.

        Args:
            running: Running jobs; if there are none, the runs are shown at once.
        """
        if running and time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _POLL_SECONDS
        for job in running:
            self.refresh(job, running=True)
        self._screen.show(self.states, self._at_once)

    def refresh(self, job: "Job", *, running: bool = False) -> list[RunState]:
        """Read and return the states of the runs of a job.

        Args:
            job: The job.
            running: Whether the job is running, though its runs may not have written files yet.
        """
        found = []
        for each in job.replicas:
            state = run_state(each, job.metrics, job.protocol)
            begins: State
            if running and state.state not in (*WORKING, *DONE):
                begins = "scoring" if state.state == "trained" else "training"
                state = replace(state, state=begins, why="")
            self._states[name_of(each)] = state
            found.append(state)
        return found


class _Screen(Protocol):
    def __enter__(self) -> "_Screen": ...

    def __exit__(self, *error: object) -> None: ...

    def show(self, states: Sequence[RunState], at_once: int) -> None: ...


def _screen(plan: SweepPlan, states: Sequence[RunState]) -> _Screen:
    if sys.stderr.isatty() and not console_settings.quiet:
        return _TableScreen(plan)
    return _LineScreen(states)


class _TableScreen:
    def __init__(self, plan: SweepPlan) -> None:
        from rich.console import Console
        from rich.live import Live

        self._names = short_names(plan)
        self._live = Live(console=Console(stderr=True), auto_refresh=False)

    def __enter__(self) -> "_TableScreen":
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def show(self, states: Sequence[RunState], at_once: int) -> None:
        room = shutil.get_terminal_size().lines - _HEAD_AND_FOOT_LINES
        shown = choose_shown(states, min(max(room, _MIN_ROWS), _MAX_ROWS))
        footer = summary(states, at_once).replace("; ", "\n")
        table = table_of(shown, self._names, footer, len(states) - len(shown))
        self._live.update(table, refresh=True)


class _LineScreen:
    def __init__(self, states: Sequence[RunState]) -> None:
        self._display = progress_display("steps", sum(each.steps for each in states))

    def __enter__(self) -> "_LineScreen":
        self._display.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._display.__exit__(*error)

    def show(self, states: Sequence[RunState], at_once: int) -> None:
        done = sum(each.step for each in states)
        self._display.update(done, summary(states, at_once))


def short_names(plan: SweepPlan) -> dict[str, str]:
    """Return the name of each run in the table: settings specific to its group, and its seed."""
    labels = short_groups(plan)
    return {name_of(each): f"{labels[group_of(each)]} / {each.seed}" for each in plan.replicas}


def short_groups(plan: SweepPlan) -> dict[str, str]:
    """Return the name of each group in the table: the settings that differ between groups."""
    groups = {name: own[0].config for name, own in plan.groups.items()}
    return dict(zip(groups, config_labels(list(groups.values())), strict=True))


def choose_shown(states: Sequence[RunState], rows: int) -> list[RunState]:
    """Choose the runs to show, in the order of the plan: all runs, if there is room.

    Else they are the working runs, the last failed or diverged ones, and the next ones to begin.
    """
    if len(states) <= rows:
        return list(states)
    places = range(len(states))
    chosen: list[int] = []
    for state in _SHOWN_FIRST:
        own = [place for place in places if states[place].state == state]
        wrong = state not in WORKING
        chosen += own[::-1] if wrong else own
    left = [i for i in places if states[i].state not in (*_SHOWN_FIRST, *DONE)]
    shown = sorted([*chosen[: rows - _NEXT_ROWS], *left[:_NEXT_ROWS]])
    return [states[place] for place in shown]


def table_of(
    states: Sequence[RunState], names: dict[str, str], footer: str, others: int
) -> "Table":
    """Return a table with a row for each of these runs, and a summary of all runs below it."""
    from rich import box
    from rich.table import Table

    more = f"and {others:,} more run{'s' if others > 1 else ''}\n" if others else ""
    table = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), caption=more + footer, caption_justify="left"
    )
    table.add_column("run / seed", overflow="fold")
    for column in ("step", *_TERMS, "img/s"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for each in states:
        losses = [f"{each.terms[name]:.1f}" if name in each.terms else "" for name in _TERMS]
        speed = f"{each.images_per_second:,.0f}" if each.state == "training" else ""
        table.add_row(
            names[name_of(each.replica)],
            f"{each.step:,}/{each.steps:,}",
            *losses,
            speed if speed != "0" else "",
            each.state,
        )
    return table


def summary(states: Sequence[RunState], at_once: int) -> str:
    """Return the number of runs in each state and the time left, including that of scoring."""
    counts = Counter(each.state for each in states)
    text = f"{len(states):,} runs: "
    text += ", ".join(f"{counts[state]:,} {state}" for state in _ORDER if counts[state])
    working = sum(counts[state] for state in WORKING)
    left = forecast(states, max(at_once, working))
    if left is None or not left.seconds:
        return text
    return f"{text}; {duration(left.seconds)} left{'' if left.with_scoring else ' and scoring'}"
