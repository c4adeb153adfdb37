"""The targets of `sbvae eval`: which are models and which codes, opened or refused."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sbvae_cli.cli.console import remark
from sbvae_cli.cli.flags import describe
from sbvae_cli.cli.outputs import OWN_ENDINGS
from sbvae_cli.errors import SbvaeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sbvae_cli.checkpoint import Checkpoint
    from sbvae_cli.data.source import Source
    from sbvae_cli.metrics.protocol import Protocol
    from sbvae_cli.models.vae import VAE

_CHECKPOINTS_AND_DATASETS = (".pt", ".pth", *OWN_ENDINGS["HDF5"])


class Opened(NamedTuple):
    """A model, and the data that it is looked at with."""

    checkpoint: "Checkpoint"
    source: "Source"
    vae: "VAE"


def has_codes(path: Path) -> bool:
    """Whether it is, by its name, an NPZ file of codes."""
    return path.suffix.lower() == ".npz"


def refuse_images_of_codes(
    targets: Sequence[Path], data: str | None, settings: "Protocol", device: str
) -> None:
    """Refuse what only images have use for where there are codes, and codes that are not there.

    Raises:
        SbvaeError: With the first such target.
    """
    codes = [path for path in targets if has_codes(path)]
    if codes and data:
        raise SbvaeError(f"{codes[0]}: has codes, not images: --data is of no use; leave it out")
    for path in codes:
        if not path.exists():
            raise SbvaeError(f"{path}: there is no such file")
    if len(codes) == len(targets) and device not in ("auto", "cpu"):
        remark("note: --device is of no use: codes are scored on the CPU")


def open_target(path: Path, data: str | None, device: str) -> Opened:
    """Open a model and its data, or the data that are named.

    Raises:
        SbvaeError: If either cannot be used; says how codes are written where there may be some.
    """
    from sbvae_cli.evaluation.codes_file import HOW_TO_WRITE
    from sbvae_cli.runs.open import open_checkpoint, open_data
    from sbvae_cli.training.devices import resolve_device

    try:
        checkpoint = open_checkpoint(path)
    except SbvaeError as error:
        if path.is_file() and path.suffix.lower() not in _CHECKPOINTS_AND_DATASETS:
            raise SbvaeError(f"{error}; if it has codes, {HOW_TO_WRITE}") from error
        raise
    return Opened(
        checkpoint, open_data(checkpoint, data), checkpoint.build_vae(resolve_device(device))
    )


def validation_rows_of(opened: Opened, data: str | None) -> "NDArray[np.int64] | None":
    """Rows that training never saw of its own file; None where this is another, or none."""
    from sbvae_cli.data.batches import validation_rows

    training, trained_on = opened.checkpoint.config.training, opened.checkpoint.config.data
    source = opened.source
    if not training.validation or source.count is None:
        return None
    if data is not None and Path(data).resolve() != Path(trained_on.source).resolve():
        return None
    if source.fingerprint != trained_on.fingerprint:
        return None  # another file has taken its place
    return validation_rows(source, training.validation, training.seed)


def split_comparison(
    targets: Sequence[Path],
    sources: "Mapping[Path, Source]",
    wanted: "tuple[str, ...] | None",
    lenient: bool,
) -> "tuple[tuple[str, ...] | None, bool]":
    """The metrics of each target alone, and whether its model is compared with the others.

    Args:
        targets: Models and codes.
        sources: Of the models.
        wanted: As the user named them; None is the default.
        lenient: Whether udr is left out, with a line, where it cannot be had.

    Raises:
        SbvaeError: If it cannot be had, and that is not lenient.
    """
    codes = [path for path in targets if path not in sources]
    if wanted is None or "udr" not in wanted or (len(targets) == 1 and not codes):
        return wanted, False
    images = {path: _images(source) for path, source in sources.items()}
    others = [path for path in images if not codes and images[path] != images[targets[0]]]
    obstacle: str | None
    if codes:
        obstacle, use = f"{codes[0]} has only codes", ""
    elif others:
        obstacle = f"the data of {others[0]} are not those of {targets[0]}"
        use = "name one dataset by --data, or "
    else:
        obstacle, use = _named_twice(targets), "name each once, or "
    if obstacle and not lenient:
        raise SbvaeError(f"udr compares models; {obstacle}; {use}leave udr out")
    if obstacle:
        remark(f"note: without udr: it compares models; {obstacle}")
    return tuple(metric for metric in wanted if metric != "udr"), obstacle is None


def _images(source: "Source") -> tuple[object, ...]:
    return source.space, source.height, source.width, source.channels


def _named_twice(targets: Sequence[Path]) -> str | None:
    """What a comparison would take for two models, though it is one."""
    files = [(path / "ckpt.pt" if path.is_dir() else path).resolve() for path in targets]
    for i, file in enumerate(files):
        if file in files[:i]:
            first = targets[files.index(file)]
            path = targets[i]
            return f"{path} is named twice" if path == first else f"{path} is {first} again"
    return None


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Begin errors with the target that they are of."""
    try:
        yield
    except SbvaeError as error:
        if str(error).startswith(f"{path}: "):
            raise
        raise SbvaeError(f"{path}: {describe(str(error), error.field)}") from error
