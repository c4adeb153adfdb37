"""Read the facts that tell runs apart before anything is computed: settings, seed and data."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sbvae_cli.errors import SbvaeError


@dataclass(frozen=True)
class RunFacts:
    """Description of a run or a file of codes, read from its files.

    Attributes:
        path: Path of the target.
        settings: Settings that define the model, without the seed; for codes, their folder.
        group: Name of the group of runs that differ only in the seed.
        seed: Root seed; None for codes.
        data: Name of the data for evaluation; "" for codes.
        images: Hash of the distribution of these data; "" for codes.
        factors: Names of the data's factors that vary; empty for codes.
    """

    path: Path
    settings: Mapping[str, Any]
    group: str
    seed: int | None = None
    data: str = ""
    images: str = ""
    factors: tuple[str, ...] = ()

    @property
    def decoder(self) -> str:
        """Kind of the decoder; "" for codes."""
        return str(self.settings.get("model.decoder.kind", ""))

    @property
    def likelihood(self) -> str:
        """Kind of the likelihood; "" for codes."""
        return str(self.settings.get("model.likelihood.kind", ""))


def run_metadata(
    path: Path, seed: int | None, step: int | None, scores: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the metadata of a run in a picture's file, without unknown entries such as None."""
    metadata = {"run": str(path), "seed": seed, "step": step}
    metadata = {name: value for name, value in metadata.items() if value is not None}
    if scores is None:
        return metadata
    return {**metadata, "scores": {k: v for k, v in scores.items() if isinstance(v, int | float)}}


def read_facts(path: Path, data: str | None = None) -> RunFacts:
    """Read the facts of a run folder, a checkpoint or an NPZ file of codes.

    Args:
        path: Path of the target.
        data: Data in place of the training data.

    Raises:
        SbvaeError: If the target is none of these, or the data do not fit the model.
    """
    if path.suffix.lower() == ".npz":
        folder = path.resolve().parent
        return RunFacts(path, {"folder": str(folder)}, folder.name or "codes")
    if path.suffix.lower() == ".json":
        raise SbvaeError(f"{path}: has no codes to be drawn; name the runs themselves")
    from sbvae_cli.data.factors import FactorSpace
    from sbvae_cli.data.fingerprint import hash_of_distribution
    from sbvae_cli.runs.naming import flat_settings, group_name
    from sbvae_cli.runs.open import open_checkpoint, open_data

    checkpoint = open_checkpoint(path)
    config, own = checkpoint.config, checkpoint.config.data
    name, shape, space = own.name, own.image_shape, FactorSpace(own.space)
    if data is not None:
        source = open_data(checkpoint, data)
        shape = source.channels, source.height, source.width
        name, space = source.name, source.space
        if source.file:
            source.file.close()
    return RunFacts(
        path,
        flat_settings(config, checkpoint.step),
        group_name(config),
        config.training.seed,
        name,
        hash_of_distribution(name, shape, space.as_dict()),
        space.varying,
    )
