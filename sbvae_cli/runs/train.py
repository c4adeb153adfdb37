"""Start a run in a folder, or go on with one."""

from collections.abc import Callable, Sequence
from contextlib import closing

from sbvae_cli.checkpoint import Checkpoint, load_checkpoint
from sbvae_cli.config.schema import Config
from sbvae_cli.data.batches import Batches
from sbvae_cli.data.source import Source
from sbvae_cli.errors import DivergedError, SbvaeError
from sbvae_cli.models.compute_settings import cpu_threads
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.observers import Observer, log_divergence, log_to, save_to
from sbvae_cli.runs.resume import Resumption
from sbvae_cli.training.build import (
    build_updater,
    images_per_update,
    noise_shape,
    with_own_precision,
)
from sbvae_cli.training.loop import train
from sbvae_cli.training.update import Updater


def start_run(
    config: Config,
    source: Source,
    folder: RunFolder,
    *,
    force: bool = False,
    observers: Sequence[Observer] = (),
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Train from the beginning.

    Args:
        config: Configuration of the run, complete.
        source: The data that it names.
        folder: Folder that config, log and checkpoint are written to.
        force: Whether a run in the folder is replaced.
        observers: Called with each report, once it is logged and before the model is saved.
        stop: Asked before every step; true ends the run, which is saved.

    Returns:
        The number of updates made: fewer than planned where `stop` asked for it.

    Raises:
        SbvaeError: If the folder is in use, or holds a run and `force` is false.
        DivergedError: If the loss, a weight or a measurement was not finite.
    """
    config = with_own_precision(config)
    updater = build_updater(config)
    with cpu_threads(config.training.threads), folder.locked():
        if not force:
            folder.refuse_if_used()
        folder.clear(config)
        return _run(config, source, updater, folder, 0, observers, stop)


def resume_run(
    run: Resumption,
    *,
    observers: Sequence[Observer] = (),
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Go on with a run; on the CPU its weights are those of a run that was never stopped.

    Args:
        run: What `prepare_resumption` gives.
        observers: Called with each report, as by `start_run`.
        stop: Asked before every step; true ends the run, which is saved.

    Returns:
        The number of updates made in all.

    Raises:
        SbvaeError: If the folder is in use, or went on meanwhile.
        DivergedError: If the loss, a weight or a measurement was not finite.
    """
    folder, checkpoint = run.folder, run.checkpoint
    updater = build_updater(run.config)
    _restore(updater, checkpoint, folder)
    threads = run.threads if updater.device.type == "cpu" else run.config.training.threads
    with cpu_threads(threads), folder.locked():
        if load_checkpoint(folder.checkpoint).step != checkpoint.step:
            raise SbvaeError(f"{folder.path}: another process went on with it; try again")
        folder.cut_log(checkpoint.step)
        folder.write_config(run.config)
        return _run(run.config, run.source, updater, folder, checkpoint.step, observers, stop)


def _restore(updater: Updater, checkpoint: Checkpoint, folder: RunFolder) -> None:
    try:
        checkpoint.load_into(updater.vae)
        if checkpoint.step > 0 and not checkpoint.optimizer.get("state"):
            raise ValueError("a part is missing (state)")
        updater.load_state_dict(checkpoint.optimizer, checkpoint.discriminator)
    except (ValueError, AttributeError) as error:
        raise SbvaeError(
            f"{folder.checkpoint}: cannot go on from its optimizer's state: "
            f"{' '.join(str(error).split())}; start a new run"
        ) from error


def _run(
    config: Config,
    source: Source,
    updater: Updater,
    folder: RunFolder,
    start: int,
    observers: Sequence[Observer],
    stop: Callable[[], bool],
) -> int:
    training = config.training
    observers = [
        log_to(folder, config, source, updater.vae),
        *observers,
        save_to(folder, config, updater),
    ]
    batches = Batches(
        source,
        images_per_update(config),
        training.seed,
        validation=training.validation,
        in_memory=training.shuffle == "all",
    )
    step = start
    with closing(batches.stream(start)) as stream:
        reports = train(
            updater, stream, training, noise_shape=noise_shape(config), start=start, stop=stop
        )
        try:
            for report in reports:
                step = report.step
                for observe in observers:
                    observe(report)
        except DivergedError as error:
            raise log_divergence(folder, error) from error
    return step
