"""The runs behind the paper's figures and tables, and what they take at measured speeds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sbvae_cli.config.names import DecoderKind, ModelKind, PaperDataset
from sbvae_cli.config.presets import paper_preset

Network = tuple[ModelKind, DecoderKind]

REPLICAS = 15  # of each model and dataset (Figures 7 and 8)

# Datasets, models and decoders, and whether the paper has replicas: chairs and rooms have a
# traversal of one run each (Figure 5).
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
class Together:
    """What several runs take together.

    Attributes:
        runs: Number of runs.
        seconds: Seconds of a step of all of them.
    """

    runs: int
    seconds: float


@dataclass(frozen=True)
class PaperRun:
    """What the paper's training of a model on a dataset takes.

    Attributes:
        dataset: Dataset of the paper.
        model: Model of the paper.
        decoder: Decoder of the paper.
        steps: Steps of a run (Table 4).
        seconds: Seconds of one run; None where its step was not measured.
        replicas: Number of replicas that the paper has of it.
        replica_seconds: Seconds of all replicas; None where their step was not measured.
    """

    dataset: PaperDataset
    model: ModelKind
    decoder: DecoderKind
    steps: int
    seconds: float | None
    replicas: int
    replica_seconds: float | None


def estimate_paper_runs(
    measured: Mapping[Network, list[Together]], room: float = 1.0
) -> list[PaperRun]:
    """What the paper's runs take at measured speeds.

    Args:
        measured: Steps that were timed, of the networks for circles.
        room: Operations of a step on 3D rooms, whose decoder is deeper, over those on circles.
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
