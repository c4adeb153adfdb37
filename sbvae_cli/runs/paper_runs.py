"""List the runs of the paper's figures and tables, and estimate their time."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sbvae_cli.config.names import DecoderKind, ModelKind, PaperDataset
from sbvae_cli.config.presets import paper_preset

Network = tuple[ModelKind, DecoderKind]

REPLICAS = 15  # for each model and dataset (Figures 7 and 8)

# Dataset, model, decoder, and whether the paper has replicas of it: chairs and rooms have one
# run each, for a traversal (Figure 5).
PAPER_RUNS: tuple[tuple[PaperDataset, ModelKind, DecoderKind, bool], ...] = (
    ("circles", "vae", "broadcast", True),
    ("circles", "vae", "deconv", True),
    ("circles", "factor-vae", "broadcast", True),
    ("sprites", "vae", "broadcast", True),
    ("sprites", "vae", "deconv", True),
    ("sprites", "vae", "coordconv", True),
    ("sprites", "factor-vae", "broadcast", True),
    ("chairs", "vae", "broadcast", False),
    ("room", "vae", "broadcast", False),
)


@dataclass(frozen=True)
class GroupTiming:
    """Measured time of several runs that train together.

    Attributes:
        runs: Number of runs.
        seconds: Seconds of one training step of all of them.
    """

    runs: int
    seconds: float


@dataclass(frozen=True)
class PaperRun:
    """Estimated time of the paper's training of a model on a dataset.

    Attributes:
        dataset: Dataset of the paper.
        model: Model of the paper.
        decoder: Decoder of the paper.
        steps: Number of training steps of a run (Table 4).
        seconds: Seconds of one run; None if its step was not measured.
        replicas: Number of replicas in the paper.
        replica_seconds: Seconds of all replicas; None if their step was not measured.
    """

    dataset: PaperDataset
    model: ModelKind
    decoder: DecoderKind
    steps: int
    seconds: float | None
    replicas: int
    replica_seconds: float | None


def estimate_paper_runs(
    measured: Mapping[Network, list[GroupTiming]], room: float = 1.0
) -> list[PaperRun]:
    """Estimate the time of the paper's runs from measured steps.

    Args:
        measured: Measured steps of the networks for circles.
        room: Operations of a step on 3D rooms, whose decoder is deeper, divided by those on
            circles.
    """
    found = []
    for dataset, model, decoder, replicated in PAPER_RUNS:
        steps = paper_preset(model, dataset, decoder)["training"]["steps"]
        scale = steps * (room if dataset == "room" else 1.0)
        several = measured.get((model, decoder), [])
        one = [scale * each.seconds for each in several if each.runs == 1]
        count = REPLICAS if replicated else 1
        groups = [scale * math.ceil(count / each.runs) * each.seconds for each in several]
        alone, all_ = min(one, default=None), min(groups, default=None)
        found.append(PaperRun(dataset, model, decoder, steps, alone, count, all_))
    return found
