"""Report in words what an import changed, and what the user should check."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sbvae_cli.config.names import Background, Frames
from sbvae_cli.data.importers.collection import ImageCollection
from sbvae_cli.data.importers.fit import VISIBLE_DIFFERENCE
from sbvae_cli.data.importers.frames import FrameImages
from sbvae_cli.data.importers.levels import Levels, shown_number
from sbvae_cli.data.importers.tally import Counted, Tally

_NARROW = 64  # of 255: images with a smaller range of values have little contrast


@dataclass(frozen=True)
class ImportReport:
    """Options and counts of an import; complete when all images have been read.

    Attributes:
        collection: Images that are imported.
        size: Height and width of the stored images, in pixels.
        levels: Values that become 0 and 255; None if the user chose none.
        background: Colour behind transparent pixels.
        frames: Which frames of a file with several frames are imported.
        has_factors: Whether there are factors, which may describe what cropping removes.
        channels_are_free: Whether the user may choose one channel instead of three.
        tally: Counts, filled while the images are read.
    """

    collection: ImageCollection
    size: tuple[int, int]
    levels: Levels | None = None
    background: Background = "black"
    frames: Frames = "first"
    has_factors: bool = False
    channels_are_free: bool = True
    tally: Tally = field(default_factory=Tally)

    def notes(self) -> list[str]:
        """Return lines on what was changed in how many images, and how to avoid it."""
        count = self._images()
        changed = [*self._resized(), *self._recoloured()]
        lines = list(self._of_frames())
        if changed:
            lines.append(f"what was changed, of {count:,} images: {'; '.join(changed)}")
        if count and self.tally[Counted.GREY] == count and self.channels_are_free:
            lines.append("all images are grey; `gray` stores one channel instead of three")
        return lines

    def warnings(self) -> list[str]:
        """Return lines on what may be lost or hardly visible, and how to keep it."""
        return [*self._lost(), *self._low_contrast()]

    def _images(self) -> int:
        return sum(self._sizes().values())

    def _sizes(self) -> dict[tuple[int, int], int]:
        return {
            (key[1], key[2]): number
            for key, number in self.tally.items()
            if isinstance(key, tuple) and key[0] is Counted.SIZE
        }

    def _of_frames(self) -> Iterator[str]:
        several = self.collection
        if isinstance(several, FrameImages):
            yield (
                f"{_files_hold(several.files_of_frames)} several frames, each imported as an image "
                f"named like {several.an_image_of_several}; `frames=first` takes one of each file"
            )
        files, others = self.tally[Counted.FILES_OF_FRAMES], self.tally[Counted.FRAMES_LEFT_OUT]
        if files:
            todo = "`frames=all` takes them" if self.frames == "first" else "save them as files"
            frames = f"{others:,} further frame{'s' if others > 1 else ''}"
            yield f"{_files_hold(files)} {frames}, left out; {todo}"

    def _resized(self) -> Iterator[str]:
        tally, height, width = self.tally, *self.size
        if tally[Counted.CROPPED]:
            cut = f", {tally[Counted.CUT]:,} with something in the part that was cut off"
            shown = cut if tally[Counted.CUT] else ""
            cropped = f"{tally[Counted.CROPPED]:,} cropped to the frame's shape"
            yield f"{cropped}{shown} (`fit=pad` keeps all)"
        if tally[Counted.STRETCHED]:
            yield f"{tally[Counted.STRETCHED]:,} stretched to the frame's shape"
        if tally[Counted.PADDED]:
            yield f"{tally[Counted.PADDED]:,} put between black bars"
        ways = ((Counted.REDUCED, "reduced"), (Counted.ENLARGED, "enlarged"))
        resized = [f"{tally[key]:,} {word}" for key, word in ways if tally[key]]
        if resized:
            yield f"{' and '.join(resized)} to {height}x{width}, from {self._from_sizes()}"

    def _from_sizes(self) -> str:
        sizes = sorted(self._sizes(), key=lambda size: size[0] * size[1])
        (height, width), (most_height, most_width) = sizes[0], sizes[-1]
        if len(sizes) == 1:
            return f"{height}x{width}"
        span = f"{height}x{width} to {most_height}x{most_width}"
        return f"{len(sizes):,} sizes, {span}, each scaled separately"

    def _recoloured(self) -> Iterator[str]:
        tally = self.tally
        if tally[Counted.TURNED]:
            yield f"{tally[Counted.TURNED]:,} turned as their EXIF data say"
        if tally[Counted.LEVELLED]:
            yield self._levelled()
        if tally[Counted.TRANSPARENT]:
            yield f"{tally[Counted.TRANSPARENT]:,} transparent ones laid on {self.background}"
        if tally[Counted.COLOUR_LOST]:
            yield f"{tally[Counted.COLOUR_LOST]:,} coloured ones made grey"
        for key, number in tally.items():
            if isinstance(key, tuple) and key[0] is Counted.CONVERTED:
                yield f"{number:,} converted from {key[1]}"
        if tally[Counted.PROFILE]:
            yield f"{tally[Counted.PROFILE]:,} with a colour profile other than sRGB, read as sRGB"

    def _levelled(self) -> str:
        number, clipped = self.tally[Counted.LEVELLED], self.tally[Counted.CLIPPED]
        if self.levels is None:
            return f"{number:,} of values 0 and 1 scaled to 0 and 255 (`levels=0..255` leaves them)"
        low, high = map(shown_number, self.levels)
        share = self.tally[Counted.VALUES_CLIPPED] / max(1, self.tally[Counted.VALUES])
        outside = f", in {clipped:,} of them {share:.2%} of all values were clipped"
        kept = f", which leave {self.tally[Counted.UNLEVELLED]:,} of 8 bits as they are"
        return (
            f"{number:,} scaled by the levels {low}..{high}{outside if clipped else ''}"
            f"{kept if self.tally[Counted.UNLEVELLED] else ''}"
        )

    def _lost(self) -> Iterator[str]:
        tally, count = self.tally, self._images()
        if tally[Counted.NOT_FINITE]:
            yield (
                f"{tally[Counted.NOT_FINITE]:,} of {len(self.collection):,} images hold values "
                "that are not finite (NaN or infinite), and are left out; write numbers in their "
                "place"
            )
        if tally[Counted.CUT] and self.has_factors:
            yield (
                f"{tally[Counted.CUT]:,} of {count:,} images had something in the part that was "
                "cropped off, which the factors may describe; `fit=pad` or `fit=stretch` keeps it"
            )
        if tally[Counted.VANISHED]:
            other = "`background=white`" if self.background == "black" else "`background=black`"
            yield (
                f"{tally[Counted.VANISHED]:,} of {count:,} images show their object by "
                f"transparency alone, and are {self.background} on {self.background}; {other} "
                "shows it"
            )

    def _low_contrast(self) -> Iterator[str]:
        tally, count = self.tally, self._images()
        darkest = min(self._ends(Counted.DARKEST), default=0)
        brightest = max(self._ends(Counted.BRIGHTEST), default=0)
        if brightest - darkest < VISIBLE_DIFFERENCE or 2 * tally[Counted.CONSTANT] > count:
            yield f"{tally[Counted.CONSTANT]:,} of {count:,} images are nearly of one colour"
        elif count > 2 and 2 * tally[Counted.ALIKE] > count:
            yield f"{tally[Counted.ALIKE]:,} of {count:,} images are nearly alike"
        if 0 < brightest - darkest < _NARROW and not tally[Counted.UNLEVELLED]:
            low, high = self.levels or (0, 255)
            advice = [round(low + end * (high - low) / 255, 3) for end in (darkest, brightest)]
            first, last = map(shown_number, advice)
            yield (
                f"all values lie between {darkest} and {brightest}, of 0 to 255; "
                f"`levels={first}..{last}` spreads them, the same for all images"
            )

    def _ends(self, name: Counted) -> list[int]:
        return [key[1] for key in self.tally if isinstance(key, tuple) and key[0] is name]


def _files_hold(count: int) -> str:
    return "1 file holds" if count == 1 else f"{count:,} files hold"
