"""Several canvases of one size, shown one after another."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from sbvae_cli.config.names import ThemeName
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.raster import draw_rasters


@dataclass(frozen=True)
class Animation:
    """Frames of an animation that repeats.

    Attributes:
        frames: Frames of one size, one or more.
        durations: How long each is shown, in milliseconds; GIF knows whole hundredths of a second.
    """

    frames: Sequence[Canvas]
    durations: Sequence[int]

    def __post_init__(self) -> None:
        """Refuse what is no animation.

        Raises:
            ValueError: If there is no frame, durations do not fit, or sizes differ.
        """
        if not self.frames or len(self.frames) != len(self.durations):
            raise ValueError(
                f"{len(self.durations)} durations do not fit {len(self.frames)} frames"
            )
        if len({(frame.width, frame.height) for frame in self.frames}) > 1:
            raise ValueError("frames must have one size")

    def rasters(self, scale: float = 1.0, theme: ThemeName = "light") -> list[Image.Image]:
        """All frames in pixels, RGB; what they begin with, if it is the same, is drawn once.

        Args:
            scale: Pixels of a unit.
            theme: Theme that gives the colours of roles.
        """
        size = self.frames[0].width, self.frames[0].height
        frames = [(frame.shapes, frame.lines) for frame in self.frames]
        return draw_rasters(size, frames, scale, theme)
