"""The page of a recipe and the index: what they say, and that they say it again."""

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sbvae_cli import __version__
from sbvae_cli.cli.flags import with_flags
from sbvae_cli.config.schema import Config
from sbvae_cli.recipes.index import index_page, outcome_text, write_index
from sbvae_cli.recipes.load import load_recipe, recipe_names, sweep_of
from sbvae_cli.recipes.page import RecipeState, read_recipe_state, recipe_page, write_page
from sbvae_cli.sweeps.collect import write_collected
from sbvae_cli.sweeps.folder import SweepFolder
from sbvae_cli.sweeps.plan import plan_sweep

Write = Callable[..., SweepFolder]


def page_of(found: RecipeState) -> str:
    return recipe_page(found, with_flags)


def scores(config: Config) -> dict[str, float] | str | None:
    broadcast, seed = config.model.decoder.kind == "broadcast", config.training.seed
    if not broadcast and seed == 1:
        return "diverged"
    found = {"mig": 0.2, "neg_elbo": 46.0, "kl": 9.0, "latents_used": 2.0 + seed}
    return {**found, "x,y:affine_r2": 0.99 if broadcast else 0.5, "x,y:heldout_nrmse": 0.05}


@pytest.fixture
def out(tmp_path: Path, written_sweep: Write) -> Path:
    """A folder in which Figure 8 of the tier lite has been run."""
    sweep = sweep_of(load_recipe("figure-8"), "lite")
    written_sweep(tmp_path / "out" / "runs", sweep.as_dict(), scores)
    own = SweepFolder(tmp_path / "out" / "lite" / "figure-8", tmp_path / "out" / "runs")
    own.path.mkdir(parents=True)
    own.write_plan(plan_sweep(sweep, own.runs))
    return tmp_path / "out"


def test_a_page_has_outcome_numbers_and_every_seed(out: Path) -> None:
    page = page_of(read_recipe_state(load_recipe("figure-8"), "lite", out))

    assert page.startswith("# Figure 8: Latent geometry of circles in X and Y")
    assert "Tier **lite**" in page and "11 of 12 runs are finished, 1 diverged" in page
    assert "sbvae reproduce figure-8 --out out" in page
    assert "- **ordering reproduced**: The DeConv VAE learns a highly entangled" in page
    assert "P(broadcast higher) = 1.00" in page
    assert "*1 of 12 runs diverged and are in none of the numbers.*" in page
    assert "- **not tested**: The DeConv VAE is more entangled" in page
    for rows in (
        r"\| deconv +\| +5 of 6, 1 diverged \|",
        r"\| deconv +\| +1 \(diverged\) \| +- \|",
    ):
        assert len(re.findall(rows, page)) == 1
    assert len(re.findall(r"\| broadcast +\| +[0-5] \| +0.99 \|", page)) == 6
    assert f"sbvae {__version__}" in page
    assert str(out) not in page  # which would be another on another machine


def test_a_page_says_how_the_tier_differs_from_the_paper(out: Path) -> None:
    page = page_of(read_recipe_state(load_recipe("figure-8"), "lite", out))

    for row in (
        r"\| steps +\| deconv: 3,000; broadcast: 1,000 +\| 500,000 +\|",
        r"\| image size +\| 32x32 +\| 64x64 +\|",
        r"\| images +\| circles, drawn anew for each step +\| 500,000 circles, drawn once +\|",
        r"\| replicas of each setting +\| 6 +\| 15 +\|",
    ):
        assert re.search(row, page), row
    assert "it jumps to 14 after 20 % of the steps" in page and "reaches after 60 %" in page
    assert "(deconv 3,000, broadcast 1,000)" in page


def test_what_differs_in_the_full_tier_are_the_images(tmp_path: Path) -> None:
    page = page_of(read_recipe_state(load_recipe("table-9"), "full", tmp_path))

    assert re.search(r"\| images +\| look-alikes of 3D Shapes +\| 3D Shapes +\|", page)
    assert "| steps" not in page and "jumps" not in page


def test_settings_are_told_apart_by_decoder_objective_or_depth(tmp_path: Path) -> None:
    for name, row in (
        ("figure-19", r"\| decoder, channels .*\| deconv: 64 64 64 64; broadcast: 64 64 +\|"),
        ("figure-14", r"\| gamma +\| 10; 35 +\| 35 +\|"),
        ("figure-3", r"\| discriminator, units +\| 256 256 256 256 +\| 1000 1000 1000 1000 "),
        (
            "figure-13",
            r"\| steps +\| vae, deconv: 3,000; vae, broadcast: 1,000; factor-vae: 3,000 +\|",
        ),
        ("table-5", r"\| depth 2: 32; depth 3: 32 32; depth 5: 32 32 32 32 +\|"),
    ):
        page = page_of(read_recipe_state(load_recipe(name), "lite", tmp_path))
        assert re.search(row, page), (name, page[:4000])


def test_scores_of_different_likelihoods_stand_in_no_column(
    tmp_path: Path, written_sweep: Write
) -> None:
    sweep = sweep_of(load_recipe("figure-13"), "full")
    written_sweep(tmp_path / "out" / "runs", sweep.as_dict(), scores)

    page = page_of(read_recipe_state(load_recipe("figure-13"), "full", tmp_path / "out"))

    assert "NLL and ELBO of different likelihoods (bernoulli, gaussian) are not comparable" in page
    tables = [line for line in page.splitlines() if line.startswith("|")]
    assert any(" KL |" in line for line in tables)
    assert not any("ELBO" in line or "NLL" in line for line in tables)


