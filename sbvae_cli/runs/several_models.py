"""Open several models that are shown side by side with the same images."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.open import open_checkpoint, open_data
from sbvae_cli.runs.run_facts import run_metadata
from sbvae_cli.runs.targets import resolve_targets

if TYPE_CHECKING:
    from sbvae_cli.checkpoint import Checkpoint
    from sbvae_cli.data.source import Source
    from sbvae_cli.models.vae import VAE

MAX_MODELS = 6
T = TypeVar("T")


@dataclass(frozen=True)
class NamedModel:
    """An opened model with a name that tells it from the others.

    Attributes:
        path: Path of the target.
        name: Name of the run folder, with as many parent folders as tell it from the others.
        checkpoint: Checkpoint of the model.
    """

    path: Path
    name: str
    checkpoint: "Checkpoint"

    @property
    def model(self) -> str:
        """Kinds, seed and step of the model, as text."""
        config = self.checkpoint.config
        kinds = ", ".join(config.kinds)
        return f"{kinds}, seed {config.training.seed}, step {self.checkpoint.step:,}"

    @property
    def about(self) -> dict[str, Any]:
        """Description of the model in plain containers."""
        return run_metadata(self.path, self.checkpoint.config.training.seed, self.checkpoint.step)


@dataclass(frozen=True)
class SeveralModels:
    """One or more models of the same data.

    Attributes:
        models: The models, in the order of the targets.
        source: Data that all of them take.
    """

    models: tuple[NamedModel, ...]
    source: "Source"

    @property
    def about(self) -> dict[str, Any]:
        """Description of the models in plain containers; a single model has no list."""
        if len(self.models) == 1:
            return self.models[0].about
        return {"runs": [each.about for each in self.models]}

    def by_title(
        self,
        make: "Callable[[VAE, NamedModel], T]",
        device: str = "auto",
        decoded_size: tuple[int, int] | None = None,
    ) -> dict[str, T]:
        """Call a function for each model, and return the results by title.

        A title is the name of the model, and in a second line its kinds, seed and step; the title
        of a single model is "".

        Args:
            make: Called with the model, ready for evaluation, and its `NamedModel`.
            device: Name of the device that computes.
            decoded_size: (H, W) of decoded images; None for the size of the data.

        Returns:
            The results in the order of the models.

        Raises:
            SbvaeError: If the device does not exist, a model cannot decode images of this size, or
                `make` fails; with several models, the message names the path.
        """
        from sbvae_cli.training.devices import resolve_device

        found, several = resolve_device(device), len(self.models) > 1
        made = {}
        for each in self.models:
            title = f"{each.name}\n{each.model}" if several else ""
            try:
                made[title] = make(each.checkpoint.build_vae(found, decoded_size), each)
            except SbvaeError as error:
                raise SbvaeError(f"{each.path}: {error}") if several else error from None
        return made


def open_models(
    targets: Sequence[Path],
    data: str | None = None,
    on_note: Callable[[str], None] = lambda line: None,
) -> SeveralModels:
    """Open models of the same data, and these data.

    Args:
        targets: Run folders, folders of replicas or of several runs, and checkpoints.
        data: Data in place of the training data.
        on_note: Called with a line if a target is left out, or a data file was found elsewhere.

    Returns:
        The models, each once, in the order of the targets, and data that all of them take.

    Raises:
        SbvaeError: If a target cannot be used, there are more than six models, or their data or
            image sizes differ.
    """
    paths = resolve_targets(targets, on_note)
    if len(paths) > MAX_MODELS:
        raise SbvaeError(
            f"{len(paths)} models do not fit side by side; name at most {MAX_MODELS}, for "
            f"example {paths[0]} {paths[1]}"
        )
    opened = tuple(
        NamedModel(path, name, open_checkpoint(path))
        for path, name in zip(paths, short_names(paths), strict=True)
    )
    _require_same_shape(opened)
    if data is None:
        _require_same_data(opened)
    looked_with = opened if data else opened[:1]  # other data must fit every model
    sources = [open_data(each.checkpoint, data, on_note) for each in looked_with]
    return SeveralModels(opened, sources[0])


def short_names(paths: Sequence[Path]) -> list[str]:
    """Name run folders, each with as many parent folders as tell it from the others.

    A replica's folder is named by its seed, so the folder of its group is always included.
    """
    folders = [path.parent if path.name == "ckpt.pt" else path for path in paths]
    longest = max(len(folder.parts) for folder in folders)
    first = 2 if len(folders) > 1 and any(folder.name.isdigit() for folder in folders) else 1
    for length in range(min(first, longest), longest + 1):
        names = ["/".join(folder.parts[-length:]) for folder in folders]
        if len(set(names)) == len(names):
            return names
    return [str(path) for path in paths]  # several checkpoints of one run


def _require_same_shape(opened: Sequence[NamedModel]) -> None:
    """Refuse models that take images of different sizes or channels."""
    first, a = opened[0].path, opened[0].checkpoint.config.data
    for other in opened[1:]:
        b = other.checkpoint.config.data
        if a.image_shape != b.image_shape:
            sizes = [f"{data.height}x{data.width}x{data.channels}" for data in (a, b)]
            raise SbvaeError(
                f"{first} takes images of {sizes[0]} (height, width, channels), {other.path} of "
                f"{sizes[1]}; only models that take images of one size are shown side by side"
            )


def _require_same_data(opened: Sequence[NamedModel]) -> None:
    """Refuse models that were trained on different images."""
    first, a = opened[0].path, opened[0].checkpoint.config.data
    for other in opened[1:]:
        b, path = other.checkpoint.config.data, other.path
        same_images = a.space.renderer or a.contents_hash == b.contents_hash
        if (a.name, a.space) != (b.name, b.space) or not same_images:
            found = f"{first} is of {a.name}, {path} of {b.name}"
            if a.name == b.name:
                found = f"{first} and {path} are of different data, both called {a.name}"
            raise SbvaeError(
                f"{found}; choose the images with `data`, for example `data` {a.source}"
            )
