"""`sbvae reproduce`: lists recipes, says what they take, and runs, draws and judges them."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.recipes import load
from sbvae_cli.recipes.load import load_recipe, recipe_names
from tests.conftest import Result

SETTINGS = {
    "data": {"source": "circles:xy-hole", "height": 16, "width": 16},
    "model": {
        "latent_dim": 3,
        "encoder": {"hidden_channels": [4, 4], "hidden_units": [8]},
    },
    "training": {"steps": 8, "batch_size": 4, "log_every": 2, "threads": 1, "device": "cpu"},
}
DECODERS = [
    {"model.decoder.kind": "deconv", "model.decoder.hidden_channels": [[4, 4]]},
    {"model.decoder.kind": "broadcast", "model.decoder.hidden_channels": [[4]]},
]
HIGHER, LOWER = {"model.decoder.kind": "broadcast"}, {"model.decoder.kind": "deconv"}


def recipe(**changes: Any) -> dict[str, Any]:
    """A recipe of four runs that take a fraction of a second each."""
    tier = {"replicas": 2, "core_hours": 0.01, "protocol": "quick"}
    return {
        "title": "Small circles",
        "shows": "Figure 8",
        "section": "Section 4.5",
        "about": "A test.",
        "settings": SETTINGS,
        "grid": DECODERS,
        "metrics": ["rates", "mig"],
        "tiers": dict.fromkeys(("smoke", "lite", "full"), tier),
        "pictures": [
            {"kind": "geometry", "file": "geometry.png"},
            {"kind": "mig", "file": "mig.png"},
            {"kind": "scores", "file": "scores.png", "scores": ["nll"]},
            {"kind": "table", "file": "table.md"},
            {"kind": "rate-distortion", "file": "rate-distortion.png"},
            {
                **{"kind": "traversal", "file": "traversal.png", "of": HIGHER},
                **{"replica": ["median", 1], "top": 2, "start_images": [3]},
            },
        ],
        "claims": [
            {
                "id": "better",
                "says": "one is better",
                "where": "Figure 8",
                "ordering": {"score": "mig", "higher": HIGHER, "lower": LOWER},
            }
        ],
        **changes,
    }


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch, jobs_run_here: list[str]) -> list[str]:
    """Names of the runs of which a job begins, in this process, scored by few images."""
    few = Protocol(name="quick", images=64, test_images=32, votes_train=8, votes_eval=8)
    monkeypatch.setattr("sbvae_cli.metrics.protocol.named_protocol", lambda name: few)
    return jobs_run_here


@pytest.fixture
def recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Put recipes in place of the package's."""
    folder = tmp_path / "definitions"
    folder.mkdir()

    def forget() -> None:
        for cached in (load.recipe_names, load.load_recipe):
            cached.cache_clear()

    def put(**trees: dict[str, Any]) -> None:
        for name, tree in trees.items():
            path = folder / f"{name.replace('_', '-')}.yaml"
            path.write_text(yaml.safe_dump(tree), encoding="utf-8")
        forget()

    monkeypatch.setattr(load, "_definitions", lambda: folder)
    yield put
    monkeypatch.undo()
    forget()


def test_without_a_name_all_recipes_are_listed(sbvae: Callable[..., Result]) -> None:
    result = sbvae("reproduce")

    assert result.code == 0
    for name in recipe_names():
        (line,) = re.findall(rf"{name}: .*", result.out)
        assert load_recipe(name).title in line
    (figure_8,) = re.findall(r"figure-8: .*", result.out)
    smoke, lite, full = re.findall(r"(\d+) in \d+ (?:min|h|days|years)", figure_8)
    assert (smoke, lite, full) == ("4", "12", "30")


def test_listing_loads_neither_torch_nor_numpy() -> None:
    code = "from sbvae_cli.cli.app import main; import sys; main(['reproduce']); "
    code += "print([n for n in ('torch', 'numpy', 'PIL') if n in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.splitlines()[-1] == "[]"


def test_show_prints_recipes_as_they_stand_in_the_package(sbvae: Callable[..., Result]) -> None:
    result = sbvae("reproduce", "table-5", "Figure 12", "--show")

    first, second = yaml.safe_load_all(result.out)
    assert first["shows"] == "Table 5"
    assert second["also"] == ["figure-12"]


def test_an_unknown_recipe_names_the_nearest(sbvae: Callable[..., Result]) -> None:
    result = sbvae("reproduce", "figure-8", "tabel-5")

    assert result.code == 1
    assert result.err.strip() == "error: recipe tabel-5 is unknown; did you mean table-5?"
    assert not list(Path().iterdir())


def test_a_dry_run_says_what_it_takes_and_leaves_nothing(
    sbvae: Callable[..., Result], recipes: Callable[..., None]
) -> None:
    recipes(figure_8=recipe(), figure_9=recipe(settings={**SETTINGS, "objective": {"kind": "vae"}}))
    before = set(Path().rglob("*"))
    result = sbvae("reproduce", "figure-8", "figure-9", "--dry-run")

    assert result.code == 0, result.err
    rows = [re.findall(r"[\w-]+", line) for line in result.out.splitlines()]
    found = [row[:3] for row in rows if row and row[0].startswith("figure")]
    assert found == [["figure-8", "4", "4"], ["figure-9", "4", "0"]]  # the same runs
    assert "all of it takes about" in result.out
    assert set(Path().rglob("*")) == before


