"""Prints the verdicts on the claims of a recipe."""

from typing import TYPE_CHECKING

from sbvae_cli.cli.console import print_line, print_table

if TYPE_CHECKING:
    from sbvae_cli.recipes.page import RecipeState


def print_verdicts(found: "RecipeState") -> None:
    """Print each claim with its outcome and numbers, and the paper's numbers beside ours."""
    from sbvae_cli.recipes.index import outcome_text
    from sbvae_cli.recipes.markdown import sentence
    from sbvae_cli.recipes.page_tables import value_rows

    print_line(f"{found.recipe.shows}, tier {found.tier}: {outcome_text(found)}")
    for each in found.claims:
        print_line(f"- {each.outcome}: {sentence(each.claim.says)} ({each.claim.where})")
        for line in (*each.lines, *map(sentence, each.cautions)):
            print_line(f"    {line}", indent=4)
    rows = value_rows(found.verdicts)
    if rows:
        print_table(
            "The paper's numbers beside ours (mean ± standard deviation over replicas, median)",
            ["number", "paper", "here", "outcome"],
            rows,
        )
