"""Colours by role; a theme defines their values, for a light or dark background."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sbvae_cli.config.names import ThemeName

RGB = tuple[int, int, int]
RGBA = tuple[int, int, int, int]


@dataclass(frozen=True)
class Role:
    """A colour whose value the theme defines.

    Attributes:
        name: Name of the role, a key of the themes.
        opacity: Opacity from 0 (invisible) to 255.
    """

    name: str
    opacity: int = 255

    def faded(self, opacity: int) -> "Role":
        """Return the same colour with another opacity."""
        return replace(self, opacity=opacity)


Colour = Role | RGB | RGBA  # red, green, blue and opacity are 0 to 255

PAPER = Role("paper")
INK = Role("ink")  # text
QUIET = Role("quiet")  # secondary text, ticks
FAINT = Role("faint")  # frames and hairlines
UNUSED = Role("unused")  # text on unused latents
BAD = Role("bad")  # text on failures
HELD_OUT = Role("held out")  # held-out points, and the code of a blank image
HELD_OUT_LINE = Role("held out line")
HELD_OUT_FILL = Role("held out fill")
MARK = Role("mark")  # frame of the start of a sweep
WARN = Role("warn")  # frame of a held-out image
SERIES = tuple(Role(f"series {number}") for number in range(8))

# The first series have the colours of Okabe and Ito (2008). All eight differ in lightness, for
# colour-blind readers, and have a contrast to the background of at least 3 to 1.
LIGHT: Mapping[str, RGB] = {
    "paper": (255, 255, 255),
    "ink": (34, 34, 40),
    "quiet": (98, 100, 108),
    "faint": (205, 207, 212),
    "unused": (112, 114, 122),
    "bad": (176, 32, 38),
    "held out": (0, 0, 0),
    "held out line": (70, 70, 76),
    "held out fill": (150, 150, 156),
    "mark": (40, 110, 220),
    "warn": (190, 84, 0),
    "series 0": (0, 114, 178),
    "series 1": (213, 94, 0),
    "series 2": (0, 154, 110),
    "series 3": (62, 12, 120),
    "series 4": (204, 121, 167),
    "series 5": (60, 145, 255),
    "series 6": (96, 8, 10),
    "series 7": (116, 92, 72),
}
DARK: Mapping[str, RGB] = {
    "paper": (22, 23, 28),
    "ink": (232, 233, 237),
    "quiet": (164, 167, 176),
    "faint": (70, 73, 82),
    "unused": (136, 139, 148),
    "bad": (255, 120, 120),
    "held out": (255, 255, 255),
    "held out line": (186, 188, 194),
    "held out fill": (120, 122, 130),
    "mark": (96, 156, 255),
    "warn": (255, 150, 60),
    "series 0": (66, 158, 220),
    "series 1": (240, 128, 48),
    "series 2": (114, 222, 150),
    "series 3": (114, 78, 198),
    "series 4": (234, 180, 240),
    "series 5": (186, 252, 252),
    "series 6": (174, 66, 42),
    "series 7": (252, 246, 84),
}
THEMES: Mapping[ThemeName, Mapping[str, RGB]] = {"light": LIGHT, "dark": DARK}


def resolve(colour: Colour, theme: ThemeName) -> RGBA:
    """Return the red, green, blue and opacity of a colour in a theme."""
    if isinstance(colour, Role):
        return (*THEMES[theme][colour.name], colour.opacity)
    red, green, blue, *opacity = colour
    return red, green, blue, opacity[0] if opacity else 255
