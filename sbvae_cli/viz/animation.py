"""Several canvases of one size, shown one after another."""

from collections.abc import Sequence
from dataclasses import dataclass

from sbvae_cli.viz.canvas import Canvas


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
