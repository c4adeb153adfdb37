"""What the commands of procedural datasets share: a changed space, drawn into a file."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sbvae_cli.cli.console import file_size, inform, reporter
from sbvae_cli.cli.options import parse_size
from sbvae_cli.cli.signals import deferred
from sbvae_cli.config.files import build_space, read_yaml
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.config.spaces import (
    customise,
    parse_assignments,
    parse_correlation,
)
from sbvae_cli.data.generate import plan_dataset
from sbvae_cli.data.writer import write_dataset
from sbvae_cli.errors import SbvaeError


@dataclass(frozen=True)
class Changes:
    """What a user wants otherwise, as written on the command line.

    Attributes:
        space: YAML file to begin with instead.
        ranges: As `x=0.2..0.8`.
        holes: As `x=0.35..0.65,y=0.35..0.65`.
        correlations: As `x,y=0.2`.
        blank: Share of images without an object.
    """

    space: Path | None = None
    ranges: Sequence[str] | None = None
    holes: Sequence[str] | None = None
    correlations: Sequence[str] | None = None
    blank: float | None = None

    def applied_to(self, space: SpaceConfig) -> SpaceConfig:
        """The space that a user wants.

        Raises:
            SbvaeError: If a text cannot be read, or does not fit the space.
        """
        if self.space is not None:
            space = self._read(space)
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
        if isinstance(tree.get("space"), dict):  # all that `info --json` says
            tree = tree["space"]
        try:
            found = build_space({"renderer": space.renderer, **tree})
        except SbvaeError as error:
            raise SbvaeError(f"{self.space}: {str(error).removeprefix('data.space.')}") from error
        if found.renderer != space.renderer:
            raise SbvaeError(
                f"{self.space}: its renderer is {found.renderer}, this command draws "
                f"{space.renderer}; leave it out or use the other command"
            )
        return found


def generate(
    space: SpaceConfig,
    name: str,
    changes: Changes,
    out: Path | None,
    *,
    count: int | None,
    size: str,
    seed: int,
    force: bool,
    stem: str = "",
) -> None:
    """Draw a dataset into a file and say what comes next.

    Args:
        space: Of the dataset, before changes.
        name: Of the dataset; `-custom` is added where the space is another.
        changes: What is wanted otherwise.
        out: File to write; None names it after the dataset.
        count: Random images; None draws every combination of the levels once.
        size: As `parse_size` reads it.
        seed: Of random images.
        force: Whether to replace a file.
        stem: Begins the file's name.
    """
    custom = changes.applied_to(space)
    name = name if custom == space else f"{name}-custom"
    plan = plan_dataset(custom, name, count, *parse_size(size))
    path = out or Path(f"{stem}{name}.h5")
    with deferred() as request, reporter("images", plan.count) as bar:
        write_dataset(
            path,
            space=plan.space,
            name=name,
            seed=seed,
            count=plan.count,
            height=plan.height,
            width=plan.width,
            render=plan.render,
            rows=plan.rows,
            gzip_level=plan.gzip_level,
            force=force,
            on_progress=lambda done: bar.update(done, ""),
            stop=lambda: request.number,
        )
    size_text = f"{plan.height}x{plan.width}, {file_size(path.stat().st_size)}"
    inform(f"wrote {path}: {plan.count:,} images of {size_text}. Next:")
    inform(f"  sbvae train --decoder broadcast --data {shlex.quote(str(path))}")
