"""Start or resume runs in their folders: one run, or replicas that train together."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from sbvae_cli.checkpoint import Checkpoint, load_checkpoint
from sbvae_cli.config.schema import Config
from sbvae_cli.data.source import Source
from sbvae_cli.errors import DivergedError, SbvaeError
from sbvae_cli.models.compute_settings import cpu_threads
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.observers import Observer, log_divergence, log_to, save_to
from sbvae_cli.runs.resume import Resumption
from sbvae_cli.training.build import build_maker, build_updater, with_own_precision
from sbvae_cli.training.inputs import InputMaker
from sbvae_cli.training.loop import Report, train
from sbvae_cli.training.update import Updater

if TYPE_CHECKING:
    from sbvae_cli.runs.previews import Previews
    from sbvae_cli.runs.tensorboard import EventWriter


def start_runs(
    configs: Sequence[Config],
    source: Source,
    folders: Sequence[RunFolder],
    *,
    force: bool = False,
    observers: Sequence[Observer] = (),
    stop: Callable[[], bool] = lambda: False,
    on_note: Callable[[str], None] = lambda line: None,
) -> list[int]:
    """Train one or more replicas together from the beginning.

    Args:
        configs: Complete configuration of each replica; they differ only in `training.seed`.
        source: Data that the configurations name.
        folders: Folder of each replica, for its configuration, log and checkpoint.
        force: Whether existing runs in the folders are replaced.
        observers: Called with each replica's report after it is logged and before it is saved.
        stop: Called before every step; true ends the runs, which are saved.
        on_note: Called with a line about a feature that is not available here.

    Returns:
        The number of updates of each replica; less than planned if `stop` returned true.

    Raises:
        SbvaeError: If a folder is in use, holds a run and `force` is false, or the images do not
            fit in memory; nothing is written then.
        DivergedError: If a loss, a weight or a measurement of a replica is not finite; the other
            replicas are trained to their end first.
    """
    configs = [with_own_precision(config) for config in configs]
    seeds = [config.training.seed for config in configs]
    updater = build_updater(configs[0], seeds)
    with cpu_threads(configs[0].training.threads), _locked(folders):
        if not force:
            for folder in folders:
                folder.refuse_if_used()
        with closing(build_maker(configs[0], source, seeds, updater.device)) as maker:
            for folder, config in zip(folders, configs, strict=True):
                folder.begin(config, on_note)
            return _run(configs, source, updater, maker, folders, 0, observers, stop, on_note)


def resume_runs(
    runs: Sequence[Resumption],
    *,
    observers: Sequence[Observer] = (),
    stop: Callable[[], bool] = lambda: False,
    on_note: Callable[[str], None] = lambda line: None,
) -> list[int]:
    """Resume replicas that are at the same step; on the CPU with the results of an unbroken run.

    Args:
        runs: Result of `prepare_resumption` for each replica; they differ only in `training.seed`.
        observers: Called with each replica's report, as in `start_runs`.
        stop: Called before every step; true ends the runs, which are saved.
        on_note: Called with a line about a feature that is not available here.

    Returns:
        The number of updates of each replica, with those before the resumption.

    Raises:
        SbvaeError: If a folder is in use, was resumed by another process meanwhile, or the images
            do not fit in memory.
        DivergedError: As in `start_runs`.
    """
    configs, folders = [run.config for run in runs], [run.folder for run in runs]
    first = runs[0]
    start = first.checkpoint.step
    seeds = [config.training.seed for config in configs]
    updater = build_updater(first.config, seeds)
    for replica, run in enumerate(runs):
        restore(updater, replica, run.checkpoint, run.folder)
    threads = first.threads if updater.device.type == "cpu" else first.config.training.threads
    with cpu_threads(threads), _locked(folders):
        for folder in folders:
            refuse_if_resumed(folder, start)
        source = first.source
        with closing(build_maker(first.config, source, seeds, updater.device)) as maker:
            for folder, config in zip(folders, configs, strict=True):
                folder.resume(config, start)
            return _run(configs, source, updater, maker, folders, start, observers, stop, on_note)


def refuse_if_resumed(folder: RunFolder, step: int) -> None:
    """Refuse a run that another process resumed before its folder was locked.

    Args:
        folder: Locked folder of the run.
        step: Step of the checkpoint that was read before.

    Raises:
        SbvaeError: If the checkpoint is now at another step.
    """
    if load_checkpoint(folder.checkpoint).step != step:
        raise SbvaeError(f"{folder.path}: another process went on with it; try again")


@contextmanager
def _locked(folders: Sequence[RunFolder]) -> Iterator[None]:
    with ExitStack() as locks:
        for folder in folders:
            locks.enter_context(folder.locked())
        yield


def restore(updater: Updater, replica: int, checkpoint: Checkpoint, folder: RunFolder) -> None:
    """Load the weights and the optimizer state of a checkpoint into a replica.

    Raises:
        SbvaeError: If they do not fit the replica.
    """
    try:
        checkpoint.load_into(updater.vaes[replica])
        if checkpoint.step > 0 and not checkpoint.optimizer.get("state"):
            raise ValueError("a part is missing (state)")
        updater.load_state_dict(replica, checkpoint.optimizer, checkpoint.discriminator)
    except (ValueError, AttributeError) as error:
        raise SbvaeError(
            f"{folder.checkpoint}: its optimizer state does not fit: "
            f"{' '.join(str(error).split())}; start a new run"
        ) from error


def _run(
    configs: Sequence[Config],
    source: Source,
    updater: Updater,
    maker: InputMaker,
    folders: Sequence[RunFolder],
    start: int,
    observers: Sequence[Observer],
    stop: Callable[[], bool],
    on_note: Callable[[str], None],
) -> list[int]:
    training = configs[0].training
    watched = make_replica_observers(configs, source, updater, folders, start, observers, on_note)

    def watch(step: int) -> None:
        for replica in watched:
            replica.watch(step)

    with closing(train(updater, maker, training, start=start, stop=stop, watch=watch)) as reports:
        for several in reports:
            for line in {report.note for report in several if report.note}:
                on_note(line)
            for report in several:
                watched[report.replica].observe(report)
            if all(replica.error for replica in watched):
                break
    _raise_if_diverged(watched)
    return [replica.step for replica in watched]


def make_replica_observers(
    configs: Sequence[Config],
    source: Source,
    updater: Updater,
    folders: Sequence[RunFolder],
    start: int,
    observers: Sequence[Observer],
    on_note: Callable[[str], None],
) -> "list[ReplicaObserver]":
    """Return an observer of each replica, which begins at step `start`; see `start_runs`."""
    writers = _event_writers(configs, folders, start)
    previews = _previews(configs, source, updater, folders, start, on_note, writers)
    return [
        ReplicaObserver(folder, config, source, updater, replica, observers, start, preview, writer)
        for replica, (folder, config, preview, writer) in enumerate(
            zip(folders, configs, previews, writers, strict=True)
        )
    ]


def _event_writers(
    configs: Sequence[Config], folders: Sequence[RunFolder], start: int
) -> "Sequence[EventWriter | None]":
    """Return the event file of each replica if `tensorboard` is set, else None for each."""
    if not configs[0].training.tensorboard:
        return [None] * len(configs)
    from sbvae_cli.runs.tensorboard import EventWriter  # imports an optional dependency

    return [EventWriter(folder, start) for folder in folders]


def _previews(
    configs: Sequence[Config],
    source: Source,
    updater: Updater,
    folders: Sequence[RunFolder],
    start: int,
    on_note: Callable[[str], None],
    writers: "Sequence[EventWriter | None]",
) -> "Sequence[Previews | None]":
    """Return the previews of each replica if `preview` is set, else None for each."""
    if not configs[0].training.preview:
        return [None] * len(configs)
    from sbvae_cli.runs.previews import Previews, preview_images  # loads the drawing code

    images = preview_images(configs[0], source, on_note)
    return [
        Previews(folder, config, source, vae, images, start, on_note, len(configs), writer)
        for folder, config, vae, writer in zip(folders, configs, updater.vaes, writers, strict=True)
    ]


class ReplicaObserver:
    """Observer of a replica: it writes its log and checkpoints, and keeps its divergence error."""

    def __init__(
        self,
        folder: RunFolder,
        config: Config,
        source: Source,
        updater: Updater,
        replica: int,
        observers: Sequence[Observer],
        step: int,
        preview: "Previews | None",
        writer: "EventWriter | None",
    ) -> None:
        self.folder, self.step, self._writer = folder, step, writer
        self.error: DivergedError | None = None
        self._observers, self._preview = observers, preview
        self._log = log_to(folder, config, source, updater.vaes[replica], writer)
        self._save = save_to(folder, config, updater)

    def watch(self, step: int) -> None:
        """Show the model after `step` updates to the previews, if there are any."""
        if self._preview:
            self._preview.watch(step)

    def observe(self, report: Report) -> None:
        """Log a report, pass it on and save the model; ignore reports after an error."""
        if self.error:
            return
        error = report.error
        if not error:
            try:
                self._log(report)
            except DivergedError as found:  # raised for validation images
                error = found
                report = replace(report, terms={}, save=False, error=error)
        if error:
            self.error = log_divergence(self.folder, error)
            if self._writer:
                self._writer.scalars(error.step, error.terms)
            report = replace(report, error=self.error)
        for observe in self._observers:
            observe(report)
        self._save(report)
        if self._preview:  # after saving, as drawing takes a while
            self._preview.observe(report)
        if not error:
            self.step = report.step


def _raise_if_diverged(watched: Sequence[ReplicaObserver]) -> None:
    """Raise the error of one replica, or one error that names all diverged replicas.

    Raises:
        DivergedError: If any replica diverged.
    """
    diverged = [replica for replica in watched if replica.error]
    errors = [replica.error for replica in diverged if replica.error]
    if not errors:
        return
    first, names = errors[0], ", ".join(str(replica.folder.path) for replica in diverged)
    if len(watched) == 1:
        raise first
    raise DivergedError(
        f"{len(diverged)} of {len(watched)} replicas diverged ({names}); the first: {first}",
        first.step,
        first.terms,
    )
