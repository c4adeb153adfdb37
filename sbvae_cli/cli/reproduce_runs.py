"""Runs recipes one after the other: prints their cost, trains, draws and prints verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from sbvae_cli.cli.cluster import ClusterOptions
from sbvae_cli.cli.console import (
    duration,
    note_once,
    print_error,
    print_info,
    print_line,
    print_table,
    progress_display,
)
from sbvae_cli.cli.flags import error_line, with_flags
from sbvae_cli.cli.outputs import write_picture
from sbvae_cli.cli.sweep_cost import print_cost
from sbvae_cli.cli.sweep_runner import jobs_at_once, resume_arguments, run_plan
from sbvae_cli.cli.verdict_lines import print_verdicts
from sbvae_cli.commands import command
from sbvae_cli.config.names import EngineName, TierName
from sbvae_cli.errors import SbvaeError, StoppedError
from sbvae_cli.files import write_bytes
from sbvae_cli.recipes.index import write_index
from sbvae_cli.recipes.load import ALL, recipe_names, sweep_of
from sbvae_cli.recipes.page import read_recipe_state, sweep_folder, write_page
from sbvae_cli.recipes.pictures import Drawn, draw_pictures
from sbvae_cli.recipes.schema import Recipe
from sbvae_cli.runs.replicas import is_run
from sbvae_cli.sweeps.collect import write_collected
from sbvae_cli.sweeps.cost import plan_cost, seconds_of
from sbvae_cli.sweeps.folder import DONE, SweepFolder
from sbvae_cli.sweeps.job import plan_jobs
from sbvae_cli.sweeps.plan import SweepPlan, plan_sweep
from sbvae_cli.sweeps.ray_engine import import_ray


@dataclass(frozen=True)
class ReproduceOptions:
    """Options of the command `reproduce`.

    Attributes:
        tier: Size of the runs.
        out: Folder of runs, pictures and pages.
        engine: Engine that runs the jobs.
        jobs: Number of jobs at once; None for the number that cores and memory allow.
        device: Name of the device.
        cluster: Options of the engine `ray`.
    """

    tier: TierName
    out: Path
    engine: EngineName
    jobs: int | None
    device: str
    cluster: ClusterOptions


@dataclass(frozen=True)
class _Planned:
    """A recipe, its runs, and the folder of its results."""

    recipe: Recipe
    plan: SweepPlan
    folder: SweepFolder


def reproduce_recipes(
    recipes: Sequence[Recipe], options: ReproduceOptions, *, dry_run: bool = False
) -> None:
    """Print the cost of recipes, then run each, draw its pictures and judge its claims.

    Args:
        recipes: Recipes in the order in which they are run.
        options: Options of the command.
        dry_run: Whether only the cost of the remaining work is printed.

    Raises:
        SbvaeError: If a folder has other runs, or a run failed; the other recipes were run, and
            the finished runs of all recipes were drawn.
        StoppedError: If a signal stopped the training; the runs were saved.
    """
    if options.engine == "ray":
        import_ray()  # fails at once if ray is not installed
    if is_run(options.out):
        raise SbvaeError(f"{options.out}: is the folder of a run; choose another `out`")
    planned = [_plan(recipe, options) for recipe in recipes]
    for each in planned:
        each.folder.refuse_another(each.plan)
    _print_cost(planned, options)
    if dry_run:
        return
    failed: list[tuple[str, SbvaeError]] = []
    for each in planned:
        if len(planned) > 1:
            print_line(f"{each.recipe.name}: {each.recipe.title}")
        try:
            run_plan(
                each.folder,
                each.plan,
                _resume_command([each.recipe for each in planned], options),
                engine=options.engine,
                jobs=options.jobs,
                device=options.device,
                cluster=options.cluster,
            )
        except StoppedError:
            raise
        except SbvaeError as error:
            failed.append((each.recipe.name, error))
        _draw_and_judge(each.recipe, options)
    print_info(f"wrote {write_index(options.tier, options.out, with_flags)}")
    _raise_failed(failed, len(planned))


def _plan(recipe: Recipe, options: ReproduceOptions) -> _Planned:
    folder = sweep_folder(recipe, options.tier, options.out)
    return _Planned(recipe, plan_sweep(sweep_of(recipe, options.tier), folder.runs), folder)


def _resume_command(recipes: Sequence[Recipe], options: ReproduceOptions) -> str:
    """Return the command that resumes the recipes, in backticks."""
    names = [recipe.name for recipe in recipes]
    names = [ALL] if len(names) == len(recipe_names()) > 1 else names
    arguments = resume_arguments(options.jobs, options.device) | options.cluster.arguments(
        options.engine
    )
    return command("reproduce", *names, tier=options.tier, out=options.out, **arguments)


def _raise_failed(failed: Sequence[tuple[str, SbvaeError]], recipes: int) -> None:
    """Raise an error for the recipes that failed, if any."""
    if not failed:
        return
    if recipes == 1:
        raise failed[0][1]
    for name, error in failed:
        print_error(f"{name}: {error_line(str(error), error.field)}")
    names = ", ".join(name for name, _ in failed)
    raise SbvaeError(f"{len(failed)} of {recipes} recipes failed ({names}), see above")


def _print_cost(planned: Sequence[_Planned], options: ReproduceOptions) -> None:
    """Print the remaining runs and their estimated time; shared runs count for the first recipe."""
    if len(planned) == 1:
        print_cost(planned[0].folder, planned[0].plan, options.device, options.jobs)
        return
    known: dict[str, tuple[float, float]] = {}
    seen: set[Path] = set()
    rows, total = [], 0.0
    with progress_display("measuring", len(planned)) as bar:
        for number, each in enumerate(planned):
            bar.update(number, f"measuring {each.recipe.name}")
            states = [s for s in each.folder.states(each.plan) if s.state not in DONE]
            others = [s for s in states if s.replica.folder.path not in seen]
            seen |= {state.replica.folder.path for state in others}
            costs = plan_cost(each.plan, others, options.device, known=known)
            left = plan_jobs(each.plan, options.device)
            seconds = seconds_of(costs, options.jobs or jobs_at_once(left)) if costs else 0.0
            total += seconds
            runs = f"{len(each.plan.replicas):,}", f"{len(others):,}"
            rows.append([each.recipe.name, *runs, duration(seconds) if costs else "-"])
        bar.update(len(planned), "measured")
    print_table("", ("recipe", "runs", "left", "time"), rows)
    if total:
        print_line(f"all of it takes about {duration(total)} on this device")


def _draw_and_judge(recipe: Recipe, options: ReproduceOptions) -> None:
    """Gather the scores of a recipe, draw its pictures, and print and write the verdicts."""
    found = read_recipe_state(recipe, options.tier, options.out)
    write_collected(found.folder, found.collected)
    files = []
    if any(run.result is not None for run in found.collected.runs):
        for drawn in draw_pictures(
            recipe, found.folder, found.collected, device=options.device, on_note=note_once()
        ):
            _write_drawn(drawn)
            files.append(drawn.file)
    print_verdicts(found)
    for file in (*files, write_page(found, with_flags)):
        print_info(f"wrote {file}")


def _write_drawn(drawn: Drawn) -> None:
    """Write a picture, whose metadata have the command that draws it, or a table."""
    if isinstance(drawn.content, str):
        write_bytes(drawn.file, drawn.content.encode())
        return
    write_picture(
        drawn.file, drawn.content, {"command": with_flags(drawn.command).strip("`"), **drawn.about}
    )


def write_pages(recipes: Sequence[Recipe], tier: TierName, out: Path) -> None:
    """Write tables and pages from the existing results, without training, scoring or drawing.

    Args:
        recipes: Recipes; those without results get no page.
        tier: Size of the runs.
        out: Folder of runs, pictures and pages.

    Raises:
        SbvaeError: If no recipe has results.
    """
    found = [read_recipe_state(recipe, tier, out) for recipe in recipes]
    begun = [each for each in found if each.has_page]
    if not begun:
        again = command("reproduce", recipes[0].name, tier=tier, out=out)
        others = [each for each in get_args(TierName) if each != tier and (out / each).is_dir()]
        hint = f"give `tier={others[0]}`, which has finished runs, or " if others else ""
        raise SbvaeError(
            f"{out}: no run of the tier {tier} is finished there; {hint}begin with {again}"
        )
    for each in begun:
        each.folder.path.mkdir(parents=True, exist_ok=True)
        write_collected(each.folder, each.collected)
        print_info(f"wrote {write_page(each, with_flags)}")
    print_info(f"wrote {write_index(tier, out, with_flags)}")
