"""The command `sbvae reproduce`, which runs the recipes of the paper's figures and tables."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from sbvae_cli.cli.cluster import (
    AddressOption,
    ClusterOptions,
    CpusPerRunOption,
    GpusPerRunOption,
)
from sbvae_cli.cli.options import DeviceOption
from sbvae_cli.cli.outputs import check_folder, run_folder
from sbvae_cli.cli.sweep_run import EngineOption, Jobs
from sbvae_cli.config.names import TierName

if TYPE_CHECKING:
    from sbvae_cli.recipes.schema import Recipe

_CORES = 2  # CPU cores of the laptop that the estimated times are for
_UNITS = (("years", 365 * 24 * 60), ("days", 24 * 60), ("h", 60), ("min", 1))  # in minutes
_SEVERAL = 1.5  # a time of at least 1.5 of a unit is given in this unit


def reproduce(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME...|all]",
            help="Figures and tables, such as figure-8 or table-5; without a name, all are listed.",
        ),
    ] = None,
    tier: Annotated[
        TierName,
        typer.Option(
            help="Size of the runs. smoke: two minutes on a laptop; lite: 5 to 40 minutes; full: "
            "as in the paper."
        ),
    ] = "lite",
    out: Annotated[
        Path, typer.Option(callback=run_folder, help="Folder of runs, pictures and pages.")
    ] = Path("reproduction"),
    jobs: Jobs = None,
    engine: EngineOption = "local",
    device: DeviceOption = "auto",
    address: AddressOption = None,
    cpus_per_run: CpusPerRunOption = None,
    gpus_per_run: GpusPerRunOption = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print the recipes instead of running them.")
    ] = False,
    pages: Annotated[
        bool,
        typer.Option(
            "--pages",
            help="Write pages and tables again from existing results; train and draw nothing.",
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Print what is left to do and how long it takes; run nothing."
        ),
    ] = False,
) -> None:
    """Reproduce figures and tables of the paper, and judge each of its claims.

    Runs that several figures share are trained once. Repeat an interrupted
    command to resume it.
    """
    if pages:
        from sbvae_cli.cli.reproduce_runs import write_pages
        from sbvae_cli.recipes.load import ALL

        write_pages(_find(names or [ALL]), tier, out)
        return
    if not names:
        _list_recipes(show=show)
        return
    recipes = _find(names)
    if show:
        _show(recipes)
        return
    cluster = ClusterOptions(address, cpus_per_run, gpus_per_run)
    cluster.refuse_without(engine)
    from sbvae_cli.cli.reproduce_runs import ReproduceOptions, reproduce_recipes

    if not dry_run:
        check_folder("out", out)  # speed is measured before anything is written
    reproduce_recipes(
        recipes, ReproduceOptions(tier, out, engine, jobs, device, cluster), dry_run=dry_run
    )


def _find(names: list[str]) -> "list[Recipe]":
    """Return the named recipes without repetition; `all` names every recipe.

    Raises:
        SbvaeError: If a recipe does not exist.
    """
    from sbvae_cli.recipes.load import ALL, find_recipe, recipe_names

    found: dict[str, Recipe] = {}
    # "figure 4" is one name, "figure-8,figure-9" are two.
    joined = re.sub(r"(?i)\b(figure|fig\.?|table) +(?=\d)", r"\1-", " ".join(names))
    for name in filter(None, re.split(r"[\s,]+", joined)):
        every = name.strip().lower() == ALL
        for each in map(find_recipe, recipe_names() if every else [name]):
            found.setdefault(each.name, each)
    return list(found.values())


def _show(recipes: "list[Recipe]") -> None:
    from sbvae_cli.recipes.load import recipe_text

    for number, recipe in enumerate(recipes):
        start = "---\n" if number else ""
        typer.echo(f"{start}# {recipe.name}\n{recipe_text(recipe.name)}", nl=False)


def _list_recipes(*, show: bool) -> None:
    """Print a table of all recipes: title, number of runs and estimated time of each tier."""
    from sbvae_cli.cli.console import print_info, print_table
    from sbvae_cli.config.sweep import cells
    from sbvae_cli.recipes.load import load_recipe, recipe_names, sweep_of

    recipes = [load_recipe(name) for name in recipe_names()]
    if show:
        _show(recipes)
        return
    tiers: tuple[TierName, ...] = get_args(TierName)
    rows = []
    for recipe in recipes:
        costs = []
        for tier in tiers:
            sweep = sweep_of(recipe, tier)
            count = len(cells(sweep)) * sweep.replicas
            costs.append(f"{count} in {_format_core_hours(recipe.tiers[tier].core_hours)}")
        rows.append([f"{recipe.name}: {recipe.title}", *costs])
    print_table("runs of each tier, and about how long a laptop takes", ("recipe", *tiers), rows)
    print_info(
        "Figure 12 is drawn with figure-5. Begin with: sbvae reproduce figure-8 --tier smoke"
    )


def _format_core_hours(core_hours: float) -> str:
    """Format the estimated time of this work on a laptop with two cores."""
    minutes = max(core_hours * 60 / _CORES, 1.0)
    name, size = next((u for u in _UNITS if minutes >= _SEVERAL * u[1]), _UNITS[-1])
    return f"{float(f'{minutes / size:.2g}'):.0f} {name}"
