"""What is said of the images of an import, by counts."""

from pathlib import Path

import pytest

from sbvae_cli.data.importers.collection import ImageCollection
from sbvae_cli.data.importers.import_report import ImportReport
from sbvae_cli.data.importers.tally import Counted, Tally


class NoImages(ImageCollection):
    """A collection that is only counted."""

    def _open(self, index: int) -> object:
        raise AssertionError(index)


def warnings(**counts: int) -> list[str]:
    """What is said of six images of 8 by 8 pixels with values from 0 to 255."""
    tally = Tally({(Counted.SIZE, 8, 8): 6, (Counted.DARKEST, 0): 1, (Counted.BRIGHTEST, 255): 1})
    tally.update({Counted[name.upper()]: number for name, number in counts.items()})
    names = [f"{number}.png" for number in range(6)]
    return ImportReport(NoImages(Path("in"), names), (8, 8), tally=tally).warnings()


@pytest.mark.parametrize("kind", ["constant", "alike"])
def test_images_that_hold_nothing_are_told_if_they_are_more_than_half(kind: str) -> None:
    told = {"constant": "nearly of one colour", "alike": "nearly alike"}[kind]

    assert warnings() == warnings(**{kind: 1}) == warnings(**{kind: 3}) == []
    assert warnings(**{kind: 4}) == [f"4 of 6 images are {told}"]
