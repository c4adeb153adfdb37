"""Write the index of all recipes of a tier: a row with the outcome of each figure and table."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sbvae_cli import __version__
from sbvae_cli.config.names import TierName
from sbvae_cli.files import write_bytes
from sbvae_cli.recipes.load import load_recipe, recipe_names
from sbvae_cli.recipes.markdown import sentence, table
from sbvae_cli.recipes.page import (
    PAGE,
    CommandFormatter,
    RecipeState,
    command_of,
    read_recipe_state,
)
from sbvae_cli.sweeps.folder import DONE

NOT_RUN = "not run"


def write_index(tier: TierName, out: Path, format_command: CommandFormatter) -> Path:
    """Write the index of a tier's recipes as `README.md` in the folder of the tier.

    Args:
        tier: The tier.
        out: Folder of all recipes.
        format_command: Converts a command in the notation of messages to one that can be typed.

    Raises:
        SbvaeError: If the file cannot be written.
    """
    found = [read_recipe_state(load_recipe(name), tier, out) for name in recipe_names()]
    file = out / tier / PAGE
    write_bytes(file, index_page(found, format_command).encode())
    return file


def index_page(found: Sequence[RecipeState], format_command: CommandFormatter) -> str:
    """Return the index in Markdown, in the paper's order.

    Args:
        found: Every recipe, run or not.
        format_command: Converts a command in the notation of messages to one that can be typed.
    """
    tier = found[0].tier
    rows = [_row(each, format_command) for each in found]
    heading = ["figure or table", "command", "runs", "what came out"]
    parts = [
        f"# The paper reproduced, tier {tier}",
        "One row for each figure and table of the paper; each has a page with its pictures, the "
        "numbers of every run, and a verdict for each claim. A number in the last column counts "
        "claims.",
        table(heading, rows),
        *_claims([each for each in found if each.has_page]),
        f"Made by sbvae {__version__}.",
    ]
    return "\n\n".join(parts) + "\n"


def outcome_text(found: RecipeState) -> str:
    """Return the outcomes of a recipe's claims as a short text."""
    if not found.has_page:
        return NOT_RUN
    counts = Counter(each.outcome for each in found.claims)
    return ", ".join(_counted(count, outcome) for outcome, count in counts.most_common())


def _counted(count: int, outcome: str) -> str:
    """Return a count of outcomes as text, such as "2 thresholds reached"."""
    if count > 1:
        outcome = re.sub(r"^(threshold|ordering|value)\b", r"\1s", outcome)
    return f"{count} {outcome}"


def _row(found: RecipeState, format_command: CommandFormatter) -> list[str]:
    recipe = found.recipe
    name = f"{recipe.shows}: {recipe.title}"
    if found.has_page:
        name = f"[{name}]({recipe.name}/{PAGE})"
    runs = found.collected.runs
    done = sum(run.state in DONE for run in runs)
    return [name, format_command(command_of(found)), f"{done} of {len(runs)}", outcome_text(found)]


def _claims(found: Sequence[RecipeState]) -> list[str]:
    """Return a list of all claims with their outcomes, by recipe."""
    if not found:
        return []
    parts = ["## Claim by claim"]
    for each in found:
        lines = [f"[{each.recipe.shows}]({each.recipe.name}/{PAGE}), {each.recipe.title}:", ""]
        lines += [f"- **{one.outcome}**: {sentence(one.claim.says)}" for one in each.claims]
        parts.append("\n".join(lines))
    return parts
