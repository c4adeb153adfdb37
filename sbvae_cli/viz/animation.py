"""Animations: several canvases of one size, shown one after another."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from sbvae_cli.config.names import ThemeName
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.raster import draw_rasters


@dataclass(frozen=True)
class Animation:
    """Frames of a repeating animation.

    Attributes:
        frames: One or more frames of one size.
        durations: Duration of each frame in milliseconds; GIF has a resolution of 10 ms.
    """

    frames: Sequence[Canvas]
    durations: Sequence[int]

    def __post_init__(self) -> None:
        """Check the frames and durations.

        Raises:
            ValueError: If there is no frame, their numbers differ, or frames differ in size.
        """
        if not self.frames or len(self.frames) != len(self.durations):
            raise ValueError(
                f"{len(self.durations)} durations do not fit {len(self.frames)} frames"
            )
        if len({(frame.width, frame.height) for frame in self.frames}) > 1:
            raise ValueError("frames must have one size")

    def rasters(self, scale: float = 1.0, theme: ThemeName = "light") -> list[Image.Image]:
        """Draw all frames as RGB images; shapes with which all frames begin are drawn once.

        Args:
            scale: Pixels in a unit.
            theme: Theme that determines the colours of roles.
        """
        size = self.frames[0].width, self.frames[0].height
        frames = [(frame.shapes, frame.lines) for frame in self.frames]
        return draw_rasters(size, frames, scale, theme)
