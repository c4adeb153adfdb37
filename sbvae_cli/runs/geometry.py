"""Models and files of codes, named on a line, whose two factors are embedded in two latents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sbvae_cli.config.names import Select
from sbvae_cli.config.space import FactorConfig

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sbvae_cli.data.source import Source
    from sbvae_cli.evaluation.factor_embedding import FactorEmbedding


class Levels(Protocol):
    """Gives values of factors, by name, from those that a dataset has."""

    def __call__(self, factors: Sequence[FactorConfig]) -> Mapping[str, float]:
        """Check names and values against these factors."""
        ...


@dataclass(frozen=True)
class Embedded:
    """An embedding, and what it is of.

    Attributes:
        path: What was named.
        found: The embedding.
        data: Name of the data.
        model: The model in a few words, with seed and step; empty of codes from elsewhere.
        about: What it is of, in plain containers.
        source: The data; None of codes from elsewhere.
        trained: The two factors of training images at random, shape (n, 2).
        samples: Training images, shape (N, H, W, C); None of codes from elsewhere.
        trained_on: Name of the data that these two are of, where it is not `data`.
    """

    path: Path
    found: "FactorEmbedding"
    data: str
    model: str
    about: dict[str, Any]
    source: "Source | None"
    trained: "NDArray[np.float64]"
    samples: "NDArray[np.uint8] | None" = None
    trained_on: str = ""


@dataclass(frozen=True)
class Wanted:
    """What is to be embedded, as `embed_factors` takes it."""

    pair: tuple[str, str] | None
    size: int
    select: Select
    latents: tuple[int, int] | None


def embed_target(
    path: Path,
    wanted: Wanted,
    levels: Levels = lambda factors: {},
    data: str | None = None,
    device: Literal["auto", "cpu", "cuda"] | str = "auto",
    on_note: Callable[[str], None] = lambda line: None,
) -> Embedded:
    """Open a run folder, a checkpoint or an NPZ file of codes, and embed two of its factors.

    Args:
        path: What was named.
        wanted: What is to be embedded.
        levels: Gives the values of other factors.
        data: Data in place of the model's own.
        device: Name of the device that computes.
        on_note: Called with a line where the model's own file has moved and was found again.

    Raises:
        SbvaeError: If it cannot be used, or has no two factors that vary.
    """
    if path.suffix.lower() == ".npz":
        return _of_codes(path, wanted, levels, data)
    from sbvae_cli.data.factors import FactorSpace
    from sbvae_cli.runs.open import open_checkpoint, open_data

    checkpoint = open_checkpoint(path)  # before PyTorch loads: a wrong file is told of at once
    from sbvae_cli.evaluation.stored_embedding import embed_factors
    from sbvae_cli.evaluation.training_points import SAMPLES, training_points, training_samples
    from sbvae_cli.training.devices import resolve_device

    source = open_data(checkpoint, data, on_note)
    trained_on = FactorSpace(checkpoint.space)
    found = embed_factors(
        checkpoint.build_vae(resolve_device(device)),
        source,
        wanted.pair,
        size=wanted.size,
        at=levels(source.space.factors),
        select=wanted.select,
        latents=wanted.latents,
        trained_on=trained_on,
    )
    config = checkpoint.config
    model = f"{', '.join(config.kinds)}, seed {config.training.seed}, step {checkpoint.step:,}"
    seed = checkpoint.config.training.seed
    about = {"checkpoint": str(path), "seed": seed, "step": checkpoint.step}
    trained = training_points(source, found.points.names, trained_on)
    samples = training_samples(source, trained_on, SAMPLES)
    own = config.data.name if trained_on.names == source.space.names else source.name
    other = "" if own == source.name else own
    return Embedded(path, found, source.name, model, about, source, trained, samples, other)


def _of_codes(path: Path, wanted: Wanted, levels: Levels, data: str | None) -> Embedded:
    from sbvae_cli.errors import SbvaeError
    from sbvae_cli.evaluation.codes_embedding import embed_codes
    from sbvae_cli.evaluation.codes_file import read_codes
    from sbvae_cli.evaluation.training_points import training_points_of_codes

    if data is not None:
        raise SbvaeError(f"{path}: has codes, not images: `data` is of no use; leave it out")
    codes = read_codes(path)
    factors = [
        FactorConfig(name=name, low=float(column.min()), high=float(column.max()))
        for name, column in zip(codes.shown.names, codes.shown.factors.T, strict=True)
    ]
    found = embed_codes(
        codes,
        wanted.pair,
        size=wanted.size,
        at=levels(factors),
        select=wanted.select,
        latents=wanted.latents,
    )
    trained = training_points_of_codes(codes, found.points.names)
    return Embedded(path, found, path.name, "", {"codes": str(path)}, None, trained)