def test_a_recipe_is_run_drawn_and_judged(
    sbvae: Callable[..., Result], recipes: Callable[..., None], begun: list[str]
) -> None:
    recipes(figure_8=recipe())
    result = sbvae("reproduce", "figure-8", "--tier", "smoke", "--out", "r")

    assert result.code == 0, result.err
    folder, runs = Path("r/smoke/figure-8"), Path("r/runs")
    assert len(begun) == 4
    assert sorted(str(path.parent.relative_to(runs)) for path in runs.rglob("ckpt.pt")) == sorted(
        begun
    )
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    assert len(scores["results"]) == 4
    drawn = {"geometry.png", "mig.png", "scores.png", "table.md", "traversal.png"}
    drawn |= {"rate-distortion.png"}
    assert drawn <= {path.name for path in folder.iterdir()}
    assert "One is better. (Figure 8)" in result.out
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert "![Figure 8, geometry: Small circles](geometry.png)" in page
    assert "sbvae reproduce figure-8 --tier smoke --out r" in page
    assert "figure-8/README.md" in Path("r/smoke/README.md").read_text(encoding="utf-8")

    _commands_draw_the_same(sbvae, folder, drawn)


def _commands_draw_the_same(sbvae: Callable[..., Result], folder: Path, names: set[str]) -> None:
    """Run the command that each picture's file tells of, and compare all bytes."""
    for name in sorted(names - {"table.md"}):
        path = folder / name
        content = path.read_bytes()
        with Image.open(path) as picture:
            words = shlex.split(json.loads(picture.info["sbvae"])["command"])
        path.unlink()
        assert sbvae(*words[1:]).code == 0, words
        assert path.read_bytes() == content, name
    table = (folder / "table.md").read_text(encoding="utf-8")
    assert sbvae("figure", "table", folder / "scores.json", "--out", "t.md").code == 0
    assert Path("t.md").read_text(encoding="utf-8") == table


def test_what_cannot_be_drawn_is_said_and_the_rest_is_drawn(
    sbvae: Callable[..., Result], recipes: Callable[..., None], begun: list[str]
) -> None:
    pictures = [
        {"kind": "scores", "file": "scores.png", "scores": ["present_information"]},
        {"kind": "traversal", "file": "traversal.png", "replica": [7]},
        {"kind": "mig", "file": "mig.png"},
    ]
    tier = {"replicas": 1, "core_hours": 0.01, "protocol": "quick"}
    tiers = dict.fromkeys(("smoke", "lite", "full"), tier)
    recipes(figure_8=recipe(pictures=pictures, tiers=tiers, grid=DECODERS[:1]))
    result = sbvae("reproduce", "all", "--out", "r")

    assert result.code == 0, result.err
    assert begun == ["xy-hole-deconv-size16-" + begun[0].split("size16-")[1]]
    assert "note: scores.png is not drawn: no run has present_information" in result.err
    assert "note: traversal.png is not drawn: there is no replica 7" in result.err
    assert Path("r/lite/figure-8/mig.png").exists()


def test_what_is_done_stays_and_another_plan_is_refused(
    sbvae: Callable[..., Result], recipes: Callable[..., None], begun: list[str]
) -> None:
    pictures = [{"kind": "table", "file": "table.md"}]
    recipes(figure_8=recipe(grid=DECODERS[:1], pictures=pictures))
    assert sbvae("reproduce", "figure-8", "--out", "r").code == 0
    again = sbvae("reproduce", "figure-8", "--out", "r")
    assert (again.code, len(begun)) == (0, 2)  # nothing was left to do
    assert "all 2 runs are done" in again.out
    recipes(figure_8=recipe(grid=DECODERS[1:]))
    result = sbvae("reproduce", "figure-8", "--out", "r")

    assert result.code == 1
    assert "belongs to another plan" in result.err
    result = sbvae("reproduce", "figure-8", "--out", Path("r/runs") / begun[0])
    assert result.err == f"error: r/runs/{begun[0]}: is the folder of a run; choose another --out\n"
    assert len(begun) == 2


def test_pages_of_a_tier_that_has_none_name_the_one_that_has(sbvae: Callable[..., Result]) -> None:
    Path("r/smoke").mkdir(parents=True)

    result = sbvae("reproduce", "figure-8", "--pages", "--out", "r")

    assert result.code == 1
    assert "no run of the tier lite is finished there; give --tier smoke, which has" in result.err


@pytest.mark.parametrize(
    "names", [("figure", "8", "table", "5"), ("figure-8,table-5",), ("fig. 8", "Table 5")]
)
def test_names_may_have_blanks_and_commas(sbvae: Callable[..., Result], names: list[str]) -> None:
    shown = sbvae("reproduce", *names, "--show")
    assert shown.code == 0
    assert re.findall(r"^# (\S+)", shown.out, re.MULTILINE) == ["figure-8", "table-5"]