def test_x_and_hue_are_told_apart(tmp_path: Path, written_sweep: Write) -> None:
    found = {"x,hue:inverse_r2": 0.6, "x,hue:inverse_r2_by_factor": [0.97, 0.6]}
    sweep = sweep_of(load_recipe("figure-16"), "smoke")
    written_sweep(tmp_path / "out" / "runs", sweep.as_dict(), lambda _: found)

    page = page_of(read_recipe_state(load_recipe("figure-16"), "smoke", tmp_path / "out"))

    assert page.count("(R², mean over runs): x 0.970, hue 0.600") == 2


def test_scores_are_explained_in_a_line_each(out: Path) -> None:
    page = page_of(read_recipe_state(load_recipe("figure-8"), "lite", out))

    assert "- **held-out NRMSE**: root mean square error of the affine map in the held-out" in page
    assert "in stds of the codes. Range: 0 or more. Better: lower.\n" in page
    assert page.count("- **MIG**: ") == 1


def test_the_papers_numbers_stand_beside_ours(tmp_path: Path, written_sweep: Write) -> None:
    sweep = sweep_of(load_recipe("table-5"), "smoke")
    written_sweep(
        tmp_path / "out" / "runs", sweep.as_dict(), lambda c: {"kl": 9.0 + c.training.seed}
    )

    page = page_of(read_recipe_state(load_recipe("table-5"), "smoke", tmp_path / "out"))

    assert re.search(
        r"\| 3-layer, KL +\| +24.4 ± 0.54 \| 9.50 ± 0.71 \[9.50\] +\| not tested +\|", page
    )
    assert re.search(r"\| 4-layer, KL +\| +22.6 ± 0.97 \| +- +\| not tested +\|", page)
    assert (
        "All of this needs the paper's network and steps, which the tier smoke does not have"
        in page
    )


def test_only_pictures_that_are_there_are_shown(out: Path) -> None:
    found = read_recipe_state(load_recipe("figure-8"), "lite", out)
    assert "## Pictures" not in page_of(found)

    found.folder.path.mkdir(parents=True, exist_ok=True)
    (found.folder.path / "geometry.png").write_bytes(b"")

    page = page_of(found)
    assert "](geometry.png)" in page and "](scores.png)" not in page


def test_files_are_written_beside_each_other_and_again_alike(out: Path) -> None:
    found = read_recipe_state(load_recipe("figure-8"), "lite", out)
    found.folder.path.mkdir(parents=True, exist_ok=True)
    write_collected(found.folder, found.collected)
    file = write_page(found, with_flags)
    before = file.read_bytes()

    assert file == out / "lite" / "figure-8" / "README.md"
    assert (
        write_page(read_recipe_state(load_recipe("figure-8"), "lite", out), with_flags).read_bytes()
        == before
    )
    for name in re.findall(r"\]\(([a-z]+\.(?:csv|json))\)", before.decode()):
        assert (file.parent / name).is_file()
    with (file.parent / "scores.csv").open(newline="", encoding="utf-8") as rows:
        assert len(list(csv.reader(rows))) == 13


def test_the_index_has_a_row_for_each_figure_and_table(out: Path) -> None:
    text = write_index("lite", out, with_flags).read_text(encoding="utf-8")

    rows = [line for line in text.splitlines() if line.startswith("| ") and "sbvae" in line]
    assert len(rows) == len(recipe_names())
    (row,) = [line for line in rows if "[Figure 8:" in line]
    assert "](figure-8/README.md)" in row and "`sbvae reproduce figure-8`" in row
    assert "12 of 12" in row and "ordering reproduced" in row
    others = [line for line in rows if re.search(r"\| not run +\|", line)]
    assert len(others) == len(rows) - 1  # Figure 14 has runs too, but no page
    assert "figure-14/" not in text
    shown = " ".join(rows)
    for number in range(2, 23):
        assert re.search(rf"Figures? (\d+ and )?{number}\b", shown), number
    assert all(f"Table {number}:" in shown for number in range(5, 11))


def test_outcomes_are_counted(out: Path) -> None:
    found = read_recipe_state(load_recipe("figure-8"), "lite", out)

    assert outcome_text(found) == (
        "2 thresholds reached, 1 ordering reproduced, 1 undecided, 1 reproduced, "
        "1 threshold not reached, 1 not tested"
    )
    assert index_page([found], with_flags).count("- **threshold reached**") == 2


def test_every_claim_finds_its_runs_in_the_full_tier(tmp_path: Path) -> None:
    """And its score: a claim that no tier can test has a fault, or says why it has no test."""
    for name in recipe_names():
        recipe = load_recipe(name)
        found = read_recipe_state(recipe, "full", tmp_path)
        assert len(found.verdicts) == len(recipe.claims)
        for each in found.verdicts:
            tested = each.claim.test is not None
            assert each.outcome == ("not run" if tested else "not tested"), (name, each.statement)
