"""Which image a name in a table means."""

import pytest

from sbvae_cli.data.importers.image_names import ImageNames

NAMES = ("a/im0.png", "a/im1.png", "b/im1.png", "b/Photo.v2.JPG", "b/movie.gif#1")


@pytest.mark.parametrize(
    ("cell", "image"),
    [
        ("a/im0.png", 0),
        ("data/a/im0.png", 0),
        ("im0.png", 0),
        ("im0", 0),
        ("A/IM0", 0),
        ("IM0.PNG", 0),
        ("im1", None),  # two are called so
        ("b/im1", 2),
        ("photo.v2", 3),
        ("photo", None),
        ("im0.jpg", None),
        ("c/im0", None),
        ("movie", None),  # a frame of it
    ],
)
def test_an_image_is_found_by_what_it_alone_is_called(cell: str, image: int | None) -> None:
    assert ImageNames(NAMES).find(cell) == image


def test_what_is_exact_comes_first() -> None:
    names = ImageNames(["im.png", "IM.png", "im", "im.jpg"])
    assert [names.find(name) for name in names.names] == [0, 1, 2, 3]
    assert names.find("IM") is None and names.find("im0.png", loosely=False) is None


@pytest.mark.parametrize(
    ("names", "cell", "advice"),
    [
        (NAMES, "im0.jpg", "did you mean a/im0.png?"),
        (NAMES, "im1.jpg", "2 images are called so; write their paths, as a/im1.png"),
        (NAMES, "other.png", "remove them, or name them as the images are, a/im0.png"),
        (NAMES, "b/movie.gif", "name its frames, as b/movie.gif#1, or take the first of each"),
        (["00", "01"], "im0.png", "rows of an array are named by their numbers, 0 to 1; name"),
    ],
)
def test_advice_on_a_name_that_no_image_has(names: list[str], cell: str, advice: str) -> None:
    assert ImageNames(names).advice(cell).startswith(advice)
