"""Training as an iterator of progress reports."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sbvae_cli.api.arguments import checked, path_of
from sbvae_cli.api.model import Model
from sbvae_cli.api.words import in_python_words, note
from sbvae_cli.config.load import flat, nested
from sbvae_cli.config.names import Profile
from sbvae_cli.config.schema import Config
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.resolve import Request, resolve
from sbvae_cli.runs.resume import prepare_resumption, run_folder
from sbvae_cli.runs.stepwise import SteppedRun
from sbvae_cli.training.loop import Report

Settings = Mapping[str, Any]


class Training(Iterator[Report]):
    """A run in training: an iterator of reports, which trains up to the next report on `next`.

    A report has `step`, `steps` (planned), `terms` (loss terms by name, nats per image, averaged
    since the previous report), `images_per_second` and `seconds_left`. A resumed run gives one
    more early report, which is `passing`: the next means include its steps. Between two reports
    nothing is computed, and the number of threads, gradient mode and warning filters are the
    caller's.

    `close` and the end of a `with` block save a run that has a folder at its current step;
    `sbvae.resume` resumes it.

    Attributes:
        config: Complete configuration of the run.
        folder: Run folder; None if nothing is written.

    Example:
        >>> settings = {"training.steps": 4, "training.batch_size": 4, "training.log_every": 2}
        >>> run = sbvae.train(settings, data="circles:xy-hole", profile="quick")
        >>> first = next(run)
        >>> first.step, first.steps, sorted(first.terms)
        (2, 4, ['kl', 'loss', 'nll'])
        >>> run.finish()
        <Model broadcast, step 4: images (3, 32, 32), 10 latents>
    """

    def __init__(self, stepped: SteppedRun, folder: Path | None) -> None:
        self._stepped, self.folder = stepped, folder

    @property
    def config(self) -> Config:
        """Complete configuration of the run; `config.as_dict()` returns plain containers."""
        return self._stepped.config

    @property
    def step(self) -> int:
        """Number of updates made up to the last report."""
        return self._stepped.step

    @property
    def model(self) -> Model:
        """Model at the current step, with its own copy of the weights."""
        checkpoint = self._stepped.checkpoint()
        return Model(checkpoint, checkpoint.build_vae(self._stepped.device))

    @in_python_words()
    def __next__(self) -> Report:
        """Train up to the next report.

        Raises:
            DivergedError: If a loss or a weight is not finite; the last checkpoint is kept.
        """
        return next(self._stepped)

    def finish(self) -> Model:
        """Train to the last step and return the model."""
        for _ in self:
            pass
        return self.model

    @in_python_words()
    def close(self) -> None:
        """Save the run at its current step, if it has a folder, and end it."""
        self._stepped.close()

    def __enter__(self) -> Self:
        """Return the run itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the run."""
        self.close()


@checked
def train(
    config: Settings | Config | str | os.PathLike[str] | None = None,
    *,
    data: str | os.PathLike[str] | None = None,
    profile: Profile | None = None,
    out: str | os.PathLike[str] | None = None,
    force: bool = False,
) -> Training:
    """Start to train a VAE; the defaults are those of the paper (Table 4).

    Args:
        config: Settings as in `config.yaml`, in sections or by keys such as `training.steps`; or
            the path of a YAML file; or `model.config`, to train a model with equal settings.
        data: Dataset file or name, as for `open_data`; None if `config` names it.
        profile: `quick` for small networks and images, which a CPU trains in minutes; `paper` or
            None for those of the paper.
        out: Run folder for configuration, log and checkpoints; None writes nothing, and the model
            is only in `Training.model`.
        force: Whether an existing run in the folder is replaced.

    Returns:
        The run, an iterator of reports; training begins with the first `next`.

    Raises:
        SbvaeError: If a setting is invalid, the data cannot be read, or the folder has a run and
            `force` is false.

    Example:
        >>> settings = {"training": {"steps": 4, "batch_size": 4, "log_every": 2}}
        >>> run = sbvae.train(settings, data="circles:xy", profile="quick", out="runs/mine")
        >>> [report.step for report in run]
        [2, 4]
        >>> run.model.encode(run.model.data.images(0, 2)[0])[0].shape
        (2, 10)
        >>> sbvae.load("runs/mine").step
        4
    """
    tree, path = _settings_of(config)
    if not isinstance(tree.get("data", {}), Mapping):
        why = f"has data {tree['data']!r}, not a section of settings; give it as `data`"
        raise SbvaeError(why, field="config")
    if data is not None:
        named = tree.get("data", {})
        size = {side: named[side] for side in ("height", "width") if side in named}
        tree["data"] = {**size, "source": str(path_of(data, "data"))}
    if not (path or tree.get("data", {}).get("source")):
        raise SbvaeError("is missing; give it, as data='circles:xy-hole' or a file", field="data")
    name = str(tree.get("data", {}).get("source", ""))
    with in_python_words(of=lambda line: "data" if name and line.startswith(name) else "config"):
        complete, source = resolve(Request(profile, path, options=tree))
    folder = None if out is None else path_of(out, "out")
    for name in ("preview", "tensorboard"):
        if folder is None and getattr(complete.training, name):
            raise SbvaeError(f"has {name}, which needs a folder; give `out`", field="config")
    place = None if folder is None else RunFolder(folder)
    with in_python_words(of=lambda line: "out" if line.startswith(str(folder)) else "config"):
        run = SteppedRun(complete, source, place, force=force, on_note=note)
    return Training(run, folder)


@checked
def resume(
    run: str | os.PathLike[str],
    config: Settings | None = None,
    *,
    data: str | os.PathLike[str] | None = None,
) -> Training:
    """Resume a run in its folder; on the CPU the result equals that of an uninterrupted run.

    Args:
        run: Run folder.
        config: Changed settings, such as `{"training.steps": 2000}`: `steps`, and settings of
            `training` that do not affect what is learned, such as `device` and `threads`.
        data: New path of the dataset file, if it was moved; else None.

    Returns:
        The run, an iterator of reports as returned by `train`.

    Raises:
        SbvaeError: If the run has no checkpoint or is finished, a setting may not change, or the
            data are missing or not those of the run.

    Example:
        >>> run = sbvae.resume("runs/circles", {"training.steps": 8})
        >>> run.step, [report.step for report in run]
        (6, [8])
    """
    tree, path = _settings_of(config)
    if path is not None:
        raise SbvaeError("is a file; give settings by key", field="config")
    place = {} if data is None else {"data.source": str(path_of(data, "data"))}
    settings = flat(tree)

    def at_fault(line: str) -> str:
        return "config" if any(key in line for key in settings) else "run"

    with in_python_words(of=at_fault):
        found = prepare_resumption(
            run_folder(path_of(run, "run")), {**settings, **place}, on_note=note
        )
        stepped = SteppedRun(
            found.config, found.source, found.folder, resumption=found, on_note=note
        )
    return Training(stepped, found.folder.path)


def _settings_of(
    config: Settings | Config | str | os.PathLike[str] | None,
) -> tuple[dict[str, Any], Path | None]:
    """Return the settings as a tree of sections, and the path of the YAML file, if `config` is one.

    Raises:
        SbvaeError: If `config` is neither settings nor a path.
    """
    if isinstance(config, Config):
        return config.as_dict(), None
    if config is None or isinstance(config, Mapping):
        if not all(isinstance(key, str) for key in config or ()):
            raise SbvaeError("has keys that are not text; give {'section.key': value}", "config")
        return nested(flat(config or {})), None
    if isinstance(config, str) and "=" in config:
        raise SbvaeError(f"is {config!r}; give {{'section.key': value}} or a file", field="config")
    return {}, path_of(config, "config")
