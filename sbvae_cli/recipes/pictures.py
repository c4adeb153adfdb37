"""Draw the pictures and tables of a recipe from its runs, as the commands would draw them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sbvae_cli.commands import command
from sbvae_cli.errors import SbvaeError
from sbvae_cli.figures.table import PAPER_SCORES
from sbvae_cli.recipes.claims import Settings
from sbvae_cli.recipes.schema import (
    GeometryPicture,
    MigPicture,
    Picture,
    RateDistortionPicture,
    Recipe,
    ScoresPicture,
    TablePicture,
    TraversalPicture,
)
from sbvae_cli.runs.figure_data import require_betas
from sbvae_cli.runs.geometry import Embedded, EmbeddingSettings, embed_target
from sbvae_cli.runs.replica_geometry import choose, embed_replicas, panel_metadata, panel_picture
from sbvae_cli.runs.replica_groups import groups_of_runs
from sbvae_cli.runs.replicas import is_run
from sbvae_cli.runs.run_facts import read_facts
from sbvae_cli.runs.score_pictures import (
    mig_picture,
    rate_distortion_picture,
    runs_table,
    scores_metadata,
    scores_picture,
)
from sbvae_cli.runs.scores import RunScores, score_runs
from sbvae_cli.runs.several_models import MAX_MODELS, open_models
from sbvae_cli.runs.traverse_pictures import PictureRequest, sweep, sweeps
from sbvae_cli.sweeps.collect import Collected, SweepRun
from sbvae_cli.sweeps.folder import SweepFolder
from sbvae_cli.viz.canvas import Canvas

_GRID = 32  # points along a factor, the default of `sbvae geometry`
_ENDS = (-2.0, 2.0)  # of traversals, in stds of the prior (Figure 2)


@dataclass(frozen=True)
class Drawn:
    """A picture or table that is not yet written.

    Attributes:
        picture: Picture as the recipe defines it.
        file: Path to write.
        content: A picture, or the text of a table.
        command: Command that draws the same, in the notation of messages.
        about: Metadata of the picture about its runs, in plain containers.
    """

    picture: Picture
    file: Path
    content: Canvas | str
    command: str
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _ScoredSweep:
    """Scored runs of a sweep.

    Attributes:
        folder: Folder of the sweep, with the JSON file of their scores.
        collected: The runs.
        device: Name of the device that computes.
        on_note: Called with a line about a run that is left out.
    """

    folder: SweepFolder
    collected: Collected
    device: str
    on_note: Callable[[str], None]

    def read(
        self, scores: Sequence[str], optional: Sequence[str] = (), **options: Any
    ) -> list[RunScores]:
        """Read scores by name for the figures of scores."""
        own = {"on_note": self.on_note, **options}
        return score_runs([self.folder.json], scores, optional=optional, **own)

    def groups(self, by: str, of: Settings) -> list[list[SweepRun]]:
        """Return the runs of the given settings that have a score, by group.

        Raises:
            SbvaeError: If no run has the score.
        """
        groups = [
            [run for run in group.scored if by in run.scores] for group in self.collected.select(of)
        ]
        if not any(groups):
            raise SbvaeError(f"none of its runs has {by} yet")
        return [own for own in groups if own]


def draw_pictures(
    recipe: Recipe,
    folder: SweepFolder,
    collected: Collected,
    *,
    device: str = "auto",
    on_note: Callable[[str], None] = lambda line: None,
) -> list[Drawn]:
    """Draw the pictures of a recipe from those of its runs that are scored.

    Args:
        recipe: The recipe.
        folder: Folder of the sweep, which has the file of scores and will have the pictures.
        collected: Runs of the recipe.
        device: Name of the device that computes.
        on_note: Called with a line about each picture that cannot be drawn or run that is left out.

    Returns:
        The pictures that can be drawn, in the recipe's order.
    """
    scored, found = _ScoredSweep(folder, collected, device, on_note), []
    for picture in recipe.pictures:
        try:
            found.append(_draw(picture, scored))
        except SbvaeError as error:
            on_note(f"{picture.file} is not drawn: {error.line}")
    return found


def _draw(picture: Picture, scored: _ScoredSweep) -> Drawn:
    match picture:
        case GeometryPicture():
            return _draw_geometry(picture, scored)
        case TraversalPicture():
            return _draw_traversal(picture, scored)
        case MigPicture():
            found = scored.read(["mig"])
            content = mig_picture(found, picture.chart)
            return _drawn_scores(picture, scored, content, found, {"kind": picture.chart})
        case ScoresPicture():
            found = scored.read(picture.scores)
            options = {"scores": ",".join(picture.scores)}
            content = scores_picture(found, picture.scores)
            return _drawn_scores(picture, scored, content, found, options)
        case RateDistortionPicture():
            found = scored.read(["nll", "kl"], ["mig"], require=require_betas)
            return _drawn_scores(picture, scored, rate_distortion_picture(found), found, {})
        case TablePicture():
            found = scored.read((), PAPER_SCORES)
            there = [name for name in PAPER_SCORES if any(name in run.values for run in found)]
            return _drawn_scores(
                picture, scored, runs_table(found, there).text("markdown"), found, {}
            )


def _drawn_scores(
    picture: Picture,
    scored: _ScoredSweep,
    content: Canvas | str,
    found: Sequence[RunScores],
    options: Mapping[str, str],
) -> Drawn:
    file = scored.folder.path / picture.file
    drawing_command = command(f"figure {picture.kind}", scored.folder.json, **options, out=file)
    return Drawn(picture, file, content, drawing_command, scores_metadata(found))


def _draw_geometry(picture: GeometryPicture, scored: _ScoredSweep) -> Drawn:
    groups = scored.groups(picture.by, picture.of)
    known = {_path(run): run.scores[picture.by] for own in groups for run in own}

    def embed(path: Path) -> Embedded:
        return embed_target(
            path, EmbeddingSettings(None, _GRID, "auto", None), device=scored.device
        )

    found = embed_replicas(
        groups_of_runs([read_facts(path) for path in known]),
        picture.by,
        picture.replica,
        embed,
        known_scores=known,
        on_note=scored.on_note,
    )
    file = scored.folder.path / picture.file
    options = {"by": picture.by, "replica": ",".join(map(str, picture.replica))}
    protocol = (groups[0][0].result or {}).get("protocol", {}).get("name", "paper")
    if protocol != "paper":  # the command's default protocol would give other scores
        options["protocol"] = protocol
    targets = [target for own in groups for target in _targets(own)]
    drawing_command = command("geometry", *targets, **options, out=file)
    content, about = panel_picture(found, picture.by), panel_metadata(found, picture.by)
    return Drawn(picture, file, content, drawing_command, about)


def _draw_traversal(picture: TraversalPicture, scored: _ScoredSweep) -> Drawn:
    chosen: list[Path] = []
    for own in scored.groups(picture.by, picture.of):
        scores, seeds = [run.scores[picture.by] for run in own], [run.seed for run in own]
        places = choose(scores, seeds, picture.replica, picture.by)
        chosen += [_path(own[place]) for _, place in places]
    if not chosen:
        raise SbvaeError(f"there is no replica {', '.join(map(str, picture.replica))}")
    opened = open_models(chosen[:MAX_MODELS], on_note=scored.on_note)
    asked = PictureRequest(opened, scored.device, size=None, seed=0, moving=False, columns=None)
    content = sweeps(asked, sweep(asked, picture.top, _ENDS, asked.find(picture.start_images)))
    if not isinstance(content, Canvas):
        raise TypeError("sweeps that do not move are a figure")
    file = scored.folder.path / picture.file
    options = {"top": str(picture.top)}
    if picture.start_images:
        options["start_image"] = ",".join(map(str, picture.start_images))
    drawing_command = command("traverse", *chosen[:MAX_MODELS], **options, out=file)
    return Drawn(picture, file, content, drawing_command, opened.about)


def _path(run: SweepRun) -> Path:
    return run.replica.folder.path


def _targets(runs: Sequence[SweepRun]) -> list[Path]:
    """Return the targets of a command: the folder of the group if it has no other runs, or all."""
    paths = [_path(run) for run in runs]
    group = paths[0].parent
    there = {path for path in group.iterdir() if is_run(path)}
    return [group] if there == set(paths) else paths
