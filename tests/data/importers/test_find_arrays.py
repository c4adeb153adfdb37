"""Which arrays are images and factors, and the order of their axes."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from sbvae_cli.data.importers.find_arrays import (
    ArrayKind,
    find_images,
    named_arrays,
    order_axes,
)
from sbvae_cli.errors import SbvaeError

FILE = Path("a.h5")


def kinds(**shapes: tuple[int, ...]) -> dict[str, ArrayKind]:
    """Arrays of bytes; `__` in a name stands for a slash."""
    return {n.replace("__", "/"): ArrayKind(s, np.dtype(np.uint8)) for n, s in shapes.items()}


IMAGES = (60, 8, 9, 3)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("last_first", [False, True])
@pytest.mark.parametrize("stored", [(0, 1, 2, 3), (0, 3, 1, 2), (1, 2, 3, 0), (3, 1, 2, 0)])
def test_channels_tell_the_order_of_four_axes(
    channels: int, last_first: bool, stored: tuple[int, ...]
) -> None:
    images = np.zeros((60, 8, 9, channels), np.uint8)
    as_stored = images.transpose(stored)
    assert as_stored.transpose(order_axes(as_stored.shape, last_first)).shape == images.shape


@pytest.mark.parametrize(
    ("shape", "last_first", "rows", "expected"),
    [
        ((60, 8, 9), False, (), (60, 8, 9)),
        ((8, 9, 60), True, (), (60, 8, 9)),
        ((8, 9, 60), False, (60, 2), (60, 8, 9)),
        ((60, 8, 9), True, (60, 2), (60, 8, 9)),
        ((60, 8, 8), True, (), (60, 8, 8)),  # square images
        ((8, 8, 60), True, (), (60, 8, 8)),
        ((8, 8, 8), False, (8,), (8, 8, 8)),
    ],
)
def test_three_axes_are_told_by_other_arrays_or_by_who_wrote_them(
    shape: tuple[int, ...], last_first: bool, rows: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    assert tuple(shape[axis] for axis in order_axes(shape, last_first, rows)) == expected


@pytest.mark.parametrize(
    ("shapes", "found"),
    [
        ({"odd_name": IMAGES, "y": (60,)}, "odd_name"),
        ({"images": IMAGES, "masks": IMAGES}, "images"),
        ({"X": IMAGES, "Z": (60, 4, 5)}, "X"),
        ({"imgs": (60, 8, 9), "latents": (60, 6)}, "imgs"),
        ({"train__x": IMAGES, "train__mask": IMAGES}, "train/x"),
    ],
)
def test_images_are_the_only_such_array_or_the_one_called_so(
    shapes: dict[str, tuple[int, ...]], found: str
) -> None:
    for order in permutations(shapes.items()):
        assert find_images(FILE, kinds(**dict(order))) == found


def test_several_that_may_be_images_are_named_with_the_command_for_the_largest() -> None:
    arrays = kinds(test__images=(9, 8, 9, 3), train__images=IMAGES)
    with pytest.raises(SbvaeError) as caught:
        find_images(FILE, arrays)
    assert str(caught.value) == (
        "a.h5: several of its arrays may be images: test/images uint8 (9, 8, 9, 3), train/images "
        "uint8 (60, 8, 9, 3); name one, as "
        "`sbvae gen-data images from=a.h5 images_key=train/images`"
    )
    assert find_images(FILE, arrays, "train/images") == "train/images"
    assert find_images(FILE, arrays, "/test/images") == "test/images"
    for key in ("images", "train/imges"):
        with pytest.raises(SbvaeError, match="has no such array") as caught:
            find_images(FILE, arrays, key)
        assert caught.value.field == "images_key"


def test_factors_are_named_one_by_one_or_by_their_group() -> None:
    arrays = kinds(images=IMAGES, state__x=(60,), state__y=(1, 60))
    assert named_arrays(FILE, arrays, "state") == ["state/x", "state/y"]
    assert named_arrays(FILE, arrays, "y, x") == ["state/y", "state/x"]
    with pytest.raises(SbvaeError, match=r"z: a.h5 has no such array, but images uint8") as caught:
        named_arrays(FILE, arrays, "x,z")
    assert caught.value.field == "factors_key"
