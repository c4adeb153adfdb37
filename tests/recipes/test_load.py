"""Recipes: each figure and table has one, whose full tier has the paper's settings."""

import itertools
import math
import re
import shutil
import zipfile
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from sbvae_cli.config.names import TierName
from sbvae_cli.config.schema import Config
from sbvae_cli.errors import SbvaeError
from sbvae_cli.recipes.load import find_recipe, load_recipe, recipe_names, recipe_text, sweep_of
from sbvae_cli.recipes.paper import paper_numbers
from sbvae_cli.recipes.schema import GeometryPicture, Recipe, TraversalPicture
from sbvae_cli.sweeps.collect import Collected, collect
from sbvae_cli.sweeps.folder import SweepFolder
from sbvae_cli.sweeps.plan import SweepPlan, plan_sweep

NAMES = recipe_names()
# Schematics (1) and a figure that another is drawn with (12) aside.
SHOWN = [f"figure-{n}" for n in (*range(2, 12), *range(13, 23))] + [
    f"table-{n}" for n in range(5, 11)
]
# What `sbvae train --profile quick --replicas` calls the runs of the lite tier.
LITE: dict[str, tuple[str, ...]] = {
    "figure-2": ("sprites-deconv-quick-steps4000", "sprites-broadcast-quick-steps4000"),
    "figure-4": tuple(
        f"sprites-beta-vae-{decoder}-quick-beta{beta}-steps4000"
        for decoder in ("deconv", "broadcast")
        for beta in ("0.4", "0.8", "1", "2", "5.4")
    ),
    "figure-6": (
        "xyh-small-deconv-quick-size64-steps10000",
        "xyh-small-broadcast-quick-size64-steps10000",
    ),
    "figure-7": ("xy-deconv-quick", "xy-broadcast-quick"),
    "figure-8": ("xy-hole-deconv-quick", "xy-hole-broadcast-quick"),
    "figure-9": (
        "sprites-broadcast-quick-steps4000",
        "sprites-broadcast-quick-coordinates_shuffled-steps4000",
        "sprites-deconv-quick-steps4000",
    ),
    "figure-10": (
        "xyh-tiny-deconv-quick-size64-steps10000",
        "xyh-tiny-broadcast-quick-size64-steps10000",
    ),
    "figure-13": (
        *("xy-deconv-quick", "xy-broadcast-quick", "xy-factor-vae-deconv-quick-gamma10"),
        *("xy-factor-vae-broadcast-quick-gamma10-steps3000", "xy-factor-vae-deconv-quick"),
        "xy-factor-vae-broadcast-quick-steps3000",
    ),
    "figure-14": (
        *("xy-hole-deconv-quick", "xy-hole-broadcast-quick"),
        "xy-hole-factor-vae-deconv-quick-gamma10",
        "xy-hole-factor-vae-broadcast-quick-gamma10-steps3000",
        *("xy-hole-factor-vae-deconv-quick", "xy-hole-factor-vae-broadcast-quick-steps3000"),
    ),
    "figure-15": ("xy-corner-deconv-quick", "xy-corner-broadcast-quick"),
    "figure-16": ("xh-deconv-quick-steps8000", "xh-broadcast-quick-steps8000"),
    "figure-17": ("xh-hole-deconv-quick-steps8000", "xh-hole-broadcast-quick-steps8000"),
    "figure-19": ("rg-deconv-quick-steps8000", "rg-broadcast-quick-steps8000"),
    "figure-22": ("xh-blank-deconv-quick-steps8000", "xh-blank-broadcast-quick-steps8000"),
    "table-5": (
        "sprites-broadcast-quick-decoder32-steps4000",
        "sprites-broadcast-quick-steps4000",
        "sprites-broadcast-quick-decoder32.32.32.32-steps4000",
    ),
}
STEPS = {  # Table 4
    ("sprites", False): 1_500_000,
    ("sprites", True): 1_000_000,
    ("chairs", False): 700_000,
    ("room", False): 2_500_000,
    ("circles", False): 500_000,
    ("circles", True): 500_000,
}


