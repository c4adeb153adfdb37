"""Open a model or file of codes, and embed a grid of two factors in two of its latents."""

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
    """Function that returns fixed values of factors, by name, for the factors of a dataset."""

    def __call__(self, factors: Sequence[FactorConfig]) -> Mapping[str, float]:
        """Check the names and values against these factors."""
        ...


@dataclass(frozen=True)
class Embedded:
    """Embedding of two factors in two latents, with the data and the model.

    Attributes:
        path: Path of the target.
        embedding: The embedding.
        data: Name of the data.
        model: Kinds, seed and step of the model; "" for codes.
        about: Description of the model in plain containers, for JSON.
        source: The data; None for codes.
        trained: Values of the two factors for random training images, shape (n, 2).
        samples: Random training images, shape (N, H, W, C); None for codes.
        trained_on: Name of the data of `trained` and `samples` if it is not `data`, else "".
    """

    path: Path
    embedding: "FactorEmbedding"
    data: str
    model: str
    about: dict[str, Any]
    source: "Source | None"
    trained: "NDArray[np.float64]"
    samples: "NDArray[np.uint8] | None" = None
    trained_on: str = ""


@dataclass(frozen=True)
class EmbeddingSettings:
    """Settings of an embedding, as `embed_factors` takes them."""

    pair: tuple[str, str] | None
    size: int
    select: Select
    latents: tuple[int, int] | None


def embed_target(
    path: Path,
    settings: EmbeddingSettings,
    levels: Levels = lambda factors: {},
    data: str | None = None,
    device: Literal["auto", "cpu", "cuda"] | str = "auto",
    on_note: Callable[[str], None] = lambda line: None,
) -> Embedded:
    """Open a run folder, a checkpoint or an NPZ file of codes, and embed two of its factors.

    Args:
        path: Path of the target.
        settings: Settings of the embedding.
        levels: Returns the values of the factors that are held fixed.
        data: Data in place of the training data.
        device: Name of the device that computes.
        on_note: Called with a line if the model's own data file was moved and found again.

    Raises:
        SbvaeError: If the target cannot be used, or fewer than two factors vary.
    """
    if path.suffix.lower() == ".npz":
        return _embed_codes(path, settings, levels, data)
    from sbvae_cli.data.factors import FactorSpace
    from sbvae_cli.runs.open import open_checkpoint, open_data

    checkpoint = open_checkpoint(path)  # before PyTorch loads, so that an error comes at once
    from sbvae_cli.evaluation.stored_embedding import embed_factors
    from sbvae_cli.evaluation.training_points import SAMPLE_COUNT, training_points, training_samples
    from sbvae_cli.training.devices import resolve_device

    source = open_data(checkpoint, data, on_note)
    trained_on = FactorSpace(checkpoint.space)
    found = embed_factors(
        checkpoint.build_vae(resolve_device(device)),
        source,
        settings.pair,
        size=settings.size,
        at=levels(source.space.factors),
        select=settings.select,
        latents=settings.latents,
        trained_on=trained_on,
    )
    config = checkpoint.config
    model = f"{', '.join(config.kinds)}, seed {config.training.seed}, step {checkpoint.step:,}"
    seed = checkpoint.config.training.seed
    about = {"checkpoint": str(path), "seed": seed, "step": checkpoint.step}
    trained = training_points(source, found.points.names, trained_on)
    samples = training_samples(source, trained_on, SAMPLE_COUNT)
    own = config.data.name if trained_on.names == source.space.names else source.name
    other = "" if own == source.name else own
    return Embedded(path, found, source.name, model, about, source, trained, samples, other)


def _embed_codes(
    path: Path, settings: EmbeddingSettings, levels: Levels, data: str | None
) -> Embedded:
    from sbvae_cli.errors import SbvaeError
    from sbvae_cli.evaluation.codes_embedding import embed_codes
    from sbvae_cli.evaluation.codes_file import read_codes
    from sbvae_cli.evaluation.training_points import training_points_of_codes

    if data is not None:
        raise SbvaeError(f"{path}: has codes, not images: `data` has no effect; leave it out")
    codes = read_codes(path)
    factors = [
        FactorConfig(name=name, low=float(column.min()), high=float(column.max()))
        for name, column in zip(codes.nonblank.names, codes.nonblank.factors.T, strict=True)
    ]
    found = embed_codes(
        codes,
        settings.pair,
        size=settings.size,
        at=levels(factors),
        select=settings.select,
        latents=settings.latents,
    )
    trained = training_points_of_codes(codes, found.points.names)
    return Embedded(path, found, path.name, "", {"codes": str(path)}, None, trained)
