"""Read the moments of runs: where they embedded two factors during training."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sbvae_cli.config.load import build_config, read_yaml
from sbvae_cli.config.schema import Config
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.unfolding import Unfolding
from sbvae_cli.figures.unfolding import draw_unfolding
from sbvae_cli.runs.folder import MOMENTS
from sbvae_cli.runs.labels import config_labels
from sbvae_cli.runs.moments_file import read_moments
from sbvae_cli.runs.targets import run_folders
from sbvae_cli.viz.animation import Animation

MAX_RUNS = 8  # models side by side in a picture


@dataclass(frozen=True)
class UnfoldedRun:
    """A run with stored moments.

    Attributes:
        path: Path of the run folder.
        label: Label that tells the run from the others.
        config: Configuration of the run.
        unfolding: Moments of the run.
    """

    path: Path
    label: str
    config: Config
    unfolding: Unfolding


def unfolding_animation(found: Sequence[UnfoldedRun]) -> Animation:
    """Animate how runs embedded two factors during training, side by side.

    Raises:
        SbvaeError: If their points differ.
    """
    first = found[0]
    pair = " and ".join(first.unfolding.points.names)
    datas = ", ".join(dict.fromkeys(each.config.data.name for each in found))
    return draw_unfolding(
        {each.label: each.unfolding for each in found},
        FactorSpace(first.config.data.space),
        f"{datas}: {pair} in two latents while they are learned",
        {each.label: each.config.training.steps for each in found},
    )


def read_unfoldings(
    targets: Sequence[Path], on_note: Callable[[str], None] = lambda line: None
) -> list[UnfoldedRun]:
    """Read the moments of runs, each once, in the order of the targets.

    Args:
        targets: Run folders, also of runs in training, and folders of replicas or of runs.
        on_note: Called with a line about runs without previews, which are left out.

    Raises:
        SbvaeError: If a target is not a run and contains none, no run has moments, or too many
            have.
    """
    folders = run_folders(targets)
    there = [folder for folder in folders if (folder.previews / MOMENTS).exists()]
    without = [str(folder.path) for folder in folders if folder not in there]
    if not there:
        raise SbvaeError(
            f"{without[0]}: has stored no moments of its training; train a run with `preview`"
        )
    if without:
        on_note(f"{', '.join(without)}: without previews and left out")
    if len(there) > MAX_RUNS:
        raise SbvaeError(f"{len(there)} runs are too many for one picture; name {MAX_RUNS} at most")
    configs = [build_config(read_yaml(folder.config), str(folder.config)) for folder in there]
    labels = config_labels(configs)
    if len(set(labels)) < len(labels):
        labels = [
            f"{label}, seed {config.training.seed}"
            for label, config in zip(labels, configs, strict=True)
        ]
    if len(set(labels)) < len(labels):
        labels = [str(folder.path) for folder in there]
    return [
        UnfoldedRun(folder.path, label, config, read_moments(folder.previews / MOMENTS))
        for folder, label, config in zip(there, labels, configs, strict=True)
    ]