@cache
def plan_of(name: str, tier: TierName) -> SweepPlan:
    return plan_sweep(sweep_of(load_recipe(name), tier), Path("nowhere"))


def collected_of(name: str, tier: TierName) -> Collected:
    return collect(SweepFolder(Path("nowhere")), plan_of(name, tier))


def configs_of(name: str, tier: TierName) -> list[Config]:
    return [own[0].config for own in plan_of(name, tier).groups.values()]


def test_every_figure_and_table_with_results_has_a_recipe() -> None:
    assert list(NAMES) == SHOWN
    assert find_recipe("figure-12").name == "figure-5"
    assert {name.split("-")[1] for name in NAMES if "table" in name} == {*"56789", "10"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("tier", ["smoke", "lite"])
def test_small_tiers_are_quick_runs_of_the_same_kinds(name: str, tier: TierName) -> None:
    kinds = {tuple(config.kinds) for config in configs_of(name, "full")}

    for config in configs_of(name, tier):
        assert config.preset.profile == "quick"
        assert tuple(config.kinds) in kinds
        assert config.training.steps <= (600 if tier == "smoke" else 10_000)
    small = name in ("figure-6", "figure-10")
    assert {c.data.height for c in configs_of(name, tier)} == ({64} if small else {32})
    assert load_recipe(name).tiers["smoke"].replicas <= 2


@pytest.mark.parametrize("name", LITE)
def test_the_lite_tier_adopts_runs_that_train_calls_so(name: str) -> None:
    assert tuple(plan_of(name, "lite").groups) == LITE[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_full_tier_trains_as_the_paper_says(name: str) -> None:
    for config in configs_of(name, "full"):
        factor_vae = config.objective.kind == "factor-vae"
        data = {"sprites": "sprites", "chairs": "chairs", "room": "room"}.get(
            config.data.name, "circles"
        )
        training = config.training
        assert config.preset.profile == "paper"
        assert training.steps == STEPS[data, factor_vae]
        assert training.batch_size == (32 if factor_vae else 16)
        assert training.learning_rate == (1e-4 if factor_vae else 3e-4)
        assert training.learning_rate_schedule == "constant"
        assert (config.data.height, config.data.width) == (64, 64)
        assert config.data.channels == (1 if data == "chairs" else 3)
        assert config.model.latent_dim == 10
        objective = config.objective.model_dump()
        if factor_vae:
            assert (objective["gamma"], objective["beta"]) == (35, 1)
            assert objective["discriminator_learning_rate"] == 2e-5
        assert objective["beta_schedule"] == {"kind": "constant"}


def widths(name: str, **wanted: Any) -> set[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    return {
        (c.model.decoder.kind, c.model.decoder.hidden_channels, c.model.encoder.hidden_channels)
        for c in configs_of(name, "full")
        if c.objective.kind == wanted.get("objective", c.objective.kind)
    }


def test_the_networks_are_those_of_tables_1_and_2() -> None:
    four = (64, 64, 64, 64)
    table_1 = {("broadcast", (64, 64), four), ("deconv", four, four)}
    table_2 = {
        ("broadcast", (64, 64), (32, 32, 64, 64)),
        ("deconv", (64, 64, 32, 32), (32, 32, 64, 64)),
    }
    for name in ("figure-2", "figure-4", "figure-6", "figure-7", "figure-8", "figure-10"):
        assert widths(name) == table_1, name
    assert widths("figure-3") == table_2
    for name in [f"figure-{number}" for number in range(13, 23)]:
        assert widths(name, objective="vae") == table_1, name
        assert widths(name, objective="factor-vae") == table_2, name
    assert widths("figure-11") == {*table_1, ("coordconv", four, four)}
    assert widths("figure-5") == {  # three more layers for 3D rooms
        ("broadcast", (64, 64), four),
        ("broadcast", (64,) * 5, four),
    }


def layers(name: str) -> list[tuple[str, int, tuple[int, ...], int]]:
    return [
        (d.kind, len(d.hidden_channels) + 1, d.hidden_units, getattr(d, "upscales", 0))
        for d in (config.model.decoder for config in configs_of(name, "full"))
    ]


def test_the_tables_sweep_the_layers_of_their_rows() -> None:
    assert layers("table-5") == [("broadcast", depth, (), 0) for depth in (2, 3, 4, 5)]
    assert layers("table-6") == [("deconv", depth, (), 0) for depth in (3, 4, 5, 6)]
    assert layers("table-7") == [("broadcast", 3, (256,) * n, 0) for n in range(4)]
    assert layers("table-8") == [("deconv", 5, (256,) * n, 0) for n in range(3)]  # 1 is reshaped
    assert layers("table-9") == [
        *(("broadcast", 3, (256,) * n, 0) for n in range(4)),
        ("broadcast", 6, (), 0),
    ]
    assert layers("table-10") == [("broadcast", 3, (), n) for n in range(4)]


def test_replicas_are_those_of_the_paper() -> None:
    replicas = {name: load_recipe(name).tiers["full"].replicas for name in NAMES}

    assert {replicas[f"table-{n}"] for n in range(5, 11)} == {25}  # Appendix F
    assert {replicas[f"figure-{n}"] for n in (7, 8)} == {15}  # Figure 7
    assert replicas["figure-4"] == 10
    betas = [c.objective.model_dump()["beta"] for c in configs_of("figure-4", "full")][:9]
    assert (betas[0], betas[-1], 1 in betas) == (0.4, 5.4, True)
    steps = [math.log(b / a) for a, b in itertools.pairwise(betas)]
    assert max(steps) / min(steps) < 1.15  # log-linear but for the one at 1


def test_runs_of_several_recipes_fall_together() -> None:
    def runs(name: str) -> set[Path]:
        return {each.folder.path for each in plan_of(name, "full").replicas}

    assert runs("figure-2") <= runs("table-5") | runs("table-6")
    assert runs("figure-8") <= runs("figure-14")
    assert len(runs("table-5") & runs("table-10")) == 25


def test_shuffled_coordinates_are_those_of_the_ablation() -> None:
    found = [getattr(c.model.decoder, "coordinates", "") for c in configs_of("figure-9", "full")]

    assert found == ["linear", "shuffled", ""]


@pytest.mark.parametrize("name", NAMES)
def test_claims_and_pictures_are_of_runs_that_the_full_tier_has(name: str) -> None:
    recipe, collected = load_recipe(name), collected_of(name, "full")
    selections = [
        p.of for p in recipe.pictures if isinstance(p, GeometryPicture | TraversalPicture)
    ]
    for claim in recipe.claims:
        assert not [key for key in claim.paper if key not in paper_numbers()], claim.id
        test = claim.test
        selections += [
            getattr(test, part) for part in ("of", "higher", "lower") if hasattr(test, part)
        ]
        if claim.trend:
            values = {
                str(group.runs[0].settings.get(claim.trend.along)) for group in collected.groups
            }
            assert len(values) > 2, claim.id
        if claim.value:
            assert len(collected.select(claim.value.of)) == 1, claim.id
            assert claim.value.paper.endswith(f"/{claim.value.score}")

    assert [each for each in selections if not collected.select(each)] == []


@pytest.mark.parametrize("tier", ["smoke", "lite", "full"])
@pytest.mark.parametrize("name", NAMES)
def test_both_sides_of_an_ordering_differ_in_what_it_names_alone(name: str, tier: TierName) -> None:
    """But for widths and steps, which come with a decoder or an objective."""
    collected = collected_of(name, tier)
    apart = ("data.source", "model.likelihood.kind", "objective.kind", "objective.gamma")
    for claim in load_recipe(name).claims:
        test = claim.ordering or claim.hidden
        if test is None:
            continue
        higher, lower = test.higher, test.lower
        sides = [collected.select(settings) for settings in (higher, lower)]
        for key in {*apart} - {*higher, *lower}:
            if all(sides) and "objective.kind" in {*higher, *lower} and key == "objective.gamma":
                continue
            one, other = ({str(g.runs[0].settings.get(key)) for g in side} for side in sides)
            assert not all(sides) or one == other, (claim.id, key)


def test_numbers_of_a_table_are_claims() -> None:
    claims = {claim.id: claim for claim in load_recipe("table-5").claims}
    own = [claim for claim in claims.values() if claim.value]

    assert len(own) == 4 * 6
    claim = claims["table-5-3-layer-latents-used"]
    assert (claim.where, claim.says) == (
        "Table 5, Appendix F.1",
        "latents used of 3-layer is 7.22 ± 0.34",
    )
    assert claim.value and claim.value.of == {"depth": 3}
    odd = {c.id: c.why for c in load_recipe("table-6").claims}["table-6-5-layer-mig"]
    assert "0.032" in odd


def test_a_trend_has_the_numbers_of_the_rows_that_it_is_along() -> None:
    claims = {claim.id: claim for claim in load_recipe("table-5").claims}

    rows = [f"table-5/{depth}-layer" for depth in (2, 3, 4, 5)]
    assert claims["higher-distortion"].paper == tuple(f"{row}/nll" for row in rows)


def test_a_recipe_is_found_by_what_people_call_it() -> None:
    for text in ("figure-8", "Figure 8", "fig. 8", "FIG8", " figure_8 "):
        assert find_recipe(text).name == "figure-8"
    assert find_recipe("Table 10").name == "table-10"
    assert find_recipe("tab-5").name == "table-5"
    for text, hint in (("figure-23", "mean figure-"), ("tabel-5", "mean table-5?")):
        with pytest.raises(SbvaeError, match=hint.replace("?", r"\?")):
            find_recipe(text)


def test_recipes_are_in_the_package() -> None:
    folder = files("sbvae_cli.recipes")

    assert {f"{name}.yaml" for name in NAMES} == {
        entry.name for entry in folder.joinpath("definitions").iterdir()
    }
    assert recipe_text("figure-8").startswith("title: ")


def test_a_recipe_with_a_fault_says_which() -> None:
    recipe = load_recipe("figure-8").model_dump(exclude_unset=True)
    for change, fault in (
        ({"tiers": {**recipe["tiers"], "huge": recipe["tiers"]["full"]}}, "huge"),
        ({"tiers": {"full": recipe["tiers"]["full"]}}, "lite is missing"),
        ({"pictures": [*recipe["pictures"], recipe["pictures"][0]]}, "is there twice"),
    ):
        with pytest.raises(ValueError, match=fault):
            Recipe.model_validate({**recipe, **change})


@pytest.mark.slow
def test_a_wheel_has_the_recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from setuptools import build_meta

    root = Path(__file__).parents[2]
    shutil.copytree(root / "sbvae_cli", tmp_path / "sbvae_cli")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    wheel = build_meta.build_wheel(str(tmp_path))

    held = set(zipfile.ZipFile(tmp_path / wheel).namelist())
    assert {f"sbvae_cli/recipes/definitions/{each}.yaml" for each in NAMES} <= held
    assert "sbvae_cli/recipes/paper.yaml" in held


def test_the_readme_has_a_row_for_each_recipe_and_links_to_results_that_are_there() -> None:
    root = Path(__file__).parents[2]
    text = (root / "README.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith(("| Figure", "| Table"))]

    assert [re.findall(r"`(.*?)`", row)[0] for row in rows] == list(recipe_names())
    for row, name in zip(rows, recipe_names(), strict=True):
        recipe = load_recipe(name)
        assert f"| {recipe.shows}: {recipe.title} |" in row
        links = re.findall(r"\]\((.*?)\)", row)
        assert links or row.endswith("| not run |")
        assert all((root / link).is_file() for link in links)


def test_the_drawing_of_the_decoder_is_said_to_have_no_results() -> None:
    with pytest.raises(SbvaeError, match="figure-1 is the drawing of the decoder"):
        find_recipe("Figure 1")
