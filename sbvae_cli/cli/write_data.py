"""Writes rendered and imported images to dataset files, for the commands of `gen-data`."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sbvae_cli.cli.console import (
    file_size,
    print_highlighted,
    print_info,
    print_status,
    progress_display,
)
from sbvae_cli.cli.factor_text import factor_text
from sbvae_cli.cli.hardware import has_cuda_gpu
from sbvae_cli.cli.outputs import check_target
from sbvae_cli.cli.parse import parse_assignments, parse_correlation, parse_size
from sbvae_cli.cli.signals import defer_signals
from sbvae_cli.commands import as_typed
from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.edit_space import customise, without_colours
from sbvae_cli.config.load import build_space, read_yaml
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.generate import plan_dataset, write_plan
from sbvae_cli.errors import SbvaeError

if TYPE_CHECKING:
    from sbvae_cli.data.imports import Import

UNREADABLE_SHOWN = 10  # unreadable files that are printed


@dataclass(frozen=True)
class SpaceChanges:
    """Changes of a dataset's factor space, as text of the command line.

    Attributes:
        space: YAML or JSON file of a space that replaces the dataset's own.
        ranges: Ranges of factors, such as `x=0.2..0.8`.
        holes: Held-out regions, such as `x=0.35..0.65,y=0.35..0.65`.
        correlations: Correlations, such as `x,y=0.2`.
        blank: Share of images without an object.
        without_colours: Whether white shapes in one channel are rendered.
    """

    space: Path | None = None
    ranges: Sequence[str] | None = None
    holes: Sequence[str] | None = None
    correlations: Sequence[str] | None = None
    blank: float | None = None
    without_colours: bool = False

    def applied_to(self, space: SpaceConfig) -> SpaceConfig:
        """Return the changed space.

        Raises:
            SbvaeError: If a text or the file cannot be parsed, or does not fit the space.
        """
        if self.space is not None:
            space = self._read(space)
        if self.without_colours:
            space = without_colours(space)
        ranges = {}
        for text in self.ranges or []:
            for name, interval in parse_assignments(text, space.factors).items():
                if name in ranges:
                    raise SbvaeError(f"--factor {name}: is given twice; give it once")
                ranges[name] = interval
        return customise(
            space,
            ranges=ranges,
            holes=[parse_assignments(text, space.factors) for text in self.holes or []],
            correlations=[parse_correlation(text) for text in self.correlations or []],
            blank=self.blank,
        )

    def _read(self, space: SpaceConfig) -> SpaceConfig:
        tree = read_yaml(self.space) if self.space else {}
        if isinstance(tree.get("space"), dict):  # the output of `info --json`
            tree = tree["space"]
        try:
            found = build_space({"renderer": space.renderer, **tree})
        except SbvaeError as error:
            raise SbvaeError(f"{self.space}: {str(error).removeprefix('data.space.')}") from error
        if found.renderer != space.renderer:
            raise SbvaeError(
                f"{self.space}: its renderer is {found.renderer}, this command renders "
                f"{space.renderer}; leave it out or use the other command"
            )
        return found


def generate(
    dataset: str,
    changes: SpaceChanges,
    out: Path | None,
    *,
    count: int | None,
    size: str,
    seed: int,
    force: bool,
) -> None:
    """Render a dataset into a file and print the next commands.

    Args:
        dataset: Name of the dataset, as for `named_space`.
        changes: Changes of its space; the name of a changed dataset ends in `-custom`.
        out: File to write; None names it after the dataset.
        count: Number of random images; None renders every combination of the levels once.
        size: Size in pixels, as 64 or HEIGHTxWIDTH.
        seed: Root seed of random images.
        force: Whether an existing file is replaced.
    """
    space = named_space(dataset)
    custom = changes.applied_to(space)
    if changes.without_colours:
        space, dataset = without_colours(space), f"{dataset}-gray"
    if custom != space:
        dataset = f"{dataset}-custom"
    name = dataset.removeprefix("circles:")
    plan = plan_dataset(custom, name, count, *parse_size(size))
    path = out or Path(f"{dataset.replace(':', '-')}.h5")
    check_target("out", path, "HDF5")
    with defer_signals() as request, progress_display("images", plan.count) as bar:

        def on_progress(done: int) -> None:
            bar.update(done, "")
            request.end_if_asked(f"{path}: stopped after {done} of {plan.count} images")

        write_plan(path, plan, name=name, seed=seed, force=force, on_progress=on_progress)
    _print_written(path, plan.count, (plan.height, plan.width))


def write_import(imported: "Import", out: Path | None, *, force: bool) -> None:
    """Write an imported dataset, and print unreadable files and the next commands.

    Args:
        imported: The dataset.
        out: File to write; None names it after the dataset.
        force: Whether an existing file is replaced.
    """
    path = out or Path(f"{imported.name}.h5")
    count = store_import(imported, path, force=force)
    info_command = as_typed(["info", path, "--sheet", "samples.png"])
    _print_written(path, count, imported.shape[:2], info_command)


def store_import(imported: "Import", path: Path, *, force: bool = False) -> int:
    """Write an imported dataset, print unreadable files, and return the number of images.

    Args:
        imported: The dataset.
        path: HDF5 file to write.
        force: Whether an existing file is replaced.
    """
    with imported.open_files, closing(imported.batches):
        check_target("out", path, "HDF5")
        count = _write_batches(imported, path, force)
    _print_factors(imported)
    for line in imported.notes:
        print_status(f"note: {line}")
    _print_image_notes(imported, "; --strict stops at the first")
    return count


def store_for_model(imported: "Import", path: Path) -> None:
    """Write imported images for a model to encode, and print notes on the images.

    Notes on factors and on the choice of channels do not apply.

    Args:
        imported: The dataset.
        path: HDF5 file to write.
    """
    if imported.report:
        imported.report = replace(imported.report, channels_are_free=False)
    with imported.open_files, closing(imported.batches):
        _write_batches(imported, path, force=False, doing="read")
    _print_image_notes(imported)


def _print_image_notes(imported: "Import", way: str = "") -> None:
    for line in imported.report.notes() if imported.report else ():
        print_status(f"note: {line}")
    lost = imported.report.warnings() if imported.report else ()
    for line in (*imported.warnings, *lost):
        print_highlighted(f"warning: {line}")
    if imported.unreadable:
        print_status(f"{len(imported.unreadable):,} of {imported.count:,} files could not be read:")
        for line in imported.unreadable[:UNREADABLE_SHOWN]:
            print_status(f"  {line}")
        if len(imported.unreadable) > UNREADABLE_SHOWN:
            print_status(f"  and {len(imported.unreadable) - UNREADABLE_SHOWN:,} more{way}")


def _write_batches(imported: "Import", path: Path, force: bool, doing: str = "images") -> int:
    """Write the readable images, show the progress, and return their number."""
    with defer_signals() as request, progress_display(doing, imported.count) as bar:

        def on_progress(done: int) -> None:
            bar.update(done + len(imported.unreadable), "")
            request.end_if_asked(f"{path}: stopped after {done} images")

        count = imported.write(path, force=force, on_progress=on_progress)
        bar.update(count + len(imported.unreadable), "")  # includes files after the last image
    return count


def _print_factors(imported: "Import") -> None:
    """Print the factor that each column of values became."""
    factors = imported.space.factors if imported.remarks is not None else ()
    width = max((len(factor.name) for factor in factors), default=0)
    for factor in factors:
        noted = (imported.remarks or {}).get(factor.name)
        text = factor_text(factor.facts()) + (f" ({noted})" if noted else "")
        print_status(f"factor {factor.name:<{width}}  {text}")
    if any(factor.varies and not factor.level_names for factor in factors):
        print_status(
            "--kind NAME=levels or NAME=range, and --circular NAME, change what factors are"
        )


def _print_written(path: Path, count: int, size: tuple[int, int], *commands: str) -> None:
    """Print the content of a file, and the next commands: `commands` and `train`."""
    height, width = size
    print_info(
        f"wrote {path}: {count:,} image{'s' * (count != 1)} of {height}x{width}, "
        f"{file_size(path.stat().st_size)}. "
        "Next:"
    )
    train: list[str | Path] = ["train", "--decoder", "broadcast", "--data", path]
    if not has_cuda_gpu():  # the paper's settings take days on a CPU
        train += ["--profile", "quick"]
    for command in (*commands, as_typed(train)):
        print_info(f"  {command}")
