"""What an import does to images, counted; the words for it stand in `account`."""

from collections import Counter
from collections.abc import Hashable
from enum import Enum, auto

Tally = Counter[Hashable]  # by a key of `Told`, or a tuple of one and what it is about


class Told(Enum):
    """What is counted: numbers of images where nothing else is said."""

    SIZE = auto()  # with height and width, as stored
    FILES_OF_FRAMES = auto()  # files of which the first frame alone is taken
    FRAMES_LEFT_OUT = auto()  # their other frames
    TURNED = auto()  # by what EXIF says
    CONVERTED = auto()  # with a colour space
    PROFILE = auto()  # another colour profile than sRGB's, which is left out
    COLOUR_LOST = auto()  # coloured, made grey
    LEVELLED = auto()  # by levels
    CLIPPED = auto()  # with values outside of the levels
    UNLEVELLED = auto()  # of 8 bits among deeper ones, which the levels are for
    NOT_FINITE = auto()  # left out, as some of their values are no finite numbers
    VALUES = auto()  # values that levels were applied to
    VALUES_CLIPPED = auto()  # those outside
    TRANSPARENT = auto()  # laid over a background
    VANISHED = auto()  # whose shape is in its transparency, and not seen on that background
    CROPPED = auto()
    CUT = auto()  # where what is cropped off is not of one colour
    PADDED = auto()
    STRETCHED = auto()
    REDUCED = auto()
    ENLARGED = auto()
    CONSTANT = auto()  # of hardly more than one colour, in the end
    ALIKE = auto()  # hardly different from what is usual, in the end
    GREY = auto()  # of three equal channels, in the end
    DARKEST = auto()  # with the least value, in the end
    BRIGHTEST = auto()  # with the largest value, in the end
