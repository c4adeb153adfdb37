"""Write the page of a recipe: the paper's claims, the results here, and the command."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sbvae_cli import __version__
from sbvae_cli.commands import command
from sbvae_cli.config.names import TierName
from sbvae_cli.files import write_bytes
from sbvae_cli.metrics.superiority import METHOD
from sbvae_cli.recipes.claims import Value
from sbvae_cli.recipes.convergence import RULES
from sbvae_cli.recipes.differences import differences_table, main_differences
from sbvae_cli.recipes.load import sweep_of
from sbvae_cli.recipes.markdown import code, duration, sentence
from sbvae_cli.recipes.outcome import PAPER_TIER, Verdict
from sbvae_cli.recipes.page_tables import (
    factors_lines,
    grids_lines,
    groups_table,
    label_of,
    likelihoods,
    page_scores,
    scores_lines,
    seeds_table,
    settings_count,
    training_seconds,
    values_table,
)
from sbvae_cli.recipes.schema import GeometryPicture, Recipe
from sbvae_cli.recipes.values import STDS
from sbvae_cli.recipes.verdicts import EQUAL_BOUND, verdict
from sbvae_cli.sweeps.collect import Collected, collect
from sbvae_cli.sweeps.folder import DONE, SweepFolder
from sbvae_cli.sweeps.plan import SweepPlan, plan_sweep

PAGE = "README.md"
_NUMBERS = "Numbers are mean ± standard deviation over replicas, with the median in brackets."
CommandFormatter = Callable[[str], str]
_TIERS = {
    "smoke": "a trial of minutes, which shows that everything works and proves nothing",
    "lite": "runs that take two laptop cores 5 to 40 minutes",
    "full": "the paper's settings where it gives them, on images rendered by sbvae",
}


@dataclass(frozen=True)
class RecipeState:
    """A recipe of a tier with its state on the disk.

    Attributes:
        recipe: The recipe.
        tier: The tier.
        plan: Plan of the runs.
        folder: Folder of its tables, pictures and page.
        collected: States and scores of the runs.
        verdicts: Verdict on each claim, in the recipe's order.
    """

    recipe: Recipe
    tier: TierName
    plan: SweepPlan
    folder: SweepFolder
    collected: Collected
    verdicts: tuple[Verdict, ...]

    @property
    def begun(self) -> bool:
        """Whether a run has scores or diverged."""
        return any(run.state in DONE for run in self.collected.runs)

    @property
    def has_page(self) -> bool:
        """Whether it has begun by its own command, not only by recipes that share its runs."""
        return self.begun and self.folder.plan.is_file()

    @property
    def claims(self) -> list[Verdict]:
        """Verdicts on claims in words, without those on single numbers."""
        return [each for each in self.verdicts if not isinstance(each.claim.test, Value)]


def sweep_folder(recipe: Recipe, tier: TierName, out: Path) -> SweepFolder:
    """Return the folder of a recipe of a tier; all recipes and tiers share one folder of runs."""
    return SweepFolder(out / tier / recipe.name, out / "runs")


def read_recipe_state(recipe: Recipe, tier: TierName, out: Path) -> RecipeState:
    """Read the state of a recipe from the disk, without training, drawing or writing.

    Args:
        recipe: The recipe.
        tier: The tier.
        out: Folder of all recipes.
    """
    folder = sweep_folder(recipe, tier, out)
    plan = plan_sweep(sweep_of(recipe, tier), folder.runs)
    collected = collect(folder, plan)
    verdicts = tuple(verdict(claim, collected, tier) for claim in recipe.claims)
    return RecipeState(recipe, tier, plan, folder, collected, verdicts)


def write_page(found: RecipeState, format_command: CommandFormatter) -> Path:
    """Write the page of a recipe as `README.md` beside its tables and pictures.

    Args:
        found: State of the recipe.
        format_command: Converts a command in the notation of messages to one that can be typed.

    Raises:
        SbvaeError: If the file cannot be written.
    """
    file = found.folder.path / PAGE
    write_bytes(file, recipe_page(found, format_command).encode())
    return file


def recipe_page(found: RecipeState, format_command: CommandFormatter) -> str:
    """Return the page in Markdown, which depends only on the recipe's files.

    Args:
        found: State of the recipe.
        format_command: Converts a command in the notation of messages to one that can be typed.
    """
    recipe = found.recipe
    parts = [
        f"# {recipe.shows}: {recipe.title}",
        f"{sentence(recipe.about)} {recipe.section} of the paper.",
        _about_tier(found),
        code(format_command(command_of(found, out=True)).strip("`")),
        "## What came out",
        *([_NUMBERS] if found.begun else []),
        *claim_lines(found.claims),
        *_numbers(found),
        *_pictures(found),
        *_runs(found),
        _reading_guide(found),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def command_of(found: RecipeState, *, out: bool = False) -> str:
    """Return the command that reproduces a recipe, in the notation of messages.

    Args:
        found: The recipe.
        out: Whether to name the folder of all recipes, relative to the folder that contains it.
    """
    named: dict[str, str] = {} if found.tier == "lite" else {"tier": found.tier}
    if out:
        named["out"] = found.folder.path.resolve().parents[1].name
    return command("reproduce", found.recipe.name, **named)


def claim_lines(verdicts: Sequence[Verdict]) -> list[str]:
    """Return a paragraph for each claim: outcome, the claim, our numbers, and cautions."""
    found = []
    for each in verdicts:
        claim = each.claim
        lines = [f"- **{each.outcome}**: {sentence(claim.says)} ({claim.where})"]
        lines += [f"  {line}" for line in each.lines]
        lines += [f"  *{sentence(caution)}*" for caution in each.cautions]
        found.append("  \n".join(lines))
    return ["\n\n".join(found)] if found else []


def _about_tier(found: RecipeState) -> str:
    tier = found.recipe.tiers[found.tier]
    runs, seconds = found.collected.runs, training_seconds(found.collected.runs)
    states = [run.state for run in runs]
    done = f"{states.count('finished')} of {len(runs)} runs are finished"
    gone = states.count("diverged")
    done += f", {gone} diverged" if gone else ""
    took = f"; training took {duration(seconds)}, summed over runs as they ran" if seconds else ""
    text = f"Tier **{found.tier}**, {_TIERS[found.tier]}: {settings_count(found.collected.groups)}"
    text += f", {done}{took}."
    if tier.note:
        text += f" {sentence(tier.note)}"
    paper = plan_sweep(sweep_of(found.recipe, PAPER_TIER), found.folder.runs)
    differences = differences_table(found.plan, paper)
    return "\n\n".join([text, differences, *main_differences(found.plan)])


def _numbers(found: RecipeState) -> list[str]:
    numbers = values_table(found.verdicts)
    if not numbers:
        return []
    text = (
        "Means ± standard deviation over replicas, here with the median in brackets. "
        f"A value counts as reproduced where our mean is within {STDS} of the paper's standard "
        "deviations."
    )
    text += (
        " NLL and ELBO depend mostly on the images, which are rendered by sbvae, so these two say "
        "less about the model than the others."
    )
    if found.tier != PAPER_TIER:
        text += (
            " All of this needs the paper's network and steps, which the tier "
            f"{found.tier} does not have."
        )
    return ["## The paper's numbers beside ours", text, numbers]


def _pictures(found: RecipeState) -> list[str]:
    parts = []
    for picture in found.recipe.pictures:
        file = found.folder.path / picture.file
        if not file.is_file():
            continue
        if file.suffix == ".md":
            parts.append(f"The table in the form of the paper: [{file.name}]({file.name}).")
        else:
            alt = f"{found.recipe.shows}, {picture.kind}: {found.recipe.title}"
            parts.append(f"![{alt}]({file.name})")
        if isinstance(picture, GeometryPicture):
            shown = " and ".join(map(str, picture.replica))
            parts.append(
                f"The rows show the {shown} run of each setting by {label_of(picture.by)}. The "
                "grids of other runs may be flatter or less flat."
            )
    return ["## Pictures", *parts] if parts else []


def _runs(found: RecipeState) -> list[str]:
    if not found.begun:
        return []
    scores = page_scores(found.recipe, found.collected)
    several = likelihoods(found.collected)
    apart = ""
    if len(several) > 1:
        apart = (
            f"NLL and ELBO of different likelihoods ({', '.join(several)}) are not comparable, so "
            "only the files have them."
        )
    lists = [*grids_lines(found.collected), *factors_lines(found.collected)]
    return [
        "## Every run",
        groups_table(found.collected, scores),
        apart,
        "\n".join(lists),
        seeds_table(found.collected, scores),
        "All scores: [scores.csv](scores.csv), and [scores.json](scores.json), which "
        "`sbvae figure` draws.",
        "## What the scores mean",
        "\n".join(scores_lines(found.collected, scores)),
    ]


def _reading_guide(found: RecipeState) -> str:
    return (
        "## How to read this\n\n"
        "**P** is the probability that a run of the first kind has the higher value than a run of "
        "the other kind; ties count half. Runs are compared within the settings that both kinds "
        "have, and each setting has the same weight. For a trend, P is the probability that of two "
        "runs the one further along has the higher value. In brackets is the 95 % interval of P, "
        f"{METHOD.removeprefix('95 %: ')}.\n\n"
        "**Orderings** are reproduced if the whole interval of P is above one half, not reproduced "
        "if it is below, and otherwise undecided, as is mostly the case with fewer than five seeds "
        "of a setting. For a claim that values are not lower, an interval that is above "
        f"{EQUAL_BOUND:g} and reaches one half is enough. A claim that a score hides a difference "
        "is reproduced if the interval of another score is above one half and that of this score "
        "is not. The size of a difference is not tested.\n\n"
        "**Thresholds** are reached if as many runs as the claim needs have a value within its "
        "bounds, and undecided while unfinished runs could still reach them.\n\n"
        "**Divergence**: a diverged run reaches no threshold. If at least half of the runs of a "
        "side diverged, their ordering is undecided.\n\n"
        f"**Convergence**: {RULES}\n\n"
        f"Made by sbvae {__version__} of the scores beside this page."
    )
