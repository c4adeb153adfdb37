"""Names of the counts of an import, which `account` reports in words."""

from collections import Counter
from collections.abc import Hashable
from enum import Enum, auto

Tally = Counter[Hashable]  # counts by a member of `Counted`, or by a tuple that starts with one


class Counted(Enum):
    """Name of a count; it counts images unless the comment says otherwise."""

    SIZE = auto()  # images of this stored size; key (SIZE, height, width)
    FILES_OF_FRAMES = auto()  # files of which only the first frame is used
    FRAMES_LEFT_OUT = auto()  # further frames of these files
    TURNED = auto()  # rotated or mirrored as their EXIF data say
    CONVERTED = auto()  # converted from another colour mode; key (CONVERTED, mode)
    PROFILE = auto()  # with a colour profile other than sRGB, which is ignored
    COLOUR_LOST = auto()  # coloured images that became grey
    LEVELLED = auto()  # images to which levels were applied
    CLIPPED = auto()  # images with values outside of the levels
    UNLEVELLED = auto()  # 8-bit images that kept their values although there are levels
    NOT_FINITE = auto()  # left out because of NaN or infinite values
    VALUES = auto()  # values to which levels were applied
    VALUES_CLIPPED = auto()  # values outside of the levels
    TRANSPARENT = auto()  # transparent images that were put on a background
    VANISHED = auto()  # transparent images whose shape is invisible on the background
    CROPPED = auto()
    CUT = auto()  # cropped images whose removed part was not of one colour
    PADDED = auto()
    STRETCHED = auto()
    REDUCED = auto()
    ENLARGED = auto()
    CONSTANT = auto()  # stored images of nearly one colour
    ALIKE = auto()  # stored images that hardly differ from the typical image
    GREY = auto()  # stored images with three equal channels
    DARKEST = auto()  # batches with this smallest stored value; key (DARKEST, value)
    BRIGHTEST = auto()  # batches with this largest stored value; key (BRIGHTEST, value)
