"""Train a run step by step, under the control of the caller."""

import weakref
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager

import torch

from sbvae_cli.checkpoint import Checkpoint
from sbvae_cli.config.schema import Config
from sbvae_cli.data.source import Source
from sbvae_cli.models.compute_settings import cpu_threads
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.resume import Resumption
from sbvae_cli.runs.train import make_replica_observers, refuse_if_resumed, restore
from sbvae_cli.training.build import build_maker, build_updater, with_own_precision
from sbvae_cli.training.loop import Report, train


class SteppedRun(Iterator[Report]):
    """Iterator over a run's reports, which trains only while the next report is taken.

    Between two reports the process is as the caller left it: number of threads and PyTorch's
    gradient mode are restored.

    Args:
        config: Complete configuration of the run.
        source: Data that the configuration names.
        folder: Folder for configuration, log and checkpoint; None writes nothing.
        force: Whether an existing run in the folder is replaced.
        resumption: Result of `prepare_resumption` for a resumed run; None for a new one.
        on_note: Called with a line about a feature that is not available here.

    Attributes:
        config: Configuration with the precision that the device supports.
        step: Number of updates made up to the last report.

    Raises:
        SbvaeError: If the folder is in use, holds a run and `force` is false, was resumed by
            another process meanwhile, or the images do not fit in memory; nothing is written then.
    """

    def __init__(
        self,
        config: Config,
        source: Source,
        folder: RunFolder | None,
        *,
        force: bool = False,
        resumption: Resumption | None = None,
        on_note: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.config = config if resumption else with_own_precision(config)
        self.step = resumption.checkpoint.step if resumption else 0
        self._source, self._folder, self._on_note = source, folder, on_note
        self._resumption, self._stopped, self._threads = resumption, False, config.training.threads
        with self._settings(), ExitStack() as held:
            self._updater = build_updater(self.config)
            if resumption:
                restore(self._updater, 0, resumption.checkpoint, resumption.folder)
                if self._updater.device.type == "cpu":
                    self._threads = resumption.threads
            if folder is not None:
                held.enter_context(folder.locked())
                if resumption:
                    refuse_if_resumed(folder, self.step)
                elif not force:
                    folder.refuse_if_used()
            seeds = [self.config.training.seed]
            maker = build_maker(self.config, source, seeds, self._updater.device)
            self._maker = held.enter_context(closing(maker))
            self._reports = self._follow()
            self._held = held.pop_all()
        weakref.finalize(self, self._held.close)  # if nobody closes it

    def __next__(self) -> Report:
        """Train up to the next report.

        Raises:
            DivergedError: If a loss, a weight or a measurement is not finite; the last checkpoint
                is kept.
        """
        with self._settings():
            try:
                report = next(self._reports)
            except BaseException:  # the end of the run, an error or an interruption
                self._held.close()
                raise
        self.step = report.step
        return report

    def close(self) -> None:
        """Save an unfinished run that has a folder, and release the folder."""
        self._stopped = True
        try:
            for _ in self:
                pass
        finally:
            self._held.close()

    @property
    def device(self) -> torch.device:
        """Device that trains."""
        return self._updater.device

    def checkpoint(self) -> Checkpoint:
        """Return a checkpoint of the current model, without the optimizer state."""
        threads = self._threads or torch.get_num_threads()
        return Checkpoint(self.config, self.step, self._updater.weights(0), {}, threads)

    def _follow(self) -> Generator[Report, None, None]:
        updater, config, folder = self._updater, self.config, self._folder
        start, watched = self.step, None
        if folder is not None:
            if self._resumption:
                folder.resume(config, start)
            else:
                folder.begin(config, self._on_note)
            several = [config], self._source, updater, [folder], start, (), self._on_note
            (watched,) = make_replica_observers(*several)
        reports = train(
            updater,
            self._maker,
            config.training,
            start=start,
            stop=lambda: self._stopped,
            watch=watched.watch if watched else lambda step: None,
        )
        with closing(reports):
            for (report,) in reports:
                if report.note:
                    self._on_note(report.note)
                if watched:
                    watched.observe(report)
                error = watched.error if watched else report.error
                if error:
                    raise error
                yield report

    @contextmanager
    def _settings(self) -> Iterator[None]:
        """Set PyTorch up for training, and restore the caller's settings afterwards."""
        with (
            cpu_threads(self._threads),
            torch.inference_mode(False),
            torch.enable_grad(),
        ):
            yield
