"""What tells runs apart, known before anything is computed: settings, seed and data."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sbvae_cli.errors import SbvaeError


@dataclass(frozen=True)
class RunFacts:
    """A run or a file of codes as its files describe it.

    Attributes:
        path: What was named.
        settings: Settings that make the model but for the seed; of codes their folder.
        group: Name of runs that differ from it in the seed alone.
        seed: Root seed; None of codes.
        data: Name of the data that it is looked at with; "" of codes.
        images: What tells these data from others; "" of codes.
        factors: Names of their factors that vary; none of codes.
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
        """Kind of the decoder; "" of codes."""
        return str(self.settings.get("model.decoder.kind", ""))

    @property
    def likelihood(self) -> str:
        """Kind of the likelihood; "" of codes."""
        return str(self.settings.get("model.likelihood.kind", ""))


def told_run(
    path: Path, seed: int | None, step: int | None, scores: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What the file of a picture tells of a run, without what is not known, as of codes."""
    told = {"run": str(path), "seed": seed, "step": step}
    told = {name: value for name, value in told.items() if value is not None}
    if scores is None:
        return told
    return {**told, "scores": {k: v for k, v in scores.items() if isinstance(v, int | float)}}


def read_facts(path: Path, data: str | None = None) -> RunFacts:
    """The facts of a run folder, a checkpoint or an NPZ file of codes.

    Args:
        path: What was named.
        data: Data in place of a model's own.

    Raises:
        SbvaeError: If it is none of these, or the data do not fit.
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
