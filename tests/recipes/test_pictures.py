"""Pictures and tables of a recipe, before they are written."""

from collections.abc import Callable
from pathlib import Path

from sbvae_cli.config.schema import Config
from sbvae_cli.recipes.load import load_recipe
from sbvae_cli.recipes.pictures import draw_pictures
from sbvae_cli.recipes.schema import MigPicture, ScoresPicture, TablePicture
from sbvae_cli.sweeps.collect import collect, write_collected
from sbvae_cli.sweeps.folder import SweepFolder
from sbvae_cli.viz.canvas import Canvas

SWEEP = {
    "settings": {"preset": {"profile": "quick"}, "data": {"source": "circles:xy"}},
    "grid": {"model.decoder.kind": ["deconv", "broadcast"]},
    "replicas": 2,
}


def scores(config: Config) -> dict[str, float]:
    return {"mig": 0.3 + config.training.seed / 10, "neg_elbo": 46.0}


def test_what_can_be_drawn_is_in_the_folder_of_the_sweep_and_the_rest_is_told(
    tmp_path: Path, written_sweep: Callable[..., SweepFolder]
) -> None:
    folder = written_sweep(tmp_path / "sweep", SWEEP, scores)
    runs = collect(folder, folder.open_plan())
    write_collected(folder, runs)
    pictures = (
        MigPicture(kind="mig", file="mig.png"),
        ScoresPicture(kind="scores", file="scores.png", scores=("sap",)),
        TablePicture(kind="table", file="table.md"),
    )
    notes: list[str] = []

    recipe = load_recipe("figure-8").model_copy(update={"pictures": pictures})
    mig, table = draw_pictures(recipe, folder, runs, on_note=notes.append)

    assert (mig.file, table.file) == (folder.path / "mig.png", folder.path / "table.md")
    assert isinstance(mig.content, Canvas)
    assert str(table.content).count("0.35") == 2  # the mean of both seeds, of each decoder
    assert table.command == f"`sbvae figure table {folder.json} out={table.file}`"
    (note,) = notes
    assert note.startswith("scores.png is not drawn: no run has sap")
