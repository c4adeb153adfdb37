"""Models that are looked at side by side, with the same images."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.open import open_checkpoint, open_data
from sbvae_cli.runs.run_facts import told_run
from sbvae_cli.runs.targets import each_once

if TYPE_CHECKING:
    from sbvae_cli.checkpoint import Checkpoint
    from sbvae_cli.data.source import Source
    from sbvae_cli.models.vae import VAE

MOST_MODELS = 6
T = TypeVar("T")


@dataclass(frozen=True)
class Opened:
    """A model and its name beside others.

    Attributes:
        path: What was named.
        name: The run folder's name, or its path where another folder has the same name.
        checkpoint: The model.
    """

    path: Path
    name: str
    checkpoint: "Checkpoint"

    @property
    def model(self) -> str:
        """The model in a few words, with seed and step."""
        config = self.checkpoint.config
        kinds = ", ".join(config.kinds)
        return f"{kinds}, seed {config.training.seed}, step {self.checkpoint.step:,}"

    @property
    def about(self) -> dict[str, Any]:
        """What it is, in plain containers."""
        return told_run(self.path, self.checkpoint.config.training.seed, self.checkpoint.step)


@dataclass(frozen=True)
class SeveralModels:
    """Models of the same data, one or more.

    Attributes:
        models: The models, in the order in which they were named.
        source: Images that all of them take.
    """

    models: tuple[Opened, ...]
    source: "Source"

    @property
    def about(self) -> dict[str, Any]:
        """What they are, in plain containers; one model's own entries stand at the top."""
        if len(self.models) == 1:
            return self.models[0].about
        return {"runs": [each.about for each in self.models]}

    def by_title(
        self,
        make: "Callable[[VAE, Opened], T]",
        device: str = "auto",
        decoded_size: tuple[int, int] | None = None,
    ) -> dict[str, T]:
        """What is made of each model, by its title: name, and in a second line what it is.

        Args:
            make: Makes it of the model, for evaluation, and what was opened.
            device: Name of the device that computes.
            decoded_size: (H, W) of the images that models draw; None takes the size of the data.

        Returns:
            In the order of the models; the title of one alone is empty.

        Raises:
            SbvaeError: If there is no such device, a model draws no images of that size, or what
                is made of it cannot be made, with its path where there are several.
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
    """Open models of the same data, and this data.

    Args:
        targets: Run folders, folders of replicas or of several runs, and checkpoints.
        data: Data in place of the models' own.
        on_note: Called with a line on what is left out, or was found elsewhere.

    Returns:
        The models in the order of the targets, each once, and images that all of them take.

    Raises:
        SbvaeError: If one cannot be used, there are more than six, or their data or sizes differ.
    """
    paths = each_once(targets, on_note)
    if len(paths) > MOST_MODELS:
        raise SbvaeError(
            f"{len(paths)} models do not fit side by side; name {MOST_MODELS} or fewer, as "
            f"{paths[0]} and {paths[1]}"
        )
    opened = tuple(
        Opened(path, name, open_checkpoint(path))
        for path, name in zip(paths, short_names(paths), strict=True)
    )
    _require_same_shape(opened)
    if data is None:
        _require_same_data(opened)
    looked_with = opened if data else opened[:1]  # other data must fit each of them
    sources = [open_data(each.checkpoint, data, on_note) for each in looked_with]
    return SeveralModels(opened, sources[0])


def short_names(paths: Sequence[Path]) -> list[str]:
    """Names of run folders, each with as many folders above it as tell it from the others.

    A replica's name is its seed alone, and is told with that of its group.
    """
    folders = [path.parent if path.name == "ckpt.pt" else path for path in paths]
    longest = max(len(folder.parts) for folder in folders)
    first = 2 if len(folders) > 1 and any(folder.name.isdigit() for folder in folders) else 1
    for length in range(min(first, longest), longest + 1):
        names = ["/".join(folder.parts[-length:]) for folder in folders]
        if len(set(names)) == len(names):
            return names
    return [str(path) for path in paths]  # several checkpoints of one run


def _require_same_shape(opened: Sequence[Opened]) -> None:
    """Refuse models that take images of other sizes or channels."""
    first, a = opened[0].path, opened[0].checkpoint.config.data
    for other in opened[1:]:
        b = other.checkpoint.config.data
        if a.image_shape != b.image_shape:
            sizes = [f"{data.height}x{data.width}x{data.channels}" for data in (a, b)]
            raise SbvaeError(
                f"{first} takes images of {sizes[0]} (height, width, channels), {other.path} of "
                f"{sizes[1]}; only models that take the same stand side by side"
            )


def _require_same_data(opened: Sequence[Opened]) -> None:
    """Refuse models that were trained on other images."""
    first, a = opened[0].path, opened[0].checkpoint.config.data
    for other in opened[1:]:
        b, path = other.checkpoint.config.data, other.path
        same_images = a.space.renderer or a.contents_hash == b.contents_hash
        if (a.name, a.space) != (b.name, b.space) or not same_images:
            found = f"{first} is of {a.name}, {path} of {b.name}"
            if a.name == b.name:
                found = f"{first} and {path} are of different data, both called {a.name}"
            raise SbvaeError(f"{found}; say by `data` which images are shown, as `data` {a.source}")
