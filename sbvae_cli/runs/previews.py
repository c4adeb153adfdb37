"""Draw pictures of a model during its training, into the run's folder `previews`."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sbvae_cli.commands import as_typed
from sbvae_cli.config.schema import Config
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.factor_images import FactorImages, factor_images
from sbvae_cli.evaluation.traversal import traverse
from sbvae_cli.evaluation.unfolding import Unfolding, moments, same_points
from sbvae_cli.figures.geometry import draw_geometry
from sbvae_cli.figures.traversal import draw_traversal
from sbvae_cli.figures.unfolding import SCALE, draw_unfolding
from sbvae_cli.files import write_bytes
from sbvae_cli.models.vae import VAE
from sbvae_cli.runs.folder import GEOMETRY, MOMENTS, TRAVERSAL, UNFOLDING, RunFolder
from sbvae_cli.runs.moments_file import read_moments, write_moments
from sbvae_cli.training.loop import Report
from sbvae_cli.viz.animation import Animation
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.save import encode

if TYPE_CHECKING:
    from sbvae_cli.runs.tensorboard import EventWriter

SIZE = 20  # points along a factor: enough to show a fold, fast to encode
_SHARE = 0.1  # largest share of the training time that goes into pictures before the end

Notify = Callable[[str], None]


def preview_images(config: Config, source: Source, on_note: Notify) -> FactorImages | None:
    """Return the images that previews embed, or None if there are no two factors or latents.

    Args:
        config: Configuration of the run.
        source: Data of the run.
        on_note: Called with a line that says why only traversals will be drawn.
    """
    try:
        if config.model.latent_dim < 2:
            raise SbvaeError("geometry needs two latents, the model has one")
        trained_on = FactorSpace(config.data.space)
        most = 2 * SIZE**2
        return factor_images(source, size=SIZE, trained_on=trained_on, most_rows=most)
    except SbvaeError as error:
        on_note(f"previews show only traversals: {error}")
        return None


class Previews:
    """Encodes a grid of two factors at moments of a training, and draws each saved model.

    Previews use none of the training's random streams, and do not change the model. Codes of the
    grid are stored at once, so that a killed run resumes with them. An error, whatever its
    reason, is reported once and ends the previews, not the training.

    Args:
        folder: Folder of the run.
        config: Configuration of the run.
        source: Data of the run.
        vae: The model.
        images: Result of `preview_images`.
        start: Number of updates made before.
        on_note: Called with a line if an error ends the previews.
        replicas: Number of replicas that train together and share the time for pictures.
        writer: Writer of TensorBoard's event file, which gets the same pictures; None for no file.
    """

    def __init__(
        self,
        folder: RunFolder,
        config: Config,
        source: Source,
        vae: VAE,
        images: FactorImages | None,
        start: int,
        on_note: Notify,
        replicas: int = 1,
        writer: "EventWriter | None" = None,
    ) -> None:
        self._path, self._config, self._source = folder.previews, config, source
        self._vae, self._images, self._on_note = vae, images, on_note
        self._start, self._moments = start, set(moments(config.training.steps))
        self._unfolding = _stored(self._path / MOMENTS, images, start, on_note)
        self._over, self._writer = False, writer
        self._share, self._began, self._spent = _SHARE / replicas, time.perf_counter(), 0.0

    def watch(self, step: int) -> None:
        """Store the codes of the factors' grid if this step is one of the moments."""
        if self._unfolding is None:
            return
        known = self._unfolding.steps
        first = step == self._start and not known
        if first or (step in self._moments and step not in known):
            self._try(lambda: self._store_moment(step))

    def observe(self, report: Report) -> None:
        """Draw the model if it was saved; at the end, also draw all moments."""
        if report.error:
            self._over = True
        if not report.save:
            return
        last, began = report.step == report.steps, time.perf_counter()
        if last or self._spent <= self._share * (began - self._began):
            self._try(lambda: self._draw(report.step, last=last))
            self._spent += time.perf_counter() - began  # encoding at moments is not counted

    def _try(self, act: Callable[[], None]) -> None:
        if self._over:
            return
        try:
            act()
        except Exception as error:  # an error in a picture must not end a long training
            self._over = True
            reason = str(error).partition("\n")[0] or type(error).__name__
            if isinstance(error, MemoryError):
                reason = "out of memory"
            self._on_note(f"{self._path}: no more previews; the training continues: {reason}")

    def _store_moment(self, step: int) -> None:
        if self._images is None or self._unfolding is None:
            return
        try:
            codes = self._images.encode(self._vae)
        except SbvaeError:  # the model diverged, which its next report says
            return
        self._unfolding = self._unfolding.add(step, codes)
        write_moments(self._path / MOMENTS, self._unfolding)

    def _draw(self, step: int, *, last: bool) -> None:
        training, kinds = self._config.training, ", ".join(self._config.kinds)
        model = f"{kinds}, seed {training.seed}"
        found = traverse(self._vae, self._source, self._config.data.space)
        picture = draw_traversal(found, f"{self._source.name}: {model}, step {step:,}")
        self._write(TRAVERSAL, picture, {"step": step}, "traverse")
        if self._images is None or self._unfolding is None:
            return
        embedding = self._images.embed(self._vae)
        numbers = {k: v for k, v in embedding.scores.items() if isinstance(v, int | float)}
        about = {"step": step, "scores": numbers}
        data = f"{self._source.name}: {' and '.join(embedding.points.names)}"
        caption = f"{data} in two latents of {model}, step {step:,}"
        picture = draw_geometry({"latent space": embedding}, self._source, caption)
        self._write(GEOMETRY, picture, about, "geometry")
        if last:
            steps = {kinds: training.steps}
            caption = f"{data} in two latents while they are learned, seed {training.seed}"
            moving = draw_unfolding({kinds: self._unfolding}, self._source.space, caption, steps)
            self._write(UNFOLDING, moving, about, "figure", "unfolding")

    def _write(
        self, name: str, picture: Canvas | Animation, about: Mapping[str, Any], *words: str
    ) -> None:
        """Write a picture, with the command that draws the same one in its metadata."""
        path = self._path / name
        command = as_typed([*words, self._path.parent])
        metadata = {"command": command, "seed": self._config.training.seed, **about}
        scale = SCALE if isinstance(picture, Animation) else 1.0
        content = encode(picture, path.suffix, scale=scale, about=metadata)
        write_bytes(path, content)
        if self._writer:
            self._writer.picture(about["step"], f"previews/{name}", content)


def _stored(
    path: Path, images: FactorImages | None, start: int, on_note: Notify
) -> Unfolding | None:
    """Read the moments that a run stored before step `start`, or begin without any."""
    if images is None:
        return None
    fresh = Unfolding(images.points)
    if start == 0 or not path.exists():
        return fresh
    try:
        found = read_moments(path)
    except SbvaeError as error:
        on_note(f"{error}; previews start again")
        return fresh
    return found.until(start) if same_points(found.points, images.points) else fresh
