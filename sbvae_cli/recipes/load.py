"""Load recipes by name from the package's YAML files, and build their sweeps."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files
from typing import Any

from sbvae_cli.config.load import check, merge, read_yaml
from sbvae_cli.config.names import TierName
from sbvae_cli.config.score_names import score_style
from sbvae_cli.config.sweep import SweepConfig, build_sweep
from sbvae_cli.errors import SbvaeError, unknown_name
from sbvae_cli.recipes.paper import PaperNumber, paper_number, paper_numbers
from sbvae_cli.recipes.schema import Recipe

ALL = "all"  # name of all recipes on the command line
_NUMBER = re.compile(r"([a-z]*)[\W_]*(\d+)")


def _definitions() -> Any:
    return files("sbvae_cli.recipes").joinpath("definitions")


@cache
def recipe_names() -> tuple[str, ...]:
    """Return the names of all recipes: figures, then tables, in the paper's order."""
    names = [entry.name.removesuffix(".yaml") for entry in _definitions().iterdir()]
    return tuple(sorted(names, key=lambda name: (name.split("-")[0], int(name.split("-")[1]))))


def recipe_text(name: str) -> str:
    """Return the YAML file of a recipe in the package."""
    text: str = _definitions().joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return text


@cache
def load_recipe(name: str) -> Recipe:
    """Load the recipe of a name in `recipe_names`.

    For each number of the paper that its `values` name, a claim is appended. A trend along the
    setting in which these rows differ gets the paper's numbers.

    Raises:
        SbvaeError: If the file has an error.
    """
    with as_file(_definitions().joinpath(f"{name}.yaml")) as path:
        tree = read_yaml(path)
    values = tree.get("values", {})
    own = [_with_row_means(claim, values) for claim in tree.get("claims", ())]
    claims = [*own, *_value_claims(values)]
    return check(Recipe, {**tree, "name": name, "claims": claims}, f"{name}.yaml")


def find_recipe(text: str) -> Recipe:
    """Find the recipe that a user names: `figure-8`, `Figure 8`, `fig8`, or another name of it.

    Raises:
        SbvaeError: If there is none; the message has the nearest name.
    """
    aliases = {name: name for name in recipe_names()}
    for name in recipe_names():
        aliases |= dict.fromkeys(load_recipe(name).also, name)
    wanted = text.strip().lower()
    numbered = _NUMBER.fullmatch(wanted)
    if numbered and numbered[1]:
        kinds = [kind for kind in ("figure", "table") if kind.startswith(numbered[1])]
        wanted = f"{kinds[0]}-{int(numbered[2])}" if kinds else wanted
    if wanted == "figure-1":
        raise SbvaeError("figure-1 is the drawing of the decoder, and has no results to reproduce")
    if wanted not in aliases:
        raise unknown_name(text.strip(), aliases, "recipe")
    return load_recipe(aliases[wanted])


def sweep_of(recipe: Recipe, tier: TierName) -> SweepConfig:
    """Build the sweep of a recipe in a tier: the recipe's settings, overridden by the tier's.

    Raises:
        SbvaeError: If the settings are not a valid sweep.
    """
    own = recipe.tiers[tier]
    grid = recipe.grid if own.grid is None else own.grid
    tree: dict[str, Any] = {
        "settings": merge(recipe.settings, own.settings),
        "metrics": recipe.metrics,
        "replicas": own.replicas,
        "protocol": own.protocol,
        **({} if grid is None else {"grid": grid}),
    }
    return build_sweep(tree, f"{recipe.name}, {tier}")


def _with_row_means(
    claim: dict[str, Any], values: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return a claim on a trend with the paper's number for each row that belongs to it."""
    trend = claim.get("trend")
    if not trend or claim.get("paper"):
        return claim
    of = trend.get("of", {})
    rows = [
        row
        for row, settings in values.items()
        if trend["along"] in settings and all(settings.get(key, of[key]) == of[key] for key in of)
    ]
    keys = [f"{row}/{trend['score']}" for row in rows]
    return {**claim, "paper": [key for key in keys if key in paper_numbers()]}


def _value_claims(values: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Make a claim for each number of the paper's rows, tested on runs of the given settings.

    Raises:
        SbvaeError: If the paper has no row of this key.
    """
    found = []
    for row, settings in values.items():
        numbers = [each for key, each in paper_numbers().items() if key.startswith(f"{row}/")]
        if not numbers:
            paper_number(row)  # raises
        found += [_value_claim(number, settings) for number in numbers]
    return found


def _value_claim(number: PaperNumber, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": re.sub("[^a-z0-9]+", "-", number.key),
        "says": f"{score_style(number.score).label} of {number.row} is {number.text}",
        "where": number.place,
        "value": {"score": number.score, "of": settings, "paper": number.key},
        "why": number.remark,
    }
